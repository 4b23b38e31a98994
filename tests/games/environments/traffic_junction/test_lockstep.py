"""Traffic Junction in lock-step with its scalar reference, and a frozen trace."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.env import Signal, step
from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.env import TrafficJunction
from tests.paths import GOLDEN
from tests.reference.traffic_junction import GRID, Reference, World
from tests.reference.traffic_junction_batch import (
    decode,
    encode,
    expected_signal,
    expected_view,
)

TRACE = GOLDEN / "traffic_junction.txt"

CONFIGS = {  # rules, steps to play
    "easy": ({}, 125),
    "medium": ({"level": "medium"}, 85),
    "hard": ({"level": "hard"}, 165),
    "easy, crowded": ({"arrival": 0.9, "num_cars": 3}, 45),
    "medium, crowded": ({"level": "medium", "arrival": 0.8, "episode_limit": 25}, 55),
    "hard, crowded": (
        {"level": "hard", "arrival": 0.6, "num_cars": 12, "episode_limit": 30},
        65,
    ),
    "fewer slots than entries": ({"arrival": 0.5, "num_cars": 1}, 45),
    "easy, wide view, other pay": (
        {
            **{"view": 5, "lookahead": 4, "comm_range": 2},
            **{"time_penalty": -0.5, "collision_penalty": -2.0},
        },
        45,
    ),
    "hard, only its own cell, hears its neighbours": (
        {
            **{"level": "hard", "view": 1, "lookahead": 1, "comm_range": 1},
            **{"arrival": 0.3, "episode_limit": 30},
        },
        65,
    ),
}


def uniform(generator: torch.Generator, *shape: int) -> Tensor:
    """Uniform numbers of 8 bits: exact in float32 and in Python."""
    return torch.randint(2**8, shape, generator=generator) / 2**8


def step_noise(env: TrafficJunction, batch: int, generator: torch.Generator) -> Tensor:
    """The noise of a step; no two tickets alike, as then either may be first."""
    noise = uniform(generator, batch, env.spec.step_noise)
    num_cars = env.spec.num_agents
    tickets = torch.rand(batch, num_cars, generator=generator).argsort(1)
    noise[:, :num_cars] = tickets / num_cars
    return noise


def random_action(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Brake one time in four."""
    return (torch.rand(shape, generator=generator) < 0.25).long()


def assert_same(found: Any, expected: Any, when: str) -> None:
    """Every field equal in value, shape and type; sums of rewards up to rounding."""
    for name, one, other in zip(expected._fields, found, expected, strict=True):
        assert one.shape == other.shape, f"{when}: {name}"
        assert one.dtype == other.dtype, f"{when}: {name}"
        if "reward" in name or name in ("obs", "state"):
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6, msg=when)
        else:
            assert torch.equal(one, other), f"{when}: {name}"


@pytest.mark.parametrize("name", CONFIGS)
def test_every_step_equals_the_scalar_reference(name: str) -> None:
    rules, steps = CONFIGS[name]
    config = TrafficJunctionConfig(**rules)
    env, reference = TrafficJunction(config), Reference(config)
    generator = torch.Generator().manual_seed(list(CONFIGS).index(name))
    batch, episodes, met, full = 16, 0, 0, 0
    state = env.reset(uniform(generator, batch, env.spec.reset_noise))
    worlds = [reference.start() for _ in range(batch)]
    for t in range(steps):
        when = f"{name}, step {t}"
        assert_same(state, encode(env, worlds), when)
        view = env.observe(state)
        assert_same(view, expected_view(reference, worlds), when)
        action = random_action(view.alive.shape, generator)
        noise = step_noise(env, batch, generator)
        restart = uniform(generator, batch, env.spec.reset_noise)
        moved, signal = env.transition(state, action, noise)
        worlds = [decode(env, state, b) for b in range(batch)]
        paid = [
            reference.play(*args)
            for args in zip(worlds, action.tolist(), noise.tolist(), strict=True)
        ]
        assert_same(signal, expected_signal(paid), when)
        assert_same(moved, encode(env, worlds), when)
        state, timestep = step(env, state, action, noise, restart)
        for b, p in enumerate(paid):
            worlds[b] = reference.start() if p.done else worlds[b]
        assert_same(Signal(*timestep[6:]), signal, when)
        episodes += int(signal.done.sum())
        met += int((signal.agent_reward <= config.collision_penalty).sum())
        full += int(timestep.alive.all(1).sum())
    assert episodes >= 2 * batch
    assert met > 0 or config.num_cars == 1
    assert full > 0 or "crowded" not in name


def draw_map(env: TrafficJunction, reference: Reference, world: World) -> str:
    """The map: road ., cars by the number of their slot, shared cells X."""
    side = range(GRID[env.config.level])
    names = {cell: "." for way in reference.routes for cell in way}
    for i, car in enumerate(world.cars):
        if car is not None:
            cell = reference.cell(car)
            names[cell] = str(i) if names[cell] == "." else "X"
    lines = ["".join(names.get((r, c), " ") for c in side) for r in side]
    return "\n".join(line.rstrip() for line in lines)


def test_thirty_steps_are_as_written_in_the_golden_file(update_golden: bool) -> None:
    env = TrafficJunction(TrafficJunctionConfig(level="medium", episode_limit=28))
    reference = Reference(env.config)
    generator = torch.Generator().manual_seed(0)
    state = env.reset(uniform(generator, 1, env.spec.reset_noise))
    lines = []
    for t in range(1, 31):
        action = random_action((1, env.spec.num_agents), generator)
        noise = step_noise(env, 1, generator)
        state, timestep = step(env, state, action, noise, noise[:, :1])
        brakes = [i for i, a in enumerate(action[0].tolist()) if a]
        paid = f"reward {timestep.reward.item():+.2f} done {timestep.done.item()}"
        paid += f" success {timestep.success.item()}"
        lines.append(f"step {t}: brake {brakes}; {paid}")
        lines += [draw_map(env, reference, decode(env, state, 0)), ""]
    text = "\n".join(lines)
    if update_golden:
        TRACE.write_text(text)
    assert text == TRACE.read_text()
