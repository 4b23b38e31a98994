"""Combat in lock-step with its scalar reference, re-synchronised at every step."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.env import first, step
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.state import CombatState
from oracles.teams.teachers.combat import combat_teacher
from tests.reference.combat import Reference, Unit, World

CASES = {
    "3bane_vs_hM": {"map": "3bane_vs_hM"},
    "4bane_vs_hM": {"map": "4bane_vs_hM"},
    "1o_2r_vs_4r": {"map": "1o_2r_vs_4r"},
    "1o_3r_vs_4r, no delay": {"map": "1o_3r_vs_4r", "random_delay": False},
    "3m, shorter steps": {"map": "3m", "step_mul": 5, "move_amount": 1.5},
    "8m": {"map": "8m"},
}
# The reference computes in 64 bits: a step of a loop may round to the next point.
POINTS = 12


def decode(env: Combat, state: CombatState, b: int) -> World:
    """World b as the reference has it."""
    units = []
    for k, name in enumerate((*env.map.agents, *env.map.enemies)):
        target = int(state.target[b, k])
        units.append(
            Unit(
                name,
                *state.position[b, k].tolist(),
                goal=tuple(state.goal[b, k].tolist()),
                health=state.health[b, k].item(),
                energy=state.energy[b, k].item(),
                cooldown=state.cooldown[b, k].item(),
                windup=state.windup[b, k].item(),
                target=None if target == k else target,
            )
        )
    return World(units, state.last_action[b].tolist(), int(state.time[b]))


def assert_same(state: CombatState, worlds: list[World], when: str) -> None:
    """Positions to a few points, all else exactly, or to the last bits of 32."""

    def gather(read: Any) -> Tensor:
        rows = [[read(k, u) for k, u in enumerate(w.units)] for w in worlds]
        return torch.tensor(rows, dtype=torch.float32)

    place = gather(lambda _, u: (u.x, u.y))
    assert (state.position - place).abs().max() <= POINTS, when
    living = state.health > 0
    goal = gather(lambda _, u: u.goal)
    assert ((state.goal - goal).abs() * living[..., None]).max() <= POINTS, when
    torch.testing.assert_close(
        state.health, gather(lambda _, u: u.health), rtol=0, atol=1e-4, msg=when
    )
    torch.testing.assert_close(
        state.energy, gather(lambda _, u: u.energy), rtol=0, atol=1e-3, msg=when
    )
    assert torch.equal(state.cooldown, gather(lambda _, u: u.cooldown)), when
    assert torch.equal(state.windup, gather(lambda _, u: u.windup)), when
    target = gather(lambda k, u: k if u.target is None else u.target)
    assert torch.equal(state.target, target.long()), when
    assert torch.equal(state.time, torch.tensor([w.time for w in worlds])), when


@pytest.mark.parametrize("name", CASES)
def test_every_step_equals_the_scalar_reference(name: str) -> None:
    config = CombatConfig(**CASES[name])
    env, reference = Combat(config), Reference(config)
    teacher = combat_teacher(env)
    generator = torch.Generator().manual_seed(list(CASES).index(name))

    def uniform(*shape: int) -> Tensor:
        return torch.randint(2**14, shape, generator=generator) / 2**14

    batch = 6
    noise = uniform(batch, env.spec.reset_noise)
    state = env.reset(noise)
    assert_same(state, [reference.start(u) for u in noise.tolist()], f"{name}, start")
    timestep, ended, won, hurt = first(env, state), 0, 0, 0.0
    for t in range(70):
        worlds = [decode(env, state, b) for b in range(batch)]
        action = (uniform(*timestep.available.shape) + 1) * timestep.available
        scripted = uniform(batch, env.spec.num_agents) < 0.8
        action = torch.where(scripted, teacher(timestep), action.argmax(-1))
        noise = uniform(batch, env.spec.step_noise)
        restart = uniform(batch, env.spec.reset_noise)
        moved, signal = env.transition(state, action, noise)
        hurt += float((state.health - moved.health).clamp(min=0).sum())
        paid = [
            reference.play(*args)
            for args in zip(worlds, action.tolist(), noise.tolist(), strict=True)
        ]
        when = f"{name}, step {t}"
        assert_same(moved, worlds, when)
        reward, done, success = (torch.tensor(x) for x in zip(*paid, strict=True))
        torch.testing.assert_close(signal.reward, reward, rtol=1e-5, atol=1e-4)
        assert torch.equal(signal.done, done), when
        assert torch.equal(signal.success, success), when
        state, timestep = step(env, state, action, noise, restart)
        ended, won = ended + int(done.sum()), won + int(success.sum())
    assert ended >= batch
    assert hurt > 0
    assert won > 0 or env.map.charge


def test_a_world_of_fights_is_the_same_alone_and_in_a_batch() -> None:
    for case in ({}, {"map": "1o_3r_vs_4r"}, {"map": "8m"}):
        env = Combat(CombatConfig(**case))
        teacher = combat_teacher(env)
        generator = torch.Generator().manual_seed(1)
        start = torch.rand(37, env.spec.reset_noise, generator=generator)
        many, one = env.reset(start), env.reset(start[5:6])
        for _ in range(env.spec.episode_limit // 2):
            action = teacher(first(env, many))
            noise = torch.rand(37, env.spec.step_noise, generator=generator)
            many, paid = env.transition(many, action, noise)
            one, alone = env.transition(one, action[5:6], noise[5:6])
            shown, own = env.observe(many), env.observe(one)
            for left, right in zip(
                (*many, *paid, *shown), (*one, *alone, *own), strict=True
            ):
                assert torch.equal(left[5:6], right)
