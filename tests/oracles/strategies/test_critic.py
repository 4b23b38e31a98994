"""The attack's critic: what it sees, where it learns, and that nobody plays with it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from games.engine.play import collect
from games.engine.side import Side
from games.engine.strategy import NoFilter
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.learning.config import PPOConfig
from oracles.learning.ppo import Evaluation, Experience, ppo_loss
from oracles.learning.randomness import make_generators
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.best_response import new_policy
from oracles.strategies.config import OracleConfig
from oracles.strategies.critic import Critic, elapsed_steps
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.learner import Learner
from oracles.strategies.setting import Setting
from oracles.strategies.task import Task
from tests.hand_made import CAUGHT, Parrots

SETTING = Setting(Echo(), Parrots(2), Threat(malicious=CAUGHT), CAUGHT)
ORACLE = OracleConfig(env_steps=20_000, num_envs=64, num_steps=4, ppo=PPOConfig())


def learner(
    threat: Threat = SETTING.threat,
    oracle: OracleConfig = ORACLE,
    env: Any = SETTING.env,
    **scales: float,
) -> Learner:
    setting = SETTING._replace(threat=threat, env=env)
    generators = make_generators("cpu", 0)
    config = AttackConfig(hidden=16, **scales)
    policy = new_policy(setting, Side.ATTACKER, "gaussian", config, generators.policy)
    return Learner(policy, Task(setting, Side.ATTACKER, NoFilter(), generators), oracle)


def test_the_steps_of_an_episode_are_counted_from_rollout_to_rollout():
    done = torch.zeros(5, 2, dtype=torch.bool)
    done[1, 0] = done[4, 1] = True
    first = elapsed_steps(torch.tensor([7.0, 0.0]), done)
    assert first.T.tolist() == [[7, 8, 0, 1, 2], [0, 1, 2, 3, 4]]
    # The last step is the first of the next rollout.
    assert elapsed_steps(first[-1], done[-1:]).tolist() == [[2, 4]]


def test_a_critic_sees_the_state_the_clock_and_what_the_malicious_agent_sees():
    me = learner()
    critic = me.critic
    rollout = collect(me._begin(me.task.channel(me.policy)), 10)
    elapsed = elapsed_steps(torch.zeros(64), rollout.done)
    seen = critic.seen(rollout, elapsed)
    sizes = [9, 3, 1, 3, 1, 2, 2]
    clock, state, mean, obs, memory, m_in, sent = seen.split(sizes, -1)
    assert seen.shape[:3] == (10, 64, 1)
    assert torch.equal(state[:, :, 0], rollout.timestep.state)
    steps = [*range(9), 0]  # an episode is 9 long
    assert clock[:, 5, 0].argmax(-1).tolist() == steps
    assert torch.equal(clock.sum(-1), torch.ones(10, 64, 1))
    assert torch.equal(obs[:, :, 0], rollout.timestep.obs[:, :, 0])
    # What an agent of the episode before remembered is not seen.
    assert torch.equal(memory[1:9, :, 0], rollout.carry.memory[1:9, :, 0])
    assert (memory[9] == 0).all()
    torch.testing.assert_close(mean[1:9, :, 0], rollout.carry.memory[1:9].mean(2))
    net = critic.net(seen).squeeze(-1)
    left = torch.tensor([1 - step / 9 for step in steps])[:, None, None]
    torch.testing.assert_close(critic(seen), 10.0 * left * net)
    assert torch.equal(sent[:, :, 0], rollout.wire.sent[:, :, 0])
    assert m_in.isfinite().all()


class Timeless(Echo):
    """Echo whose state tells nothing."""

    def observe(self, state):
        seen = super().observe(state)
        return seen._replace(state=torch.zeros_like(seen.state))


def test_a_critic_knows_what_is_left_though_a_rollout_sees_few_steps():
    """A team that is left alone earns 1 at each of the steps 1 to 8."""
    ppo = replace(ORACLE.ppo, gamma=1.0, learning_rate=3e-3)
    scales = {"noise_scale": 1e-6, "mean_scale": 1e-6}
    me = learner(oracle=replace(ORACLE, ppo=ppo), env=Timeless(), **scales)
    me.train(None)
    rollout = collect(me._begin(me.task.channel(me.policy)), 9)
    elapsed = elapsed_steps(torch.zeros(64), rollout.done)
    value = me.critic(me.critic.seen(rollout, elapsed)).mean((1, 2))
    left = -torch.tensor([8.0, 8, 7, 6, 5, 4, 3, 2, 1])
    torch.testing.assert_close(value.detach(), left, atol=0.5, rtol=0.0)


def test_values_are_learnt_where_the_attacker_may_do_nothing_and_no_lie_is():
    me = learner(Threat(malicious=CAUGHT, rate=0.5))
    told = me._experience(
        collect(me._begin(me.task.channel(me.policy)), ORACLE.num_steps + 1)
    )
    assert (told.judged == 1).all()
    assert 0 < told.weight.mean() < 1
    assert me._elapsed.tolist() == [ORACLE.num_steps] * 64
    now = me._evaluate(told.inputs)
    torch.testing.assert_close(now.value, told.value)


def test_a_loss_counts_values_where_they_are_judged_and_decisions_where_they_weigh():
    zero, weight = torch.zeros(1, 2, 1), torch.tensor([[[1.0], [0.0]]])
    now = Evaluation(zero, zero, zero, torch.zeros(()))
    wrong = 10.0 * (1.0 - weight)  # where nothing was decided
    past = Experience(zero, zero, zero, wrong, wrong, weight, torch.ones(1, 2, 1))
    losses = ppo_loss(now, past, ORACLE.ppo, 0.0)[1]
    assert losses["value_loss"].item() == 0.25
    assert losses["policy_loss"].item() == 0.0
    losses = ppo_loss(now, past._replace(judged=weight), ORACLE.ppo, 0.0)[1]
    assert losses["value_loss"].item() == 0.0


def test_a_critic_is_drawn_from_the_trainings_generator_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one, other = learner().critic, learner().critic
    assert torch.equal(torch.get_rng_state(), before)
    for weight, same in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(weight, same)


def test_what_is_stored_has_no_critic_and_older_files_with_one_play_as_before():
    me = learner()
    frozen = freeze(me.policy)
    assert not any("critic" in name for name in frozen.tensors)
    shape = {"critic.weights.0": np.ones((1, 5, 3), np.float32)}
    old = frozen._replace(tensors={**frozen.tensors, **shape})
    assert freeze(thaw(old)).digest() == frozen.digest()
    with pytest.raises(ValueError, match="do not fit"):
        thaw(
            frozen._replace(tensors={**frozen.tensors, "surprise": shape.popitem()[1]})
        )
    assert isinstance(me.critic, Critic)
