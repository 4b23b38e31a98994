"""Predator-Prey in lock-step with its scalar reference, and a frozen trace."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.env import Signal, step
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.env import PredatorPrey
from tests.paths import GOLDEN
from tests.reference.predator_prey import Reference, World
from tests.reference.predator_prey_batch import (
    decode,
    encode,
    expected_signal,
    expected_view,
)

TRACE = GOLDEN / "predator_prey.txt"

CONFIGS = {
    "the paper's p = 0": {},
    "the paper's p = -0.5": {"punishment": -0.5},
    "charged per prey": {"punishment": -0.5, "punish_per": "prey"},
    "catch never masked": {"punishment": -0.25, "mask_catch": False},
    "two prey on 3x3": {"grid": 3, "num_predators": 2, "num_prey": 2},
    "crowded 4x4": {"grid": 4, "num_predators": 4, "num_prey": 8, "view": 5},
    "9x9, no position": {"grid": 9, "num_prey": 4, "obs_position": False},
    "one agent sees itself": {"grid": 2, "num_predators": 1, "num_prey": 3, "view": 1},
}


def uniform(generator: torch.Generator, *shape: int) -> Tensor:
    """Uniform numbers of 14 bits, so that float32 and Python agree on u * 720."""
    return torch.randint(2**14, shape, generator=generator) / 2**14


def random_action(available: Tensor, generator: torch.Generator) -> Tensor:
    """Any available action, catch more often than the others."""
    weight = available * torch.tensor([1.0, 1, 1, 1, 1, 8])
    action = torch.multinomial(weight.flatten(0, 1), 1, generator=generator)
    return action.view(available.shape[:2])


def assert_same(found: Any, expected: Any, when: str) -> None:
    """Every field equal in value, shape and type."""
    for name, one, other in zip(expected._fields, found, expected, strict=True):
        assert one.shape == other.shape, f"{when}: {name}"
        assert one.dtype == other.dtype, f"{when}: {name}"
        assert torch.equal(one, other), f"{when}: {name}"


@pytest.mark.parametrize("name", CONFIGS)
def test_every_step_equals_the_scalar_reference(name: str) -> None:
    config = PredatorPreyConfig(**CONFIGS[name])
    env, reference = PredatorPrey(config), Reference(config)
    generator = torch.Generator().manual_seed(list(CONFIGS).index(name))
    batch, episodes = 20, 0
    rewards = torch.zeros(batch)
    noise = uniform(generator, batch, env.spec.reset_noise)
    state = env.reset(noise)
    worlds = [reference.start(u) for u in noise.tolist()]
    for t in range(125):
        when = f"{name}, step {t}"
        assert_same(state, encode(env, worlds), when)
        view = env.observe(state)
        assert_same(view, expected_view(reference, worlds), when)
        action = random_action(view.available, generator)
        noise = uniform(generator, batch, env.spec.step_noise)
        restart = uniform(generator, batch, env.spec.reset_noise)
        moved, signal = env.transition(state, action, noise)
        worlds = [decode(env, state, b) for b in range(batch)]
        paid = [
            reference.play(*args)
            for args in zip(worlds, action.tolist(), noise.tolist(), strict=True)
        ]
        assert_same(signal, expected_signal(paid, env.spec.num_agents), when)
        assert_same(moved, encode(env, worlds), when)
        state, timestep = step(env, state, action, noise, restart)
        for b, p in enumerate(paid):
            worlds[b] = reference.start(restart[b].tolist()) if p.done else worlds[b]
        assert_same(Signal(*timestep[6:]), signal, when)
        episodes += int(signal.done.sum())
        rewards += signal.reward
    assert episodes >= 2 * batch
    if config.num_predators > 1:
        assert rewards.abs().sum() > 0


def draw_board(env: PredatorPrey, world: World) -> str:
    """The board: predators by number, prey o."""
    side = range(env.config.grid)
    names = {cell: "o" for cell in world.prey}
    names |= {cell: str(i) for i, cell in enumerate(world.predators)}
    return "\n".join("".join(names.get((r, c), ".") for c in side) for r in side)


def test_twenty_steps_are_as_written_in_the_golden_file(update_golden: bool) -> None:
    env = PredatorPrey(PredatorPreyConfig(punishment=-0.5, episode_limit=12))
    generator = torch.Generator().manual_seed(0)
    state = env.reset(uniform(generator, 1, env.spec.reset_noise))
    lines = [draw_board(env, decode(env, state, 0))]
    for t in range(1, 21):
        action = random_action(env.observe(state).available, generator)
        noise = uniform(generator, 1, env.spec.step_noise)
        restart = uniform(generator, 1, env.spec.reset_noise)
        state, timestep = step(env, state, action, noise, restart)
        names = ("up", "down", "left", "right", "stay", "catch")
        acts = " ".join(names[a] for a in action[0].tolist())
        paid = f"reward {timestep.reward.item():+.1f} done {timestep.done.item()}"
        lines += [f"\nstep {t}: {acts}; {paid}", draw_board(env, decode(env, state, 0))]
    text = "\n".join(lines) + "\n"
    if update_golden:
        TRACE.write_text(text)
    assert text == TRACE.read_text()
