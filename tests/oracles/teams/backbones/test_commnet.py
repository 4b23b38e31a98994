"""CommNet: who hears whom, by hand, and what must not depend on the order of agents."""

import pytest
import torch
from torch import Tensor

from games.engine.channel import CLEAN
from games.engine.env import TimeStep
from games.engine.team import Carry, communicate, start
from games.engine.tree import map_tensors
from games.environments.echo.env import Echo
from oracles.teams.backbones import BACKBONES, make_team
from oracles.teams.backbones.commnet import CommNet
from oracles.teams.backbones.config import CommNetConfig

OBS, ACTIONS, AGENTS = 3, 4, 5


def new_team(seed: int = 0, **sizes: int) -> CommNet:
    torch.manual_seed(seed)
    fields = {"message_size": 6, "memory_size": 7, **sizes}
    team = CommNet(CommNetConfig(**fields), obs_size=OBS, num_actions=ACTIONS)
    return team.requires_grad_(False)


def shown(alive: Tensor, links: Tensor, seed: int = 0) -> TimeStep:
    """A time step whose observations are noise; `alive` [B,N], `links` [B,N,N]."""
    batch, num_agents = alive.shape
    generator = torch.Generator().manual_seed(seed)
    zeros = torch.zeros(batch)
    return TimeStep(
        obs=torch.randn(batch, num_agents, OBS, generator=generator),
        state=torch.zeros(batch, 1),
        available=torch.ones(batch, num_agents, ACTIONS, dtype=torch.bool),
        alive=alive,
        fresh=torch.zeros_like(alive),
        links=links,
        reward=zeros,
        agent_reward=torch.zeros(batch, num_agents),
        done=zeros.bool(),
        success=zeros.bool(),
    )


def everybody(batch: int = 2, num_agents: int = AGENTS) -> tuple[Tensor, Tensor]:
    """All alive, and linked to all others."""
    alive = torch.ones(batch, num_agents, dtype=torch.bool)
    return alive, others_of(alive)


def others_of(alive: Tensor) -> Tensor:
    """The links of those alive, nobody to itself."""
    apart = ~torch.eye(alive.shape[1], dtype=torch.bool)
    return alive[:, :, None] & alive[:, None, :] & apart


def remembering(team: CommNet, batch: int, num_agents: int) -> Carry:
    """A carry with memories of noise."""
    carry = start(team, torch.zeros(batch, 1, dtype=torch.long), num_agents)
    generator = torch.Generator().manual_seed(9)
    return carry._replace(
        memory=torch.randn(carry.memory.shape, generator=generator),
        m_in=torch.randn(carry.m_in.shape, generator=generator),
    )


def talk(team: CommNet, carry: Carry, timestep: TimeStep) -> tuple:
    generator = torch.Generator().manual_seed(0)
    return communicate(team, carry, timestep, CLEAN, generator)


def listen(team: CommNet, heard: Tensor, links: Tensor) -> Tensor:
    nothing = torch.zeros(*heard.shape[:2], 1)
    return team.listen(nothing, nothing, heard, links)


def test_a_listener_hears_the_mean_of_those_it_is_linked_to():
    team = new_team(message_size=2)
    heard = torch.tensor([[[1.0, 10.0], [2.0, 20.0], [6.0, 60.0]]])
    links = torch.tensor(
        [[[False, True, True], [True, False, False], [False, False, False]]]
    )
    expected = [[[4.0, 40.0], [1.0, 10.0], [0.0, 0.0]]]
    assert listen(team, heard, links).tolist() == expected


def test_nobody_hears_itself():
    team, (alive, links) = new_team(), everybody()
    heard = torch.randn(*alive.shape, team.message_size)
    before = listen(team, heard, links)
    for speaker in range(AGENTS):
        louder = heard.clone()
        louder[:, speaker] += 100.0
        changed = (listen(team, louder, links) != before).any(-1)  # [B,N]
        assert not changed[:, speaker].any()
        assert changed.sum(1).tolist() == [AGENTS - 1] * len(alive)


def test_the_dead_neither_speak_nor_hear():
    team = new_team()
    alive, _ = everybody()
    alive[:, 1] = False
    timestep, carry = shown(alive, others_of(alive)), remembering(team, 2, AGENTS)
    after, wire, scores = talk(team, carry, timestep)
    assert (wire.sent[:, 1] == 0).all()
    assert (after.m_in[:, 1] == 0).all()
    # What a dead agent remembers reaches nobody, and its silence does not count in
    # the mean of the others.
    haunted = carry.memory.clone()
    haunted[:, 1] = 50.0
    _, _, haunted_scores = talk(team, carry._replace(memory=haunted), timestep)
    living = [0, 2, 3, 4]
    assert torch.equal(haunted_scores[:, living], scores[:, living])
    others = wire.sent[:, [2, 3, 4]].mean(1)
    torch.testing.assert_close(after.m_in[:, 0], others)


def test_agents_may_be_renumbered():
    team, (alive, links) = new_team(), everybody()
    alive[0, 3] = False
    links = others_of(alive)
    links[1, 0, 2] = False  # not every pair is in range
    timestep, carry = shown(alive, links), remembering(team, 2, AGENTS)
    order = torch.tensor([3, 0, 4, 1, 2])
    turned = timestep._replace(
        **{
            name: getattr(timestep, name)[:, order]
            for name in ("obs", "available", "alive", "fresh", "agent_reward")
        },
        links=timestep.links[:, order][:, :, order],
    )
    turned_carry = carry._replace(
        memory=carry.memory[:, order], m_in=carry.m_in[:, order]
    )
    after, _, scores = talk(team, carry, timestep)
    turned_after, _, turned_scores = talk(team, turned_carry, turned)
    torch.testing.assert_close(turned_scores, scores[:, order])
    torch.testing.assert_close(turned_after.m_in, after.m_in[:, order])


def test_what_is_seen_now_is_said_one_step_later():
    team, (alive, links) = new_team(), everybody(1)
    first, second = shown(alive, links, seed=1), shown(alive, links, seed=2)
    other = first._replace(obs=first.obs.clone())
    other.obs[:, 0] += 1.0
    carry = remembering(team, 1, AGENTS)
    after, wire, _ = talk(team, carry, first)
    other_after, other_wire, _ = talk(team, carry, other)
    assert torch.equal(wire.sent, other_wire.sent)
    assert torch.equal(after.m_in, other_after.m_in)
    _, wire, _ = talk(team, after, second)
    _, other_wire, _ = talk(team, other_after, second)
    assert not torch.equal(wire.sent[:, 0], other_wire.sent[:, 0])


@pytest.mark.parametrize("delay", [1, 3])
def test_a_further_delay_holds_messages_back(delay):
    team, (alive, links) = new_team(delay=delay), everybody(1)
    carry, sent, heard = start(team, torch.zeros(1, 1).long(), AGENTS), [], []
    for t in range(6):
        carry, wire, _ = talk(team, carry, shown(alive, links, seed=t))
        sent.append(listen(team, wire.sent, links))
        heard.append(carry.m_in)
    assert all((m_in == 0).all() for m_in in heard[:delay])
    for said, m_in in zip(sent, heard[delay:], strict=False):
        assert torch.equal(said, m_in)


def test_fresh_agents_remember_nothing():
    team, (alive, links) = new_team(), everybody()
    timestep = shown(alive, links)
    timestep = timestep._replace(fresh=torch.ones_like(alive))
    carry = remembering(team, 2, AGENTS)
    zero = map_tensors(torch.zeros_like, carry)
    after, _, scores = talk(team, carry, timestep)
    expected, _, expected_scores = talk(team, zero, timestep)
    assert torch.equal(after.memory, expected.memory)
    assert torch.equal(scores, expected_scores)


def test_unavailable_actions_have_no_probability():
    team = new_team()
    available = torch.tensor([True, False, True, False]).expand(2, AGENTS, -1)
    probs = team.act(torch.randn(2, AGENTS, team.memory_size), available).softmax(-1)
    assert (probs[~available] == 0).all()
    assert (probs[available] > 0).all()


@pytest.mark.parametrize(
    ("field", "value"), [("message_size", 0), ("memory_size", 0), ("delay", -1)]
)
def test_sizes_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be "):
        CommNetConfig(**{field: value})


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_make_team_takes_the_sizes_of_the_task(name):
    spec = Echo().spec
    team = make_team(name, {"memory_size": 5}, spec)
    assert team.memory_size == 5
    obs = torch.zeros(2, spec.num_agents, spec.obs_size)
    memory = torch.zeros(2, spec.num_agents, team.memory_size)
    said = team.speak(obs, memory, torch.Generator())
    assert said.shape == (2, 2, team.message_size)
    heard = team.listen(obs, memory, said, torch.ones(2, 2, 2, dtype=torch.bool))
    assert heard.shape == (2, 2, team.heard_size)
    assert team.think(obs, heard, memory).shape == (2, 2, 5)
    available = torch.ones(2, spec.num_agents, spec.num_actions, dtype=torch.bool)
    assert team.act(memory, available).shape == (2, 2, 2)


def test_an_unknown_backbone_is_refused():
    with pytest.raises(ValueError, match="backbone is 'mute'"):
        make_team("mute", {}, Echo().spec)
