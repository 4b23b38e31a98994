"""The stand-in's world is the built-in simulator, a loop at a time."""

import pytest
import torch

from games.engine.env import first
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.movement import ATTACK, EAST, NORTH, SOUTH, STOP, WEST
from games.environments.combat.state import CombatState
from oracles.teams.teachers.combat import combat_teacher
from tests.starcraft_standin.world import SCENARIOS, Refused, World

FAR = {NORTH: (0, 2), SOUTH: (0, -2), EAST: (2, 0), WEST: (-2, 0)}


def give(world: World, action: list[int]) -> None:
    """The actions of SMAC as raw orders."""
    shown = list(world.units())
    tags = world.tags
    places = {unit.tag: (unit.x, unit.y) for unit in shown}
    for tag, chosen in zip(tags, action, strict=False):
        if chosen == STOP:
            world.stop(tag)
        elif chosen in FAR:
            x, y = places[tag]
            dx, dy = FAR[chosen]
            world.move(tag, x + dx, y + dy)
        elif chosen >= ATTACK:
            target = tags[world.num_agents + chosen - ATTACK]
            try:
                world.attack(tag, target)
            except Refused:
                assert not any(s.tag == tag and s.type.reach > 0 for s in shown)


def choose(combat: Combat, state: CombatState, random: torch.Generator) -> list[int]:
    """The teacher's actions, and one in five at random."""
    timestep = first(combat, state)
    anything = torch.multinomial(timestep.available[0].float(), 1, generator=random)
    scripted = torch.rand(len(anything), generator=random) < 0.8
    best = combat_teacher(combat)(timestep)[0]
    return torch.where(scripted, best, anything[:, 0]).tolist()


@pytest.mark.parametrize("name", SCENARIOS)
def test_raw_orders_are_the_simulators_steps_bit_for_bit(name):
    fought = False
    for seed in range(4):
        world = World(SCENARIOS[name], seed)
        combat = Combat(CombatConfig(map=SCENARIOS[name].start))
        n, m = combat.spec.num_agents, world.num_agents
        real = [*range(n), *range(m, len(world.tags))]  # all but the spare slots
        random = torch.Generator().manual_seed(seed)
        noise = torch.rand(1, combat.spec.reset_noise, generator=random)
        state, choices = combat.reset(noise), torch.Generator().manual_seed(seed)
        done = False
        while not done:
            for field in ("position", "goal", "health", "energy", "cooldown", "windup"):
                ours = getattr(world.state, field)[:, real]
                assert torch.equal(ours, getattr(state, field)), field
            action = choose(combat, state, choices)
            give(world, [*action, *[0] * (m - n)])
            world.advance(8)
            noise = torch.rand(1, len(world.tags), generator=random)[:, real]
            state, signal = combat.transition(state, torch.tensor([action]), noise)
            done = bool(signal.done)
            fought |= bool((state.health == 0).any())
            done |= world.respawns > 0
    assert fought


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_trigger_works_in_the_second_loop_without_units(name):
    world = World(SCENARIOS[name], 0)
    for _ in range(3):
        start = [(unit.x, unit.y, unit.health) for unit in world.units()]
        old = {unit.tag for unit in world.units()}
        world.advance(20)
        world.kill(list(old))
        world.advance(1)
        assert not list(world.units())
        world.advance(1)
        fresh = list(world.units())
        assert len(fresh) == len(start)
        assert all(unit.health == unit.type.health for unit in fresh)
        assert not old & {unit.tag for unit in fresh}


def test_a_created_unit_stands_on_the_nearest_ground():
    world = World(SCENARIOS["bane_vs_hM"], 0)
    world.create("baneling", 1, 10.0, 10.0, 1)  # in the void, west of the stem
    world.advance(1)
    assert len(list(world.units())) == 6
    (new,) = [unit for unit in world.units() if unit.tag == 7]
    assert (new.x, new.y) == (15.5, 9.5)
    with pytest.raises(Refused, match="no room"):
        world.create("baneling", 1, 16.0, 16.0, 1)


def test_missing_units_come_late_or_never():
    never = World(SCENARIOS["3m"], 0, missing=1)
    late = World(SCENARIOS["3m"], 0, missing=2, late=3)
    assert [len(list(w.units())) for w in (never, late)] == [5, 4]
    for world in (never, late):
        world.advance(2)
    assert [len(list(w.units())) for w in (never, late)] == [5, 4]
    for world in (never, late):
        world.advance(1)
    assert [len(list(w.units())) for w in (never, late)] == [5, 6]
