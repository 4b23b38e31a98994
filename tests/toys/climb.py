"""A toy oracle in one file: keeps a random change of the weights if it helps."""

from dataclasses import dataclass

import torch

from games.engine.matches import play_worlds
from games.engine.registry import Entry
from games.engine.settings import check, integer
from games.engine.worlds import make_worlds
from oracles.strategies.registry import ORACLES


@dataclass(frozen=True)
class ClimbConfig:
    """Settings of `climb`.

    Attributes:
      env_steps: environment steps of one training.
      num_envs: worlds of one look.
    """

    env_steps: int = integer(4_000, least=1)
    num_envs: int = integer(16, least=1)

    def __post_init__(self):
        """Checks ranges."""
        check(self)

    @property
    def updates(self):
        return max(1, self.env_steps // (self.num_envs * 9))


@torch.no_grad()
def climb(policy, task, config, log):
    setting, generator = task.setting, task.generators.policy
    worlds = make_worlds(setting.env.spec, 7, 0, config.num_envs, setting.to_draw)

    def fitness():
        channel = task.channel(policy)
        luck = torch.Generator().manual_seed(0)
        played = play_worlds(setting.env, setting.team, channel, worlds, luck)
        return task.side.sign * float(played.returns.mean())

    best = fitness()
    for update in range(config.updates):
        old = [p.clone() for p in policy.parameters()]
        for p in policy.parameters():
            p += 0.3 * torch.randn(p.shape, generator=generator)
        found = fitness()
        if found < best:
            for p, kept in zip(policy.parameters(), old, strict=True):
                p.copy_(kept)
        best = max(best, found)
        if log is not None:
            steps = (update + 1) * config.num_envs * setting.env.spec.episode_limit
            log({"update": update + 1, "env_steps": steps, "team/return_mean": best})


ORACLES["climb"] = Entry(climb, ClimbConfig)
