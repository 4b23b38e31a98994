"""The gate: what it stops, what is seen of that, and what attacks learn from it."""

import torch

from oracles.strategies.filters.gate import cut, length, sure
from oracles.strategies.filters.tracking import TrackingFilter
from oracles.strategies.recording import Recording
from tests.oracles.strategies.filters.test_tracking import (
    AGENTS,
    BATCH,
    SIZE,
    judge,
    tracking,
)


def gated(furthest: float = 2.0, **config) -> TrackingFilter:
    """A filter that believes nobody to lie, of senders of mean 0 and deviation 1."""
    filter_ = tracking(gate=1.5, **config)
    with torch.no_grad():
        filter_.head[-1].bias.fill_(-30.0)
        filter_.mean.zero_()
        filter_.std.fill_(1.0)
        filter_.furthest.fill_(furthest)
    return filter_


def test_inside_nothing_is_cut_and_outside_all_but_the_direction():
    said = torch.tensor([[3.0, 4.0], [30.0, 40.0]])  # of length 5 and 50, over sqrt 2
    cut_, beyond = cut(said, torch.full((2,), 10.0 / 2**0.5))
    torch.testing.assert_close(cut_, torch.tensor([[3.0, 4.0], [6.0, 8.0]]))
    torch.testing.assert_close(beyond, torch.tensor([-0.5, 4.0]))


def test_beyond_the_gate_it_is_sure_and_surer_the_further():
    logit = torch.full((4,), -7.0)
    beyond = torch.tensor([-0.1, 0.0, 0.5, 50.0], requires_grad=True)
    found = sure(logit, beyond)
    torch.testing.assert_close(found, torch.tensor([-7.0, -7.0, 6.0, 12.0]))
    found.sum().backward()
    torch.testing.assert_close(beyond.grad, torch.tensor([0.0, 0.0, 4.0, 0.0]))
    assert sure(torch.tensor(9.0), torch.tensor(0.5)) == 9.0


def test_the_furthest_liar_is_flagged_though_the_network_believes_all():
    filter_, messages = gated(), torch.randn(BATCH, AGENTS, SIZE).clamp(-1, 1)
    assert not judge(filter_, messages=messages).decision.choice.any()
    far = messages.clone()
    far[:, 2] *= 40.0 / length(far[:, 2])[:, None]
    far[:, 1] *= 4.0 / length(far[:, 1])[:, None]
    flag = judge(filter_, messages=far).decision.choice
    assert flag.tolist() == [[0.0, 0.0, 1.0, 0.0]] * BATCH  # K is 1
    assert judge(filter_, messages=far).decision.suspicion()[:, :3:2].gt(0.9).sum()


def test_what_is_remembered_of_a_message_is_what_fits_through_the_gate():
    filter_, said = gated(), torch.randn(BATCH, AGENTS, SIZE)
    said = said / length(said)[..., None]

    def remembered(how_far: float) -> torch.Tensor:
        unit = torch.ones(AGENTS, 1)
        unit[2] = how_far
        return judge(filter_, messages=said * unit).memory

    torch.testing.assert_close(remembered(3.5), remembered(1000.0))
    assert not torch.allclose(remembered(3.5), remembered(2.9), atol=1e-3)


def test_the_gate_is_set_by_the_clean_message_that_is_furthest():
    said = torch.randn(50, 8, AGENTS, SIZE)
    spoken = torch.ones(50, 8, AGENTS, dtype=torch.bool)
    spoken[:, 1], said[:, 1] = False, 1000.0
    filter_ = tracking().calibrate(Recording(said, spoken, said), 0.01)
    for agent in range(AGENTS):
        own = said[:, :, agent][spoken[:, :, agent]]
        standard = (own - filter_.mean[agent]) / filter_.std[agent]
        torch.testing.assert_close(filter_.furthest[agent], length(standard).max())


def test_a_filter_that_was_made_before_there_was_a_gate_has_none():
    before = tracking(gate=0.0)
    arguments = before.arguments()
    assert "gate" not in arguments["config"]
    again = TrackingFilter.rebuild(arguments)
    again.load_state_dict(before.state_dict())
    messages = 50.0 * torch.randn(BATCH, AGENTS, SIZE)
    torch.testing.assert_close(
        judge(again, messages=messages).memory, judge(before, messages=messages).memory
    )
    assert TrackingFilter.rebuild(tracking().arguments()).config.gate == 1.25
