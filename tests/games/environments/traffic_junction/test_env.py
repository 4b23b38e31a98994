"""Traffic Junction: routes, and situations drawn by hand."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.env import (
    BRAKE,
    GAS,
    TrafficJunction,
    TrafficJunctionState,
)
from games.environments.traffic_junction.maps import LEVELS, routes
from tests.reference.traffic_junction import Car, Paid, World
from tests.reference.traffic_junction import routes as reference_routes
from tests.reference.traffic_junction_batch import decode, encode

SOUTH, EAST = 0, 1  # the two routes of the easy map, which cross in its middle
MIDDLE = 3  # moves to there


def play(
    cars: list[Car | None], action: list[int], *, noise: Any = None, **rules: Any
) -> tuple[World, Paid]:
    """One step of the easy map from a drawn situation; nobody arrives unless told."""
    env = TrafficJunction(TrafficJunctionConfig(**{"num_cars": len(cars), **rules}))
    state = encode(env, [World(list(cars))])
    if noise is None:
        noise = torch.full((1, env.spec.step_noise), 0.99)
    moved, signal = env.transition(state, torch.tensor([action]), noise)
    paid = Paid(
        signal.agent_reward[0].tolist(), bool(signal.done), bool(signal.success)
    )
    assert signal.reward.item() == pytest.approx(sum(paid.rewards))
    return decode(env, moved, 0), paid


def arrivals(
    tickets: list[float], wanted: list[int], chosen: list[float] | None = None
) -> Tensor:
    """The noise of a step: a car at each entry in `wanted`."""
    entries = [0.0 if e in wanted else 0.99 for e in (SOUTH, EAST)]
    return torch.tensor([tickets + entries + (chosen or [0.5, 0.5])])


@pytest.mark.parametrize(
    ("level", "count", "lengths"),
    [
        ("easy", 2, {7}),
        ("medium", 12, {13, 14, 15}),
        ("hard", 56, {9, 11, 16, 17, 18, 19, 20, 25, 26, 27}),
    ],
)
def test_number_and_lengths_of_routes(
    level: str, count: int, lengths: set[int]
) -> None:
    ways = [way for some in routes(LEVELS[level]) for way in some]
    assert len(ways) == len({tuple(way) for way in ways}) == count
    assert {len(way) for way in ways} == lengths


@pytest.mark.parametrize("level", LEVELS)
def test_routes_are_those_of_the_reference(level: str) -> None:
    assert routes(LEVELS[level]) == reference_routes(level)


@pytest.mark.parametrize("level", LEVELS)
def test_routes_lead_across_the_map_step_by_step(level: str) -> None:
    last = LEVELS[level].grid - 1
    ends = set()
    for some, (entry, _) in zip(
        routes(LEVELS[level]), LEVELS[level].entries, strict=True
    ):
        for way in some:
            assert way[0] == entry
            assert len(set(way)) == len(way)
            assert 0 in way[-1] or last in way[-1]
            ends.add(way[-1])
            for one, other in itertools.pairwise(way):
                assert abs(one[0] - other[0]) + abs(one[1] - other[1]) == 1
    assert len(ends) == len(LEVELS[level].entries)  # as many ways out as in


def test_the_turns_of_the_medium_map_by_hand() -> None:
    ahead, right, left = routes(LEVELS["medium"])[0]  # from the north
    assert ahead == [(row, 6) for row in range(14)]
    assert right == [(row, 6) for row in range(7)] + [(6, c) for c in range(5, -1, -1)]
    assert left == [(row, 6) for row in range(8)] + [(7, c) for c in range(7, 14)]


def test_gas_moves_a_car_along_its_route_and_brake_does_not() -> None:
    world, paid = play([Car(SOUTH, 1, 4), Car(EAST, 1, 6)], [GAS, BRAKE])
    assert world.cars == [Car(SOUTH, 2, 5, GAS), Car(EAST, 1, 7, BRAKE)]
    assert paid.rewards == pytest.approx([-0.05, -0.07])
    assert paid.success


def test_gas_on_the_last_cell_frees_the_slot_unpaid() -> None:
    world, paid = play([Car(SOUTH, 6, 9), None], [GAS, GAS])
    assert world.cars == [None, None]
    assert paid.rewards == [0, 0]


def test_cars_that_meet_are_both_charged_and_stay() -> None:
    cars = [Car(SOUTH, MIDDLE - 1, 3), Car(EAST, MIDDLE - 1, 5)]
    world, paid = play(cars, [GAS, GAS])
    assert paid.rewards == pytest.approx([-10.04, -10.06])
    assert not paid.success
    assert [car.progress for car in world.cars if car] == [MIDDLE, MIDDLE]


def test_a_collision_is_charged_again_at_every_step_it_lasts() -> None:
    world, paid = play([Car(SOUTH, MIDDLE, 3), Car(EAST, MIDDLE, 3)], [BRAKE, BRAKE])
    assert paid.rewards == pytest.approx([-10.04, -10.04])
    world, paid = play(world.cars, [GAS, BRAKE])
    assert paid.rewards == pytest.approx([-0.05, -0.05])


def test_three_in_a_cell_are_charged_once_each() -> None:
    cars = [Car(SOUTH, 2, 3), Car(EAST, 2, 3), Car(EAST, MIDDLE, 3)]
    _, paid = play(cars, [GAS, GAS, BRAKE])
    assert paid.rewards == pytest.approx([-10.04] * 3)


def test_a_collision_is_remembered_to_the_end() -> None:
    env = TrafficJunction(TrafficJunctionConfig(arrival=0.0))
    state = encode(env, [World([None] * 5, failed=True, time=19)])
    quiet = torch.full((1, env.spec.step_noise), 0.99)
    _, signal = env.transition(state, torch.zeros(1, 5, dtype=torch.long), quiet)
    assert signal.done.item()
    assert not signal.success.item()


def test_to_follow_closely_is_no_collision() -> None:
    _, paid = play([Car(SOUTH, 1, 3), Car(SOUTH, 2, 3)], [GAS, GAS])
    assert paid.success


@pytest.mark.parametrize("level", LEVELS)
def test_no_two_routes_go_opposite_ways_so_nobody_can_swap_places(level: str) -> None:
    ways = [way for some in routes(LEVELS[level]) for way in some]
    moves = {move for way in ways for move in itertools.pairwise(way)}
    assert not any((there, here) in moves for here, there in moves)


def test_an_arrival_on_an_occupied_entry_is_a_collision() -> None:
    cars = [None, Car(SOUTH, 0, 2)]
    world, paid = play(cars, [GAS, BRAKE], noise=arrivals([0.5, 0.5], [SOUTH]))
    assert world.cars[0] == Car(SOUTH, 0, 0, GAS)
    assert paid.rewards == pytest.approx([-10.0, -10.03])
    assert not paid.success


def test_idle_slots_become_cars_in_the_order_of_their_tickets() -> None:
    noise = arrivals([0.3, 0.9, 0.1, 0.4], [SOUTH, EAST])
    world, paid = play([None] * 4, [BRAKE] * 4, noise=noise)
    assert world.cars == [Car(EAST), None, Car(SOUTH), None]
    assert paid.rewards == [0] * 4  # tau is 0 on arrival


def test_the_last_free_slot_goes_to_the_first_entry() -> None:
    cars = [Car(SOUTH, 4, 9), None]
    world, _ = play(cars, [GAS, GAS], noise=arrivals([0.1, 0.5], [SOUTH, EAST]))
    assert world.cars == [Car(SOUTH, 5, 10), Car(SOUTH)]
    full = [Car(SOUTH, 4, 9), Car(EAST, 5, 9)]
    world, _ = play(full, [GAS, GAS], noise=arrivals([0.1, 0.5], [SOUTH, EAST]))
    assert [car.progress for car in world.cars if car] == [5, 6]


def test_a_slot_that_falls_free_can_be_a_new_car_at_once() -> None:
    env = TrafficJunction(TrafficJunctionConfig(num_cars=1))
    state = encode(env, [World([Car(SOUTH, 6, 9, BRAKE)])])
    noise = arrivals([0.5], [EAST])
    moved, _ = env.transition(state, torch.tensor([[GAS]]), noise)
    assert decode(env, moved, 0).cars == [Car(EAST)]
    view = env.observe(moved)
    assert view.alive.item()
    assert view.fresh.item()
    after, _ = env.transition(moved, torch.tensor([[BRAKE]]), arrivals([0.5], []))
    assert not env.observe(after).fresh.item()


def test_arrivals_are_as_likely_as_told_and_routes_uniform() -> None:
    env = TrafficJunction(TrafficJunctionConfig(level="hard"))
    worlds = 20_000
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(worlds, env.spec.step_noise, generator=generator)
    state = env.reset(noise[:, :1])
    moved, _ = env.transition(state, torch.zeros(worlds, 20, dtype=torch.long), noise)
    active = moved.car > 0
    # 5 standard errors: of 160 000 arrivals, of 8000 new cars on 56 routes, 20 slots.
    assert active.sum().item() == pytest.approx(0.05 * worlds * 8, abs=5 * 87)
    places = moved.car[active] // 2
    count = torch.bincount(places, minlength=len(env.tables.following))
    on_route = count[env.tables.first]
    assert on_route.sum() == active.sum()
    assert (on_route - 8000 / 56).abs().max() < 5 * 12
    assert (active.sum(0) - 8000 / 20).abs().max() < 5 * 20


def test_idle_slots_show_and_hear_nothing() -> None:
    env = TrafficJunction()
    cars = [Car(SOUTH, 2, 3, BRAKE), None, Car(EAST, 2, 3), None, None]
    state = encode(env, [World(cars)])
    view = env.observe(state)
    assert view.alive[0].tolist() == [True, False, True, False, False]
    assert (view.obs[0, [1, 3, 4]] == 0).all()
    assert view.links[0].nonzero().tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize("level", LEVELS)
def test_the_cells_of_idle_slots_are_out_of_sight_however_far_cars_see(
    level: str,
) -> None:
    for view in range(1, 2 * LEVELS[level].grid, 2):
        tables = TrafficJunction(TrafficJunctionConfig(level=level, view=view)).tables
        assert tables.cell[2:].min() > 1
        assert tables.around[2:].min() > 1


def test_a_range_cuts_links_at_its_rows_and_columns() -> None:
    env = TrafficJunction(TrafficJunctionConfig(num_cars=3, comm_range=2))
    # On (1, 3), (3, 1) and (3, 5): two, two and four cells apart.
    state = encode(env, [World([Car(SOUTH, 1), Car(EAST, 1), Car(EAST, 5)])])
    heard = [[0, 1], [0, 2], [1, 0], [2, 0]]
    assert env.observe(state).links[0].nonzero().tolist() == heard


def test_what_a_car_sees_by_hand() -> None:
    env = TrafficJunction(TrafficJunctionConfig(num_cars=3))
    # On (2, 3); its diagonal neighbour on (3, 2) will cross its way.
    cars = [Car(SOUTH, 2, 3, BRAKE), Car(EAST, 2, 3), Car(SOUTH, 6, 9)]
    obs = env.observe(encode(env, [World(cars)])).obs[0]
    assert obs[0, :9].tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert obs[0, 9:23].nonzero().flatten().tolist() == [2, 7 + 3]
    assert obs[0, 23:33].tolist() == [0, 1, 0, 0, 0] * 2  # down, down
    assert obs[0, 33:].tolist() == pytest.approx([5 / 7, 1])
    assert obs[2, 23:33].tolist() == [0, 0, 0, 0, 1] * 2  # no move is left
    assert env.spec.obs_size == 35


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("level", "deadly", "easy"),
        ("num_cars", 0, "1 to 1000"),
        ("episode_limit", 0, "1 to 2147483647"),
        ("arrival", 1.5, "0 to 1"),
        ("view", 2, "1, 3"),
        ("lookahead", 0, "1 to 9"),
        ("comm_range", -1, "at least 0 or none"),
        ("time_penalty", 1.0, "at most 0"),
        ("collision_penalty", 1.0, "at most 0"),
    ],
)
def test_rules_out_of_range_are_refused(field: str, value: Any, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} is {value!r}, must be .*{allowed}"):
        TrafficJunctionConfig(**{field: value})


def test_what_is_not_told_is_the_level_s() -> None:
    sizes = {}
    for level in LEVELS:
        config = TrafficJunctionConfig(level=level)
        sizes[level] = (config.cars, config.limit, config.rate)
        assert TrafficJunction(config).spec.num_agents == config.cars
    assert sizes["easy"] == (5, 20, 0.3)
    assert sizes["medium"] == (10, 40, 0.2)
    assert sizes["hard"] == (20, 80, 0.05)


def test_a_state_of_the_start_is_empty() -> None:
    state = TrafficJunction().reset(torch.rand(3, 1))
    assert isinstance(state, TrafficJunctionState)
    assert all((leaf == 0).all() for leaf in state)
