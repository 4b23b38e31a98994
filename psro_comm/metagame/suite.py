"""What defenders keep in the worst case that a suite of attacks finds, as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.certificate import Certificate
from psro_comm.metagame.curves import Curve
from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.reading import need, read_interval, read_list, read_numbers
from psro_comm.metagame.teams import TeamLevel
from psro_comm.names import MUTE

ANY = "any"  # the worst attack on who cannot be hurt
_INTERVALS = ("clean", "worst", "black_box", "above_floor")


@dataclass(frozen=True)
class Kept:
    """The result of one defender.

    Attributes:
      defender: its name.
      clean: the team's return behind it without any attack.
      worst: its return against `attack`, on worlds that did not choose the attack.
      attack: the attack that left least on the selection worlds.
      black_box: its return against `black_box_attack`, on the same worlds as `worst`.
      black_box_attack: the attack that left least among those that know neither the
        team nor the filter, the paper's (assumption 2).
      above_floor: `worst` minus the return with everybody muted, in the same worlds.
      returns: mean return on the selection worlds against each attack.
      single: the other defender, of a single policy, that keeps most in its own worst
        case, whatever its team; None where there is none.
      above_single: `worst` minus what `single` keeps, in the same worlds.
      searched: whether attacks were trained on it. If not, it met those of the others
        alone, and keeps at most `worst`.
      certificate: what no lie can change, of a message ensemble without a filter.
    """

    defender: str
    clean: Interval
    worst: Interval
    attack: str
    black_box: Interval
    black_box_attack: str
    above_floor: Interval
    returns: Mapping[str, float]
    single: str | None = None
    above_single: Interval | None = None
    searched: bool = True
    certificate: Certificate | None = None

    @property
    def label(self) -> str:
        """Returns its name in tables; with a star where nothing was trained on it."""
        return self.defender if self.searched else f"{self.defender} *"

    @property
    def holds(self) -> bool | None:
        """Returns whether it holds: it keeps more than the floor and any single filter.

        None where an interval contains zero and none says that it keeps less, and for
        who was not searched and does not keep less for certain.
        """
        signs = [
            0 if found.contains_zero else (1 if found.low > 0 else -1)
            for found in (self.above_floor, self.above_single)
            if found is not None
        ]
        if min(signs) < 0:
            return False
        return True if min(signs) > 0 and self.searched else None

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as JSON data."""
        found = {**vars(self), "returns": dict(self.returns)}
        found |= {name: as_dict(getattr(self, name)) for name in _INTERVALS}
        above, sure = self.above_single, self.certificate
        found["above_single"] = None if above is None else as_dict(above)
        return {**found, "certificate": None if sure is None else sure.to_dict()}

    @classmethod
    def from_dict(cls, found: Any) -> "Kept":
        """Returns the result of JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        name = need(found, "defender", "a suite's defender")
        where = f"suite's {name!r}"
        clean, worst, black, floor = (
            read_interval(need(found, key, where), f"{key} of {where}")
            for key in _INTERVALS
        )
        attack, plain = (
            need(found, key, where) for key in ("attack", "black_box_attack")
        )
        left = read_numbers(need(found, "returns", where), f"returns of {where}")
        above, sure = found.get("above_single"), found.get("certificate")
        return cls(
            *(name, clean, worst, attack, black, plain, floor, left),
            found.get("single"),
            None if above is None else read_interval(above, f"above_single of {where}"),
            bool(found.get("searched", True)),
            None if sure is None else Certificate.from_dict(sure),
        )


@dataclass(frozen=True)
class Suite:
    """The results of all defenders against the suite.

    Attributes:
      name: the artefact's name.
      task, seed: the task that was played, and the run's seed.
      floor: the return with everybody muted, which no attack can lower.
      mute: the filter that mutes everybody so: of silence and the team's mean message,
        what a team does better with.
      liar_muted: the return with the malicious agents muted and nothing else changed:
        what a detector without error could reach by muting.
      reach: `liar_muted` minus `floor`, in the same worlds.
      kept: the defenders' results.
      warnings: what makes the numbers doubtful, in words.
      chosen_on, measured_on: number of worlds.
      curves: what the defenders keep by budget, where that was asked for.
      teams: the teams of the defenders, the run's own first, where there are several.
        Floor, liar and reach are of the run's own.
    """

    name: str
    task: str
    seed: int
    floor: Interval
    mute: str
    liar_muted: Interval
    reach: Interval
    kept: Sequence[Kept]
    warnings: Sequence[str]
    chosen_on: int
    measured_on: int
    curves: Sequence[Curve] = ()
    teams: Sequence[TeamLevel] = ()

    def team_of(self, defender: str) -> str:
        """Returns the name of a defender's team; empty where there is one for all."""
        return next((t.name for t in self.teams if defender in t.defenders), "")

    def reached(self, kept: Kept) -> float | None:
        """Returns a defender's share of `reach`; None where that is not above zero.

        1 is the return with the liar muted, 0 the floor.
        """
        if not self.reach.low > 0:
            return None
        return kept.above_floor.estimate / self.reach.estimate

    def to_dict(self) -> dict[str, Any]:
        """Returns the suite's results as JSON data."""
        return {
            **vars(self),
            "floor": as_dict(self.floor),
            "liar_muted": as_dict(self.liar_muted),
            "reach": as_dict(self.reach),
            "kept": [each.to_dict() for each in self.kept],
            "warnings": list(self.warnings),
            "curves": [each.to_dict() for each in self.curves],
            "teams": [each.to_dict() for each in self.teams],
        }

    @classmethod
    def from_dict(cls, found: Any) -> "Suite":
        """Returns the suite's results of JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        where = "the suite"
        plain = ("name", "task", "seed", "chosen_on", "measured_on", "warnings")
        floor, muted, reach = (
            read_interval(need(found, key, where), f"{key} of {where}")
            for key in ("floor", "liar_muted", "reach")
        )
        return cls(
            floor=floor,
            mute=found.get("mute", MUTE),  # once, silence was the only one
            liar_muted=muted,
            reach=reach,
            kept=[Kept.from_dict(each) for each in read_list(found, "kept")],
            curves=tuple(map(Curve.from_dict, read_list(found, "curves"))),
            teams=tuple(map(TeamLevel.from_dict, read_list(found, "teams"))),
            **{key: need(found, key, where) for key in plain},
        )
