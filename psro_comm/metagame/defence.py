"""What a defence costs and why it works, as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict

FALSE_ALARMS = (
    *(0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    *(0.1, 0.2, 0.3, 0.5, 0.7, 1.0),
)
"""Shares of honest messages, at which a ROC curve is told."""

_INTERVALS = ("alone", "kept", "gain")


@dataclass(frozen=True)
class Met:
    """What a filter makes of one attack, or of nobody.

    Attributes:
      attack: its name.
      seen: whether the filter has learnt from it: yes, no, or alike, from the family
        that it belongs to; `-` where that is not known.
      alone: the team's return under it without a filter.
      kept: the same behind the filter, in the same worlds.
      gain: `kept` minus `alone`, paired by world; under nobody, minus what it costs.
      auroc: probability that a sender who has lied by now is suspected more than one
        who has not; None where nobody has lied.
      found: share of messages flagged of those who have lied by now, likewise.
      alarms: share of messages flagged of those who have not.
      roc: share found at each of `FALSE_ALARMS`; empty where nobody has lied.
      liar: mean suspicion of the malicious agents at each step of an episode, and None
        where none of them speaks; of nobody's, who are as honest as the others.
      honest: the same of all others.
    """

    attack: str
    seen: str
    alone: Interval
    kept: Interval
    gain: Interval
    auroc: float | None
    found: float | None
    alarms: float | None
    roc: Sequence[float]
    liar: Sequence[float | None]
    honest: Sequence[float | None]

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as JSON data."""
        return {**vars(self), **_plain(self, _INTERVALS)}


@dataclass(frozen=True)
class Place:
    """What a filter makes of all attacks, by some malicious agents.

    Attributes:
      name: who they are, in words.
      liars: their numbers; None where each episode draws them.
      floor: the return with everybody muted, which no attack can lower.
      muted: the return with the malicious agents muted and nothing else changed.
      met: nobody first, then the attacks.
    """

    name: str
    liars: Sequence[int] | None
    floor: Interval
    muted: Interval
    met: Sequence[Met]

    def to_dict(self) -> dict[str, Any]:
        """Returns the results as JSON data."""
        met = [each.to_dict() for each in self.met]
        return {**vars(self), **_plain(self, ("floor", "muted")), "met": met}


@dataclass(frozen=True)
class Variant:
    """What a filter makes of the same attacks without one of its parts.

    Attributes:
      name: what it lacks, in words; the first of them lacks nothing.
      left_out: the family of lies that it has never met; None for no family.
      clean: the team's return behind it under nobody.
      cost: `clean` minus that of the whole filter, paired by world.
      attack: of all attacks, the one that leaves least.
      worst: what that leaves.
      change: `worst` minus what the whole filter keeps against its own worst of them.
      returns: what it keeps under each attack.
      auroc: its AUROC under each attack.
    """

    name: str
    left_out: str | None
    clean: Interval
    cost: Interval
    attack: str
    worst: Interval
    change: Interval
    returns: Mapping[str, Interval]
    auroc: Mapping[str, float | None]

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as JSON data."""
        own = _plain(self, ("clean", "cost", "worst", "change"))
        returns = {name: as_dict(each) for name, each in self.returns.items()}
        return {**vars(self), **own, "returns": returns, "auroc": dict(self.auroc)}


@dataclass(frozen=True)
class Defence:
    """The results of one filter, and of others that lack a part of it.

    Attributes:
      name: the artefact's name.
      task, seed: the task that was played, and the run's seed.
      filter_: the filter's name.
      worlds: number of worlds behind each return.
      places: the run's own malicious agents first, then others.
      variants: the whole filter first; empty where no part was to be taken away.
    """

    name: str
    task: str
    seed: int
    filter_: str
    worlds: int
    places: Sequence[Place]
    variants: Sequence[Variant]

    def to_dict(self) -> dict[str, Any]:
        """Returns the results as JSON data."""
        found = {key: value for key, value in vars(self).items() if key != "filter_"}
        return {
            **found,
            "filter": self.filter_,
            "false_alarms": list(FALSE_ALARMS),
            "places": [each.to_dict() for each in self.places],
            "variants": [each.to_dict() for each in self.variants],
        }


def _plain(found: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: as_dict(getattr(found, name)) for name in names}
