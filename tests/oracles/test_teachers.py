"""Teachers: what they reach, and that they see no more than they may."""

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from games.env import first
from games.predator_prey import PredatorPrey, PredatorPreyConfig, PredatorPreyState
from games.predator_prey_tables import CATCH
from oracles.teachers import TEACHERS, Hunter, board, worth_of_moves


def hunted(env: PredatorPrey, batch: int, seed: int) -> tuple[Tensor, list[float]]:
    """Returns `[B]` of whole episodes of the hunter, and each value of a reward."""
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


@pytest.mark.parametrize("punishment", [0.0, -0.5])
def test_the_hunter_catches_nearly_all_prey_and_loses_no_catch(
    punishment: float,
) -> None:
    env = PredatorPrey(PredatorPreyConfig(punishment=punishment))
    returns, rewards = hunted(env, 256, seed=0)
    assert returns.mean() >= 55
    assert all(reward % 10 == 0 for reward in rewards)


def test_the_hunter_hunts_on_other_boards_and_in_other_numbers() -> None:
    config = PredatorPreyConfig(grid=5, num_predators=4, num_prey=3, view=5)
    assert hunted(PredatorPrey(config), 64, seed=0)[0].mean() >= 25
    config = PredatorPreyConfig(grid=6, num_predators=2, num_prey=2)
    assert hunted(PredatorPrey(config), 64, seed=0)[0].mean() >= 15


def test_two_beside_one_prey_catch_it_and_a_lone_one_does_not() -> None:
    env = PredatorPrey(PredatorPreyConfig(num_prey=2))
    rows = torch.tensor([[3, 2, 6, 3, 6], [3, 2, 6, 0, 6]])
    columns = torch.tensor([[2, 3, 5, 3, 6], [2, 3, 5, 0, 6]])
    cells = (rows * 2 * env.config.grid + columns).int()
    none = torch.full((2, 3), 6, dtype=torch.int32)
    state = PredatorPreyState(cells, none, torch.zeros(2, dtype=torch.int32))
    action = Hunter(env)(first(env, state))
    assert (action == CATCH).tolist() == [[True, True, False], [False] * 3]


def test_the_worth_of_a_move_is_that_of_the_catch_it_leads_to() -> None:
    goal, steps = board(3, torch.device("cpu"))
    worth = worth_of_moves(goal, steps, discount=0.5, sweeps=40)
    # 0 1 2    The prey in corner 0 can only walk to 1 or 3. From 2 and 4 both reach
    # 3 4 5    it at 1; at 3, only 4 does and 2 is three steps away.
    # 6 7 8    From 1 and 3 it is shut in and caught at the next step.
    assert worth[1, 3, 0] == 0.5
    assert worth[2, 4, 0] > 0.25
    assert worth[2, 4, 0] < 0.5
    assert torch.equal(worth, worth.transpose(0, 1))
    assert (worth[4, 4] == 0).all()
    assert worth.max() == 0.5


def test_the_value_of_a_move_solves_the_bellman_equation() -> None:
    goal, steps = board(4, torch.device("cpu"))
    nearly, exact = (worth_of_moves(goal, steps, 0.4, n) for n in (39, 40))
    assert torch.equal(nearly, exact)


def test_more_predators_than_can_be_enumerated_are_refused() -> None:
    env = PredatorPrey(PredatorPreyConfig(num_predators=5))
    with pytest.raises(ValueError, match=r"num_predators=5; allowed: 2\.\.4"):
        Hunter(env)


def test_the_hunter_never_waits_for_the_device() -> None:
    with FakeTensorMode():
        env = PredatorPrey()
        action = Hunter(env)(first(env, env.reset(torch.rand(5, 9))))
    assert action.shape == (5, 3)
    assert action.dtype == torch.long
