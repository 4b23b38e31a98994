"""An environment as a plugin: both agents must name a coin that only one of them sees.

psro-comm train_team --plugin=examples/my_environment.py --task=coin --budget=smoke
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

import psro_comm as pc


@dataclass(frozen=True)
class CoinConfig:
    """The rules of `Coin`: the steps of an episode."""

    episode_limit: int = pc.integer(6, least=1)


class CoinState(NamedTuple):
    """B worlds."""

    coin: Tensor  # [B] 0. or 1.
    time: Tensor  # [B] long


class Coin:
    """Pays 1 for each step in which both name the coin; all randomness is passed in."""

    def __init__(self, config: CoinConfig | None = None, *, device="cpu"):
        self.config, self.device = config or CoinConfig(), torch.device(device)
        sizes = {"num_agents": 2, "obs_size": 2, "state_size": 1, "num_actions": 2}
        limit = self.config.episode_limit
        noise = {"reset_noise": 1, "step_noise": 1}
        self.spec = pc.EnvSpec(name="coin", episode_limit=limit, **sizes, **noise)

    def reset(self, noise: Tensor) -> CoinState:
        coin = (noise[:, 0] < 0.5).float()
        return CoinState(coin, torch.zeros_like(coin, dtype=torch.long))

    def transition(self, state: CoinState, action: Tensor, noise: Tensor):
        right = (action == state.coin[:, None].long()).all(1)
        after = CoinState(state.coin, state.time + 1)
        done = after.time >= self.spec.episode_limit
        each = right.float()[:, None].expand(-1, 2)
        return after, pc.Signal(right.float(), each, done, done & right)

    def observe(self, state: CoinState) -> pc.Observation:
        seen = torch.stack([torch.ones_like(state.coin), state.coin], -1)
        obs = torch.stack([seen, torch.zeros_like(seen)], 1)
        return pc.everybody(obs, 2, state.coin[:, None], fresh=state.time == 0)


pc.ENVS["coin"] = pc.Entry(Coin, CoinConfig)
echo = pc.TASKS["echo"]  # its budgets and sizes will do
quick = replace(echo.quick, env="coin", env_config=CoinConfig())
pc.TASKS["coin"] = replace(echo, quick=quick)
