"""The three terms of eq. 2 for a filter with a memory: each by hand, and learnt."""

from dataclasses import replace
from typing import Any

import torch

from games.engine.channel import Channel
from games.engine.play import Step, Stream, collect
from games.engine.side import Side
from oracles.learning.ppo import gae
from oracles.strategies.best_response import new_policy
from oracles.strategies.config import SupervisedConfig
from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.filters.drawing import flags_log_prob, odds_of
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.lessons import Objective
from oracles.strategies.supervised import train_by_labels
from tests.hand_made import Attacker, Liar
from tests.oracles.strategies.test_supervised import ENV, SETTING, shares, task

LENGTH = ENV.spec.episode_limit


def new(how: str = "learned", **fields: Any) -> Any:
    config = TrackingConfig(hidden=16, replace=how, **fields)
    generator = torch.Generator().manual_seed(0)
    return new_policy(SETTING, Side.DEFENDER, "tracking", config, generator)


def an_objective(filter_: Any = None, **fields: Any) -> Objective:
    budget = SupervisedConfig(num_envs=64, **fields)
    return Objective.of(filter_ or new(), task(), budget)


def rollout(objective: Objective, attack: Any = None, steps: int = LENGTH) -> Step:
    stream = Stream(
        *(ENV, SETTING.team, Channel(attack or Attacker(3.0), objective.player())),
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
    train_by_labels(new(gate=0.0), task(Attacker(3.0)), budget, lines.append)
    assert lines[0]["filter/distance"] > 0.8
    assert lines[-1]["filter/distance"] < 0.2


def test_without_ppo_no_flag_is_drawn_and_nothing_else_is():
    me = an_objective()
    assert me.critic is None
    assert me.player() is me.policy
    before = me.task.generators.policy.get_state()
    again = an_objective().task.generators.policy.get_state()
    assert torch.equal(before, again)
    assert me.lesson(rollout(me)).past == ()


def test_what_ppo_is_told_of_a_rollout():
    torch.manual_seed(0)
    me = an_objective(stirred(new("best")), beta1=0.0, ppo_coef=0.5)
    steps = rollout(me, Liar(), LENGTH + 3)
    flag = steps.wire.defence.choice
    assert 0.05 < flag.mean() < 0.95
    lesson = me.lesson(steps)
    past = lesson.past
    odds = odds_of(me.policy, me.policy.unroll(lesson.inputs).logit, lesson.counted)
    wanted = flags_log_prob(odds, flag, 1)[:-1, :, None]
    torch.testing.assert_close(past.log_prob, wanted.detach())
    elapsed = (torch.arange(LENGTH + 3) % LENGTH)[:, None].expand(-1, 64)
    value = me.critic(me.critic.seen(steps, elapsed)).detach()
    # Nothing is learnt of the last step: its value bootstraps.
    paid, done = steps.reward[:-1, :, None], steps.done[:-1, :, None]
    advantage, target = gae(paid, value[:-1], value[-1], done, 0.97, 0.9)
    torch.testing.assert_close(past.advantage, advantage)
    torch.testing.assert_close(past.target, target)
    assert (past.weight == 1).all()
    # At first nothing has changed: the ratio is 1.
    loss, stats = me.loss(lesson)
    assert stats["approx_kl"].abs() < 1e-6
    surrogate = stats["policy_loss"] + 0.5 * stats["value_loss"]
    torch.testing.assert_close(loss, 0.5 * surrogate)


def test_returns_alone_teach_whom_to_flag():
    """Of a liar's word the opposite is true, so a coin is better: twice the return."""
    budget = shares(env_steps=40 * 64 * LENGTH, learning_rate=1e-2)
    budget = replace(budget, beta1=0.0, ppo_coef=1.0, redraw=False)
    lines: list[Any] = []
    filter_ = new("best")
    train_by_labels(filter_, task(Liar()), budget, lines.append)
    assert lines[-1]["filter/recall"] > 0.8 > 0.4 > lines[0]["filter/recall"]
    frozen = thaw(freeze(filter_))
    one, other = (rollout(an_objective(frozen), Liar()) for _ in range(2))
    assert torch.equal(one.wire.defence.choice, other.wire.defence.choice)
    # All but the first word of an episode, which tells nothing.
    assert one.wire.defence.choice[1:, :, 0].mean() > 0.9
