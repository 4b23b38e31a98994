"""The supervised terms of eq. 2 for a filter with a memory: by hand, and learnt."""

from typing import Any

import torch

from games.engine.channel import Channel
from games.engine.play import Step, Stream, collect
from games.engine.side import Side
from oracles.strategies.best_response import new_policy
from oracles.strategies.config import SupervisedConfig
from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.lessons import Objective
from oracles.strategies.supervised import train_by_labels
from tests.hand_made import Attacker
from tests.oracles.strategies.test_supervised import ENV, SETTING, shares, task

LENGTH = ENV.spec.episode_limit


def new(how: str = "learned", **fields: Any) -> Any:
    config = TrackingConfig(hidden=16, replace=how, **fields)
    generator = torch.Generator().manual_seed(0)
    return new_policy(SETTING, Side.DEFENDER, "tracking", config, generator)


def an_objective(filter_: Any = None, **fields: Any) -> Objective:
    budget = SupervisedConfig(num_envs=64, **fields)
    return Objective(filter_ or new(), task(), budget)


def rollout(objective: Objective, attack: Any = None, steps: int = LENGTH) -> Step:
    stream = Stream(
        *(ENV, SETTING.team, Channel(attack or Attacker(3.0), objective.policy)),
        malicious=torch.zeros(64, 1, dtype=torch.long),
        world_generator=torch.Generator().manual_seed(0),
        generator=torch.Generator().manual_seed(1),
    )
    return collect(stream.play(), steps)


def stirred(filter_: Any) -> Any:
    with torch.no_grad():
        for parameter in filter_.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return filter_


def test_beta1_and_beta2_weigh_likelihood_and_distance():
    torch.manual_seed(0)
    filter_ = stirred(new())
    steps = rollout(an_objective())
    for repairs in ("bent", "all"):
        me = an_objective(filter_, beta1=0.7, beta2=0.3, repairs=repairs)
        loss, stats = me.loss(me.lesson(steps))
        now = filter_.unroll(filter_.inputs(steps))
        guilty = torch.tensor([1.0, 0.0])  # who lies at every step, and who never does
        belief = torch.where(guilty > 0, now.logit.sigmoid(), (-now.logit).sigmoid())
        off = ((now.repaired - steps.wire.sent) / filter_.std).square().mean(-1)
        distance = off[..., 0].mean() if repairs == "bent" else off.mean()
        torch.testing.assert_close(loss, -0.7 * belief.log().mean() + 0.3 * distance)
        torch.testing.assert_close(stats["distance"], distance)


def test_where_nothing_is_learnt_of_repairs_they_cost_nothing():
    me = an_objective(new("best"), beta1=0.0, beta2=9.0)
    loss, stats = me.loss(me.lesson(rollout(me)))
    assert loss.item() == 0
    assert stats == {}


def test_a_message_is_mended_where_a_lie_can_be_undone():
    """The lie adds 3: who says 2 meant -1, who says 4 meant 1."""
    lines: list[Any] = []
    budget = shares(env_steps=25 * 64 * LENGTH, learning_rate=1e-2)
    train_by_labels(new(), task(Attacker(3.0)), budget, lines.append)
    assert lines[0]["filter/distance"] > 0.8
    assert lines[-1]["filter/distance"] < 0.2
