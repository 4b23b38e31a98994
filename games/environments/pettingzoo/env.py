"""A parallel environment of PettingZoo as one of ours, in the manner of StarCraft's.

Its states cannot be copied, so that it is a `StatefulEnv`: only the latest state may
move. World k is what the environment makes of a seed; where it passes PettingZoo's seed
test, two policies meet the same worlds.

Limits: actions are one of n; agents that leave do not come back; everybody hears every
living other; nobody says what success is, so that it is never one; and each game is
stepped in turn, in Python.
"""

import importlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from games.engine.env import Observation, Signal
from games.engine.settings import refusal
from games.engine.spec import EnvSpec
from games.environments.pettingzoo.config import NO_PETTINGZOO, PettingZooConfig
from games.environments.pettingzoo.game import Game, Shown

_TRIED: set[tuple[str, str]] = set()  # whether a seed repeats them is known
_SEEDS = 2**24  # as many as a float32 of [0, 1) tells apart


class PettingZooState(NamedTuple):
    """What B games show; the games themselves are in the environment."""

    obs: Tensor  # [B,N,O], zero where dead
    available: Tensor  # [B,N,A] bool
    alive: Tensor  # [B,N] bool
    fresh: Tensor  # [B] bool; the episode has just begun
    time: Tensor  # [B] long
    over: Tensor  # [B] bool; the episode has ended
    turn: Tensor  # [B] long; how often the games had moved


class PettingZoo:
    """A parallel environment as a `games.engine.env.StatefulEnv`.

    Attributes:
      config, spec, device: the settings, the sizes, and where all tensors live.
    """

    def __init__(
        self, config: PettingZooConfig | None = None, *, device: Any = "cpu"
    ) -> None:
        """Makes one game, to know its sizes.

        Raises:
          ValueError: there is no such environment, or its spaces are not ours.
        """
        self.config = config or PettingZooConfig()
        self.device = torch.device(device)
        self._games = [self._made()]
        game = self._games[0]
        if (self.config.make, self.config.arguments) not in _TRIED:
            game.warn_unless_repeated()
            _TRIED.add((self.config.make, self.config.arguments))
        self.agents = game.agents
        agents, obs_size = len(self.agents), max(game.sizes)
        self.spec = EnvSpec(
            name="pettingzoo",
            num_agents=agents,
            obs_size=obs_size,
            state_size=agents * obs_size + 1,  # all observations, and the clock
            num_actions=max(game.choices),
            episode_limit=self.config.episode_limit,
            reset_noise=1,
            step_noise=0,
            batched=False,
            most_worlds=self.config.num_games,
        )
        self._turn = 0
        self._luck = np.random.default_rng(0)  # seeds of episodes after the first

    def reset(self, noise: Tensor) -> PettingZooState:
        """Starts B episodes, each by the seed that `noise` [B, 1] says.

        Raises:
          ValueError: more worlds than games.
        """
        size = len(noise)
        if size > self.config.num_games:
            words = f"at least {size}, the worlds side by side"
            raise refusal("pettingzoo.num_games", self.config.num_games, words)
        while len(self._games) < size:
            self._games.append(self._made())
        seeds = (noise[:, 0].double().cpu().numpy() * _SEEDS).astype(np.int64)
        self._luck = np.random.default_rng(seeds.tolist())
        return self._started(self._blank(size), range(size), seeds.tolist())

    def transition(
        self, state: PettingZooState, action: Tensor, noise: Tensor
    ) -> tuple[PettingZooState, Signal]:
        """Steps the games whose episodes run; the others idle, and pay nothing.

        Raises:
          RuntimeError: `state` is not the latest: its games have moved on.
        """
        self._require_latest(state)
        moved, acts = self._copied(state), action.cpu().tolist()
        paid = torch.zeros(moved.alive.shape)
        for k, over in enumerate(state.over.tolist()):
            if over:
                continue
            game, chosen = self._games[k], {}
            for i, agent in enumerate(self.agents):
                if bool(state.alive[k, i]):
                    chosen[agent] = acts[k][i] + game.first[i]
            shown, rewards = game.step(chosen)
            for i, agent in enumerate(self.agents):
                paid[k, i] = rewards.get(agent, 0.0)
            moved.time[k] += 1
            self._show(moved, k, shown)
            moved.over[k] = (
                not game.living or int(moved.time[k]) >= self.spec.episode_limit
            )
        moved.fresh.fill_(False)
        each = paid.to(self.device)
        team = each.mean(1) if self.config.team_reward == "mean" else each.sum(1)
        never = torch.zeros_like(moved.over)
        return moved, Signal(team, each, moved.over.clone(), never)

    def observe(self, state: PettingZooState) -> Observation:
        """Returns what `state` shows; living agents hear each other."""
        agents = state.alive.shape[1]
        others = ~torch.eye(agents, dtype=torch.bool, device=self.device)
        links = state.alive[:, :, None] & state.alive[:, None] & others
        clock = (state.time / self.spec.episode_limit)[:, None].to(state.obs.dtype)
        full = torch.cat([state.obs.flatten(1), clock], dim=1)
        fresh = state.fresh[:, None].expand_as(state.alive)
        seen = (state.obs, full, state.available, state.alive, fresh, links)
        return Observation(*seen)

    def restart(self, state: PettingZooState, done: Tensor) -> PettingZooState:
        """Starts new episodes where `done` [B] bool is true.

        Raises:
          RuntimeError: as `transition`.
        """
        self._require_latest(state)
        ended = done.nonzero().flatten().tolist()
        if not ended:
            return state
        seeds = self._luck.integers(_SEEDS, size=len(ended)).tolist()
        return self._started(self._copied(state), ended, seeds)

    def discarded(self, state: PettingZooState) -> Tensor:
        """Returns which episodes broke off, `[B]` bool: none, games live in here."""
        return torch.zeros_like(state.over)

    def _blank(self, size: int) -> PettingZooState:
        spec = self.spec
        shape = size, spec.num_agents
        flags = torch.zeros(size, dtype=torch.bool)
        parts = (
            torch.zeros(*shape, spec.obs_size),
            torch.zeros(*shape, spec.num_actions, dtype=torch.bool),
            torch.zeros(shape, dtype=torch.bool),
            *(flags, torch.zeros(size, dtype=torch.long), flags.clone()),
            torch.zeros(size, dtype=torch.long),
        )
        return PettingZooState(*(part.to(self.device) for part in parts))

    def _copied(self, state: PettingZooState) -> PettingZooState:
        """Returns a copy of the next turn, so that `state` stays as it was."""
        self._turn += 1
        copied = PettingZooState(*(part.clone() for part in state))
        return copied._replace(turn=torch.full_like(state.turn, self._turn))

    def _started(
        self, state: PettingZooState, games: Iterable[int], seeds: list[int]
    ) -> PettingZooState:
        self._turn += 1
        for k, seed in zip(games, seeds, strict=True):
            shown = self._games[k].reset(seed)
            state.fresh[k], state.over[k], state.time[k] = True, False, 0
            self._show(state, k, shown)
        return state._replace(turn=torch.full_like(state.turn, self._turn))

    def _show(self, state: PettingZooState, k: int, shown: dict[str, Shown]) -> None:
        """Writes what game k shows into a state of ours."""
        for i, agent in enumerate(self.agents):
            state.alive[k, i] = agent in shown
            state.obs[k, i] = 0.0
            state.available[k, i] = False
            if agent not in shown:
                state.available[k, i, 0] = True
                continue
            numbers, mask = shown[agent]
            state.obs[k, i, : len(numbers)] = torch.from_numpy(numbers)
            state.available[k, i, : len(mask)] = torch.from_numpy(mask)

    def _made(self) -> Game:
        return Game(_made(self.config), self.config.make)

    def _require_latest(self, state: PettingZooState) -> None:
        if int(state.turn[0]) != self._turn:
            raise RuntimeError(
                f"a state of {self.config.make} was played on after its games had moved"
            )


def _made(config: PettingZooConfig) -> Any:
    """Makes one game.

    Raises:
      ValueError: there is no such module or function, or it refuses its arguments.
    """
    module, _, name = config.make.partition(":")
    try:
        make = getattr(importlib.import_module(module), name or "parallel_env")
    except (ImportError, AttributeError, ValueError) as error:
        words = f"MODULE or MODULE:FUNCTION of a parallel environment: {error};"
        raise refusal(
            "pettingzoo.make", config.make, f"{words} {NO_PETTINGZOO}"
        ) from None
    try:
        return make(**config.keywords())
    except TypeError as error:
        raise refusal("pettingzoo.arguments", config.arguments, str(error)) from None
    except Exception as error:  # it is somebody else's code
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"{config.make} cannot be made: {said}") from error
