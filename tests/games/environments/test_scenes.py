"""Stages show what the state holds."""

import pytest
import torch

from games.environments.predator_prey.tables import CATCH
from games.environments.registry import ENVS, make_env
from games.environments.scenes import STAGES, make_stage
from games.environments.scenes.scene import Row


def played(name: str, steps: int):
    env = make_env(name)
    generator = torch.Generator().manual_seed(0)
    state = env.reset(torch.rand(3, env.spec.reset_noise, generator=generator))
    for _ in range(steps):
        action = torch.zeros(3, env.spec.num_agents, dtype=torch.long)
        noise = torch.rand(3, env.spec.step_noise, generator=generator)
        state, _ = env.transition(state, action, noise)
    return env, state


@pytest.mark.parametrize("name", sorted({*ENVS} - {"smac", "pettingzoo"}))
def test_the_living_agents_are_on_the_board_once_each(name):
    env, state = played(name, 5)
    stage = make_stage(env)
    assert len(stage.actions) == env.spec.num_actions
    alive = env.observe(state).alive
    for world in range(3):
        scene = stage(state, world)
        agents = [s.agent for s in scene.sprites if s.kind == "agent"]
        assert agents == alive[world].nonzero().flatten().tolist()
        for sprite in scene.sprites:
            assert -0.5 <= sprite.row <= scene.rows - 0.5
            assert -0.5 <= sprite.column <= scene.columns - 0.5


@pytest.mark.parametrize("name", sorted(STAGES))
def test_a_stage_belongs_to_an_environment(name):
    assert name in ENVS


def test_prey_that_were_caught_are_gone():
    env, state = played("predator_prey", 0)
    stage = make_stage(env)
    cells = state.cells.clone()
    # Two predators beside the first prey, in the upper left corner.
    cells[0, :3] = torch.tensor([1, 14, 13 * 6], dtype=torch.int32)
    cells[0, 3:] = torch.tensor([0, 6, 20, 34, 48, 62], dtype=torch.int32)
    state = state._replace(cells=cells)
    before = [s for s in stage(state, 0).sprites if s.kind == "prey"]
    assert (before[0].row, before[0].column) == (0, 0)
    action = torch.full((3, 3), CATCH)
    state, _ = env.transition(state, action, torch.rand(3, env.spec.step_noise))
    after = [s for s in stage(state, 0).sprites if s.kind == "prey"]
    assert len(before) - len(after) == 1


def test_cars_that_share_a_cell_say_so():
    env, state = played("traffic_junction", 0)
    car = torch.zeros_like(state.car)
    car[0, :3] = torch.tensor([2, 3, 4])  # two in one cell, one of which brakes
    scene = make_stage(env)(state._replace(car=car), 0)
    assert [s.label for s in scene.sprites] == ["collision", "collision", ""]
    assert {(s.row, s.column) for s in scene.sprites} <= set(scene.ground)


def test_an_environment_without_a_stage_shows_its_agents_in_a_row():
    env, state = played("echo", 0)
    scene = Row(env)(state, 0)
    assert [(s.row, s.column, s.agent) for s in scene.sprites] == [
        (0.0, 0.0, 0),
        (0.0, 1.0, 1),
    ]
