"""The threat: what the rules let an attacker know and do. Needs no torch.

Source: paper section 3.1 (mode, malicious agents), assumption 2 (what it knows).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Threat:
    """What the rules let an attacker do, the same for every attacker of a table.

    Mode, cap and rate are applied by the channel, once, whatever the attack.

    Attributes:
      num_malicious: K, agents held by the attacker.
      captured: their indices, comma separated; none draws them once per run.
      redraw_captured: draw them anew in every episode instead.
      mode: how delta is applied.
      mix_weight: omega of the convex mode.
      cap: most that a message may be bent, in mean norms of a clean message; none is
        no limit.
      rate: most of its own messages that a malicious agent may bend, as a share: after
        t messages at most rate * t of them, whenever it likes.
      knowledge: what an attack is shown: own, what the malicious agents see and hear
        themselves (the paper's black box); or white_box, also the team, the frozen
        filter and all agents, for attacks that measure a worst case.
    """

    num_malicious: int = 1
    captured: tuple[int, ...] | None = None
    redraw_captured: bool = False
    mode: str = field(default="sum", metadata={"choices": ("sum", "convex")})
    mix_weight: float = 0.9
    cap: float | None = None
    rate: float = 1.0
    knowledge: str = field(default="own", metadata={"choices": ("own", "white_box")})

    def __post_init__(self) -> None:
        """Checks ranges."""
        if self.num_malicious < 1:
            raise ValueError(
                f"threat.num_malicious is {self.num_malicious}, must be at least 1"
            )
        if self.captured is not None and not (
            len(self.captured) == len(set(self.captured)) == self.num_malicious
        ):
            raise ValueError(
                f"threat.captured is {self.captured}, must name num_malicious ="
                f" {self.num_malicious} different agents"
            )
        if self.captured is not None and self.redraw_captured:
            raise ValueError(
                f"threat.captured is {self.captured}, must be none with"
                " threat.redraw_captured"
            )
        if self.mode not in ("sum", "convex"):
            raise ValueError(f"threat.mode is {self.mode!r}, must be sum or convex")
        if not 0.0 <= self.mix_weight <= 1.0:
            raise ValueError(
                f"threat.mix_weight is {self.mix_weight}, must lie in [0, 1]"
            )
        if self.cap is not None and not self.cap > 0.0:
            raise ValueError(f"threat.cap is {self.cap}, must be positive or none")
        if not 0.0 < self.rate <= 1.0:
            raise ValueError(f"threat.rate is {self.rate}, must lie in (0, 1]")
        if self.knowledge not in ("own", "white_box"):
            raise ValueError(
                f"threat.knowledge is {self.knowledge!r}, must be own or white_box"
            )

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Threat":
        """The threat that JSON data describe: its tuple has become a list there."""
        captured = plain.get("captured")
        held = None if captured is None else tuple(captured)
        return cls(**{**plain, "captured": held})

    def held(self, seed: int, num_agents: int) -> tuple[int, ...] | None:
        """The malicious agents of a run; None where each episode draws its own.

        Args:
          seed: of the draw, where the agents are not named.
          num_agents: N.
        """
        if self.captured is not None:
            return self.captured
        if self.redraw_captured:
            return None
        drawn = np.random.default_rng(seed).permutation(num_agents)
        return tuple(int(agent) for agent in drawn[: self.num_malicious])
