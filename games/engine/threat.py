"""The threat: what the rules let an attacker know and do. This module needs no torch.

Source: paper section 3.1 (mode, malicious agents), assumption 2 (what it knows).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from games.engine.settings import check, choice, integer, number, refusal


@dataclass(frozen=True)
class Threat:
    """The rules for an attacker, the same for every attacker of a table.

    Mode, cap and rate are applied by the channel, once, whatever the attack.

    Attributes:
      num_malicious: K, the number of malicious agents.
      malicious: their indices, comma separated; none draws them once per run.
      redraw_malicious: whether each episode draws them anew instead.
      mode: how delta is applied to a message.
      mix_weight: omega, the weight of delta in the convex mode.
      cap: most that a message may be bent, in mean norms of a clean message; none is
        no limit.
      rate: the largest share of its messages that a malicious agent may bend: after t
        messages at most rate * t of them, at any times.
      knowledge: what an attack is shown: own, what the malicious agents see and hear
        themselves (the paper's black box); or white_box, also the team, the frozen
        filter and all agents, for attacks that measure a worst case.
    """

    num_malicious: int = integer(1, least=1)
    malicious: tuple[int, ...] | None = None
    redraw_malicious: bool = False
    mode: str = choice("sum", ("sum", "convex"))
    mix_weight: float = number(0.9, least=0, most=1)
    cap: float | None = number(None, above=0)
    rate: float = number(1.0, above=0, most=1)
    knowledge: str = choice("own", ("own", "white_box"))

    def __post_init__(self) -> None:
        """Refuses values out of range, and malicious agents that do not fit."""
        check(self)
        held, count = self.malicious, self.num_malicious
        if held is not None and not len(held) == len(set(held)) == count:
            words = f"num_malicious = {count} different agents"
            raise refusal("malicious", held, words)
        if held is not None and self.redraw_malicious:
            raise refusal("malicious", held, "none with redraw_malicious")

    def to_plain(self) -> dict[str, Any]:
        """Returns the threat as JSON data, in the words of the first policies.

        Malicious is `captured` there, and rate and knowledge are left out where they
        are the defaults: a policy keeps its digest, which names and seeds what is made
        with it, from one commit to the next.
        """
        plain = {
            "num_malicious": self.num_malicious,
            "captured": self.malicious,
            "redraw_captured": self.redraw_malicious,
            "mode": self.mode,
            "mix_weight": self.mix_weight,
            "cap": self.cap,
        }
        younger = {"rate": self.rate, "knowledge": self.knowledge}
        default = Threat()
        return plain | {k: v for k, v in younger.items() if v != getattr(default, k)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Threat":
        """Returns the threat that JSON data describe: its tuple has become a list."""
        named = {key.replace("captured", "malicious"): plain[key] for key in plain}
        malicious = named.get("malicious")
        held = None if malicious is None else tuple(malicious)
        return cls(**{**named, "malicious": held})

    def malicious_agents(self, seed: int, num_agents: int) -> tuple[int, ...] | None:
        """Returns the malicious agents of a run; None if each episode draws its own.

        Args:
          seed: seeds the draw, if the agents are not named.
          num_agents: N.
        """
        if self.malicious is not None:
            return self.malicious
        if self.redraw_malicious:
            return None
        drawn = np.random.default_rng(seed).permutation(num_agents)
        return tuple(int(agent) for agent in drawn[: self.num_malicious])
