"""Echo: a game of two agents and one bit, in which every value is known by hand.

Agent 0 (the speaker) sees a fresh random bit at every step. Agent 1 (the listener)
must name the bit that the speaker saw one step *before*, so that a message delayed by
one step arrives just in time. The first step pays nothing. Per paying step a team that
talks earns 1, one that does not 1/2 (a coin flip), one that is fooled 0.

There may be more speakers, who all see the same bit; the listener comes last.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.env import Observation, Signal
from games.engine.spec import EnvSpec
from games.environments.echo.config import EchoConfig


class EchoState(NamedTuple):
    """B worlds of Echo."""

    bit: Tensor  # [B] in {0., 1.}  what the speaker sees now
    echo: Tensor  # [B] in {0., 1.}  what it saw one step ago: the listener's answer
    mistakes: Tensor  # [B] wrong answers so far
    time: Tensor  # [B] long


class Echo:
    """Echo as a `games.engine.env.CommEnv`; the module's docstring has the rules."""

    def __init__(
        self, config: EchoConfig | None = None, *, device: torch.device | str = "cpu"
    ) -> None:
        """Prepares the rules; holds no state of any world."""
        self.config = config or EchoConfig()
        self.device = torch.device(device)
        agents = self.config.speakers + 1
        self.spec = EnvSpec(
            name="echo",
            num_agents=agents,
            obs_size=agents + 1,
            state_size=3,
            num_actions=2,
            episode_limit=self.config.episode_limit,
            reset_noise=1,
            step_noise=1,
            least_reward=0.0,
        )
        self._identity = torch.eye(agents, device=self.device)
        self._speaks = 1.0 - self._identity[-1]

    def reset(self, noise: Tensor) -> EchoState:
        """Draws the first bit from `noise` [B, 1]."""
        bit = (noise[:, 0] < 0.5).float()
        zeros = torch.zeros_like(bit)
        return EchoState(bit, zeros, zeros, torch.zeros_like(bit, dtype=torch.long))

    def transition(
        self, state: EchoState, action: Tensor, noise: Tensor
    ) -> tuple[EchoState, Signal]:
        """Pays the listener's answer and draws the next bit from `noise` [B, 1]."""
        right = (action[:, -1] == state.echo.long()).float()
        paying = (state.time > 0).float()
        reward = paying * right
        mistakes = state.mistakes + paying * (1.0 - right)
        time = state.time + 1
        done = time >= self.config.episode_limit
        bit = (noise[:, 0] < 0.5).float()
        signal = Signal(
            reward,
            reward[:, None].expand(-1, self.spec.num_agents),
            done,
            mistakes == 0,
        )
        return EchoState(bit, state.bit, mistakes, time), signal

    def observe(self, state: EchoState) -> Observation:
        """Returns what agents see: their own name, and speakers the bit, -1 or 1."""
        size, agents = state.bit.shape[0], self.spec.num_agents
        seen = (2.0 * state.bit - 1.0)[:, None] * self._speaks
        names = self._identity.expand(size, agents, agents)
        alive = torch.ones(size, agents, dtype=torch.bool, device=state.bit.device)
        return Observation(
            obs=torch.cat([names, seen[..., None]], dim=-1),
            state=torch.stack([state.bit, state.echo, state.time.float()], dim=-1),
            available=alive[..., None].expand(-1, -1, 2),
            alive=alive,
            fresh=(state.time == 0)[:, None].expand(-1, agents),
            links=~self._identity.bool().expand(size, agents, agents),
        )
