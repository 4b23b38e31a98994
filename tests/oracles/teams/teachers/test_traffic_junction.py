"""The teacher of Traffic Junction: who yields, by hand, and that nobody ever meets."""

import pytest
import torch

from games.engine.env import TimeStep, first
from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.env import BRAKE, GAS, TrafficJunction
from oracles.teams.teachers import GUIDES, TEACHERS
from oracles.teams.teachers.traffic_junction import PressedFirst, Rivals
from tests.reference.traffic_junction import Car, World
from tests.reference.traffic_junction_batch import encode

SOUTH, EAST = 0, 1  # the two routes of the easy map, which cross at cell 3 of both


def advice(cars: list[Car | None]) -> list[int]:
    """What the teacher tells everybody on the easy map."""
    env = TrafficJunction(TrafficJunctionConfig(num_cars=len(cars)))
    timestep = first(env, encode(env, [World(cars)]))
    return PressedFirst(env)(timestep)[0].tolist()


def test_who_is_alone_drives_on_and_idle_slots_do_nothing():
    assert advice([Car(SOUTH, 2, 2), None]) == [GAS, GAS]
    assert advice([Car(SOUTH, 6, 6), Car(SOUTH, 5, 5)]) == [GAS, GAS]


def test_of_two_cars_without_a_queue_the_one_on_the_lower_cell_goes():
    assert advice([Car(SOUTH, 2, 2), Car(EAST, 2, 9)]) == [GAS, BRAKE]
    assert advice([Car(EAST, 2, 9), Car(SOUTH, 2, 2)]) == [BRAKE, GAS]


def test_who_has_a_queue_up_to_the_entry_goes_first_and_who_follows_brakes():
    # Moves from the entry: south 2 and 1, east 2, 1 and 0.
    cars = [Car(SOUTH, 2, 3), Car(EAST, 2, 3), Car(EAST, 1, 2), Car(SOUTH, 1, 2)]
    assert advice(cars) == [GAS, BRAKE, BRAKE, GAS]
    assert advice([*cars, Car(EAST, 0, 1)]) == [BRAKE, GAS, GAS, BRAKE, GAS]
    told = advice([*cars, Car(EAST, 0, 1), Car(SOUTH, 0, 1), Car(SOUTH, 4, 9)])
    assert told == [GAS, BRAKE, BRAKE, GAS, BRAKE, GAS, GAS]


def test_nobody_drives_into_a_car_that_stands():
    # Two that have met stand in the way of a third; the lower slot is no better.
    cars = [Car(SOUTH, 2, 3), Car(EAST, 3, 3), Car(SOUTH, 3, 3)]
    env = TrafficJunction(TrafficJunctionConfig(num_cars=3))
    told = PressedFirst(env)(first(env, encode(env, [World(cars)])))[0]
    assert told[1:].tolist() == [GAS, GAS]


@pytest.mark.parametrize(
    ("level", "worlds"), [("easy", 1000), ("medium", 200), ("hard", 100)]
)
def test_nobody_ever_meets_and_traffic_flows(level, worlds):
    env = TrafficJunction(TrafficJunctionConfig(level=level))
    driver = TEACHERS["traffic_junction"](env)
    generator = torch.Generator().manual_seed(0)
    state = env.reset(torch.zeros(worlds, 1))
    timestep, total = first(env, state), torch.zeros(worlds)
    for _ in range(env.spec.episode_limit):
        noise = torch.rand(worlds, env.spec.step_noise, generator=generator)
        state, signal = env.transition(state, driver(timestep), noise)
        timestep = TimeStep(*env.observe(state), *signal)
        total += signal.reward
    assert signal.success.all()
    # TASKS 2: a collision-free driver earns -1.9 on easy, -48 on hard.
    most = {"easy": -1.7, "medium": -17.0, "hard": -45.0}[level]
    assert most * 1.25 < total.mean() < most


def whom(cars: list[Car | None]) -> list[int]:
    """Whom everybody should hear on the easy map."""
    env = TrafficJunction(TrafficJunctionConfig(num_cars=len(cars)))
    timestep = first(env, encode(env, [World(cars)]))
    return GUIDES["traffic_junction"](env)(timestep)[0].tolist()


def test_who_is_alone_need_hear_nobody():
    assert whom([Car(SOUTH, 2, 2), None]) == [2, 2]


def test_two_that_want_one_cell_should_hear_each_other():
    assert whom([Car(SOUTH, 2, 2), Car(EAST, 2, 9)]) == [1, 0]


def test_who_follows_should_hear_whom_the_car_ahead_may_wait_for():
    assert whom([Car(SOUTH, 1, 2), Car(SOUTH, 2, 3)]) == [1, 2]
    assert whom([Car(EAST, 1, 3), Car(EAST, 2, 5), Car(SOUTH, 2, 3)]) == [2, 2, 1]


def test_whom_the_head_of_a_queue_meets_matters_to_all_behind_the_nearer_the_more():
    queue = [Car(SOUTH, 0, 1), Car(SOUTH, 1, 2), Car(SOUTH, 2, 3)]
    assert whom(queue) == [1, 2, 3]
    assert whom([*queue, Car(EAST, 2, 3)]) == [3, 3, 3, 2]


def test_a_rival_matters_more_than_the_car_ahead():
    assert whom([Car(EAST, 2, 5), Car(EAST, 3, 6), Car(SOUTH, 2, 3)]) == [2, 3, 0]


def test_who_drives_off_the_map_need_hear_nobody():
    assert whom([Car(SOUTH, 6, 6), Car(SOUTH, 5, 5)]) == [2, 0]


def test_guides_name_those_who_can_be_heard():
    env = TrafficJunction(TrafficJunctionConfig(level="hard"))
    guide, state = Rivals(env), env.reset(torch.zeros(64, 1))
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        noise = torch.rand(64, env.spec.step_noise, generator=generator)
        state, _ = env.transition(state, torch.zeros(64, 20, dtype=torch.long), noise)
    timestep = first(env, state)
    found = guide(timestep)
    somebody = found < 20
    assert 0.02 < somebody[timestep.alive].float().mean() < 0.5
    assert not somebody[~timestep.alive].any()
    heard = timestep.links.gather(2, found.clamp(max=19)[..., None]).squeeze(-1)
    assert heard[somebody].all()
