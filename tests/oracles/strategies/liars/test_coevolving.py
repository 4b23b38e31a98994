"""Liars that are bred beside a filter: who has children, and who lies, on Echo."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from games.engine.channel import Channel
from games.engine.play import Outcome, Stream, collect
from games.engine.population import Mixture
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.strategies.attacks.config import FakeConfig
from oracles.strategies.attacks.fake_self import FakeSelf
from oracles.strategies.config import SupervisedConfig
from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.liars import BRED, RATED
from oracles.strategies.liars.coevolving import Coevolving, new_liar
from oracles.strategies.setting import Setting
from oracles.strategies.supervised import _School
from tests.hand_made import CAUGHT, Parrots
from tests.oracles.strategies.test_supervised import BUDGET, shares, task, trained
from tests.oracles.strategies.test_watching import Hesitant

KNOWING = Threat(malicious=CAUGHT, knowledge="white_box")
SETTING = Setting(Echo(), Parrots(2), KNOWING, CAUGHT)
LENGTH = SETTING.env.spec.episode_limit


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def liar(seed: int, setting: Setting = SETTING) -> FakeSelf:
    found = new_liar(setting)
    with torch.no_grad():
        for each in found.parameters():
            each.normal_(generator=generator(seed))
    return found


def weights(policy: Any) -> torch.Tensor:
    return parameters_to_vector(policy.parameters()).detach()


def after(opponent: Any = None) -> Coevolving:
    return Coevolving.after(SETTING, generator(), opponent or NoAttack())


def rated(monkeypatch, harm: Any, suspicion: Any) -> None:
    """Outcomes by hand: the first is of who tells the truth."""

    def play(_, __, weights_):
        count = len(weights_)
        returns, suspected = torch.full((count, 1), 8.0), torch.zeros(count, 1)
        returns[1 : 1 + len(harm), 0] -= torch.tensor(harm)
        suspected[1 : 1 + len(harm), 0] = torch.tensor(suspicion)
        zero = torch.zeros(count, 1)
        length = torch.ones(count, 1)
        return Outcome(returns, zero, length, zero, suspected)

    monkeypatch.setattr(Coevolving, "_play", play)


def test_who_hurts_and_is_not_suspected_has_children(monkeypatch):
    bred = after()
    before = bred.weights.clone()
    # The first hurts most but is known; the others by harm times doubt.
    harm = [8.0, *(7.0 - 0.5 * k for k in range(8)), 4.0]
    rated(monkeypatch, harm, [1.0, *[0.0] * 8, 0.5])
    said = bred.breed(NoFilter())
    assert torch.equal(bred.weights[:8], before[1:9])
    assert torch.equal(bred.liars[:9], torch.cat([before[1:9], before[9:10]]))
    assert said.harm == pytest.approx(sum(harm[1:9]) / 8)
    assert (said.suspicion, said.env_steps) == (0.0, len(before) + 1)
    children = bred.weights[8 : BRED - 8]
    nearest = torch.cdist(children, bred.weights[:8]).min(1).values
    size = before.shape[1] ** 0.5
    assert (nearest < 0.5 * size).all()  # a third of a standard deviation a weight
    assert (nearest > 0.1 * size).all()
    fresh = torch.cdist(bred.weights[-8:], bred.weights[:8]).min(1).values
    assert (fresh > 0.8 * size).all()


def test_a_generation_is_rated_while_the_filter_watches():
    bred, muzzle = after(), Hesitant(CAUGHT, 0.0)
    said = bred.breed(muzzle)
    assert said.suspicion == pytest.approx(0.5)
    assert said.harm > 0.0  # what is flagged was heard
    assert said.env_steps == (4 * BRED + 1) * RATED * LENGTH
    assert len(bred.weights) == BRED
    assert bred.breed(muzzle).env_steps == (BRED + 1) * RATED * LENGTH


def test_generations_hurt_more():
    bred = after()
    first = bred.breed(NoFilter()).harm
    for _ in range(10):
        last = bred.breed(NoFilter()).harm
    assert last > first + 1.0


def test_liars_of_the_opponent_are_founders():
    known, other = liar(1), FakeSelf.new(SETTING, FakeConfig(hidden=2))
    opponent = Mixture([NoAttack(), Mixture([known, other], [0.5, 0.5])], [0.2, 0.8])
    found = after(opponent)
    assert torch.equal(found.weights[0], weights(known))
    assert len(found.weights) == 1 + len(after().weights)


def test_each_environment_has_a_liar_of_its_own():
    bred = after()
    bred.breed(NoFilter())
    seated = bred.seat(64)
    size = seated.shift.shape[-1]
    drawn = {tuple(row.tolist()) for row in seated.shift[:, 0]}
    known = {tuple(row.tolist()) for row in bred.liars[:, size : 2 * size]}
    assert 1 < len(drawn) <= BRED // 2
    assert drawn <= known
    stream = Stream(
        *(SETTING.env, SETTING.team, Channel(seated, NoFilter(), KNOWING)),
        malicious=torch.zeros(64, 1, dtype=torch.long),
        world_generator=generator(),
        generator=generator(),
    )
    step = collect(stream.play(), LENGTH)
    assert (step.wire.tampered != step.wire.sent).any()


def test_they_have_their_share_of_the_worlds_and_their_steps_count(monkeypatch):
    budget = shares(coevolving_fraction=0.5, benign_fraction=0.5, env_steps=1)
    school = _School.of(task(), budget)
    assert school.shares == pytest.approx((0.5, 0.0, 0.0, 0.0, 0.5))
    _, lines = trained(None, replace(budget, env_steps=60_000))
    first = BUDGET.num_envs * LENGTH + (4 * BRED + 1) * RATED * LENGTH
    each = BUDGET.num_envs * LENGTH + (BRED + 1) * RATED * LENGTH
    told = [line["env_steps"] for line in lines]
    assert told[:2] == [first, first + each]
    assert told[-1] <= 60_000
    assert budget.worlds * LENGTH == each
    assert {"filter/bred_harm", "filter/bred_suspicion"} <= {*lines[-1]}


def test_none_are_bred_where_none_are_asked_for():
    budget = shares(made_up_fraction=0.5)
    assert _School.of(task(), budget).bred is None
    assert budget.worlds == budget.num_envs


def test_a_filter_that_is_taught_by_them_finds_what_random_lies_do_not_teach():
    def suspicion(**fields):
        budget = shares(benign_fraction=0.3, learning_rate=1e-2, **fields)
        filter_, _ = trained(None, budget, TrackingConfig(gate=0.0))
        bred = after()
        return [bred.breed(filter_) for _ in range(6)][-1].suspicion

    taught = suspicion(coevolving_fraction=0.7, env_steps=25 * 328 * LENGTH)
    plain = suspicion(fake_fraction=0.7, env_steps=25 * 64 * LENGTH)
    assert taught > plain + 0.1


def test_more_worlds_than_there_are_are_refused():
    with pytest.raises(
        ValueError, match=r"^coevolving_fraction is 0\.5, must be at mo"
    ):
        SupervisedConfig(coevolving_fraction=0.5, made_up_fraction=0.4)
