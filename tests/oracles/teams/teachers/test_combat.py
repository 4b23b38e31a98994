"""Scripted play of Combat: what the simulator was validated by."""

import pytest
import torch
from torch import Tensor

from games.engine.env import TimeStep, first
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.maps import MAPS, SIDE
from oracles.teams.teachers import TEACHERS, Teacher
from oracles.teams.teachers.combat import Ambush, Hunt, combat_teacher, ways_to


def wins(env: Combat, player: Teacher, episodes: int) -> float:
    """Win rate; every action of the player must be available."""
    generator = torch.Generator().manual_seed(0)

    def uniform(width: int) -> Tensor:
        return torch.rand(episodes, width, generator=generator)

    state = env.reset(uniform(env.spec.reset_noise))
    timestep = first(env, state)
    running, won = torch.ones(episodes).bool(), torch.zeros(episodes)
    for _ in range(env.spec.episode_limit):
        action = player(timestep)
        assert timestep.available.gather(-1, action[..., None]).all()
        state, signal = env.transition(state, action, uniform(env.spec.step_noise))
        timestep = TimeStep(*env.observe(state), *signal)
        won += running & signal.done & signal.success
        running &= ~signal.done
    assert not running.any()
    return float(won.mean())


def random_player(timestep: TimeStep) -> Tensor:
    return (torch.rand(timestep.available.shape) * timestep.available).argmax(-1)


def test_random_loses_to_greedy_loses_to_synchronised_on_3bane():
    # Standard errors are at most 1.6 points: the steps are many times that.
    env = Combat(CombatConfig(map="3bane_vs_hM"))
    torch.manual_seed(0)
    random = wins(env, random_player, 1000)
    greedy = wins(env, Hunt(env), 1000)
    together = wins(env, Ambush(env), 1000)
    assert random < 0.02
    assert 0.25 < greedy < 0.50
    assert together > 0.78


@pytest.mark.parametrize("name", sorted(MAPS))
def test_the_teacher_of_each_map_beats_chance(name):
    env = Combat(CombatConfig(map=name))
    teacher = TEACHERS["combat"](env)
    assert type(teacher) is type(combat_teacher(env))
    assert wins(env, teacher, 80) > 0.7
    assert wins(env, random_player, 80) < 0.25


def test_ways_go_round_the_void():
    ways = ways_to(MAPS["1o_2r_vs_4r"], 3, 15)
    assert ways[15 * SIDE + 3] == 0
    assert ways[15 * SIDE + 6] == 3
    assert ways[15 * SIDE + 28] == 25 + 2 * 11  # down to row 4, across, and up
    assert ways[15 * SIDE + 15] > 1000  # inside of the block
