"""A worker process with one game, and the handle by which the pool uses it."""

import math
import multiprocessing
import os
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from absl import flags
from numpy.typing import NDArray

from games.environments.smac.config import SmacConfig

_LAUNCH_S = 60.0  # more than a step may take: the game loads gigabytes at first
_GOODBYE_S = 4.0  # pysc2 gives a game three seconds to quit, then clears its folder


class Shown(NamedTuple):
    """What one game shows after a reset or a step."""

    obs: NDArray[np.float32]  # [N,O]
    state: NDArray[np.float32]  # [S]
    available: NDArray[np.bool_]  # [N,A]
    alive: NDArray[np.bool_]  # [N]
    reward: float = 0.0
    done: bool = False
    success: bool = False


class GameFaultError(Exception):
    """Raised when a game crashed or hung; its processes have ended."""


def serve(pipe: Connection, config: SmacConfig) -> None:
    """Answers requests until the pipe closes; leads a group that holds the game.

    Args:
      pipe: takes "info", "reset" or a list of actions; gives ("fine", answer), or
        ends with ("wrong", why) where trying again cannot help, else ("lost", why).
      config: the game's settings.
    """
    os.setsid()  # one signal to the group reaches the game as well
    game: Any = None
    _forget_flags()
    try:
        from games.environments.smac.fight import make_fight

        game = make_fight(config)
        # A worker whose program was killed must not wait for a hung game for long.
        flags.FLAGS["sc2_timeout"].value = math.ceil(config.timeout_s + _LAUNCH_S)
        while True:
            pipe.send(("fine", _answer(game, pipe.recv(), config)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass
    except (ValueError, AssertionError) as error:  # no such map, no such action
        with suppress(OSError):
            pipe.send(("wrong", str(error)))
    except Exception as error:  # after any error this game is over: say why
        with suppress(OSError):
            pipe.send(("lost", f"{type(error).__name__}: {error}"))
    finally:
        if game is not None:
            with suppress(Exception):
                game.close()


def _forget_flags() -> None:
    """Removes the program's flags, as SMAC parses them and some may be required."""
    own = flags.FLAGS.flags_by_module_dict()
    ours = (key for key in own if not key.startswith("absl"))
    flags.FLAGS.remove_flag_values(f.name for key in ours for f in own[key])


def _answer(game: Any, request: Any, config: SmacConfig) -> Any:
    if request == "info":
        return game.get_env_info()
    if request == "reset":
        pid = game.process_id()
        if pid is not None and _megabytes(pid) > config.memory_limit_mb:
            game.close()
            game._sc2_proc, game._episode_count = None, 0
        game.reset()
        return _look(game)
    reward, done, info = game.step(request)
    won = bool(info.get("battle_won", False))
    return _look(game)._replace(reward=float(reward), done=bool(done), success=won)


def _look(game: Any) -> Shown:
    alive = [game.get_unit_by_id(i).health > 0 for i in range(game.n_agents)]
    return Shown(
        np.asarray(game.get_obs(), np.float32),
        np.asarray(game.get_state(), np.float32),
        np.asarray(game.get_avail_actions(), bool),
        np.asarray(alive, bool),
    )


def _megabytes(pid: int) -> float:
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.NoSuchProcess:  # the next reset will find out
        return 0.0


class Game:
    """A handle on one worker, which starts with the first request."""

    def __init__(self, config: SmacConfig) -> None:
        """Prepares a game; nothing is started yet."""
        self._config = config
        self._process: Any = None
        self._pipe: Any = None
        self._patience = config.timeout_s

    def ask(self, request: Any) -> None:
        """Sends `request` (see `serve`); `answer` awaits the reply."""
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(
                target=serve, args=(theirs, self._config), daemon=True
            )
            self._process.start()
            theirs.close()
        self._patience = self._config.timeout_s
        self._patience += _LAUNCH_S if isinstance(request, str) else 0.0
        with suppress(OSError):  # a dead worker is met when its answer is awaited
            self._pipe.send(request)

    def answer(self) -> Any:
        """Returns the reply to the last `ask`.

        Raises:
          GameFaultError: the game crashed, or was silent for longer than it may be.
          ValueError: what was asked cannot be done. In both cases its processes have
            ended.
        """
        patience = self._patience
        try:
            if not self._pipe.poll(patience):
                raise GameFaultError(f"no answer for {patience:.0f} seconds")
            kind, answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise GameFaultError("its process died") from error
        except GameFaultError:
            self.close(patience=0.0)
            raise
        if kind == "fine":
            return answer
        self.close()
        raise ValueError(answer) if kind == "wrong" else GameFaultError(answer)

    def release(self) -> None:
        """Lets the worker end the game by itself; `close` makes sure that it does."""
        if self._process is not None:
            self._pipe.close()

    def close(self, patience: float = _GOODBYE_S) -> None:
        """Ends the worker and the game, by force after `patience` seconds."""
        if self._process is None:
            return
        self.release()
        self._process.join(patience)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._process = self._pipe = None
