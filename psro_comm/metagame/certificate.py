"""The certificate of a message ensemble: what no lie can change, as one value."""

from dataclasses import dataclass
from math import comb
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.reading import need, read_interval, read_number

_SHARES = ("decisions", "heard")


@dataclass(frozen=True)
class Certificate:
    """What is certain of an ensemble, whatever the liars say.

    Attributes:
      agents: N.
      size: k, the messages of a subset.
      liars: C.
      decisions: of actions: the share of decisions along clean play that no choice of C
        liars can turn.
      heard: the same of the agents that hear at least one other.
      returns: of returns: a bound below the return that the liars of each world leave,
        whatever they say; None where the environment knows no least reward.
    """

    agents: int
    size: int
    liars: int
    decisions: Interval
    heard: Interval
    returns: Interval | None

    @property
    def touched(self) -> tuple[int, int]:
        """How many subsets C liars touch if all others are heard, and how many are."""
        all_ = comb(self.agents - 1, self.size)
        return all_ - comb(max(self.agents - 1 - self.liars, 0), self.size), all_

    @property
    def vacuous(self) -> bool:
        """Whether no vote of an agent that hears all others can be certain."""
        touched, all_ = self.touched
        return 2 * touched >= all_

    def why(self) -> str:
        """Returns why votes of who hears all others may be certain, or cannot be."""
        touched, all_ = self.touched
        who = "one liar is" if self.liars == 1 else f"{self.liars} liars are"
        head = f"of {self.agents} agents one hears {self.agents - 1}: {who} in"
        subsets = f"{touched} of {all_} subsets of {self.size}"
        if self.vacuous:
            return f"{head} {subsets}, no minority, so that the rest decides no vote"
        return f"{head} {subsets}, and the rest decides a vote where it agrees"

    def to_dict(self) -> dict[str, Any]:
        """Returns the certificate as JSON data."""
        found = {name: as_dict(getattr(self, name)) for name in _SHARES}
        bound = None if self.returns is None else as_dict(self.returns)
        return {**vars(self), **found, "returns": bound}

    @classmethod
    def from_dict(cls, found: Any) -> "Certificate":
        """Returns the certificate of JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        where = "a certificate"
        agents, size, liars = (
            int(read_number(found, key, where)) for key in ("agents", "size", "liars")
        )
        decisions, heard = (
            read_interval(need(found, key, where), f"{key} of {where}")
            for key in _SHARES
        )
        bound = found.get("returns")
        if bound is not None:
            bound = read_interval(bound, f"returns of {where}")
        return cls(agents, size, liars, decisions, heard, bound)
