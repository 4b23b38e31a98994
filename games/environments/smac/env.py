"""StarCraft II as an environment: a pool of games, one process each."""

import atexit
import importlib.util
import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from games.engine.env import Observation, Signal
from games.engine.spec import EnvSpec
from games.environments.smac.config import SmacConfig
from games.environments.smac.worker import Game, GameFaultError, Shown

_HELP = "python -m bin.doctor --smac says what mends it"


class SmacState(NamedTuple):
    """What B games show; the games themselves are in their processes."""

    obs: Tensor  # [B,N,O]
    state: Tensor  # [B,S]
    available: Tensor  # [B,N,A]  bool
    alive: Tensor  # [B,N]  bool
    fresh: Tensor  # [B,N]  bool; the episode has just begun
    over: Tensor  # [B]  bool; the episode has ended
    lost: Tensor  # [B]  bool; it ended because the game did
    turn: Tensor  # [B]  long; how often the games had moved, as in `_Pool.turn`


class _Pool:
    """The games of a configuration, shared by all environments of this process.

    Every job builds its environment anew; if each had games of its own, each job would
    leave a set of running games behind.
    """

    def __init__(self, config: SmacConfig) -> None:
        self.games = [Game(config) for _ in range(config.num_games)]
        self.restarts = [0] * config.num_games
        self.turn = 0  # tells the latest state from those that games have left

    def close(self) -> None:
        for game in self.games:
            game.release()
        for game in self.games:
            game.close()
        self.restarts[:] = [0] * len(self.games)
        self.turn += 1  # no state outlives its games


_POOLS: dict[SmacConfig, _Pool] = {}


@atexit.register
def _close_all() -> None:
    for pool in _POOLS.values():
        pool.close()


class Smac:
    """StarCraft II as a `games.engine.env.StatefulEnv`.

    Environments of one configuration share their games: `reset` takes them over.

    Attributes:
      config, spec, device: the rules, the sizes, and where all tensors live.
    """

    def __init__(
        self, config: SmacConfig | None = None, *, device: torch.device | str = "cpu"
    ) -> None:
        """Asks for the sizes of the map; games start when they are first played.

        Raises:
          ValueError: SMAC or the game is missing, or there is no such map.
        """
        self.config = config = config or SmacConfig()
        self.device = torch.device(device)
        _require_game()
        self.spec = _spec(config)
        self._pool = _POOLS.setdefault(config, _Pool(config))
        self._games = self._pool.games

    @property
    def restarts(self) -> list[int]:
        """Returns how often each game crashed or hung, and so lost its episode."""
        return self._pool.restarts

    def close(self) -> None:
        """Ends all games and their processes; the next `reset` starts new ones."""
        self._pool.close()

    def reset(self, noise: Tensor) -> SmacState:
        """Starts B episodes; `noise` [B,0] says only what B is.

        Raises:
          ValueError: more worlds than games, or a game that fails again and again.
        """
        size = noise.shape[0]
        if size > self.config.num_games:
            raise ValueError(
                f"{size} worlds side by side need as many games, smac.num_games is"
                f" {self.config.num_games}"
            )
        views = self._start(range(size))
        return self._state([views[k] for k in range(size)], fresh=True)

    def transition(
        self, state: SmacState, action: Tensor, noise: Tensor
    ) -> tuple[SmacState, Signal]:
        """Steps the games whose episodes run; the others idle, and pay nothing.

        Raises:
          RuntimeError: `state` is not the latest: its games have moved on.
        """
        self._require_latest(state)
        self._pool.turn += 1
        running = [k for k, over in enumerate(state.over.tolist()) if not over]
        lost = state.lost.clone()
        for k in running:
            self._games[k].ask(action[k].tolist())
        # Games change copies, so that `state` stays as it was.
        parts = [part.clone() for part in state]
        reward = torch.zeros(state.over.shape, device=self.device)
        success = torch.zeros_like(lost)
        for k in running:
            try:
                view: Shown = self._games[k].answer()
            except GameFaultError as fault:
                self._count(k, fault)
                lost[k] = True
                parts[5][k] = True
                continue
            for part, new in zip(parts, view[:4], strict=False):
                part[k] = torch.from_numpy(new).to(self.device)
            reward[k], success[k] = view.reward, view.success
            parts[5][k] = view.done
        moved = SmacState(*parts)._replace(
            fresh=torch.zeros_like(state.fresh),
            lost=lost,
            turn=torch.full_like(state.turn, self._pool.turn),
        )
        each = reward[:, None].expand(state.alive.shape).contiguous()
        return moved, Signal(reward, each, moved.over, success)

    def observe(self, state: SmacState) -> Observation:
        """Returns what `state` shows; living agents hear each other at any distance."""
        agents = state.alive.shape[1]
        strangers = ~torch.eye(agents, dtype=torch.bool, device=self.device)
        links = state.alive[:, :, None] & state.alive[:, None] & strangers
        return Observation(*state[:5], links)

    def restart(self, state: SmacState, done: Tensor) -> SmacState:
        """Starts new episodes where `done` [B] bool is true.

        Raises:
          RuntimeError: as `transition`.
        """
        self._require_latest(state)
        ended = done.nonzero().flatten().tolist()
        if not ended:
            return state
        views = self._start(ended)
        fresh = self._state([views[k] for k in ended], fresh=True)
        parts = [part.clone() for part in state]
        for part, new in zip(parts, fresh, strict=True):
            part[done] = new
        return SmacState(*parts)._replace(
            turn=torch.full_like(state.turn, self._pool.turn)
        )

    def discarded(self, state: SmacState) -> Tensor:
        """Returns which episodes `[B]` bool broke off because their game failed."""
        return state.lost

    def _require_latest(self, state: SmacState) -> None:
        if int(state.turn[0]) != self._pool.turn:
            raise RuntimeError(
                f"a state of {self.config.map} was played on after its games had moved"
            )

    def _start(self, numbers: Any) -> dict[int, Shown]:
        self._pool.turn += 1
        views: dict[int, Shown] = {}
        waiting = list(numbers)
        while waiting:
            for k in waiting:
                self._games[k].ask("reset")
            for k in waiting:
                try:
                    views[k] = self._games[k].answer()
                except GameFaultError as fault:
                    self._count(k, fault)
                except ValueError as error:
                    raise ValueError(f"{error}; {_HELP}") from error
            waiting = [k for k in waiting if k not in views]
        return views

    def _count(self, number: int, fault: GameFaultError) -> None:
        self.restarts[number] += 1
        failed = self.restarts[number]
        if failed > self.config.max_restarts:
            self.close()
            raise ValueError(
                f"game {number} of {self.config.map} failed"
                f" {failed} times, last: {fault}; {_HELP}"
            ) from fault
        logging.warning("game %d: %s; it is started again", number, fault)

    def _state(self, views: list[Shown], *, fresh: bool) -> SmacState:
        shown = [
            torch.from_numpy(np.stack(part)).to(self.device)
            for part in list(zip(*views, strict=True))[:4]
        ]
        none = torch.zeros(len(views), dtype=torch.bool, device=self.device)
        new = torch.full_like(shown[3], fresh)
        obs, state, available, alive = shown
        turn = torch.full_like(none, self._pool.turn, dtype=torch.long)
        return SmacState(obs, state, available, alive, new, none, none, turn)


def _require_game() -> None:
    if importlib.util.find_spec("smac") is None:
        raise ValueError(f"smac, StarCraft's challenge, is not installed: {_HELP}")
    if importlib.util.find_spec("smac.env") is None:
        raise ValueError(f"the package smac is PyPI's SMAC3, the wrong one: {_HELP}")
    folder = Path(os.environ.get("SC2PATH", "~/StarCraftII")).expanduser()
    if not any(folder.glob("Versions/Base*/SC2*")):
        raise ValueError(f"StarCraft II is not in {folder}: {_HELP}")


@lru_cache(maxsize=64)
def _spec(config: SmacConfig) -> EnvSpec:
    """Asks a worker process for the sizes, as SMAC's flags would conflict with ours."""
    game = Game(config)
    try:
        game.ask("info")
        info = game.answer()
    except GameFaultError as fault:
        raise ValueError(f"{fault}; {_HELP}") from fault
    finally:
        game.close()
    return EnvSpec(
        name="smac",
        num_agents=info["n_agents"],
        obs_size=info["obs_shape"],
        state_size=info["state_shape"],
        num_actions=info["n_actions"],
        episode_limit=info["episode_limit"],
        reset_noise=0,
        step_noise=0,
        batched=False,
        reproducible=False,
        most_worlds=config.num_games,
    )
