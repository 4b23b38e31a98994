"""Teachers: what they reach, and that they see no more than they may."""

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from games.engine.env import TimeStep, first
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.env import PredatorPrey, PredatorPreyState
from games.environments.predator_prey.tables import CATCH, STAY
from oracles.teams.teachers import TEACHERS
from oracles.teams.teachers.predator_prey import Pack, board

UP, DOWN, LEFT, RIGHT = range(4)


def hunted(env: PredatorPrey, batch: int, seed: int) -> tuple[Tensor, list[float]]:
    """Returns `[B]` of whole episodes of the pack, and each value of a reward."""
    hunt, generator = TEACHERS["predator_prey"](env), torch.Generator()
    generator.manual_seed(seed)
    noise = torch.rand(batch, env.spec.reset_noise, generator=generator)
    state = env.reset(noise)
    timestep = first(env, state)
    rewards, live = [], torch.ones(batch, dtype=torch.bool)
    for _ in range(env.spec.episode_limit):
        action = hunt(timestep)
        assert timestep.available.gather(2, action[:, :, None]).all()
        noise = torch.rand(batch, env.spec.step_noise, generator=generator)
        state, signal = env.transition(state, action, noise)
        rewards.append(signal.reward * live)
        live &= ~signal.done
        timestep = timestep._replace(**env.observe(state)._asdict())
    stacked = torch.stack(rewards)
    return stacked.sum(0), stacked.unique().tolist()


def placed(env: PredatorPrey, *entities: tuple[int, int]) -> TimeStep:
    """One world with predators, then prey, at (row, column)."""
    grid, num_agents = env.config.grid, env.config.num_predators
    cells = torch.tensor([[row * 2 * grid + column for row, column in entities]])
    none = torch.full((1, num_agents), 6, dtype=torch.int32)
    time = torch.zeros(1, dtype=torch.int32)
    return first(env, PredatorPreyState(cells.int(), none, time))


def two_prey() -> PredatorPrey:
    return PredatorPrey(PredatorPreyConfig(num_prey=2))


@pytest.mark.parametrize("punishment", [0.0, -0.5])
def test_the_pack_catches_most_prey_and_loses_no_catch(punishment: float) -> None:
    env = PredatorPrey(PredatorPreyConfig(punishment=punishment))
    returns, rewards = hunted(env, 256, seed=0)
    assert returns.mean() >= 47
    assert all(reward % 10 == 0 for reward in rewards)


def test_the_pack_hunts_on_other_boards_and_in_other_numbers() -> None:
    config = PredatorPreyConfig(grid=5, num_predators=4, num_prey=3, view=5)
    assert hunted(PredatorPrey(config), 64, seed=0)[0].mean() >= 28
    config = PredatorPreyConfig(grid=6, num_predators=2, num_prey=2)
    assert hunted(PredatorPrey(config), 64, seed=0)[0].mean() >= 10


def test_two_beside_one_prey_catch_it_and_a_lone_one_waits() -> None:
    env = two_prey()
    timestep = placed(env, (3, 2), (2, 3), (6, 5), (3, 3), (6, 6))
    assert Pack(env)(timestep)[0, :2].tolist() == [CATCH, CATCH]
    timestep = placed(env, (3, 2), (0, 3), (6, 3), (3, 3), (6, 6))
    assert Pack(env)(timestep).tolist() == [[STAY, DOWN, UP]]


def test_all_hunt_the_prey_that_two_reach_soonest() -> None:
    env = two_prey()
    # The third predator is beside the prey in the corner, and leaves it.
    timestep = placed(env, (0, 0), (0, 4), (6, 5), (0, 2), (6, 6))
    assert Pack(env)(timestep).tolist() == [[RIGHT, LEFT, UP]]


def test_predators_walk_around_each_other() -> None:
    env = two_prey()
    # Straight ahead stands another one; every way around it is longer than waiting,
    # and walking into the wall is no way to wait.
    timestep = placed(env, (3, 0), (3, 1), (3, 2), (3, 4), (0, 6))
    assert Pack(env)(timestep).tolist() == [[STAY, STAY, RIGHT]]
    # Both directions lead nearer here, and the one that is free is taken.
    timestep = placed(env, (3, 0), (3, 1), (6, 4), (4, 4), (0, 6))
    assert Pack(env)(timestep).tolist() == [[DOWN, RIGHT, UP]]


def test_the_board_is_bounded_and_what_is_gone_is_far() -> None:
    goal, steps, way = board(3, torch.device("cpu"))
    # 0 1 2
    # 3 4 5
    # 6 7 8
    assert goal[0].tolist() == [0, 3, 0, 1, 0]
    assert goal[4].tolist() == [1, 7, 3, 5, 4]
    assert steps[0, 8] == 4
    assert steps[5, 3] == 2
    assert (steps[9] == 6).all()
    # Of two ways of equal length, the one that keeps both directions open is better.
    assert steps[0, 4] == steps[0, 2]
    assert way[0, 4] < way[0, 2]
    assert torch.equal(way.round().long(), steps)


def test_the_pack_never_waits_for_the_device() -> None:
    with FakeTensorMode():
        env = PredatorPrey()
        action = Pack(env)(first(env, env.reset(torch.rand(5, 9))))
    assert action.shape == (5, 3)
    assert action.dtype == torch.long
