"""The channel: what reaches whom, bit for bit."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from games.engine.channel import (
    Channel,
    Memories,
    Wire,
    bend,
    delta_of,
    project,
    transmit,
)
from games.engine.env import TimeStep
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.view import AttackView, Moment, gather_agents
from tests.hand_made import Attacker, Mouthwash, Parrots, a_timestep

BATCH, AGENTS, SIZE = 3, 4, 5


class Fixed(Attacker):
    """Wants deltas that are given."""

    def __init__(self, delta: Tensor) -> None:
        super().__init__(0.0)
        self.given = delta

    def delta(self, view: AttackView) -> Tensor:
        return gather_agents(self.given, view.agents)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def everyone() -> TimeStep:
    return a_timestep(torch.ones(BATCH, AGENTS, dtype=torch.bool))


def pass_on(
    attack=None,
    filter_=None,
    timestep: TimeStep | None = None,
    malicious: Tensor | None = None,
    sent: Tensor | None = None,
    threat: Threat | None = None,
    unit: float = 1.0,
) -> Wire:
    timestep = everyone() if timestep is None else timestep
    if malicious is None:
        malicious = torch.tensor([[0], [2], [3]])
    if sent is None:
        sent = noise(BATCH, AGENTS, SIZE)
    memory = noise(BATCH, AGENTS, 2, seed=1)
    channel = Channel(attack or NoAttack(), filter_ or NoFilter(), threat or Threat())
    team = Parrots(SIZE)
    team.message_norm = torch.tensor(unit)
    wire, _ = transmit(
        Moment(team, timestep, memory, memory, sent, malicious),
        channel,
        *(Memories.blank(channel, malicious, AGENTS), torch.Generator()),
    )
    return wire


def held(malicious: Tensor) -> Tensor:
    return torch.zeros(BATCH, AGENTS).scatter(1, malicious, 1.0) > 0


def test_without_attack_and_filter_what_is_heard_is_what_was_sent():
    wire = pass_on()
    assert torch.equal(wire.heard, wire.sent)
    assert torch.equal(wire.tampered, wire.sent)
    assert not wire.forged.any()
    assert not wire.attack.active.any()
    assert not wire.defence.active.any()


def test_an_attack_bends_the_malicious_messages_and_they_are_called_forged():
    malicious = torch.tensor([[0], [2], [3]])
    wire = pass_on(Attacker(10.0), malicious=malicious)
    assert torch.equal(wire.forged, held(malicious))
    assert torch.equal(wire.tampered[wire.forged], wire.sent[wire.forged] + 10.0)
    assert torch.equal(wire.heard, wire.tampered)


@given(
    st.lists(st.permutations(range(AGENTS)), min_size=BATCH, max_size=BATCH),
    st.integers(1, AGENTS),
)
def test_benign_messages_leave_unchanged_whatever_the_attack_makes_of_them(order, k):
    malicious = torch.tensor(order)[:, :k]
    wire = pass_on(Attacker(float("nan")), malicious=malicious)
    benign = ~held(malicious)
    assert torch.equal(wire.heard[benign], wire.sent[benign])
    assert torch.equal(wire.heard.isnan().all(-1), held(malicious))


def test_an_attack_that_is_inactive_bends_nothing_not_even_to_nan():
    class Shy(Attacker):
        def decide(self, view, memory, generator):
            forgery = super().decide(view, memory, generator)
            idle = torch.zeros_like(forgery.decision.active)
            return forgery._replace(decision=forgery.decision._replace(active=idle))

    wire = pass_on(Shy(float("nan")))
    assert torch.equal(wire.heard, wire.sent)
    assert not wire.forged.any()


def test_a_filter_replaces_the_flagged_messages_and_no_others():
    wire = pass_on(Attacker(10.0), Mouthwash((1, 2), float("nan")))
    assert wire.heard[:, [1, 2]].isnan().all()
    assert torch.equal(wire.heard[:, [0, 3]], wire.tampered[:, [0, 3]])


def test_a_filter_sees_what_the_attack_made():
    class Witness(Mouthwash):
        def decide(self, view, memory, generator):
            self.saw = view.messages
            return super().decide(view, memory, generator)

    filter_ = Witness((), 0.0)
    wire = pass_on(Attacker(10.0), filter_)
    assert torch.equal(filter_.saw, wire.tampered)
    assert not torch.equal(filter_.saw, wire.sent)


def test_an_inactive_flag_replaces_nothing():
    class Bystander(Mouthwash):
        def decide(self, view, memory, generator):
            verdict = super().decide(view, memory, generator)
            idle = torch.zeros_like(view.alive)
            return verdict._replace(decision=verdict.decision._replace(active=idle))

    wire = pass_on(filter_=Bystander((0, 1, 2, 3), 9.0))
    assert torch.equal(wire.heard, wire.sent)


def test_the_dead_are_neither_forged_nor_flagged():
    alive = torch.ones(BATCH, AGENTS, dtype=torch.bool)
    alive[0, 0] = alive[1, 1] = False
    sent = noise(BATCH, AGENTS, SIZE).masked_fill(~alive[..., None], 0.0)
    wire = pass_on(
        Attacker(10.0),
        Mouthwash((0, 1, 2, 3), 5.0),
        a_timestep(alive),
        malicious=torch.tensor([[0], [1], [2]]),
        sent=sent,
    )
    assert (wire.heard[~alive] == 0).all()
    assert wire.forged.nonzero().tolist() == [[2, 2]]
    assert (wire.heard[alive] == 5).all()


def test_a_convex_mixture_of_weight_zero_is_the_identity():
    threat = Threat(mode="convex", mix_weight=0.0)
    delta = 100.0 * noise(BATCH, AGENTS, SIZE, seed=2)
    wire = pass_on(Fixed(delta), threat=threat)
    assert wire.forged.any()
    assert torch.equal(wire.heard, wire.sent)


def test_a_convex_mixture_of_weight_one_forgets_what_was_sent():
    delta = noise(BATCH, AGENTS, SIZE, seed=2)
    threat = Threat(mode="convex", mix_weight=1.0)
    wire = pass_on(Fixed(delta), threat=threat)
    assert torch.equal(wire.heard[wire.forged], delta[wire.forged])


def test_the_two_ways_to_bend_a_message_by_hand():
    sent, delta = torch.tensor([1.0, -2.0]), torch.tensor([4.0, 8.0])
    assert bend(sent, delta, Threat(mode="sum")).tolist() == [5, 6]
    convex = Threat(mode="convex", mix_weight=0.75)
    assert bend(sent, delta, convex).tolist() == [3.25, 5.5]


@pytest.mark.parametrize("mode", ["sum", "convex"])
@pytest.mark.parametrize("cap", [0.1, 1.0, 10.0])
def test_no_message_is_bent_further_than_the_cap(mode, cap):
    threat = Threat(mode=mode, cap=cap)
    delta = 3.0 * noise(BATCH, AGENTS, SIZE, seed=2)
    unit = 2.0
    wire = pass_on(Fixed(delta), threat=threat, unit=unit)
    free = pass_on(Fixed(delta), threat=Threat(mode=mode))
    distance = (wire.tampered - wire.sent).norm(dim=-1)
    wanted = (free.tampered - free.sent).norm(dim=-1)
    expected = wanted.clamp(max=cap * unit)
    torch.testing.assert_close(distance, expected)
    inside = wanted < cap * unit
    assert torch.equal(wire.tampered[inside], free.tampered[inside])


@pytest.mark.parametrize("mode", ["sum", "convex"])
def test_a_delta_for_an_offset_moves_the_message_by_it(mode):
    threat, sent = Threat(mode=mode, mix_weight=0.25), noise(BATCH, SIZE)
    offset = noise(BATCH, SIZE, seed=2)
    bent = bend(sent, delta_of(sent, offset, threat), threat)
    torch.testing.assert_close(bent - sent, offset)


def test_the_cap_shortens_and_does_not_turn():
    sent, bent = torch.tensor([1.0, 1.0]), torch.tensor([4.0, 5.0])
    capped = project(bent, sent, torch.tensor(2.5))
    torch.testing.assert_close(capped, torch.tensor([2.5, 3.0]))


def test_a_message_that_was_not_bent_passes_the_cap_unchanged():
    sent = noise(BATCH, SIZE)
    assert torch.equal(project(sent, sent, torch.tensor(0.1)), sent)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_malicious", 0),
        ("malicious", (0, 0)),
        ("mode", "product"),
        ("mix_weight", 1.5),
        ("cap", 0.0),
        ("rate", 0.0),
        ("rate", 1.1),
        ("knowledge", "all"),
    ],
)
def test_a_threat_that_makes_no_sense_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"^{field} is .*, must be "):
        Threat(**{field: value})


@pytest.mark.parametrize(
    "threat",
    [
        Threat(),
        Threat(num_malicious=2, malicious=(2, 0), mode="convex", mix_weight=0.5),
        Threat(redraw_malicious=True, cap=2.0, rate=0.5, knowledge="white_box"),
    ],
)
def test_a_threat_comes_back_from_plain_data(threat):
    assert Threat.from_plain(json.loads(json.dumps(threat.to_plain()))) == threat


def test_a_threat_of_the_first_policies_is_told_as_they_told_it():
    # Else all digests change, and with them the seeds of what the policies play.
    assert json.dumps(Threat(malicious=(1,)).to_plain()) == (
        '{"num_malicious": 1, "captured": [1], "redraw_captured": false, "mode": "sum",'
        ' "mix_weight": 0.9, "cap": null}'
    )
