"""What defenders keep in the worst case that a suite of attacks finds, as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.curves import Curve
from psro_comm.metagame.intervals import Interval, as_dict


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
    """

    defender: str
    clean: Interval
    worst: Interval
    attack: str
    black_box: Interval
    black_box_attack: str
    above_floor: Interval
    returns: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as JSON data."""
        return {
            "defender": self.defender,
            "clean": as_dict(self.clean),
            "worst": as_dict(self.worst),
            "attack": self.attack,
            "black_box": as_dict(self.black_box),
            "black_box_attack": self.black_box_attack,
            "above_floor": as_dict(self.above_floor),
            "returns": dict(self.returns),
        }


@dataclass(frozen=True)
class Suite:
    """The results of all defenders against the suite.

    Attributes:
      name: the artefact's name.
      task, seed: the task that was played, and the run's seed.
      floor: the return with everybody muted, which no attack can lower.
      liar_muted: the return with the malicious agents muted and nothing else changed:
        what a detector without error could reach by muting.
      reach: `liar_muted` minus `floor`, in the same worlds.
      kept: the defenders' results.
      warnings: what makes the numbers doubtful, in words.
      chosen_on, measured_on: number of worlds.
      curves: what the defenders keep by budget, where that was asked for.
    """

    name: str
    task: str
    seed: int
    floor: Interval
    liar_muted: Interval
    reach: Interval
    kept: Sequence[Kept]
    warnings: Sequence[str]
    chosen_on: int
    measured_on: int
    curves: Sequence[Curve] = ()

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
        }
