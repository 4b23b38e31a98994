"""TarMAC: attention by hand, and what must not depend on the order of agents."""

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from games.engine.channel import Channel
from games.engine.env import TimeStep
from games.engine.strategy import NoAttack
from games.engine.team import Carry, communicate, start
from games.engine.tree import map_tensors
from oracles.teams.backbones.config import TarMACConfig
from oracles.teams.backbones.tarmac import TarMAC
from tests.hand_made import Attacker, a_timestep

OBS, ACTIONS, AGENTS = 3, 4, 5


def new_team(seed: int = 0, **sizes: int) -> TarMAC:
    torch.manual_seed(seed)
    fields = {"signature_size": 3, "value_size": 6, "memory_size": 7, **sizes}
    team = TarMAC(TarMACConfig(**fields), obs_size=OBS, num_actions=ACTIONS)
    # The policy starts near uniform; here its choices are to depend on what is heard.
    torch.nn.init.normal_(team.policy.weight)
    return team.requires_grad_(False)


def shown(alive: Tensor, seed: int = 0) -> TimeStep:
    return a_timestep(alive, obs_size=OBS, num_actions=ACTIONS, seed=seed)


def everybody(batch: int = 2) -> TimeStep:
    return shown(torch.ones(batch, AGENTS, dtype=torch.bool))


def remembering(team: TarMAC, batch: int = 2) -> Carry:
    """A carry with memories of noise."""
    carry = start(team, torch.zeros(batch, 1, dtype=torch.long), AGENTS)
    generator = torch.Generator().manual_seed(9)
    return carry._replace(
        memory=torch.randn(carry.memory.shape, generator=generator),
        m_in=torch.randn(carry.m_in.shape, generator=generator),
    )


def talk(team: TarMAC, carry: Carry, timestep: TimeStep, attack=None) -> tuple:
    generator = torch.Generator().manual_seed(0)
    return communicate(team, carry, timestep, Channel(attack or NoAttack()), generator)


def with_queries(team: TarMAC, query: list[float]) -> TarMAC:
    """Every agent asks the same, whatever it sees."""
    team.query.weight.zero_()
    team.query.bias.copy_(torch.tensor(query))
    return team


def test_attention_and_what_is_heard_by_hand():
    team = with_queries(new_team(signature_size=4, value_size=2), [2.0, 0, 0, 0])
    nothing = torch.zeros(1, 3, OBS), torch.zeros(1, 3, team.memory_size)
    heard = torch.tensor(
        [
            [
                [1.0, 9.0, 9.0, 9.0, 1.0, 0.0],
                [3.0, 9.0, 9.0, 9.0, 0.0, 1.0],
                [5.0, 9.0, 9.0, 9.0, 100.0, 100.0],
            ]
        ]
    )
    links = torch.tensor(
        [[[False, True, False], [True, True, False], [False, False, False]]]
    )
    # Scores are q . k / sqrt(4): the first number of the signature; nobody's is 0.
    e = torch.tensor([0.0, 1.0, 3.0]).exp()
    weights = team.attend(*nothing, heard, links)
    expected = torch.tensor([0, e[2], 0, e[0]]) / (e[2] + e[0])
    torch.testing.assert_close(weights[0, 0], expected)
    expected = torch.tensor([e[1], e[2], 0, e[0]]) / e.sum()
    torch.testing.assert_close(weights[0, 1], expected)
    assert weights[0, 2].tolist() == [0, 0, 0, 1]
    m_in = team.listen(*nothing, heard, links)
    torch.testing.assert_close(m_in[0, 1], torch.stack([e[1], e[2]]) / e.sum())
    assert m_in[0, 2].tolist() == [0, 0]


def test_attention_sums_to_one_over_those_in_reach_and_nobody():
    team, timestep = new_team(), everybody()
    links = timestep.links.clone()
    links[0, 1] = False
    links[1, 2, 3] = False
    memory = remembering(team).memory
    heard = torch.randn(2, AGENTS, team.message_size)
    weights = team.attend(timestep.obs, memory, heard, links)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, AGENTS))
    assert (weights[..., :-1][~links] == 0).all()
    assert (weights[..., :-1][links] > 0).all()


def test_who_hears_what_depends_on_its_query():
    team, timestep = new_team(), everybody(1)
    memory = torch.zeros(1, AGENTS, team.memory_size)
    heard = torch.randn(1, AGENTS, team.message_size)
    m_in = team.listen(timestep.obs, memory, heard, timestep.links)
    other = timestep.obs.clone()
    other[:, 0] += 1.0
    asked = team.listen(other, memory, heard, timestep.links)
    assert not torch.equal(asked[:, 0], m_in[:, 0])
    assert torch.equal(asked[:, 1:], m_in[:, 1:])


def test_nobody_hears_itself():
    team, timestep = new_team(), everybody()
    memory = remembering(team).memory
    heard = torch.randn(2, AGENTS, team.message_size)
    before = team.listen(timestep.obs, memory, heard, timestep.links)
    for speaker in range(AGENTS):
        louder = heard.clone()
        louder[:, speaker] += 5.0
        after = team.listen(timestep.obs, memory, louder, timestep.links)
        changed = (after != before).any(-1)  # [B,N]
        assert not changed[:, speaker].any()
        assert changed.sum(1).tolist() == [AGENTS - 1] * 2


def test_the_message_is_signature_and_value_and_the_query_is_not_in_it():
    team, timestep, carry = new_team(), everybody(), remembering(new_team())
    _, wire, scores = talk(team, carry, timestep)
    size = team.config.signature_size + team.config.value_size
    assert wire.sent.shape == (2, AGENTS, size)
    with_queries(team, [1.0, -2.0, 3.0])
    _, asking, other_scores = talk(team, carry, timestep)
    assert torch.equal(asking.sent, wire.sent)
    assert not torch.equal(other_scores, scores)


def test_an_attack_bends_what_others_hear_and_not_what_the_malicious_agent_hears():
    team, timestep, carry = new_team(), everybody(), remembering(new_team())
    clean, _, scores = talk(team, carry, timestep)
    bent, wire, attacked = talk(team, carry, timestep, Attacker(3.0))
    assert wire.forged.nonzero().tolist() == [[0, 0], [1, 0]]
    # Agent 0 asks, hears and acts as before: its query is no part of the message.
    assert torch.equal(bent.m_in[:, 0], clean.m_in[:, 0])
    assert torch.equal(attacked[:, 0], scores[:, 0])
    assert (bent.m_in[:, 1:] != clean.m_in[:, 1:]).any(-1).all()


def test_the_dead_neither_speak_nor_hear():
    team = new_team()
    alive = torch.ones(2, AGENTS, dtype=torch.bool)
    alive[:, 1] = False
    timestep, carry = shown(alive), remembering(team)
    after, wire, scores = talk(team, carry, timestep)
    assert (wire.sent[:, 1] == 0).all()
    assert (after.m_in[:, 1] == 0).all()
    haunted = carry.memory.clone()
    haunted[:, 1] = 50.0
    _, _, haunted_scores = talk(team, carry._replace(memory=haunted), timestep)
    living = [0, 2, 3, 4]
    assert torch.equal(haunted_scores[:, living], scores[:, living])


def test_agents_may_be_renumbered():
    team = new_team()
    alive = torch.ones(2, AGENTS, dtype=torch.bool)
    alive[0, 3] = False
    timestep, carry = shown(alive), remembering(team)
    timestep.links[1, 0, 2] = False  # not every pair is in range
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
    team, first = new_team(), everybody(1)
    other = first._replace(obs=first.obs.clone())
    other.obs[:, 0] += 1.0
    carry = remembering(team, 1)
    after, wire, _ = talk(team, carry, first)
    other_after, other_wire, _ = talk(team, carry, other)
    assert torch.equal(wire.sent, other_wire.sent)
    assert torch.equal(after.m_in[:, 1:], other_after.m_in[:, 1:])
    _, wire, _ = talk(team, after, first)
    _, other_wire, _ = talk(team, other_after, first)
    assert not torch.equal(wire.sent[:, 0], other_wire.sent[:, 0])


def test_a_further_delay_holds_messages_back():
    team, carry = new_team(delay=2), remembering(new_team(delay=2), 1)
    sent = []
    for t in range(5):
        timestep = shown(torch.ones(1, AGENTS, dtype=torch.bool), seed=t)
        memory = carry.memory
        carry, wire, _ = talk(team, carry, timestep)
        sent.append(wire.sent)
        late = sent[t - 2] if t >= 2 else torch.zeros_like(wire.sent)
        m_in = team.listen(timestep.obs, memory, late, timestep.links)
        assert torch.equal(carry.m_in, m_in)


def test_messages_are_learned_by_what_listeners_do_with_them():
    team, timestep = new_team().requires_grad_(True), everybody()
    _, _, scores = talk(team, remembering(team), timestep)
    scores[:, 1, 0].sum().backward()
    signature, value = team.message.weight.grad.split([3, 6])
    assert signature.abs().sum() > 0
    assert value.abs().sum() > 0
    assert team.query.weight.grad.abs().sum() > 0


def test_gradients_are_finite_where_nobody_is_heard():
    team = new_team().requires_grad_(True)
    timestep = shown(torch.zeros(2, AGENTS, dtype=torch.bool))
    _, _, scores = talk(team, remembering(team), timestep)
    scores.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in team.parameters())


def test_fresh_agents_remember_nothing():
    team, timestep, carry = new_team(), everybody(), remembering(new_team())
    timestep.fresh[:, 2] = True
    after, wire, _ = talk(team, carry, timestep)
    newborn = map_tensors(torch.zeros_like, carry)
    expected, silent, _ = talk(team, newborn, timestep)
    assert torch.equal(wire.sent[:, 2], silent.sent[:, 2])
    assert not torch.equal(wire.sent[:, 1], silent.sent[:, 1])
    assert not torch.equal(after.memory[:, 1], expected.memory[:, 1])


def test_a_step_has_static_shapes_and_waits_for_no_device():
    with FakeTensorMode():
        team = TarMAC(TarMACConfig(), obs_size=OBS, num_actions=ACTIONS)
        alive = torch.ones(2, AGENTS, dtype=torch.bool)
        obs = torch.zeros(2, AGENTS, OBS)
        memory = torch.zeros(2, AGENTS, team.memory_size)
        said = team.speak(obs, memory, torch.Generator())
        m_in = team.listen(obs, memory, said, alive[:, :, None] & alive[:, None])
        thought = team.think(obs, m_in, memory)
        available = torch.ones(2, AGENTS, ACTIONS, dtype=torch.bool)
        assert team.act(thought, available).shape == (2, AGENTS, ACTIONS)


@pytest.mark.parametrize(
    ("field", "value"),
    [("signature_size", 0), ("value_size", 0), ("memory_size", 0), ("delay", -1)],
)
def test_sizes_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be "):
        TarMACConfig(**{field: value})
