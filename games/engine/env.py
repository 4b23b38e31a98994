"""The interface of an environment: pure functions of arrays, many worlds at a time.

An environment never draws a random number. Its caller passes uniform noise in, so
that several policies can meet the very same worlds (common random numbers).
"""

from typing import Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor

from games.engine.spec import EnvSpec

State = Any  # a NamedTuple of tensors with leading axis B, private to its environment


class Observation(NamedTuple):
    """What agents and critics see of a state: the first six fields of a `TimeStep`."""

    obs: Tensor  # [B,N,O]
    state: Tensor  # [B,S]    for critics and teachers in training; never for a policy
    available: Tensor  # [B,N,A]  bool
    alive: Tensor  # [B,N]    bool; the dead neither speak nor hear nor count
    fresh: Tensor  # [B,N]    bool; this slot holds a new agent: its memory is zero
    links: Tensor  # [B,N,N]  bool; [b,j,i] = j may hear i (alive, i != j, in range)


class Signal(NamedTuple):
    """The rewards and ends of a transition: the last four fields of a `TimeStep`."""

    reward: Tensor  # [B]    team reward of the step just taken: payoffs are its sum
    agent_reward: Tensor  # [B,N]  each agent's own part, for training teams
    done: Tensor  # [B]    bool; the game ended, its step limit included
    success: Tensor  # [B]    bool; meaningful where done


class TimeStep(NamedTuple):
    """An `Observation` and the `Signal` of the transition that led to it."""

    obs: Tensor
    state: Tensor
    available: Tensor
    alive: Tensor
    fresh: Tensor
    links: Tensor
    reward: Tensor
    agent_reward: Tensor
    done: Tensor
    success: Tensor


class CommEnv(Protocol):
    """A cooperative game of N agents that may talk, played in B worlds side by side."""

    spec: EnvSpec
    device: torch.device

    def reset(self, noise: Tensor) -> State:
        """Starts B worlds from `noise` [B, spec.reset_noise], uniform in [0, 1)."""

    def transition(
        self, state: State, action: Tensor, noise: Tensor
    ) -> tuple[State, Signal]:
        """Plays one step: `action` [B,N] long under `noise` [B, spec.step_noise]."""

    def observe(self, state: State) -> Observation:
        """Returns what agents and critics see of `state`."""


class StatefulEnv(CommEnv, Protocol):
    """A game outside this process (`spec.batched` is false): states cannot be copied.

    Its states are those of the running games, so that only the latest one may move.
    """

    def restart(self, state: State, done: Tensor) -> State:
        """Starts new episodes where `done` [B] bool is true."""

    def discarded(self, state: State) -> Tensor:
        """Returns which episodes `[B]` bool broke off because their game failed."""


def everybody(
    obs: Tensor, num_actions: int, state: Tensor, *, fresh: Tensor
) -> Observation:
    """Returns the view of worlds in which all live, hear each other and may do all.

    Args:
      obs: `[B,N,O]`.
      num_actions: A.
      state: `[B,S]`.
      fresh: `[B]` bool, where an episode starts.
    """
    size, agents = obs.shape[:2]
    alive = torch.ones(size, agents, dtype=torch.bool, device=obs.device)
    others = ~torch.eye(agents, dtype=torch.bool, device=obs.device)
    available = alive[..., None].expand(-1, -1, num_actions)
    links = others.expand(size, agents, agents)
    return Observation(obs, state, available, alive, alive & fresh[:, None], links)


def first(env: CommEnv, state: State) -> TimeStep:
    """Returns the first time step of new worlds: no reward, and none is done."""
    view = env.observe(state)
    zeros = torch.zeros_like(view.alive, dtype=view.obs.dtype)
    false = torch.zeros_like(view.alive[:, 0])
    return TimeStep(*view, *Signal(zeros[:, 0], zeros, false, false))


def step(
    env: CommEnv, state: State, action: Tensor, noise: Tensor, reset_noise: Tensor
) -> tuple[State, TimeStep]:
    """Plays one step, and starts a new world where the game ended (auto-reset).

    Where the game ended, the observation is of the *new* world, while `reward`,
    `done` and `success` are of the old one.

    Args:
      env: the environment.
      state: B worlds.
      action: `[B,N]` long.
      noise: `[B, spec.step_noise]` uniform in [0, 1).
      reset_noise: `[B, spec.reset_noise]` uniform in [0, 1), for worlds that end.

    Returns:
      The next state and what it shows.
    """
    moved, signal = env.transition(state, action, noise)
    if not env.spec.batched:
        restarted = cast(StatefulEnv, env).restart(moved, signal.done)
        return restarted, TimeStep(*env.observe(restarted), *signal)
    started = env.reset(reset_noise)
    merged = type(moved)(
        *(
            torch.where(signal.done.view(-1, *[1] * (new.dim() - 1)), new, old)
            for new, old in zip(started, moved, strict=True)
        )
    )
    return merged, TimeStep(*env.observe(merged), *signal)
