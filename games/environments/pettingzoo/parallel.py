"""Each of our environments as a parallel environment of PettingZoo."""

from collections.abc import Mapping
from functools import cache
from numbers import Integral
from typing import Any

import numpy as np
import torch

from games.engine.env import TimeStep, first
from games.engine.settings import refusal
from games.engine.worlds import make_worlds
from games.environments.pettingzoo.config import NO_PETTINGZOO
from games.environments.registry import ENVS, make_env


def parallel_env(name: str, /, **rules: Any) -> Any:
    """Returns one of our environments as a `pettingzoo.ParallelEnv`, one world of it.

    An observation is a dict: `observation`, float32 `[O]`, and `action_mask`, int8
    `[A]`; `infos` say who is alive and who may be heard, `links`, int8 `[N]`. Every
    agent is paid the team's reward, so that payoffs are its sum; what an agent earned
    itself is `infos["agent_reward"]`. All agents stay until the game ends, the dead
    idle, and all terminate together, at its step limit too. An action that the mask
    rules out becomes the first that it allows, and `infos["illegal"]` says so. Messages
    are no actions: they are the team's. `reset(seed=s, options={"world": k})` is world
    k of seed s, as in our own runs.

    Args:
      name: a key of `pc.ENVS`.
      **rules: fields of its configuration, such as `episode_limit=20`.

    Raises:
      ImportError: PettingZoo or Gymnasium is not installed.
      ValueError: an unknown environment, or rules that it refuses.
    """
    ours = [each for each in ENVS if each not in ("smac", "pettingzoo")]
    if name not in ours:
        raise refusal("environment", name, f"one of {', '.join(ours)}")
    try:
        env = make_env(name, rules)
    except TypeError as error:
        raise refusal("rules", rules, f"fields of {name}: {error}") from None
    return _class()(env)


@cache
def _class() -> type:
    """Returns the class; PettingZoo is no requirement of ours."""
    try:
        from gymnasium import spaces
        from pettingzoo import ParallelEnv
    except ImportError as error:
        raise ImportError(f"{error.name} is not installed: {NO_PETTINGZOO}") from None

    class Ours(_Ours, ParallelEnv):  # type: ignore[misc]
        """One world of an environment of ours; see `parallel_env`."""

        def __init__(self, env: Any) -> None:
            super().__init__(env, spaces)

    return Ours


class _Ours:
    """One world of an environment of ours; see `parallel_env`."""

    def __init__(self, env: Any, spaces: Any) -> None:
        spec = env.spec
        self.metadata = {"name": f"{spec.name}_v0", "is_parallelizable": True}
        self.render_mode = None
        self.env, self._seed, self._world = env, 0, 0
        self.possible_agents = [f"agent_{k}" for k in range(spec.num_agents)]
        self.agents: list[str] = []
        wide = {"low": -np.inf, "high": np.inf, "dtype": np.float32}
        self.observation_spaces = {
            agent: spaces.Dict(
                {
                    "observation": spaces.Box(shape=(spec.obs_size,), **wide),
                    "action_mask": spaces.MultiBinary(spec.num_actions),
                }
            )
            for agent in self.possible_agents
        }
        self.action_spaces = {
            agent: spaces.Discrete(spec.num_actions) for agent in self.possible_agents
        }
        self.state_space = spaces.Box(shape=(spec.state_size,), **wide)

    def observation_space(self, agent: str) -> Any:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None:
            self._seed, self._world = _whole("seed", seed), 0
        self._world = _whole("world", (options or {}).get("world", self._world))
        worlds = make_worlds(self.env.spec, self._seed, self._world, 1, 1)
        self._world += 1  # without a seed, the next world of the same
        self._noise, self._time = worlds.step_noise, 0
        self._illegal = [False] * len(self.possible_agents)
        self._state = self.env.reset(worlds.reset_noise)
        self.agents = list(self.possible_agents)
        self._step = first(self.env, self._state)
        return self._shown(), self._infos()

    def step(self, actions: Any) -> Any:
        if not self.agents:
            raise ValueError("no episode is running: call reset")
        if not isinstance(actions, Mapping) or {*actions} != {*self.possible_agents}:
            words = f"an action for each of {', '.join(self.possible_agents)}"
            raise refusal("actions", actions, words)
        chosen = [self._legal(k, actions) for k in range(len(self.possible_agents))]
        self._illegal = [
            int(actions[agent]) != action
            for agent, action in zip(self.possible_agents, chosen, strict=True)
        ]
        noise = self._noise[self._time]
        self._time += 1
        self._state, signal = self.env.transition(
            self._state, torch.tensor([chosen]), noise
        )
        self._step = TimeStep(*self.env.observe(self._state), *signal)
        done, team = bool(signal.done[0]), float(signal.reward[0])
        seen, infos = self._shown(), self._infos()
        paid = dict.fromkeys(self.agents, team)
        ended = dict.fromkeys(self.agents, done)
        cut = dict.fromkeys(self.agents, False)
        if done:
            self.agents = []
        return seen, paid, ended, cut, infos

    def state(self) -> np.ndarray:
        found: np.ndarray = self._step.state[0].numpy()
        return found

    def render(self) -> None:
        return None

    def close(self) -> None:
        return None

    def _legal(self, number: int, actions: Any) -> int:
        agent = self.possible_agents[number]
        mask = self._step.available[0, number]
        action = actions[agent]
        whole = isinstance(action, Integral) and not isinstance(action, bool)
        if not whole or not 0 <= action < len(mask):
            words = f"a whole number, 0 to {len(mask) - 1}"
            raise refusal(f"the action of {agent}", action, words)
        action = int(action)
        return action if bool(mask[action]) else int(mask.int().argmax())

    def _shown(self) -> dict[str, dict[str, np.ndarray]]:
        return {
            agent: {
                "observation": self._step.obs[0, k].numpy().copy(),
                "action_mask": self._step.available[0, k].numpy().astype(np.int8),
            }
            for k, agent in enumerate(self.possible_agents)
        }

    def _infos(self) -> dict[str, dict[str, Any]]:
        step = self._step
        return {
            agent: {
                "alive": bool(step.alive[0, k]),
                "fresh": bool(step.fresh[0, k]),
                "links": step.links[0, k].numpy().astype(np.int8),
                "agent_reward": float(step.agent_reward[0, k]),
                "success": bool(step.success[0]),
                "illegal": self._illegal[k],
            }
            for k, agent in enumerate(self.possible_agents)
        }


def _whole(what: str, given: Any) -> int:
    """Returns a seed or the number of a world.

    Raises:
      ValueError: no whole number, or a negative one.
    """
    if isinstance(given, bool) or not isinstance(given, Integral) or given < 0:
        raise refusal(what, given, "a whole number, at least 0")
    return int(given)
