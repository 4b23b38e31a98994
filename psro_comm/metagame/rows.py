"""The lines of reports: results of pairs, and differences between defenders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.reading import need, read_interval, read_number
from psro_comm.metagame.teams import TeamLevel
from psro_comm.names import FRESH, OWN, RMACRL


@dataclass(frozen=True)
class Row:
    """The result of one defender against one attacker.

    Attributes:
      label: the row's name in the report.
      defender, attacker: names of both mixtures.
      returns: the team's return, mean over worlds.
      success: share of episodes in which the team reached its goal.
      distortion: mean distance of forged from meant messages, in mean norms of a
        clean message.
      episodes: number of worlds.
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
        """The defender and the attacker."""
        return self.defender, self.attacker

    @property
    def against(self) -> tuple[str, str]:
        """The defender and the attacker, `OWN` for the defender's fresh attacker."""
        fresh = self.attacker in FRESH.values()
        return self.defender, OWN if fresh else self.attacker

    def to_dict(self) -> dict[str, Any]:
        """Returns the row as JSON data."""
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
        """Returns the row of JSON data.

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
    """The difference of two defenders' returns in the same worlds.

    Attributes:
      against: the attacker that both met, in the words of `psro_comm.names.COMPARED`.
      ours, theirs: names of the defenders.
      difference: our return minus theirs, paired by world.
      verdict: the difference in words.
    """

    against: str
    ours: str
    theirs: str
    difference: Interval
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Returns the difference as JSON data."""
        return {**vars(self), "difference": as_dict(self.difference)}

    @classmethod
    def from_dict(cls, found: Any) -> "Difference":
        """Returns the difference of JSON data.

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
    """The results of all named filters against all named attacks, filters outermost.

    Attributes:
      references: what nobody, the mute filter, a perfect detector and the norm gate
        keep, in the same worlds, with the run's own team.
      teams: the teams of the filters, the run's own first, where there are several.
    """

    name: str
    task: str
    seed: int
    attacks: Sequence[str]
    filters: Sequence[str]
    rows: Sequence[Row]
    references: Sequence[Row]
    teams: Sequence[TeamLevel] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the table as JSON data."""
        found = {**vars(self), **_lines(self)}
        found["teams"] = [each.to_dict() for each in self.teams]
        return {**found, "attacks": list(self.attacks), "filters": list(self.filters)}


@dataclass(frozen=True)
class Trained:
    """The result of a single trained best response, on fresh worlds.

    Attributes:
      task, seed: the task that was played, and the run's seed.
      role: `attack` or `filter`, the side that learnt.
      against: name of the opponent.
      rows: results with the policy and without it.
      references: what nobody, the mute filter, a perfect detector and the norm gate
        keep, in the same worlds.
      detector: how well a filter detects and repairs; None for an attack.
    """

    task: str
    seed: int
    role: str
    against: str
    rows: Sequence[Row]
    references: Sequence[Row]
    detector: Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the training's report as JSON data."""
        found = {**vars(self), **_lines(self)}
        return {key: value for key, value in found.items() if value is not None}


def _lines(found: CrossPlay | Trained) -> dict[str, Any]:
    return {
        part: [row.to_dict() for row in getattr(found, part)]
        for part in ("rows", "references")
    }
