"""A step of talk and thought: what is cleared, what is delayed, what is silent."""

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from games.engine import population
from games.engine.channel import Channel
from games.engine.env import TimeStep, first
from games.engine.population import Mixture
from games.engine.strategy import NoAttack, NoFilter
from games.engine.team import Carry, communicate, start
from games.engine.threat import Threat
from games.engine.tree import leaves, map_tensors
from games.environments.echo.env import Echo
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.attacks.gaussian import GaussianAttack
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.filters.two_stage import TwoStageFilter
from oracles.teams.backbones import BACKBONES, make_team
from tests.hand_made import (
    CAUGHT,
    Attacker,
    Mouthwash,
    Parrots,
    a_timestep,
    same_draws,
)

BATCH = 3


def started(team, num_agents: int = 2, batch: int = BATCH) -> Carry:
    malicious = torch.zeros(batch, 1, dtype=torch.long)
    return start(team, malicious, num_agents)


def talk(team, carry: Carry, timestep: TimeStep, attack=None, filter_=None):
    return communicate(
        *(team, carry, timestep, Channel(attack or NoAttack(), filter_ or NoFilter())),
        torch.Generator(timestep.obs.device),
    )


def shown(team, alive: Tensor | None = None, seed: int = 0) -> TimeStep:
    """A time step of Echo's sizes."""
    if alive is None:
        alive = torch.ones(BATCH, 2, dtype=torch.bool)
    return a_timestep(alive, seed=seed)


def remembering(team, value: float) -> Carry:
    """A carry full of `value`."""
    carry = started(team)
    filled = map_tensors(lambda leaf: torch.full_like(leaf, value), carry)
    return filled._replace(malicious=carry.malicious)


def test_a_new_episode_remembers_nothing():
    carry = started(Parrots(3, delay=2))
    assert [tuple(leaf.shape) for leaf in leaves(carry)] == [
        (BATCH, 2, 1),
        (BATCH, 2, 3),
        (BATCH, 1),
        (BATCH, 2, 2, 3),
        (BATCH, 1, 0),  # an attack's memory, for each agent held
        (BATCH, 2, 0),  # a filter's, for each sender
        (BATCH, 1),
    ]
    assert all((leaf == 0).all() for leaf in leaves(carry))


@pytest.mark.parametrize("delay", [0, 1])
def test_an_agent_that_is_fresh_forgets_and_the_others_do_not(delay):
    team = Parrots(delay=delay)
    fresh = torch.tensor([[True, True], [False, False], [True, False]])
    timestep = shown(team)._replace(fresh=fresh)
    carry = remembering(team, 7.0)
    _, wire, _ = talk(team, carry, timestep)
    assert torch.equal(wire.sent[..., 0] == 0, fresh)
    assert (wire.sent[~fresh] == 7).all()
    # What was on its way from an agent that is gone does not arrive either: here the
    # listener hears the speaker's message at once, or the one sent `delay` steps ago.
    after, _, _ = talk(team, carry, timestep)
    assert (after.m_in[:, 1, 0] == 0).tolist() == fresh[:, 0].tolist()


def test_the_attacker_does_not_see_what_a_fresh_agent_had_in_mind():
    class Reader(Attacker):
        def delta(self, view):
            self.memory, self.m_in = view.memory, view.m_in
            return super().delta(view)

    team, attack = Parrots(), Reader(0.0)
    timestep = shown(team)
    carry = remembering(team, 7.0)
    talk(team, carry, timestep, attack)
    assert (attack.memory == 7).all()
    assert (attack.m_in == 7).all()
    talk(team, carry, timestep._replace(fresh=timestep.alive), attack)
    assert (attack.memory == 0).all()
    assert (attack.m_in == 0).all()


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_message_delayed_by_k_arrives_k_steps_later(delay):
    team = Parrots(delay=delay)
    carry, sent, heard = started(team), [], []
    for t in range(7):
        timestep = shown(team, seed=t)
        is_speaker = torch.tensor([1.0, 0.0]).expand(BATCH, 2)
        timestep.obs[..., 0] = is_speaker
        carry, wire, _ = talk(team, carry, timestep)
        sent.append(wire.sent[:, 0])
        heard.append(carry.m_in[:, 1])
    assert all((m_in == 0).all() for m_in in heard[:delay])
    for said, arrived in zip(sent, heard[delay:], strict=False):
        assert torch.equal(said, arrived)


def test_the_attack_sees_the_message_when_it_is_sent_not_when_it_arrives():
    team = Parrots(delay=1)
    carry = remembering(team, 1.0)
    carry, wire, _ = talk(team, carry, shown(team), Attacker(10.0))
    assert (wire.heard[:, 0] == 11).all()
    assert (carry.m_in[:, 1] == 1).all()
    carry, _, _ = talk(team, carry, shown(team))
    assert (carry.m_in[:, 1] == 11).all()


def test_the_dead_neither_speak_nor_hear():
    team = Parrots()
    alive = torch.tensor([[False, True], [True, False], [True, True]])
    after, wire, _ = talk(team, remembering(team, 7.0), shown(team, alive))
    assert torch.equal(wire.sent[..., 0] == 7, alive)
    assert after.m_in[..., 0].tolist() == [[0, 0], [0, 0], [7, 7]]


def test_listeners_hear_what_the_filter_let_through():
    team = Parrots()
    carry = remembering(team, 7.0)
    after, _, _ = talk(team, carry, shown(team), Attacker(1.0), Mouthwash((0,), 3.0))
    assert after.m_in[..., 0].tolist() == [[7, 3]] * BATCH


def test_malicious_agents_stay_so():
    team = Parrots()
    carry = started(team)._replace(malicious=torch.tensor([[0], [1], [0]]))
    after, _, _ = talk(team, carry, shown(team))
    assert torch.equal(after.malicious, carry.malicious)


@pytest.mark.parametrize("name", sorted(BACKBONES))
@pytest.mark.parametrize("delay", [0, 2])
def test_communicate_has_static_shapes_and_waits_for_no_device(name, delay):
    with FakeTensorMode():
        env = Echo()
        team = make_team(name, {"delay": delay}, env.spec)
        timestep = first(env, env.reset(torch.rand(BATCH, env.spec.reset_noise)))
        carry = started(team)
        after, wire, scores = talk(team, carry, timestep, Attacker(1.0))
        before = [leaf.shape for leaf in leaves(carry)]
        assert [leaf.shape for leaf in leaves(after)] == before
    assert wire.heard.shape == (BATCH, 2, team.message_size)
    assert scores.shape == (BATCH, 2, env.spec.num_actions)


def test_learned_players_in_a_mixture_have_static_shapes_and_wait_for_no_device(
    monkeypatch,
):
    monkeypatch.setattr(population, "waits", lambda values: True)  # as on a card
    with FakeTensorMode():
        env = Echo()
        team = make_team("commnet", {}, env.spec)
        size = team.message_size
        attack = GaussianAttack(
            Threat(cap=1.0),
            size,
            config=AttackConfig(),
            obs_size=env.spec.obs_size,
            memory_size=team.memory_size,
            heard_size=team.heard_size,
        )
        filter_ = TwoStageFilter(FilterConfig(), message_size=size, num_agents=2)
        attacks = Mixture([NoAttack(), attack.calibrate(team)], [0.5, 0.5])
        filters = Mixture([NoFilter(), filter_.calibrate(team)], [0.5, 0.5])
        timestep = first(env, env.reset(torch.rand(BATCH, env.spec.reset_noise)))
        for player in (attacks, filters):
            player.reset(torch.ones(BATCH, dtype=torch.bool), torch.Generator())
        _, wire, _ = talk(team, started(team), timestep, attacks, filters)
    assert wire.heard.shape == (BATCH, 2, size)


def scene(name: str):
    """An untrained team in 64 worlds of noise, and what it remembers."""
    torch.manual_seed(0)
    team = make_team(name, {}, Echo().spec).requires_grad_(False)
    timestep = a_timestep(torch.ones(64, 2, dtype=torch.bool))
    carry = map_tensors(
        lambda leaf: torch.randn(leaf.shape, generator=torch.Generator()),
        started(team, batch=64),
    )._replace(malicious=torch.tensor(CAUGHT).expand(64, 1))
    return team, carry, timestep


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_two_generators_agree_where_draws_are_the_same(name, monkeypatch):
    team, carry, timestep = scene(name)
    channel = Channel(Attacker(1.0))

    def outcomes() -> list:
        generators = (torch.Generator().manual_seed(seed) for seed in (1, 2))
        return [communicate(team, carry, timestep, channel, g) for g in generators]

    one, other = outcomes()
    draws = not torch.equal(one[1].sent, other[1].sent)
    assert draws == (name == "ndq")
    same_draws(monkeypatch)
    one, other = outcomes()
    torch.testing.assert_close(one, other, atol=0.0, rtol=0.0)
    assert one[1].sent.std() > 0.0


@pytest.mark.gpu
@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_the_cpu_and_the_gpu_agree(name, monkeypatch):
    team, carry, timestep = scene(name)
    same_draws(monkeypatch)  # the test is about arithmetic
    slow = talk(team, carry, timestep, Attacker(1.0))
    carry, timestep = (map_tensors(Tensor.cuda, part) for part in (carry, timestep))
    fast = talk(team.cuda(), carry, timestep, Attacker(1.0))
    torch.testing.assert_close(fast, slow, atol=1e-4, rtol=0.0, check_device=False)
