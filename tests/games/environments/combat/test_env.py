"""Combat by hand: each rule where its outcome can be computed on paper."""

import itertools

import pytest
import torch

from games.engine.env import Signal
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.maps import MAPS, SIDE
from games.environments.combat.state import CombatState
from games.environments.combat.tables import POINT

STOP, NORTH, SOUTH, EAST, WEST, ATTACK = range(1, 7)
HYDRA, MEDIVAC = 3, 4  # units of 3bane_vs_hM, after three banelings
REGENERATION = 70 / 4096  # hit points a loop: 0.2734 / 16 on the game's grid
HEALING = 7 / 16


def battle(name: str = "3bane_vs_hM", **rules: object) -> Combat:
    return Combat(CombatConfig(map=name, random_delay=False, **rules))


def placed(env: Combat, places: dict[int, tuple[float, float]]) -> CombatState:
    """One world with the units of `places` at (x, y); enemies' posts move along."""
    state = env.reset(torch.zeros(1, env.spec.reset_noise))
    position, goal = state.position.clone(), state.goal.clone()
    for unit, place in places.items():
        position[0, unit] = goal[0, unit] = torch.tensor(place) * POINT
    return state._replace(position=position, goal=goal)


def act(env: Combat, state: CombatState, *action: int) -> tuple[CombatState, Signal]:
    noise = torch.zeros(1, env.spec.step_noise)
    return env.transition(state, torch.tensor([action]), noise)


def place_of(state: CombatState, unit: int) -> list[float]:
    return (state.position[0, unit] / POINT).tolist()


ROUND = {0: (14.8, 31.0), 1: (17.2, 31.0), 2: (16.0, 29.8)}  # 1.2 cells off the hydra


def test_three_banelings_kill_the_hydralisk_and_are_paid_for_it():
    env = battle()
    state, signal = act(env, placed(env, ROUND), ATTACK, ATTACK, ATTACK)
    assert state.health[0].tolist() == [0, 0, 0, 0, 150]
    assert signal.done.item()
    assert signal.success.item()
    # 80 hit points, 10 for the kill, 200 for the win, out of 450 that make 20.
    assert signal.reward.item() == pytest.approx(290 * 20 / 450)


def test_two_banelings_leave_ten_hit_points():
    env = battle(step_mul=1)
    state = placed(env, ROUND | {2: (16.0, 5.0)})
    state, signal = act(env, state, ATTACK, ATTACK, STOP)
    assert state.health[0, HYDRA].item() == 10 + HEALING + REGENERATION
    assert state.health[0, :3].tolist() == [0, 0, 30]
    assert not signal.done.item()


@pytest.mark.parametrize(("loops", "killed"), [(54, True), (55, False)])
def test_the_third_baneling_may_be_54_loops_late(loops, killed):
    # (105 - 80) / (7 / 16 + regeneration) = 54.99; by healing alone it is 57.1.
    env = battle(step_mul=1)
    state = placed(env, ROUND | {1: (16.0, 5.0), 2: (16.0, 3.0)})
    state, _ = act(env, state, ATTACK, STOP, STOP)
    for _ in range(loops - 1):
        state, _ = act(env, state, 0, STOP, STOP)
    late = state.position.clone()
    late[0, 1:3] = torch.tensor([ROUND[1], ROUND[2]]) * POINT
    state, signal = act(env, state._replace(position=late), 0, ATTACK, ATTACK)
    assert signal.success.item() == killed
    assert (state.health[0, HYDRA].item() == 0) == killed


def test_healing_takes_a_third_of_energy_for_a_hit_point():
    env = battle()
    state = placed(env, {0: (16, 4), 1: (16, 6), 2: (16, 8)})
    hurt = state.health.clone()
    hurt[0, HYDRA] = 40
    state, signal = act(env, state._replace(health=hurt), STOP, STOP, STOP)
    assert state.health[0, HYDRA].item() == 40 + 8 * (HEALING + REGENERATION)
    spent = 50 + 8 * 0.5625 / 16 - state.energy[0, MEDIVAC].item()
    assert spent == pytest.approx(0.33 * 3.5, abs=1e-4)
    # The reward is an absolute value: what is healed pays, too.
    assert signal.reward.item() == pytest.approx(8 * (HEALING + REGENERATION) / 22.5)


def test_without_energy_there_is_no_healing_beyond_what_comes_in():
    env = battle()
    state = placed(env, {0: (16, 4), 1: (16, 6), 2: (16, 8)})
    hurt = state.health.clone()
    hurt[0, HYDRA] = 40
    empty = state._replace(health=hurt, energy=torch.zeros_like(state.energy))
    state, _ = act(env, empty, STOP, STOP, STOP)
    gain = state.health[0, HYDRA].item() - 40 - 8 * REGENERATION
    assert gain == pytest.approx(7 * 0.5625 / 16 / 0.33, abs=1e-4)


@pytest.mark.parametrize(("far", "left"), [(2.80, 45), (2.85, 80)])
def test_a_baneling_that_is_shot_explodes_where_it_stands(far, left):
    # The hydralisk shoots at 2 + .625 + .375 = 3; the explosion reaches 2.2 + .625.
    env = battle(step_mul=4)  # three loops of aiming, and the hit
    state = placed(env, {0: (16 - far, 31), 1: (16, 5), 2: (16, 3)})
    state, _ = act(env, state, STOP, STOP, STOP)
    assert state.health[0, 0].item() == 0
    healed = HEALING + REGENERATION if left < 80 else 0
    assert state.health[0, HYDRA].item() == left + healed


@pytest.mark.parametrize(("far", "shot"), [(2.99, True), (3.01, False)])
def test_the_hydralisk_shoots_three_cells_far_after_three_loops(far, shot):
    env = battle(step_mul=1)
    state = placed(env, {0: (16 - far, 31), 1: (16, 5), 2: (16, 3)})
    healths = []
    for _ in range(4):
        state, _ = act(env, state, STOP, STOP, STOP)
        healths.append(state.health[0, 0].item())
    assert healths == [30, 30, 30, 0 if shot else 30]


def test_explosions_spare_friends_and_what_flies():
    env = battle(step_mul=1)
    state = placed(env, {0: (14.8, 31), 1: (14.6, 31), 2: (14.8, 30.8)})
    state, _ = act(env, state, ATTACK, STOP, STOP)
    assert state.health[0].tolist()[:3] == [0, 30, 30]
    assert state.health[0, MEDIVAC].item() == 150


def test_an_attack_on_what_the_weapon_cannot_hit_is_no_order():
    env = battle()
    state = placed(env, {0: (5, 29.5), 1: (16, 5), 2: (20, 30)})
    state, _ = act(env, state, EAST, STOP, STOP)
    assert place_of(state, 0) == [6.25, 29.5]
    state, _ = act(env, state, ATTACK + 1, STOP, STOP)  # the medivac
    assert place_of(state, 0)[0] == 7.0  # on, to where it was sent before


@pytest.mark.parametrize(
    ("name", "unit", "way"),
    [("3bane_vs_hM", 0, 1.25), ("1o_2r_vs_4r", 1, 1.125), ("1o_2r_vs_4r", 0, 0.234)],
)
@pytest.mark.parametrize(
    ("action", "direction"),
    [(NORTH, (0, 1)), (SOUTH, (0, -1)), (EAST, (1, 0)), (WEST, (-1, 0))],
)
def test_a_step_takes_a_unit_as_far_as_its_speed(name, unit, way, action, direction):
    # On open ground, all others far away.
    env = battle(name)
    agents = range(env.spec.num_agents)
    start = (6.0, 30.0) if "bane" in name else (16.0, 28.5)
    far = {k: (28.0, 30.0 + k / 2) for k in agents if k != unit}
    state = placed(env, far | {unit: start})
    env.tables.ground[:] = True  # walls have a test of their own
    orders = [action if k == unit else STOP for k in agents]
    moved = place_of(act(env, state, *orders)[0], unit)
    for before, after, sign in zip(start, moved, direction, strict=True):
        assert after - before == pytest.approx(sign * way, abs=1e-3)


def test_walls_are_slid_along_and_never_entered():
    env = battle()
    # South of the corridor is void; the order aims east and the crowd pushes south.
    state = placed(env, {0: (5, 29.1), 1: (5.05, 29.4), 2: (16, 5)})
    state, _ = act(env, state, SOUTH, EAST, WEST)
    assert place_of(state, 0)[1] >= 29
    assert 15 <= place_of(state, 2)[0] < 15.16  # the stem is two cells wide
    assert place_of(state, 1)[0] > 6


def test_a_chase_into_the_void_slides_along_the_wall():
    env = battle(step_mul=4)
    # The hydralisk is put where nobody can go, and nobody in its range.
    west = placed(env, {0: (8, 29.02), 1: (16, 5), 2: (16, 8), 3: (3, 20)})
    north = placed(env, {0: (5, 30), 1: (16.9, 15), 2: (16, 8), 3: (25, 22)})
    x, y = place_of(act(env, west, ATTACK, STOP, STOP)[0], 0)
    assert x < 7.9
    assert y == pytest.approx(29.02, abs=1e-3)
    x, y = place_of(act(env, north, STOP, ATTACK, STOP)[0], 1)
    assert y > 15.2
    assert 16.85 < x < 17


def test_nobody_ever_leaves_the_ground():
    for name in MAPS:
        env = Combat(CombatConfig(map=name))
        generator = torch.Generator().manual_seed(0)
        state = env.reset(torch.rand(64, env.spec.reset_noise, generator=generator))
        ground = env.tables.ground[: SIDE * SIDE]
        walks = torch.tensor([not u.flies for u in env.tables.units])
        for _ in range(12):
            cell = (state.position / POINT).long()
            free = ground[cell[..., 1] * SIDE + cell[..., 0]]
            assert free[:, walks].all(), name
            shape = (64, env.spec.num_agents)
            action = torch.randint(2, 6, shape, generator=generator)
            noise = torch.rand(64, env.spec.step_noise, generator=generator)
            state, _ = env.transition(state, action, noise)


def test_units_that_overlap_are_pushed_apart_and_flyers_are_not():
    env = battle("1o_2r_vs_4r")
    state = placed(env, {0: (10, 30), 1: (10, 30), 2: (10.5, 30)})
    for _ in range(2):
        state, _ = act(env, state, STOP, STOP, STOP)
    left, right = place_of(state, 1)[0], place_of(state, 2)[0]
    assert right - left == pytest.approx(1.25, abs=0.02)  # two inner radii of .625
    assert left + right == pytest.approx(20.5, abs=0.01)
    assert place_of(state, 0) == [10, 30]


def duel(env: Combat, loops: int) -> tuple[list[float], list[float]]:
    """Health of reaper 0 and of roach 1 after each loop, 3.5 cells apart."""
    reapers = {3: (14.0, 30.0), 4: (2.0, 2.0), 5: (2.0, 4.0), 6: (4.0, 2.0)}
    state = placed(env, {0: (28, 2), 1: (10.5, 30), 2: (28, 4)} | reapers)
    reaper, roach = [], []
    for _ in range(loops):
        state, _ = act(env, state, STOP, ATTACK, STOP)
        reaper.append(state.health[0, 3].item())
        roach.append(state.health[0, 1].item())
    return reaper, roach


def test_a_roach_kills_a_reaper_in_four_shots_a_second_apart():
    reaper, _ = duel(battle("1o_2r_vs_4r", step_mul=1), 60)
    blows = [k for k, (a, b) in enumerate(itertools.pairwise([50.0, *reaper])) if b < a]
    assert [reaper[k] for k in blows] == [34, 18, 2, 0]
    assert {b - a for a, b in itertools.pairwise(blows)} == {16}


def test_a_reaper_takes_six_hit_points_of_a_roach_each_1_1_seconds():
    _, roach = duel(battle("1o_2r_vs_4r", step_mul=1), 40)
    drops = [(k, a - b) for k, (a, b) in enumerate(itertools.pairwise(roach)) if b < a]
    assert [drop for _, drop in drops] == pytest.approx([6 - REGENERATION] * len(drops))
    assert drops[1][0] - drops[0][0] == 18


def test_the_random_delay_is_minus_one_to_two_loops():
    env = Combat(CombatConfig(map="1o_2r_vs_4r"))
    reapers = {3: (14.0, 30.0), 4: (2.0, 2.0), 5: (2.0, 4.0), 6: (4.0, 2.0)}
    start = placed(env, {0: (28, 2), 1: (11.0, 30), 2: (28, 4)} | reapers)
    cooldowns = []
    for u in (0.1, 0.3, 0.6, 0.9):
        noise = torch.full((1, env.spec.step_noise), u)
        state, _ = env.transition(start, torch.tensor([[STOP, ATTACK, STOP]]), noise)
        cooldowns.append(state.cooldown[0, 3].item())
    first = cooldowns[0]
    assert cooldowns == [first, first + 1, first + 2, first + 3]


def test_an_enemy_keeps_its_target_and_otherwise_takes_the_nearest():
    env = battle("1o_2r_vs_4r", step_mul=1)
    reapers = {3: (14.0, 30.0), 4: (2.0, 2.0), 5: (2.0, 4.0), 6: (4.0, 2.0)}
    where = {0: (14, 30), 1: (11.0, 30), 2: (16.5, 30)} | reapers
    state, _ = act(env, placed(env, where), STOP, STOP, STOP)
    assert state.target[0, 3].item() == 2  # not the overlord, which it cannot hit
    moved = state.position.clone()
    moved[0, 1, 0], moved[0, 2, 0] = 13.0 * POINT, 18.3 * POINT
    state, _ = act(env, state._replace(position=moved), STOP, STOP, STOP)
    assert state.target[0, 3].item() == 2
    moved[0, 2, 0] = 20.0 * POINT
    state, _ = act(env, state._replace(position=moved), STOP, STOP, STOP)
    assert state.target[0, 3].item() == 1


def test_marines_march_to_where_the_agents_started():
    env = battle("3m")
    state = env.reset(torch.zeros(1, env.spec.reset_noise))
    moved, _ = act(env, state, STOP, STOP, STOP)
    way = (state.position - moved.position)[0, 3:, 0] / POINT
    assert way.tolist() == pytest.approx([1.125] * 3, abs=0.01)
