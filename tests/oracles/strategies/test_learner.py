"""The training loop: returns of a stream, and whose reward is whose."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from games.engine.play import Outcome, Step, collect
from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.learning.config import PPOConfig
from oracles.learning.randomness import make_generators
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.best_response import new_policy
from oracles.strategies.config import OracleConfig, Recipe
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.learner import Learner, Task
from oracles.strategies.setting import Setting, malicious_agents
from tests.hand_made import CAUGHT, FewGames, Liar, Mouthwash, Parrots

CPU = torch.device("cpu")
# Discount 0 and no critic: an advantage plus a value is the reward itself.
MYOPIC = PPOConfig(gamma=0.0, gae_lambda=0.0, num_minibatches=2)
ORACLE = OracleConfig(env_steps=200, num_envs=4, num_steps=10, ppo=MYOPIC)
SETTING = Setting(Echo(), Parrots(3), Threat(malicious=CAUGHT), CAUGHT)


ATTACKER = Recipe(Side.ATTACKER, "gaussian", AttackConfig(), "ppo", ORACLE)
DEFENDER = Recipe(Side.DEFENDER, "two_stage", FilterConfig(), "ppo", ORACLE)


def learner(
    recipe: Recipe,
    setting: Setting = SETTING,
    opponent=None,
    *,
    oracle: OracleConfig = ORACLE,
    stop: float | None = None,
) -> Learner:
    generators = make_generators(CPU, 0)
    policy = new_policy(setting, *recipe[:3], generators.policy)
    if opponent is None:
        opponent = NoFilter() if recipe is ATTACKER else Liar()
    task = Task(setting, recipe.side, opponent, generators, stop)
    return Learner(policy, task, oracle)


def rollout_of(me: Learner) -> Step:
    """One step more than a rollout, as `train` collects it."""
    steps = me._stream(me.task.channel(me.policy))
    return collect(steps.play(), me.oracle.num_steps + 1)


@pytest.mark.parametrize(
    ("recipe", "opponent", "sign"),
    [(ATTACKER, NoFilter(), -1.0), (DEFENDER, NoAttack(), 1.0)],
)
def test_the_attacks_reward_is_the_negative_team_reward(recipe, opponent, sign):
    me = learner(recipe, opponent=opponent)
    rollout = rollout_of(me)
    told = me._experience(rollout).target
    paid = sign * rollout.reward[:-1, :, None].expand_as(told)
    torch.testing.assert_close(told, paid)
    assert rollout.reward.any()


def test_the_step_after_the_last_bootstraps_and_is_not_learned_from():
    ppo = replace(MYOPIC, gamma=0.5, gae_lambda=0.0)
    me = learner(DEFENDER, opponent=NoAttack(), oracle=replace(ORACLE, ppo=ppo))
    rollout = rollout_of(me)
    told = me._experience(rollout)
    assert told.value.shape == (ORACLE.num_steps, ORACLE.num_envs, 2)
    following = rollout.wire.defence.value[1:]
    going = ~rollout.done[:-1, :, None]
    expected = rollout.reward[:-1, :, None] + 0.5 * going * following
    torch.testing.assert_close(told.target, expected)


def test_an_attack_learns_from_malicious_agents_only():
    me = learner(ATTACKER)
    rollout = rollout_of(me)
    told = me._experience(rollout)
    spoken = rollout.wire.attack.log_prob[:-1, :, :1]
    assert torch.equal(told.log_prob, spoken)
    assert (told.weight == 1).all()
    now = me._evaluate(told.inputs)
    torch.testing.assert_close(now.log_prob, told.log_prob, rtol=1e-4, atol=1e-4)


def test_a_filter_learns_from_every_living_sender_attacked_or_not():
    for attack in (NoAttack(), Liar()):
        me = learner(DEFENDER, opponent=attack)
        told = me._experience(rollout_of(me))
        assert told.weight.shape[-1] == 2
        assert (told.weight == 1).all()
        expected = float(isinstance(attack, Liar))
        assert (told.inputs.forged[..., 0] == expected).all()
        assert (told.inputs.forged[..., 1] == 0).all()


def test_malicious_agents_are_the_runs_own_or_drawn_for_each_episode():
    generator = torch.Generator().manual_seed(0)
    assert malicious_agents(SETTING, 3, generator).tolist() == [[0]] * 3
    anyone = SETTING._replace(malicious=None)
    drawn = malicious_agents(anyone, 200, generator)
    assert set(drawn.flatten().tolist()) == {0, 1}
    held = rollout_of(learner(ATTACKER, anyone)).carry.malicious
    assert (held != held[:1]).any()


def test_the_worlds_of_two_trainings_of_one_seed_are_the_same():
    one, other = make_generators(CPU, 3), make_generators(CPU, 3)
    assert torch.equal(
        torch.rand(5, generator=one.world), torch.rand(5, generator=other.world)
    )
    assert not torch.equal(
        torch.rand(5, generator=one.world), torch.rand(5, generator=one.policy)
    )


@pytest.mark.parametrize("other", [(2**32, 0), (0, 1), (128, 0)])
def test_seeds_that_share_their_last_bits_have_worlds_of_their_own(other):
    one, two = make_generators(CPU, 0, 0), make_generators(CPU, *other)
    assert not torch.equal(
        torch.rand(5, generator=one.world), torch.rand(5, generator=two.world)
    )


def test_one_line_of_finite_metrics_per_update_with_its_axes():
    lines = []
    me = learner(ATTACKER)
    me.train(lines.append)
    assert [line["update"] for line in lines] == [1, 2, 3, 4]
    assert [line["env_steps"] for line in lines] == [44, 84, 124, 164]
    last = lines[-1]
    wanted = {"approx_kl", "clip_fraction", "explained_variance", "distortion"}
    assert {f"attack/{key}" for key in wanted} <= set(last)
    assert last["attack/distortion"] > 0
    assert 0 <= last["team/return_mean"] <= 8
    assert me.oracle.updates == 4


class Counted(Echo):
    """Echo that counts the steps of all of its worlds; every episode is 9 long."""

    played = 0

    def transition(self, state, action, noise):
        self.played += len(action)
        return super().transition(state, action, noise)


@pytest.mark.parametrize("stop", [None, -1e9, 1e9])
@pytest.mark.parametrize("recipe", [ATTACKER, DEFENDER], ids=["attack", "filter"])
def test_every_step_that_is_played_is_counted_tests_included(recipe, stop):
    env, lines = Counted(), []
    oracle = replace(ORACLE, env_steps=4_000)
    learner(recipe, SETTING._replace(env=env), oracle=oracle, stop=stop).train(
        lines.append
    )
    assert lines[-1]["env_steps"] == env.played
    one_test = 128 * 9
    if stop is None:
        assert oracle.env_steps - 40 < env.played <= oracle.env_steps
        assert len(lines) == oracle.updates
    elif stop < 0:
        assert oracle.env_steps - 40 < env.played <= oracle.env_steps + one_test
    else:
        assert env.played == 84 + one_test


def test_a_step_that_bootstraps_is_the_first_of_the_next_rollout(monkeypatch):
    rollouts = []
    learn = Learner._experience
    monkeypatch.setattr(
        Learner, "_experience", lambda me, r: rollouts.append(r) or learn(me, r)
    )
    learner(ATTACKER).train(None)
    assert len(rollouts) == 4
    for one, following in pairwise(rollouts):
        assert torch.equal(one.timestep.obs[-1], following.timestep.obs[0])
        assert torch.equal(one.wire.sent[-1], following.wire.sent[0])
        assert len(one.reward) == ORACLE.num_steps + 1


def test_what_a_filter_caught_is_counted_by_hand():
    class Half(Mouthwash):
        """Flags the speaker in worlds 0 and 1, the listener in world 0."""

        def decide(self, view, memory, generator):
            verdict = super().decide(view, memory, generator)
            flag = torch.zeros_like(verdict.decision.choice)
            flag[0, 0] = flag[1, 0] = flag[0, 1] = 1.0
            return verdict._replace(decision=verdict.decision._replace(choice=flag))

    me = learner(ATTACKER, opponent=Half((), 0.0))
    shown = me._diagnostics(rollout_of(me))
    assert shown["filter/recall"] == pytest.approx(2 / 4)
    assert shown["filter/false_positive_rate"] == pytest.approx(1 / 4)
    assert shown["filter/precision"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("field", ["env_steps", "num_envs", "num_steps"])
def test_a_budget_of_nothing_is_refused_by_name(field):
    with pytest.raises(ValueError, match=f"^{field} is 0, must be at least 1$"):
        OracleConfig(**{field: 0})


def test_fewer_environments_than_minibatches_are_refused():
    with pytest.raises(ValueError, match="num_envs is 2, must be at least"):
        OracleConfig(num_envs=2, ppo=PPOConfig(num_minibatches=3))


def test_a_look_at_the_threshold_takes_a_few_games_and_leaves_none_behind(
    monkeypatch,
):
    monkeypatch.setattr("oracles.strategies.learner._EPISODES_BETWEEN", 0.1)
    setting = SETTING._replace(env=FewGames())
    oracle = replace(ORACLE, env_steps=800)
    me, lines = learner(ATTACKER, setting, stop=-1e9, oracle=oracle), []
    me.train(lines.append)
    assert len(lines) > 2
    assert me._test_every() == 1


def test_where_games_are_few_whole_episodes_are_played_between_two_looks(monkeypatch):
    setting, looks, lines = SETTING._replace(env=FewGames()), [], []
    me = learner(ATTACKER, setting, stop=-1e9)
    played = torch.zeros(1)
    monkeypatch.setattr(
        Task,
        "test",
        lambda *_: looks.append(len(lines) + 1) or Outcome(*[played] * 5),
    )
    monkeypatch.setattr("oracles.strategies.learner._EPISODES_BETWEEN", 2)
    me.train(lines.append)
    steps = looks[0] * ORACLE.num_steps
    assert steps >= 2 * setting.env.spec.episode_limit
    assert len(looks) > 1
