"""What defenders keep as an attacker may do more: curves over its budget, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.reading import need, read_interval, read_list


@dataclass(frozen=True)
class Point:
    """What a defender keeps against an attacker of one budget.

    Attributes:
      budget: the most that the attacker may do, see `psro_comm.settings.budgets`.
      returns: the team's return, on worlds that did not choose the attack.
      attack: the attack that left least on the selection worlds.
      used: the budget that it was played with: less than `budget` where holding back
        hurts more, which whoever may do more can do as well.
    """

    budget: float | None
    returns: Interval
    attack: str
    used: float | None

    def to_dict(self) -> dict[str, Any]:
        """Returns the point as JSON data."""
        return {**vars(self), "returns": as_dict(self.returns)}

    @classmethod
    def from_dict(cls, found: Any) -> "Point":
        """Returns the point of JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        where = "a curve's point"
        budget, attack, used = (
            need(found, key, where) for key in ("budget", "attack", "used")
        )
        returns = read_interval(need(found, "returns", where), f"returns of {where}")
        return cls(budget, returns, attack, used)


@dataclass(frozen=True)
class Curve:
    """What a defender keeps as the attacker may do more.

    Attributes:
      defender: its name.
      axis: what is budgeted, one of `psro_comm.settings.budgets.AXES`.
      points: by budget, the smallest first.
      area: the area under the curve over the length of its axis, an average return;
        the cap's axis is logarithmic and ends at the largest number.
    """

    defender: str
    axis: str
    points: Sequence[Point]
    area: Interval

    def to_dict(self) -> dict[str, Any]:
        """Returns the curve as JSON data."""
        points = [each.to_dict() for each in self.points]
        return {**vars(self), "points": points, "area": as_dict(self.area)}

    @classmethod
    def from_dict(cls, found: Any) -> "Curve":
        """Returns the curve of JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        where = "a curve"
        defender, axis = (need(found, key, where) for key in ("defender", "axis"))
        points = [Point.from_dict(each) for each in read_list(found, "points")]
        area = read_interval(need(found, "area", where), f"area of {where}")
        return cls(defender, axis, points, area)
