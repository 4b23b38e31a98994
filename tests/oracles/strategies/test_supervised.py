"""The oracle that learns from true labels: who learns what, from whom, on Echo."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from games.engine.channel import Channel
from games.engine.play import Stream, collect
from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import NoAttack
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.learning.randomness import make_generators
from oracles.strategies import supervised
from oracles.strategies.best_response import new_policy
from oracles.strategies.config import LIARS_SHARES, SupervisedConfig
from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.lessons import Objective, lied
from oracles.strategies.liars.made_up import MadeUp
from oracles.strategies.setting import Setting
from oracles.strategies.supervised import train_by_labels
from oracles.strategies.task import Task
from tests.hand_made import CAUGHT, Attacker, Parrots

ENV = Echo()
SETTING = Setting(ENV, Parrots(2), Threat(malicious=CAUGHT), CAUGHT)
BUDGET = SupervisedConfig(env_steps=64 * 9, num_envs=64)


def new(setting: Setting = SETTING, config: TrackingConfig | None = None) -> Any:
    generator = torch.Generator().manual_seed(0)
    return new_policy(setting, Side.DEFENDER, "tracking", config, generator)


def task(opponent: Any = None, seed: int = 0) -> Task:
    generators = make_generators(ENV.device, seed)
    return Task(SETTING, Side.DEFENDER, opponent or NoAttack(), generators)


def trained(
    opponent: Any, budget: SupervisedConfig, config: TrackingConfig | None = None
) -> tuple[Any, list[Any]]:
    filter_, lines = new(config=config), []
    train_by_labels(filter_, task(opponent), budget, lines.append)
    return filter_, lines


@pytest.fixture
def rollouts(monkeypatch):
    """All that is learned from."""
    seen = []
    own = Objective.lesson

    def watched(objective, rollout):
        lesson = own(objective, rollout)
        seen.append((rollout, lesson))
        return lesson

    monkeypatch.setattr(Objective, "lesson", watched)
    return seen


def shares(**fields: Any) -> SupervisedConfig:
    none = ("benign_fraction", *LIARS_SHARES)
    return replace(BUDGET, **{**dict.fromkeys(none, 0.0), **fields})


def test_it_learns_to_tell_a_liar_from_the_honest():
    budget = shares(env_steps=25 * 64 * 9, benign_fraction=0.3, learning_rate=1e-2)
    _, lines = trained(Attacker(3.0), budget)
    assert lines[-1]["filter/loss"] < 0.2 * lines[0]["filter/loss"]
    assert lines[-1]["filter/recall"] > 0.95
    assert lines[-1]["filter/false_positive_rate"] < 0.05


@pytest.mark.parametrize("redraw", [True, False])
def test_the_liar_is_drawn_for_each_world_unless_it_is_not_to_be(redraw, rollouts):
    trained(Attacker(3.0), shares(redraw=redraw))
    held = rollouts[0][0].carry.malicious
    assert {*held.flatten().tolist()} == ({0, 1} if redraw else {0})


class Once(Attacker):
    """Lies in the second step of an episode alone."""

    memory_size = 1

    def decide(self, view, memory, generator):
        forgery = super().decide(view, memory, generator)
        delta = forgery.decision.choice * (memory[..., None, 0] == 1)
        decision = forgery.decision._replace(choice=delta)
        return forgery._replace(decision=decision, memory=memory + 1.0)


def test_who_has_lied_is_guilty_until_the_episode_ends():
    length = ENV.spec.episode_limit

    def guilt(offset: float) -> Any:
        stream = Stream(
            *(ENV, Parrots(2), Channel(Once(offset))),
            malicious=torch.zeros(8, 1, dtype=torch.long),
            world_generator=torch.Generator().manual_seed(0),
            generator=torch.Generator().manual_seed(1),
        )
        return lied(collect(stream.play(), 2 * length), torch.tensor(2.0**0.5))

    guilty = guilt(0.3)
    wanted = torch.arange(2 * length) % length > 0
    assert torch.equal(guilty[..., 0], wanted[:, None].expand(-1, 8))
    assert not guilty[..., 1].any()
    assert not guilt(0.1).any()  # a tenth of a norm is no lie


def test_where_nobody_is_the_opponent_the_liars_have_its_part():
    budget = SupervisedConfig(
        benign_fraction=0.2,
        made_up_fraction=0.3,
        fake_fraction=0.1,
        coevolving_fraction=0.0,
        taught_fraction=0.0,
    )
    for opponent in (NoAttack(), Mixture([NoAttack()], [1.0])):
        found = supervised._School.of(task(opponent), budget).shares
        assert found == pytest.approx((0.2, 0.6, 0.2, 0.0))
    liar = Mixture([NoAttack(), Attacker(1.0)], [0.5, 0.5])
    found = supervised._School.of(task(liar), budget).shares
    assert found == pytest.approx((0.2, 0.3, 0.1, 0.4))


def test_each_opponent_plays_its_share_of_the_worlds(rollouts):
    budget = shares(benign_fraction=0.5, num_envs=4000, env_steps=1)
    trained(Attacker(3.0), budget)
    lied = rollouts[0][1].guilty.any(-1).any(0).float().mean()
    assert abs(lied - 0.5) < 5 * 0.5 / 4000**0.5


def test_a_rollout_is_one_episode_and_the_budget_is_kept():
    _, lines = trained(None, shares(env_steps=3 * 64 * 9 + 1, made_up_fraction=0.5))
    assert [line["env_steps"] for line in lines] == [576, 1152, 1728]


def test_a_loss_that_is_not_finite_leaves_the_weights_as_they_were():
    filter_ = new()
    before = {name: leaf.clone() for name, leaf in filter_.state_dict().items()}
    own = filter_.unroll

    def broken(inputs):
        now = own(inputs)
        return now._replace(logit=now.logit * float("nan"))

    filter_.unroll = broken
    with pytest.raises(FloatingPointError, match="training stopped: loss is nan"):
        train_by_labels(filter_, task(), BUDGET, None)
    after = filter_.state_dict()
    assert all(torch.equal(leaf, after[name]) for name, leaf in before.items())


def test_more_worlds_than_there_are_are_refused():
    with pytest.raises(
        ValueError, match=r"^fake_fraction is 0\.6, must be at most 0\.5"
    ):
        SupervisedConfig(benign_fraction=0.2, made_up_fraction=0.3, fake_fraction=0.6)


def test_families_that_are_left_out_are_not_told(monkeypatch):
    told = []
    own = MadeUp.new.__func__

    def watched(cls, setting, config=None):
        made = own(cls, setting, config)
        told.append(made.config.families)
        return made

    monkeypatch.setattr(MadeUp, "new", classmethod(watched))
    for families in (None, ("mirror", "noise")):
        trained(None, shares(made_up_fraction=1.0, families=families))
        assert told.pop() == families
