"""The critic of an attack: it sees the state, which the attack never does."""

import torch
from torch import Tensor, nn

from games.engine.play import Step
from games.engine.view import gather_agents
from oracles.learning.nets import VALUE_UNIT, StackedMLP, squash
from oracles.strategies.setting import Setting


class Critic(nn.Module):
    """Estimates what each malicious agent's side will still earn; no part of a policy.

        V = (1 - t / T) f(t, state, what all remember on average, e)

    e is what the malicious agent observes, remembers, has heard and means to say; t is
    the step of the episode, one-hot, and T its limit. All environments of a stream may
    be at one step of their episodes, and a rollout sees a few steps only: what differs
    between steps must not be learnt anew, and forgotten, with each rollout.
    """

    def __init__(self, setting: Setting, hidden: int) -> None:
        """Builds one network for each malicious agent."""
        super().__init__()
        spec, team, threat = setting.env.spec, setting.team, setting.threat
        self._limit = spec.episode_limit
        own = spec.obs_size + team.memory_size + team.heard_size + team.message_size
        width = self._limit + spec.state_size + team.memory_size + own
        sizes = (width, hidden, hidden, 1)
        self.net = StackedMLP(threat.num_malicious, sizes, last_gain=0.1)
        self.rms: Tensor
        self.register_buffer("rms", team.message_rms.clamp(min=1e-6))

    def seen(self, rollout: Step, elapsed: Tensor) -> Tensor:
        """Returns what it sees of a rollout `[T,B,...]`: `[T,B,K,F]`, t first.

        Args:
          rollout: the steps.
          elapsed: `[T,B]`, the steps of each episode before.
        """
        timestep, malicious = rollout.timestep, rollout.carry.malicious
        fresh, alive = timestep.fresh[..., None], timestep.alive[..., None].float()
        memory = rollout.carry.memory.masked_fill(fresh, 0.0)
        mean = (memory * alive).sum(-2) / alive.sum(-2).clamp(min=1.0)
        time = nn.functional.one_hot(elapsed.long(), self._limit).float()
        common = torch.cat([time, timestep.state, mean], dim=-1)[..., None, :]
        m_in = rollout.carry.m_in.masked_fill(fresh, 0.0)
        each = timestep.obs, memory, squash(m_in), rollout.wire.sent / self.rms
        own = [gather_agents(part, malicious) for part in each]
        shape = (*malicious.shape, common.shape[-1])
        return torch.cat([common.expand(shape), *own], dim=-1)

    def forward(self, seen: Tensor) -> Tensor:
        """Returns values: `[...,K,F]` -> `[...,K]`."""
        share = torch.arange(self._limit, device=seen.device) / self._limit
        left = 1.0 - seen[..., : self._limit] @ share
        return VALUE_UNIT * left * self.net(seen).squeeze(-1)


def elapsed_steps(before: Tensor, done: Tensor) -> Tensor:
    """Returns the steps of each episode before each step of a rollout, `[T,B]`.

    Args:
      before: `[B]`, those before its first step.
      done: `[T,B]` bool, where an episode ended.
    """
    counts = [before]
    for ended in done[:-1]:
        counts.append((counts[-1] + 1.0).masked_fill(ended, 0.0))
    return torch.stack(counts)
