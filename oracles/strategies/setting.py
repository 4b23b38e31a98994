"""The game that a strategy is built and trained for."""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.env import CommEnv
from games.engine.strategy import Attack, Filter
from games.engine.team import Team
from games.engine.threat import Threat
from games.engine.worlds import draw_malicious


class Setting(NamedTuple):
    """The game over messages without its two strategies."""

    env: CommEnv
    team: Team
    threat: Threat
    malicious: tuple[int, ...] | None  # this run's; none: drawn in each episode

    @property
    def to_draw(self) -> tuple[int, ...] | int:
        """Returns the malicious agents, or how many to draw, for `make_worlds`."""
        return self.malicious or self.threat.num_malicious

    def channel(self, attack: Attack, filter_: Filter) -> Channel:
        """Returns the channel with an attack and a filter, under the game's threat."""
        return Channel(attack, filter_, self.threat)


def malicious_agents(
    setting: Setting, num_envs: int, generator: torch.Generator
) -> Tensor:
    """Returns the malicious agents at the start of B streams, `[B,K]` long."""
    if setting.malicious is None:
        return draw_malicious(
            num_envs,
            setting.env.spec.num_agents,
            setting.threat.num_malicious,
            generator,
        )
    held = torch.tensor(setting.malicious, device=setting.env.device)
    return held.expand(num_envs, -1)
