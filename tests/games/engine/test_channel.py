"""The channel: what reaches whom, bit for bit."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from games.engine.channel import NoAttack, NoFilter, Wire, transmit
from games.engine.env import TimeStep
from oracles.strategies.config import Threat
from oracles.strategies.threat import bend, project
from tests.hand_made import Attacker, Mouthwash, a_timestep

BATCH, AGENTS, SIZE = 3, 4, 5


class Fixed(Attacker):
    """Tampers by the rules of a threat, with deltas that are given."""

    def __init__(self, threat: Threat, delta: Tensor, unit: float = 1.0) -> None:
        super().__init__(0.0)
        self.threat, self.delta, self.unit = threat, delta, unit

    def apply(self, sent: Tensor, choice: Tensor) -> Tensor:
        bent = bend(sent, self.delta, self.threat)
        if self.threat.cap is None:
            return bent
        return project(bent, sent, torch.tensor(self.threat.cap * self.unit))


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def everyone() -> TimeStep:
    return a_timestep(torch.ones(BATCH, AGENTS, dtype=torch.bool))


def pass_on(
    attack=None,
    filter_=None,
    timestep: TimeStep | None = None,
    captured: Tensor | None = None,
    sent: Tensor | None = None,
) -> Wire:
    timestep = everyone() if timestep is None else timestep
    if captured is None:
        captured = torch.tensor([[0], [2], [3]])
    if sent is None:
        sent = noise(BATCH, AGENTS, SIZE)
    memory = noise(BATCH, AGENTS, 2, seed=1)
    return transmit(
        *(timestep, memory, memory, sent, captured),
        *(attack or NoAttack(), filter_ or NoFilter(), torch.Generator()),
    )


def held(captured: Tensor) -> Tensor:
    return torch.zeros(BATCH, AGENTS).scatter(1, captured, 1.0) > 0


def test_without_attack_and_filter_what_is_heard_is_what_was_sent():
    wire = pass_on()
    assert torch.equal(wire.heard, wire.sent)
    assert torch.equal(wire.tampered, wire.sent)
    assert not wire.forged.any()
    assert not wire.attack.active.any()
    assert not wire.defence.active.any()


def test_an_attack_bends_the_captured_messages_and_they_are_called_forged():
    captured = torch.tensor([[0], [2], [3]])
    wire = pass_on(Attacker(10.0), captured=captured)
    assert torch.equal(wire.forged, held(captured))
    assert torch.equal(wire.tampered[wire.forged], wire.sent[wire.forged] + 10.0)
    assert torch.equal(wire.heard, wire.tampered)


@given(
    st.lists(st.permutations(range(AGENTS)), min_size=BATCH, max_size=BATCH),
    st.integers(1, AGENTS),
)
def test_benign_messages_leave_unchanged_whatever_the_attack_makes_of_them(order, k):
    captured = torch.tensor(order)[:, :k]
    wire = pass_on(Attacker(10.0, others=float("nan")), captured=captured)
    benign = ~held(captured)
    assert torch.equal(wire.heard[benign], wire.sent[benign])
    assert wire.heard.isfinite().all()


def test_a_filter_replaces_the_flagged_messages_and_no_others():
    wire = pass_on(Attacker(10.0), Mouthwash((1, 2), float("nan")))
    assert wire.heard[:, [1, 2]].isnan().all()
    assert torch.equal(wire.heard[:, [0, 3]], wire.tampered[:, [0, 3]])


def test_a_filter_sees_what_the_attack_made():
    class Witness(Mouthwash):
        def decide(self, tampered, alive, generator):
            self.saw = tampered
            return super().decide(tampered, alive, generator)

    filter_ = Witness((), 0.0)
    wire = pass_on(Attacker(10.0), filter_)
    assert torch.equal(filter_.saw, wire.tampered)
    assert not torch.equal(filter_.saw, wire.sent)


def test_an_inactive_flag_replaces_nothing():
    class Bystander(Mouthwash):
        def decide(self, tampered, alive, generator):
            decision = super().decide(tampered, alive, generator)
            return decision._replace(active=torch.zeros_like(alive))

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
        captured=torch.tensor([[0], [1], [2]]),
        sent=sent,
    )
    assert (wire.heard[~alive] == 0).all()
    assert wire.forged.nonzero().tolist() == [[2, 2]]
    assert (wire.heard[alive] == 5).all()


def test_a_convex_mixture_of_weight_zero_is_the_identity():
    threat = Threat(mode="convex", mix_weight=0.0)
    delta = 100.0 * noise(BATCH, AGENTS, SIZE, seed=2)
    wire = pass_on(Fixed(threat, delta))
    assert wire.forged.any()
    assert torch.equal(wire.heard, wire.sent)


def test_a_convex_mixture_of_weight_one_forgets_what_was_sent():
    delta = noise(BATCH, AGENTS, SIZE, seed=2)
    wire = pass_on(Fixed(Threat(mode="convex", mix_weight=1.0), delta))
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
    wire = pass_on(Fixed(threat, delta, unit))
    free = pass_on(Fixed(Threat(mode=mode), delta))
    distance = (wire.tampered - wire.sent).norm(dim=-1)
    wanted = (free.tampered - free.sent).norm(dim=-1)
    expected = wanted.clamp(max=cap * unit)
    torch.testing.assert_close(distance, expected)
    inside = wanted < cap * unit
    assert torch.equal(wire.tampered[inside], free.tampered[inside])


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
        ("captured", (0, 0)),
        ("mode", "product"),
        ("mix_weight", 1.5),
        ("cap", 0.0),
    ],
)
def test_a_threat_that_makes_no_sense_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"^{field} is .*, must be "):
        Threat(**{field: value})
