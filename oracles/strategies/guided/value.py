"""What the team's actions are worth, learnt from its clean and partly random play.

Greedy attacks turn the action that matters least: this says which matters most.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from games.engine.channel import CLEAN
from games.engine.env import TimeStep
from games.engine.play import Step, Stream, collect
from oracles.learning.nets import mlp
from oracles.learning.randomness import draw_seed
from oracles.strategies.setting import malicious_agents
from oracles.strategies.task import Task

_RANDOM = 0.1, 0.2, 0.4  # shares of actions drawn at random, a third of the worlds each
_DISCOUNT = 0.97
_HIDDEN, _RATE, _BATCH = 192, 2e-3, 1024
_EPOCHS = 4, 5  # of the value, of the advantages


class _Played(NamedTuple):
    """Steps that are learnt from, `[S,...]`."""

    state: Tensor  # [S,F]
    action: Tensor  # [S,N] long
    value: Tensor  # [S] discounted return to go
    reward: Tensor  # [S]
    following: Tensor  # [S,F]
    done: Tensor  # [S] bool


class Advantages(nn.Module):
    """Estimates the advantage of every action of every agent, in units of their spread.

    r + gamma V(s') - V(s)  ~  sum over agents i of A_i(s, a_i)
    """

    mean: Tensor  # [F] of a state
    std: Tensor  # [F]

    def __init__(self, state_size: int, num_agents: int, num_actions: int) -> None:
        """Builds an untaught estimate."""
        super().__init__()
        self.shape = num_agents, num_actions
        sizes = state_size, _HIDDEN, _HIDDEN, num_agents * num_actions
        self.net = mlp(sizes)
        self.register_buffer("mean", torch.zeros(state_size))
        self.register_buffer("std", torch.ones(state_size))

    def forward(self, state: Tensor) -> Tensor:
        """Maps `[...,F]` to `[...,N,A]`."""
        scaled = (state - self.mean) / self.std
        return self.net(scaled).unflatten(-1, self.shape)


def learn_advantages(task: Task, num_worlds: int) -> tuple[Advantages, int]:
    """Fits the advantages to episodes without attack and filter.

    Args:
      task: the game, and its randomness.
      num_worlds: episodes that are played.

    Returns:
      The estimate, frozen, and the environment steps that were played.
    """
    env, generator = task.setting.env, task.generators.policy
    spec, parts = env.spec, list[_Played]()
    for share in _RANDOM:
        count = max(1, num_worlds // len(_RANDOM))
        parts.append(_played(task, count, share))
    data = _Played(*(torch.cat(leaves) for leaves in zip(*parts, strict=True)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw_seed(generator))
        found = Advantages(spec.state_size, spec.num_agents, spec.num_actions)
        value = mlp((spec.state_size, _HIDDEN, _HIDDEN, 1))
    for each in (found, value):
        each.to(env.device)
    found.mean.copy_(data.state.mean(0))
    found.std.copy_(data.state.std(0).clamp(min=1e-3))

    def judged(state: Tensor) -> Tensor:
        return value((state - found.mean) / found.std).squeeze(-1)

    spread = data.value.std().clamp(min=1e-6)
    with torch.enable_grad():
        _fit(
            value,
            len(data.state),
            _EPOCHS[0],
            generator,
            lambda i: judged(data.state[i]) - data.value[i] / spread,
        )
    with torch.no_grad():
        future = _DISCOUNT * spread * judged(data.following) * ~data.done
        better = data.reward + future - spread * judged(data.state)
        better = better / better.std().clamp(min=1e-6)
    with torch.enable_grad():
        _fit(
            found,
            len(data.state),
            _EPOCHS[1],
            generator,
            lambda i: _taken(found(data.state[i]), data.action[i]) - better[i],
        )
    steps = len(_RANDOM) * count * spec.episode_limit
    return found.requires_grad_(False), steps


def _taken(advantages: Tensor, action: Tensor) -> Tensor:
    """Returns the sum of what the taken actions `[S,N]` are worth."""
    return advantages.gather(-1, action[..., None]).squeeze(-1).sum(-1)


def _fit(
    net: nn.Module,
    count: int,
    epochs: int,
    generator: torch.Generator,
    error: Callable[[Tensor], Tensor],
) -> None:
    """Lowers the squares of `error(index)`, by Adam at a falling rate."""
    optimizer = torch.optim.Adam(net.parameters(), _RATE)
    batches = -(-count // _BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(
        optimizer, 1.0, 0.05, total_iters=epochs * batches
    )
    for _ in range(epochs):
        order = torch.randperm(count, generator=generator, device=generator.device)
        for index in order.split(_BATCH):
            loss = error(index).square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()


@torch.no_grad()
def _played(task: Task, count: int, share: float) -> _Played:
    """Plays as many worlds, each for the length of an episode."""
    setting, generators = task.setting, task.generators

    def at_random(timestep: TimeStep, action: Tensor) -> Tensor:
        luck = torch.rand(
            action.shape, generator=generators.policy, device=action.device
        )
        drawn = torch.rand(
            timestep.available.shape, generator=generators.policy, device=action.device
        )
        other = drawn.masked_fill(~timestep.available, -1.0).argmax(-1)
        return torch.where(luck < share, other, action)

    stream = Stream(
        *(setting.env, setting.team, CLEAN),
        malicious=malicious_agents(setting, count, generators.policy),
        world_generator=generators.world,
        generator=generators.policy,
        log_probs=False,
    )
    steps = setting.env.spec.episode_limit
    return _learnt(collect(stream.play(at_random), steps + 1))


def _learnt(rollout: Step) -> _Played:
    """Returns what is learnt of a rollout `[T+1,B]`; its last step is looked at."""
    state, reward, done = rollout.timestep.state, rollout.reward, rollout.done
    ahead, togo = torch.zeros_like(reward[0]), list[Tensor]()
    for now, ends in zip(reward.flip(0), done.flip(0), strict=True):
        ahead = now + _DISCOUNT * ahead * ~ends
        togo.append(ahead)
    value = torch.stack(togo).flip(0)
    # What was cut off has no return: only steps whose episode ends are learnt from.
    whole = done.flip(0).cummax(0).values.flip(0)[:-1]
    return _Played(
        *(state[:-1][whole], rollout.action[:-1][whole], value[:-1][whole]),
        *(reward[:-1][whole], state[1:][whole], done[:-1][whole]),
    )
