"""Liars that are taught beside a filter: who they are, and how they learn, on Echo."""

import copy
from typing import Any

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import NoAttack
from oracles.learning.randomness import make_generators
from oracles.strategies.attacks.config import NetworkConfig
from oracles.strategies.best_response import new_policy
from oracles.strategies.guided.network import NetworkAttack
from oracles.strategies.guided.teaching import Pupil
from oracles.strategies.liars.taught import RADII, Taught
from oracles.strategies.supervised import _School, train_by_labels
from oracles.strategies.task import Task
from tests.oracles.strategies.guided.test_guided import (
    ENV,
    LENGTH,
    SETTING,
)
from tests.oracles.strategies.test_supervised import shares

STEPS = 100 * LENGTH


def network(radius: float | None, seed: int = 7) -> NetworkAttack:
    torch.manual_seed(seed)
    return NetworkAttack.new(SETTING, NetworkConfig(radius=radius))


def weights(policy: Any) -> torch.Tensor:
    return parameters_to_vector(policy.parameters()).detach().clone()


def task(opponent: Any = None, seed: int = 0) -> Task:
    generators = make_generators(ENV.device, seed)
    return Task(SETTING, Side.DEFENDER, opponent or NoAttack(), generators)


def new_filter() -> Any:
    generator = torch.Generator().manual_seed(0)
    return new_policy(SETTING, Side.DEFENDER, "tracking", None, generator)


def test_each_reaches_less_far_and_the_last_that_is_known_is_where_it_begins():
    older, newer, frozen = network(1.0, 1), network(1.0, 2), network(2.0, 3)
    frozen.requires_grad_(False)
    known = Mixture(
        [NoAttack(), older, Mixture([newer, frozen], [0.5, 0.5])], [0.2, 0.2, 0.6]
    )
    liars = [pupil.policy for pupil in Taught.after(task(known), STEPS)[0].pupils]
    assert tuple(liar.config.radius for liar in liars) == RADII
    by_radius = dict(zip(RADII, liars, strict=True))
    assert torch.equal(weights(by_radius[1.0]), weights(newer))
    assert torch.equal(weights(by_radius[2.0]), weights(frozen))
    assert not torch.equal(weights(by_radius[0.5]), weights(newer))
    assert all(leaf.requires_grad for each in liars for leaf in each.parameters())
    assert not any(leaf.requires_grad for leaf in frozen.parameters())


def test_they_have_their_share_and_what_was_played_for_them_counts():
    budget = shares(taught_fraction=0.8, benign_fraction=0.2, env_steps=64 * LENGTH)
    school = _School.of(task(), budget)
    assert (
        torch.tensor(school.shares).tolist()
        == torch.tensor([0.2, 0, 0, 0, *[0.2] * 4]).tolist()
    )
    lines: list[Any] = []
    train_by_labels(new_filter(), task(), budget, lines.append)
    beforehand = 2 * 3 * LENGTH  # a tenth of the budget, in thirds
    assert lines[0]["env_steps"] == beforehand + budget.num_envs * LENGTH
    assert {"filter/taught_harm", "filter/taught_logit"} <= {*lines[0]}


def test_they_learn_and_the_filter_learns_nothing_from_their_slopes():
    filter_ = new_filter()
    before = copy.deepcopy(filter_.state_dict())
    school = _School.of(task(), shares(taught_fraction=1.0))
    own = [weights(pupil.policy) for pupil in school.taught.pupils]
    school.play(filter_)
    for pupil, then in zip(school.taught.pupils, own, strict=True):
        assert not torch.equal(weights(pupil.policy), then)
    assert all(
        torch.equal(leaf, before[name]) for name, leaf in filter_.state_dict().items()
    )
    assert all(leaf.grad is None for leaf in filter_.parameters())


class Deaf:
    """Somebody else's team, whose actions have no slope in what it hears."""

    def __init__(self, team: Any) -> None:
        self.team = team

    def __getattr__(self, name: str) -> Any:
        return getattr(self.team, name)

    def act(self, memory: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
        return self.team.act(memory.detach(), available).detach()


def test_without_a_slope_they_stay_as_they_are():
    deaf = SETTING._replace(team=Deaf(SETTING.team))
    school = _School.of(task()._replace(setting=deaf), shares(taught_fraction=1.0))
    school.play(new_policy(deaf, Side.DEFENDER, "norm"))
    assert all(isinstance(pupil, Pupil) for pupil in school.taught.pupils)


def test_who_is_found_out_again_and_again_starts_anew_with_the_same_reach():
    taught, _ = Taught.after(task(), STEPS)
    before = [*taught.pupils]

    def renewed(*logits: float | None) -> list[int]:
        for pupil, logit in zip(taught.pupils, logits, strict=True):
            pupil._seen = [] if logit is None else [torch.tensor([2.0, logit])]
        told = taught.renew()
        known = [logit for logit in logits if logit is not None]
        assert told["filter/taught_harm"] == 2.0
        assert told["filter/taught_logit"] == pytest.approx(sum(known) / len(known))
        return [p for p in range(4) if taught.pupils[p] is not before[p]]

    for _ in range(5):
        assert renewed(-1.0, 1.0, None, 3.0) == []
    assert renewed(-1.0, 1.0, 5.0, -0.1) == [1]  # the last found back
    for _ in range(5):
        assert renewed(-1.0, 1.0, None, 3.0) == [1]
    assert renewed(-1.0, None, None, 3.0) == [1, 3]
    assert tuple(each.policy.config.radius for each in taught.pupils) == RADII
