"""What Combat shows, against SMAC's getters written out in plain Python."""

import pytest
import torch

from games.engine.env import first
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.tables import POINT
from oracles.teams.teachers.combat import combat_teacher
from tests.games.environments.combat.test_lockstep import decode
from tests.reference import combat_view as smac


@pytest.mark.parametrize(
    ("name", "obs", "state", "actions", "agents"),
    [  # as oxwhirl's `get_env_info` gives them with health shown
        ("3bane_vs_hM", 35, 52, 8, 3),
        ("4bane_vs_hM", 42, 66, 8, 4),
        ("1o_2r_vs_4r", 49, 68, 10, 3),
        ("1o_3r_vs_4r", 56, 84, 10, 4),
        ("3m", 30, 48, 9, 3),
        ("8m", 80, 168, 14, 8),
    ],
)
def test_sizes_are_those_of_smac(name, obs, state, actions, agents):
    spec = Combat(CombatConfig(map=name, all_health=True)).spec
    assert (spec.obs_size, spec.state_size) == (obs, state)
    assert (spec.num_actions, spec.num_agents) == (actions, agents)


@pytest.mark.parametrize(
    ("name", "obs", "limit"),
    [("3bane_vs_hM", 31, 30), ("4bane_vs_hM", 37, 30), ("1o_2r_vs_4r", 49, 50)],
)
def test_the_defaults_are_ndqs_published_settings(name, obs, limit):
    env = Combat(CombatConfig(map=name))
    assert env.spec.obs_size == obs
    assert env.spec.episode_limit == limit
    hidden = Combat(CombatConfig(map=name, all_health=False))
    assert hidden.spec.obs_size == {3: 31, 4: 37}[env.spec.num_agents] + 12 * (
        name == "1o_2r_vs_4r"
    )


CASES = {
    "3bane_vs_hM": {},
    "3bane_vs_hM, far": {"sight_range": 9.0, "shoot_range": 6.0, "all_health": True},
    "4bane_vs_hM": {"all_health": True},
    "1o_2r_vs_4r": {"move_amount": 1.0},
    "1o_3r_vs_4r": {"all_health": False, "sight_range": 4.0, "own_position": True},
    "3m": {},
}


@pytest.mark.parametrize("case", CASES)
def test_every_feature_is_smacs(case):
    name = case.split(",")[0]
    env = Combat(CombatConfig(map=name, **CASES[case]))
    config, n = env.config, env.spec.num_agents
    sight = config.sight_range or env.map.sight
    shoot = config.shoot_range or env.map.shoot
    shown = env.map.all_health if config.all_health is None else config.all_health
    generator = torch.Generator().manual_seed(0)
    teacher, batch = combat_teacher(env), 5
    state = env.reset(torch.rand(batch, env.spec.reset_noise, generator=generator))
    seen, dead = 0.0, 0
    for t in range(24):
        view = env.observe(state)
        for b in range(batch):
            world = decode(env, state, b)
            reach = (shoot, config.move_amount)
            flags = [smac.available(name, world, n, i, *reach) for i in range(n)]
            assert view.available[b].tolist() == flags, f"step {t}, world {b}"
            rows = [
                smac.observation(
                    name, world, n, i, sight, *reach, shown, config.own_position
                )
                for i in range(n)
            ]
            torch.testing.assert_close(view.obs[b], torch.tensor(rows))
            whole = smac.state(name, world, n, env.spec.num_actions)
            torch.testing.assert_close(view.state[b], torch.tensor(whole))
            dead += sum(unit.health == 0 for unit in world.units)
        seen += float(view.obs[..., 4:].abs().sum())
        noise = torch.rand(batch, env.spec.step_noise, generator=generator)
        state, _ = env.transition(state, teacher(first(env, state)), noise)
    assert seen > 0
    assert dead > 0 or "1o" in name


def test_the_edge_of_the_map_is_cut_towards_zero_as_smac_does():
    env = Combat(CombatConfig(map="1o_2r_vs_4r"))
    state = env.reset(torch.zeros(1, env.spec.reset_noise))
    position = state.position.clone()
    position[0, :3] = torch.tensor([[0.5, 2.0], [0.0, 2.0], [31.5, 2.0]]) * POINT
    flags = env.observe(state._replace(position=position)).available[0]
    # int(0.5 - 1) is 0: a cell of the map; int(0.0 - 1) is -1, and int(32.5) is 32.
    assert flags[:, 4].tolist() == [True, True, False]
    assert flags[:, 5].tolist() == [True, False, True]


def test_the_layout_finds_the_units_in_the_state():
    env = Combat(CombatConfig(map="1o_3r_vs_4r"))
    state = env.reset(torch.rand(4, env.spec.reset_noise))
    shown = env.observe(state).state
    agents, enemies = env.layout.agents(shown), env.layout.enemies(shown)
    assert (agents[..., 0] == 1).all()
    place = (torch.cat([agents[..., 2:4], enemies[..., 1:3]], 1) + 0.5) * 32 * POINT
    torch.testing.assert_close(place, state.position, rtol=0, atol=0.05)


def test_the_dead_may_do_nothing_and_are_linked_to_nobody():
    env = Combat()
    state = env.reset(torch.rand(1, env.spec.reset_noise))
    health = state.health.clone()
    health[0, 1] = 0
    view = env.observe(state._replace(health=health))
    assert view.available[0, 1].tolist() == [True] + [False] * 7
    assert view.alive[0].tolist() == [True, False, True]
    assert view.links[0].tolist() == [
        [False, False, True],
        [False] * 3,
        [True] + [False] * 2,
    ]
    assert (view.obs[0, 1] == 0).all()
