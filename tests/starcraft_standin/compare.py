"""oxwhirl's StarCraft2Env against the built-in simulator, on the same live state.

What the client knows of its units is read into a state of the simulator, which then
shows and pays what it would; the two must agree. Subclasses are welcome.
"""

from typing import Any

import numpy as np
import torch

from games.engine.env import first
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.state import CombatState
from games.environments.combat.tables import POINT
from oracles.teams.teachers.combat import combat_teacher

OBS = 1e-6
"""Float32 rounding of shares and distances, which are at most about 1 or 2."""

REWARD = 1e-5
"""Rewards are differences of health, at most 22.5 in all."""


class Mirror:
    """Follows one environment.

    Attributes:
      combat: the simulator.
      steps: comparisons after a step, so far.
      worst: the largest difference so far, of `obs`, `state` and `reward`.
    """

    def __init__(self, env: Any, name: str) -> None:
        """Takes a map of Combat by its name, and ranges as `env` has them."""
        self._env = env
        config = CombatConfig(
            map=name,
            sight_range=env.unit_sight_range(0),
            shoot_range=env.unit_shoot_range(0),
            all_health=env.obs_all_health,
            own_position=getattr(env, "own_position", False),
            episode_limit=env.episode_limit,
        )
        self.combat = Combat(config)
        self.steps = 0
        self.worst = {"obs": 0.0, "state": 0.0, "reward": 0.0}
        self._before = torch.zeros(self.combat.spec.num_agents, 1)

    def begin(self) -> None:
        """Compares what is shown after a reset."""
        spec, info = self.combat.spec, self._env.get_env_info()
        ours = (spec.obs_size, spec.state_size, spec.num_actions, spec.num_agents)
        names = ("obs_shape", "state_shape", "n_actions", "n_agents")
        theirs = tuple(info[name] for name in names)
        assert ours == theirs, f"(obs, state, actions, agents): {ours}, SMAC {theirs}"
        assert self._shown().time.item() == 0

    def after(self, reward: float, done: bool, info: dict[str, Any]) -> None:
        """Compares what a step showed and paid."""
        before = self._before
        state = self._shown()
        health = state.health.t()
        paid = self.combat.signal(before, health, state.time)
        self._near("reward", paid.reward.item(), reward, REWARD)
        assert paid.done.item() == done, "one of the two has ended"
        assert paid.success.item() == info["battle_won"], "one of the two has won"
        self.steps += 1

    def state(self) -> CombatState:
        """The client's units as the simulator has them; orders are not known."""
        env, tables = self._env, self.combat.tables
        units = [env.agents[k] for k in range(tables.num_agents)]
        units += [env.enemies[k] for k in range(tables.num_enemies)]

        def row(values: list[float]) -> torch.Tensor:
            return torch.tensor([values], dtype=torch.float32)

        place = torch.tensor([[(u.pos.x, u.pos.y) for u in units]]) * POINT
        taken = torch.from_numpy(np.asarray(env.last_action))
        last = torch.where(taken.any(1), taken.argmax(1), self.combat.spec.num_actions)
        return CombatState(
            position=place,
            goal=place,
            target=tables.own.t(),
            health=row([u.health for u in units]),
            energy=row([u.energy for u in units]),
            cooldown=row([u.weapon_cooldown for u in units]),
            windup=row([0.0 for _ in units]),
            last_action=last[None],
            time=torch.tensor([env._episode_steps]),
        )

    def _shown(self) -> CombatState:
        """Compares what the live state shows."""
        env, state = self._env, self.state()
        ours = self.combat.observe(state)
        self._near("obs", ours.obs[0].numpy(), np.stack(env.get_obs()), OBS)
        self._near("state", ours.state[0].numpy(), env.get_state(), OBS)
        can = np.asarray(env.get_avail_actions())
        np.testing.assert_array_equal(ours.available[0].int().numpy(), can)
        self._before = state.health.t()[self.combat.tables.num_agents :]
        return state

    def _near(self, what: str, ours: Any, theirs: Any, most: float) -> None:
        apart = np.abs(np.asarray(ours) - np.asarray(theirs))
        where = np.unravel_index(apart.argmax(), apart.shape)
        assert apart.max() <= most, f"{what} {where}: {apart.max()} apart"
        self.worst[what] = max(self.worst[what], float(apart.max()))


def play(
    env: Any, mirror: Mirror, rng: np.random.Generator, *, resolve: float = 0.8
) -> float:
    """Plays and compares an episode; returns what it paid.

    With the chance `resolve` an agent does what the simulator's teacher says, otherwise
    anything that it may do.
    """
    teacher = combat_teacher(mirror.combat)
    env.reset()
    mirror.begin()
    total, done = 0.0, False
    while not done:
        advice = teacher(first(mirror.combat, mirror.state()))[0].tolist()
        actions = [
            best if rng.random() < resolve else int(rng.choice(np.flatnonzero(row)))
            for best, row in zip(advice, env.get_avail_actions(), strict=True)
        ]
        reward, done, info = env.step(actions)
        mirror.after(reward, done, info)
        total += reward
    return total
