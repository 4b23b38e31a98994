"""A toy environment in one file: two agents guess a coin that only one of them sees."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.env import Observation, Signal
from games.engine.registry import Entry
from games.engine.settings import check, integer
from games.engine.spec import EnvSpec
from games.environments.registry import ENVS


@dataclass(frozen=True)
class CoinConfig:
    """Rules of `Coin`.

    Attributes:
      episode_limit: steps of an episode.
    """

    episode_limit: int = integer(6, least=1)

    def __post_init__(self):
        """Checks ranges."""
        check(self)


class CoinState(NamedTuple):
    """B worlds."""

    coin: Tensor  # [B] 0. or 1.
    time: Tensor  # [B] long


class Coin:
    """Pays 1 a step in which both guess right."""

    def __init__(self, config=None, *, device="cpu"):
        self.config, self.device = config or CoinConfig(), torch.device(device)
        self.spec = EnvSpec(
            name="coin",
            num_agents=2,
            episode_limit=self.config.episode_limit,
            obs_size=2,
            state_size=1,
            num_actions=2,
            reset_noise=1,
            step_noise=1,
        )

    def reset(self, noise):
        coin = (noise[:, 0] < 0.5).float()
        return CoinState(coin, torch.zeros_like(coin, dtype=torch.long))

    def transition(self, state, action, noise):
        right = (action == state.coin[:, None].long()).all(1)
        time = state.time + 1
        done = time >= self.spec.episode_limit
        reward = right.float()
        paid = reward[:, None].expand(-1, 2)
        return CoinState(state.coin, time), Signal(reward, paid, done, done & right)

    def observe(self, state):
        seen = torch.stack([torch.ones_like(state.coin), state.coin], -1)
        alive = torch.ones(len(seen), 2, dtype=torch.bool, device=seen.device)
        return Observation(
            obs=torch.stack([seen, torch.zeros_like(seen)], 1),
            state=state.coin[:, None],
            available=alive[..., None].expand(-1, -1, 2),
            alive=alive,
            fresh=(state.time == 0)[:, None].expand(-1, 2),
            links=~torch.eye(2, dtype=torch.bool, device=seen.device).expand(
                len(seen), 2, 2
            ),
        )


ENVS["coin"] = Entry(Coin, CoinConfig)
