"""Cars come and go: slots without one are silent, and a new car remembers nothing."""

import pytest
import torch

from games.engine.channel import Channel
from games.engine.play import Step, Stream, collect, play_episodes
from games.engine.worlds import make_worlds
from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.env import TrafficJunction
from oracles.teams.backbones.config import TarMACConfig
from oracles.teams.backbones.tarmac import TarMAC
from tests.hand_made import Attacker, Mouthwash

BATCH = 16


def new_team(env: TrafficJunction) -> TarMAC:
    torch.manual_seed(0)
    team = TarMAC(
        TarMACConfig(memory_size=8),
        obs_size=env.spec.obs_size,
        num_actions=env.spec.num_actions,
    )
    return team.requires_grad_(False)


@pytest.fixture(scope="module")
def rollout() -> Step:
    """Traffic with slot 2 malicious and all messages of slots 1 and 2 replaced by 7."""
    env = TrafficJunction(TrafficJunctionConfig(num_cars=4, episode_limit=15))
    stream = Stream(
        env,
        new_team(env),
        Channel(Attacker(10.0), Mouthwash((1, 2), 7.0)),
        malicious=torch.full((BATCH, 1), 2),
        world_generator=torch.Generator().manual_seed(0),
        generator=torch.Generator().manual_seed(1),
    )
    return collect(stream.play(), 40)


def test_a_malicious_slot_without_a_car_forges_nothing(rollout: Step) -> None:
    alive, wire = rollout.timestep.alive, rollout.wire
    assert torch.equal(wire.forged[..., 2], alive[..., 2])
    assert 0 < wire.forged[..., 2].sum() < alive[..., 2].numel()
    assert not wire.forged[..., [0, 1, 3]].any()


def test_slots_without_a_car_say_nothing_and_are_not_filtered(rollout: Step) -> None:
    alive, wire = rollout.timestep.alive, rollout.wire
    for said in (wire.sent, wire.tampered, wire.heard):
        assert (said[~alive] == 0).all()
    assert (wire.heard[..., 1:3, :][alive[..., 1:3]] == 7).all()


def test_slots_without_a_car_hear_nothing(rollout: Step) -> None:
    after = rollout.carry.m_in[1:]  # what was heard at the step before
    assert (after[~rollout.timestep.alive[:-1]] == 0).all()
    assert (after[rollout.timestep.alive[:-1]] != 0).any()


def test_a_new_car_in_an_old_slot_speaks_from_an_empty_memory(rollout: Step) -> None:
    team = new_team(TrafficJunction())
    fresh, alive = rollout.timestep.fresh, rollout.timestep.alive
    reborn = fresh[1:] & alive[:-1] & ~rollout.done[:-1, :, None]
    assert reborn.any()  # its predecessor left in the very same step
    assert (rollout.carry.memory[1:][reborn] != 0).any()
    newborn = team.message.bias.expand_as(rollout.wire.sent[fresh])
    torch.testing.assert_close(rollout.wire.sent[fresh], newborn)
    assert not torch.equal(rollout.wire.sent[alive & ~fresh][:1], newborn[:1])


def test_distortion_is_measured_over_forged_messages_alone() -> None:
    env = TrafficJunction(TrafficJunctionConfig(num_cars=4))
    team, worlds = new_team(env), make_worlds(env.spec, 0, 0, 32, (2,))
    outcome = play_episodes(
        env, team, Channel(Attacker(10.0)), worlds, torch.Generator()
    )
    # Every forged message is bent by 10 in each of its numbers, whoever comes and goes.
    length = 10.0 * team.message_size**0.5 / team.message_norm
    some = outcome.distortion > 0
    assert some.sum() > 20
    torch.testing.assert_close(outcome.distortion[some], length.expand(int(some.sum())))
