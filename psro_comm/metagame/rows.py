"""Lines of reports: who met whom, and how much more one earned than another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.reading import need, read_interval, read_number
from psro_comm.names import FRESH, OWN, RMACRL


@dataclass(frozen=True)
class Row:
    """Who met whom, and what came of it.

    Attributes:
      label: what the row is called.
      defender, attacker: names of mixtures.
      returns: the team's, mean over worlds.
      success: share of episodes in which it reached its goal.
      distortion: mean distance of forged from meant messages, in mean norms.
      episodes: played.
    """

    label: str
    defender: str
    attacker: str
    returns: Interval
    success: Interval
    distortion: float
    episodes: int

    @property
    def pair(self) -> tuple[str, str]:
        """Defender and attacker."""
        return self.defender, self.attacker

    @property
    def against(self) -> tuple[str, str]:
        """Defender and attacker, where the defender's own fresh attacker is `OWN`."""
        fresh = self.attacker in FRESH.values()
        return self.defender, OWN if fresh else self.attacker

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON data."""
        return {
            "label": self.label,
            "defender": self.defender,
            "attacker": self.attacker,
            "return": as_dict(self.returns),
            "success": as_dict(self.success),
            "distortion": self.distortion,
            "episodes": self.episodes,
        }

    @classmethod
    def from_dict(cls, found: Any) -> "Row":
        """The row from its JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        label, defender, attacker = (
            need(found, key, "a row") for key in ("label", "defender", "attacker")
        )
        where = repr(label or f"{defender} against {attacker}")
        returns, success = (
            read_interval(need(found, key, where), f"{key} of {where}")
            for key in ("return", "success")
        )
        distortion = read_number(found, "distortion", where)
        episodes = int(read_number(found, "episodes", where))
        return cls(label, defender, attacker, returns, success, distortion, episodes)


@dataclass(frozen=True)
class Difference:
    """How much more one defender earns than another, in the same worlds.

    Attributes:
      against: what both met, in the words of `psro_comm.names.COMPARED`.
      ours, theirs: the defenders.
      difference: of their returns, paired by world.
      verdict: the same in words.
    """

    against: str
    ours: str
    theirs: str
    difference: Interval
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON data."""
        return {**vars(self), "difference": as_dict(self.difference)}

    @classmethod
    def from_dict(cls, found: Any) -> "Difference":
        """The difference from its JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        against, theirs = (
            need(found, key, "a difference") for key in ("against", "theirs")
        )
        where = f"difference against {against!r}"
        difference = read_interval(need(found, "difference", where), where)
        ours, words = found.get("ours", RMACRL), found.get("verdict", "")
        return cls(against, ours, theirs, difference, words)


@dataclass(frozen=True)
class CrossPlay:
    """Every named filter against every named attack, filters outermost."""

    name: str
    task: str
    seed: int
    attacks: Sequence[str]
    filters: Sequence[str]
    rows: Sequence[Row]

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON data."""
        found = {**vars(self), "rows": [row.to_dict() for row in self.rows]}
        return {**found, "attacks": list(self.attacks), "filters": list(self.filters)}


@dataclass(frozen=True)
class Trained:
    """One best response trained by hand, and what it does on fresh worlds.

    Attributes:
      task, seed: what was played.
      role: `attack` or `filter`, the side that learnt.
      against: the opponent's name.
      rows: with and without it.
      detector: of a filter.
    """

    task: str
    seed: int
    role: str
    against: str
    rows: Sequence[Row]
    detector: Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The training's report as JSON data."""
        found = {**vars(self), "rows": [row.to_dict() for row in self.rows]}
        return {key: value for key, value in found.items() if value is not None}
