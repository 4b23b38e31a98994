"""Flags that are drawn: how likely each choice is, and how often it is made."""

from itertools import product

import pytest
import torch
from torch import Tensor

from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.filters.drawing import (
    Drawn,
    draw_flags,
    flags_log_prob,
    odds_of,
)
from oracles.strategies.filters.tracking import TrackingFilter
from tests.oracles.strategies.filters.test_tracking import judge, tracking

AGENTS = 4
MOST = pytest.mark.parametrize("most", [1, 2, 4])


def some_odds(seed: int = 0) -> Tensor:
    luck = torch.Generator().manual_seed(seed)
    return 2.0 * torch.randn(AGENTS, generator=luck)


def choices(most: int) -> Tensor:
    """All flags that may be drawn."""
    found = [each for each in product((0.0, 1.0), repeat=AGENTS) if sum(each) <= most]
    return torch.tensor(found)


def by_hand(odds: Tensor, most: int) -> Tensor:
    """Independent coins, given that no more than so many are heads."""
    flags = choices(most)
    coins = torch.where(flags > 0, odds.sigmoid(), 1.0 - odds.sigmoid()).prod(-1)
    return coins / coins.sum()


@MOST
def test_flags_are_as_likely_as_coins_of_which_some_at_most_are_heads(most):
    odds = some_odds()
    found = flags_log_prob(odds.expand(len(choices(most)), -1), choices(most), most)
    torch.testing.assert_close(found.exp(), by_hand(odds, most))


@MOST
def test_flags_are_drawn_as_often_as_they_are_likely(most):
    odds, draws = some_odds(), 40_000
    luck = torch.Generator().manual_seed(1)
    drawn = draw_flags(odds.expand(draws, AGENTS), most, luck)
    assert drawn.sum(-1).max() == most
    for flags, wanted in zip(choices(most), by_hand(odds, most), strict=True):
        share = (drawn == flags).all(-1).float().mean()
        assert abs(share - wanted) < 5 * (wanted * (1 - wanted) / draws) ** 0.5


@MOST
def test_the_likeliest_flags_are_those_of_play(most):
    filter_ = tracking(AGENTS, most, threshold=0.3)
    alive = torch.ones(9, AGENTS, dtype=torch.bool)
    alive[:4, 2] = False
    logit = torch.stack([some_odds(seed) for seed in range(9)])
    odds = odds_of(filter_, logit, alive)
    every = choices(most)
    likely = flags_log_prob(odds[:, None], every.expand(9, -1, -1), most)
    assert torch.equal(every[likely.argmax(-1)], filter_._flags(logit, alive))


def test_the_dead_are_never_drawn_and_have_no_slope():
    logit = torch.full((500, AGENTS), 9.0, requires_grad=True)
    alive = torch.ones(500, AGENTS, dtype=torch.bool)
    alive[:, 1] = False
    odds = odds_of(tracking(), logit, alive)
    flags = draw_flags(odds, 4, torch.Generator())
    assert (flags[:, 1] == 0).all()
    assert flags[:, [0, 2, 3]].mean() > 0.9
    flags_log_prob(odds, flags, 4).sum().backward()
    assert logit.grad.isfinite().all()
    assert (logit.grad[:, 1] == 0).all()


def test_a_log_probability_has_the_slope_of_its_differences():
    odds = some_odds().double().requires_grad_()
    for flags in choices(2).double():
        torch.autograd.gradcheck(lambda x, f=flags: flags_log_prob(x, f, 2), (odds,))


def test_a_filter_whose_flags_are_drawn_is_else_as_it_was():
    torch.manual_seed(0)
    filter_ = TrackingFilter(
        TrackingConfig(threshold=-2.0), message_size=3, num_agents=4, num_malicious=4
    )
    drawn = Drawn(filter_)
    drawn.reset(torch.ones(5, dtype=torch.bool), torch.Generator())
    sure, luck = judge(filter_).decision, judge(drawn).decision
    assert not torch.equal(sure.choice, luck.choice)
    assert 0.2 < luck.choice.mean() < 0.8  # the logits of an untrained one are -2
    torch.testing.assert_close(sure.suspicion(), luck.suspicion())
    assert drawn.kind == filter_.kind
