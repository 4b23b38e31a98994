"""A frozen two-stage filter does no work that nobody reads."""

from unittest import mock

import torch

from games.engine.view import FilterView
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.filters.two_stage import TwoStageFilter

BATCH, AGENTS, SIZE = 32, 3, 4


def a_filter() -> TwoStageFilter:
    torch.manual_seed(0)
    made = TwoStageFilter(FilterConfig(), message_size=SIZE, num_agents=AGENTS)
    for parameter in made.parameters():  # it repairs something
        torch.nn.init.normal_(parameter, std=0.5)
    return made


def a_view(messages: torch.Tensor) -> FilterView:
    alive = torch.ones(BATCH, AGENTS, dtype=torch.bool)
    links = alive[:, None].expand(-1, AGENTS, -1)
    return FilterView(messages, alive, ~alive, links, None)


def decide(filter_: TwoStageFilter, messages: torch.Tensor):
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        return filter_.decide(
            a_view(messages), torch.zeros(BATCH, AGENTS, 0), generator
        )


def test_what_is_flagged_is_repaired_and_nothing_else():
    filter_, messages = a_filter().eval(), torch.randn(BATCH, AGENTS, SIZE)
    verdict = decide(filter_, messages)
    flagged = verdict.decision.choice > 0
    assert 0 < flagged.sum() < flagged.numel()
    torch.testing.assert_close(
        verdict.repaired[flagged], filter_.repair(messages)[flagged]
    )
    assert torch.equal(verdict.repaired[~flagged], messages[~flagged])


def test_through_messages_that_learn_every_repair_has_its_gradient():
    filter_ = a_filter().eval().requires_grad_(False)
    messages = torch.randn(BATCH, AGENTS, SIZE, requires_grad=True)
    generator = torch.Generator().manual_seed(3)
    memory = torch.zeros(BATCH, AGENTS, 0)
    verdict = filter_.decide(a_view(messages), memory, generator)
    torch.testing.assert_close(verdict.repaired, filter_.repair(messages))


def test_a_frozen_filter_asks_no_critic_and_decides_the_same():
    filter_, messages = a_filter(), torch.randn(BATCH, AGENTS, SIZE)
    learning = decide(filter_.train(), messages)
    assert learning.decision.value.abs().sum() > 0.0
    with mock.patch.object(filter_.critic, "forward", side_effect=AssertionError):
        frozen = decide(filter_.eval(), messages)
    assert frozen.decision.value.abs().sum() == 0.0
    for ours, theirs in zip(frozen.decision[:2], learning.decision[:2], strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(frozen.repaired, learning.repaired)
