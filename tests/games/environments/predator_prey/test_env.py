"""Predator-Prey: situations drawn by hand, and what every environment must keep."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from games.engine.env import first, step
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.env import PredatorPrey, PredatorPreyState
from games.environments.predator_prey.tables import MOVES, NUM_ACTIONS
from tests.reference.predator_prey import Paid, World
from tests.reference.predator_prey_batch import decode, encode

UP, DOWN, LEFT, RIGHT, STAY, CATCH = range(NUM_ACTIONS)


def play(
    predators: list[Any],
    prey: list[Any],
    action: list[int],
    time: int = 0,
    **rules: Any,
) -> tuple[World, Paid]:
    """One step from a drawn situation; prey that are left out are gone."""
    env = PredatorPrey(PredatorPreyConfig(num_prey=3, **rules))
    prey = prey + [None] * (3 - len(prey))
    state = encode(env, [World(predators, prey, [None] * 3, time)])
    noise = torch.full((1, env.spec.step_noise), 0.3)
    moved, signal = env.transition(state, torch.tensor([action]), noise)
    paid = Paid(*(float(x) for x in (signal.reward, signal.done, signal.success)))
    return decode(env, moved, 0), paid


FAR = [(0, 6)]  # a prey that nobody in these situations is next to


@pytest.mark.parametrize("action", range(4))
def test_a_move_goes_one_cell(action: int) -> None:
    world, paid = play([(3, 3), (6, 0), (6, 2)], FAR, [action, STAY, STAY])
    assert world.predators[0] == (3 + MOVES[action][0], 3 + MOVES[action][1])
    assert world.predators[1:] == [(6, 0), (6, 2)]
    assert paid.reward == 0


@pytest.mark.parametrize(
    ("cell", "action"), [((0, 3), UP), ((6, 3), DOWN), ((3, 0), LEFT), ((3, 6), RIGHT)]
)
def test_a_wall_stops_a_move(cell: tuple[int, int], action: int) -> None:
    world, _ = play([cell, (5, 1), (5, 5)], [], [action, STAY, STAY])
    assert world.predators[0] == cell


def test_a_predator_stops_a_move() -> None:
    world, _ = play([(3, 3), (3, 4), (6, 6)], FAR, [RIGHT, STAY, STAY])
    assert world.predators[:2] == [(3, 3), (3, 4)]


def test_a_prey_stops_a_move_even_if_it_is_caught_in_this_step() -> None:
    predators = [(3, 2), (2, 3), (4, 3)]
    world, paid = play(predators, [(3, 3)], [RIGHT, CATCH, CATCH])
    assert world.predators == predators
    assert paid.reward == 10


def test_two_that_want_one_cell_do_not_both_get_it() -> None:
    world, _ = play([(3, 2), (3, 4), (6, 6)], FAR, [RIGHT, LEFT, STAY])
    assert sorted(world.predators[:2]) in ([(3, 2), (3, 3)], [(3, 3), (3, 4)])


def test_two_adjacent_catches_remove_the_prey_and_pay_ten() -> None:
    world, paid = play([(3, 2), (2, 3), (6, 0)], [(3, 3), *FAR], [CATCH, CATCH, STAY])
    assert world.prey[0] is None
    assert (paid.reward, paid.done) == (10, False)


def test_diagonal_neighbours_catch_nothing() -> None:
    world, paid = play(
        [(2, 2), (4, 4), (6, 0)], [(3, 3)], [CATCH, CATCH, STAY], punishment=-0.5
    )
    assert world.prey[0] is not None
    assert paid.reward == -1.0


def test_the_end_of_a_row_is_not_next_to_the_start_of_the_following() -> None:
    world, paid = play([(2, 6), (3, 6), (4, 6)], [(3, 0)], [CATCH, CATCH, CATCH])
    assert world.prey[0] is not None
    assert paid.reward == 0


def test_a_lone_catch_is_punished_and_the_prey_walks_on() -> None:
    cells, action = [(3, 2), (6, 0), (6, 1)], [CATCH, STAY, STAY]
    world, paid = play(cells, [(3, 3)], action, punishment=-0.5)
    assert world.prey[0] in [(2, 3), (4, 3), (3, 4)]
    assert paid.reward == -0.5


def test_a_useless_third_catch_is_charged_but_not_a_helping_one() -> None:
    prey = [(3, 3)]
    near = [(3, 2), (2, 3), (4, 3)]
    _, paid = play(near, prey, [CATCH] * 3, punishment=-0.5)
    assert paid.reward == 10
    _, paid = play([(3, 2), (2, 3), (6, 6)], prey, [CATCH] * 3, punishment=-0.5)
    assert paid.reward == 9.5


def test_charging_per_prey_counts_the_prey_beside_a_lone_catcher() -> None:
    cells, prey = [(3, 3), (6, 0), (6, 6)], [(2, 3), (4, 3)]
    rules = {"punishment": -0.5, "mask_catch": False}
    _, paid = play(cells, prey, [CATCH] * 3, punish_per="prey", **rules)
    assert paid.reward == -1.0
    _, paid = play(cells, prey, [CATCH] * 3, punish_per="action", **rules)
    assert paid.reward == -1.5


def test_one_catch_applies_to_every_adjacent_prey() -> None:
    prey = [(2, 3), (4, 3), (3, 4)]
    world, paid = play([(3, 3), (2, 4), (4, 4)], prey, [CATCH] * 3)
    assert world.prey == [None] * 3
    assert (paid.reward, paid.done, paid.success) == (30, True, True)


def test_a_prey_walks_to_a_free_cell_and_stays_only_in_a_corner_that_is_shut() -> None:
    world, _ = play([(0, 2), (1, 1), (6, 6)], [(0, 1), (0, 0)], [STAY] * 3)
    assert world.prey[0] == (0, 1) or world.prey[1] == (1, 0)
    world, _ = play([(0, 1), (1, 0), (6, 6)], [(0, 0)], [STAY] * 3)
    assert world.prey[0] == (0, 0)


def test_prey_walk_to_each_free_cell_equally_often() -> None:
    env = PredatorPrey(PredatorPreyConfig(num_prey=1))
    batch = 30_000
    world = World([(3, 2), (6, 0), (6, 6)], [(3, 3)], [None] * 3)
    state = PredatorPreyState(
        *(part.expand(batch, *part.shape[1:]) for part in encode(env, [world]))
    )
    noise = torch.rand(batch, 3, generator=torch.Generator().manual_seed(0))
    moved, _ = env.transition(state, torch.full((batch, 3), STAY), noise)
    cells, counts = moved.cells[:, 3].unique(return_counts=True)
    assert cells.tolist() == [2 * 14 + 3, 3 * 14 + 4, 4 * 14 + 3]
    # Five standard errors of a binomial share of one third.
    assert ((counts / batch - 1 / 3).abs() < 5 * (2 / 9 / batch) ** 0.5).all()


def test_everybody_starts_on_each_cell_equally_often() -> None:
    env, batch = PredatorPrey(), 30_000
    generator = torch.Generator().manual_seed(0)
    cells = env.reset(torch.rand(batch, 9, generator=generator)).cells
    assert (cells.sort(1).values.diff(dim=1) > 0).all()
    share = torch.stack(
        [(cells == number).float().mean(0) for number in cells.unique()]
    )
    assert share.shape == (49, 9)
    assert ((share - 1 / 49).abs() < 5 * (48 / 49**2 / batch) ** 0.5).all()


def test_the_step_limit_ends_the_game_without_success() -> None:
    cells = [(3, 3), (6, 0), (6, 2)]
    assert not play(cells, FAR, [STAY] * 3, time=58)[1].done
    _, paid = play(cells, FAR, [STAY] * 3, time=59)
    assert (paid.done, paid.success) == (True, False)


def test_catch_is_available_only_next_to_a_prey_unless_never_masked() -> None:
    world = World([(3, 2), (2, 2), (6, 6)], [(3, 3)], [None] * 3)
    for mask, expected in ((True, [True, False, False]), (False, [True] * 3)):
        env = PredatorPrey(PredatorPreyConfig(num_prey=1, mask_catch=mask))
        available = env.observe(encode(env, [world])).available[0]
        assert available[:, CATCH].tolist() == expected
        assert available[:, :CATCH].all()


def test_the_defaults_show_41_numbers_to_an_agent() -> None:
    env = PredatorPrey()
    world = World([(3, 2), (2, 2), (6, 6)], [(3, 3)] + [None] * 5, [RIGHT, STAY, UP], 7)
    obs = env.observe(encode(env, [world])).obs[0]
    assert obs.shape == (3, 41) == (3, env.spec.obs_size)
    # Prey to the right; predators above and in the middle; agent, row, column, action.
    marked = [5, 9 + 1, 9 + 4, 18 + 0, 21 + 3, 28 + 2, 35 + RIGHT]
    assert obs[0].nonzero().flatten().tolist() == marked


def run(env: PredatorPrey, noise: Tensor, steps: int) -> list[Any]:
    """Time steps of random play, all chance from `noise` [T,B,K]."""
    reset, act = env.spec.reset_noise, env.spec.num_agents
    state = env.reset(noise[0, :, :reset])
    seen: list[Any] = [first(env, state)]
    for t in range(1, steps):
        restart, pick, rest = noise[t].split(
            [reset, act, noise.shape[2] - reset - act], 1
        )
        action = (pick * NUM_ACTIONS).long()
        state, timestep = step(env, state, action, rest, restart)
        seen.append(timestep)
    return seen


def noise_for(env: PredatorPrey, steps: int, batch: int) -> Tensor:
    """Uniform numbers for `run`."""
    size = env.spec.reset_noise + env.spec.num_agents + env.spec.step_noise
    return torch.rand(steps, batch, size, generator=torch.Generator().manual_seed(1))


def test_a_world_does_not_depend_on_the_size_of_its_batch() -> None:
    env = PredatorPrey(PredatorPreyConfig(punishment=-0.5, episode_limit=10))
    noise = noise_for(env, 25, 7)
    for k in (0, 6):
        alone = run(env, noise[:, k : k + 1], 25)
        for one, many in zip(alone, run(env, noise, 25), strict=True):
            for field in range(len(one)):
                assert torch.equal(one[field][0], many[field][k])


def test_auto_reset_shows_the_new_world_and_the_old_end() -> None:
    env = PredatorPrey(PredatorPreyConfig(episode_limit=3))
    noise = noise_for(env, 4, 5)
    last = run(env, noise, 4)[-1]
    assert last.done.all()
    assert last.fresh.all()
    start = first(env, env.reset(noise[3, :, : env.spec.reset_noise]))
    assert not start.done.any()
    assert torch.equal(last.obs, start.obs)
    assert torch.equal(last.state, start.state)


def test_nothing_that_is_passed_in_is_changed() -> None:
    env = PredatorPrey()
    noise = noise_for(env, 2, 4)
    state = env.reset(noise[0, :, :9])
    before = [part.clone() for part in (*state, noise)]
    action = torch.zeros(4, 3, dtype=torch.long)
    env.observe(env.transition(state, action, noise[1, :, :8])[0])
    for old, new in zip(before, (*state, noise), strict=True):
        assert torch.equal(old, new)


def test_shapes_are_static_and_nothing_waits_for_the_device() -> None:
    with FakeTensorMode():
        env = PredatorPrey(PredatorPreyConfig(punishment=-0.5))
        noise = torch.rand(3, 5, 9 + 3 + 8)
        last = run(env, noise, 3)[-1]
    assert last.obs.shape == (5, 3, 41)
    assert last.state.shape == (5, env.spec.state_size)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("punishment", 0.5),
        ("grid", 1),
        ("num_predators", 0),
        ("num_prey", 9),
        ("view", 4),
        ("episode_limit", 0),
        ("catch_reward", -1.0),
        ("punish_per", "team"),
    ],
)
def test_a_wrong_rule_is_named_with_what_is_allowed(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{field} is {value!r}, must be "):
        PredatorPreyConfig(**{field: value})
