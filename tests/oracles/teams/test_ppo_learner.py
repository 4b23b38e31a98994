"""The loss of a team: what is re-unrolled is what was played."""

import pytest
import torch

from games.engine.channel import CLEAN
from games.engine.play import Step, Stream, collect
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.env import PredatorPrey
from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.env import TrafficJunction
from oracles.learning.config import PPOConfig
from oracles.learning.ppo import ppo_update
from oracles.teams.backbones.commnet import CommNet
from oracles.teams.backbones.config import CommNetConfig
from oracles.teams.config import CreditConfig
from oracles.teams.imitation import NO_LABEL
from oracles.teams.ppo_learner import TeamLearner

ENVS = {
    "echo": Echo(EchoConfig(episode_limit=5)),
    # Two prey on a small board are caught now and then: games end at odd times.
    "predator_prey": PredatorPrey(
        PredatorPreyConfig(grid=4, num_prey=1, episode_limit=7)
    ),
}


def new_learner(env, ppo: PPOConfig | None = None) -> TeamLearner:
    torch.manual_seed(0)
    team = CommNet(
        CommNetConfig(message_size=5, memory_size=8),
        obs_size=env.spec.obs_size,
        num_actions=env.spec.num_actions,
    )
    # The policy starts near uniform; here its choices are to depend on what is heard.
    torch.nn.init.normal_(team.policy.weight)
    return TeamLearner(env, team, ppo or PPOConfig(), critic_hidden=8, seed=0)


def played(env, learner: TeamLearner, num_steps: int, skip: int = 3) -> Step:
    """A rollout that starts in the middle of the first game."""
    stream = Stream(
        env,
        learner.team,
        CLEAN,
        malicious=torch.zeros(16, 1, dtype=torch.long),
        world_generator=torch.Generator().manual_seed(1),
        generator=torch.Generator().manual_seed(2),
    )
    steps = stream.play()
    for _ in range(skip):
        next(steps)
    return collect(steps, num_steps + 1)


@pytest.mark.parametrize("name", sorted(ENVS))
def test_re_unrolling_gives_the_log_probabilities_of_the_play(name):
    env = ENVS[name]
    learner = new_learner(env)
    rollout = played(env, learner, 12)
    assert rollout.done[:-1].any()  # memories are cleared on the way
    experience = learner.experience(rollout, None)
    now = learner.evaluate(experience.inputs)
    torch.testing.assert_close(now.log_prob, experience.log_prob)
    torch.testing.assert_close(now.value, experience.value)
    assert now.auxiliary == 0


def test_messages_are_learned_by_what_listeners_do_with_them():
    env = ENVS["echo"]
    learner = new_learner(env)
    experience = learner.experience(played(env, learner, 6), None)
    learner.evaluate(experience.inputs).log_prob[..., 1].sum().backward()
    assert learner.team.message.weight.grad.abs().sum() > 0


def test_the_critic_learns_returns_that_end_with_the_game():
    env = ENVS["echo"]
    learner = new_learner(env, PPOConfig(gamma=0.5, gae_lambda=1.0, value_scale=4.0))
    last = learner.critic[-1]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.constant_(last.bias, 2.0)  # 8 in reward units, always
    rollout = played(env, learner, 7, skip=0)
    experience = learner.experience(rollout, None)
    assert (experience.value == 8.0).all()
    reward = rollout.reward
    # The game ends with step 4; what follows it does not count before.
    assert experience.target[4].tolist() == reward[4, :, None].expand(-1, 2).tolist()
    torch.testing.assert_close(
        experience.target[2, :, 0], reward[2] + 0.5 * reward[3] + 0.25 * reward[4]
    )
    # The rollout ends with step 6; the critic says what comes then.
    torch.testing.assert_close(experience.target[6, :, 1], reward[6] + 0.5 * 8.0)
    torch.testing.assert_close(experience.advantage, experience.target - 8.0)


def test_labels_take_the_place_of_advantages():
    env = ENVS["predator_prey"]
    learner = new_learner(env)
    rollout = played(env, learner, 6)
    label = rollout.timestep.available.float().argmax(-1)
    experience = learner.experience(rollout, label)
    assert (experience.advantage == 0).all()
    inputs = experience.inputs
    now = learner.evaluate(inputs._replace(action=inputs.label))
    assert now.auxiliary.item() == pytest.approx(-now.log_prob.mean().item(), rel=1e-5)
    # The dead are not taught.
    alive = inputs.timestep.alive.clone()
    alive[:, :, 0] = False
    quiet = inputs._replace(timestep=inputs.timestep._replace(alive=alive))
    taught = learner.evaluate(quiet._replace(action=quiet.label))
    expected = -taught.log_prob[:, :, 1:].mean().item()
    assert taught.auxiliary.item() == pytest.approx(expected, rel=1e-5)


def test_the_dead_have_no_weight():
    env = ENVS["echo"]
    learner = new_learner(env)
    rollout = played(env, learner, 4)
    alive = rollout.timestep.alive.clone()
    alive[:, :3, 1] = False
    rollout = rollout._replace(timestep=rollout.timestep._replace(alive=alive))
    assert torch.equal(learner.experience(rollout, None).weight, alive[:-1].float())


def test_without_labels_nothing_is_imitated():
    env = ENVS["echo"]
    learner = new_learner(env)
    experience = learner.experience(played(env, learner, 4), None)
    assert (experience.inputs.label == NO_LABEL).all()


def test_entropy_and_gradients_are_finite_where_actions_are_masked():
    env = ENVS["predator_prey"]
    learner = new_learner(env)
    inputs = learner.experience(played(env, learner, 6), None).inputs
    assert not inputs.timestep.available.all()
    now = learner.evaluate(inputs)
    now.entropy.sum().backward()
    assert now.entropy.isfinite().all()
    assert all(
        p.grad is None or p.grad.isfinite().all() for p in learner.team.parameters()
    )


def test_a_snapshot_restores_weights_and_moments():
    env = ENVS["echo"]
    ppo = PPOConfig(update_epochs=1, num_minibatches=2)
    learner, other = new_learner(env, ppo), new_learner(env, ppo)
    first, second = played(env, learner, 6), played(env, learner, 6, skip=40)

    def update(which: TeamLearner, rollout: Step) -> None:
        experience = which.experience(rollout, None)
        generator = torch.Generator().manual_seed(5)
        ppo_update(
            which.optimizer, which.evaluate, experience, ppo, generator=generator
        )

    update(learner, first)
    saved = learner.snapshot()
    kept = [tensor.clone() for tensor in saved.values()]
    other.restore(saved)
    update(learner, second)
    assert all(map(torch.equal, saved.values(), kept))  # a copy, not a view
    update(other, second)
    again, expected = other.snapshot(), learner.snapshot()
    assert again.keys() == expected.keys()
    assert all(torch.equal(again[key], expected[key]) for key in expected)


def junction_learner(credit: CreditConfig) -> tuple[TrafficJunction, TeamLearner]:
    env = TrafficJunction(TrafficJunctionConfig(num_cars=3, episode_limit=9))
    torch.manual_seed(0)
    team = CommNet(
        CommNetConfig(message_size=5, memory_size=8),
        obs_size=env.spec.obs_size,
        num_actions=env.spec.num_actions,
    )
    ppo = PPOConfig(gamma=0.5, gae_lambda=1.0, value_scale=4.0)
    return env, TeamLearner(env, team, ppo, critic_hidden=8, seed=0, credit=credit)


def silent_critic(learner: TeamLearner) -> None:
    """A critic that says 0, so that value targets are plain returns."""
    torch.nn.init.zeros_(learner.critic[-1].weight)


def test_a_car_s_return_ends_when_it_leaves_or_its_slot_is_another_car():
    env, learner = junction_learner(CreditConfig())
    silent_critic(learner)
    rollout = played(env, learner, 30)
    target = learner.experience(rollout, None).target
    alive, fresh = rollout.timestep.alive, rollout.timestep.fresh
    own, done = rollout.agent_reward, rollout.done[..., None]
    ends = done[:-1] | ~alive[1:] | fresh[1:]
    assert (ends & ~done[:-1] & alive[1:]).any()  # reborn in the very same step
    expected = torch.where(ends[:-1], own[:-2], own[:-2] + 0.5 * target[1:])
    torch.testing.assert_close(target[:-1], expected)


def test_what_follows_a_disaster_does_not_count():
    env, learner = junction_learner(CreditConfig(disaster=-5.0))
    silent_critic(learner)
    rollout = played(env, learner, 30)
    target = learner.experience(rollout, None).target
    disaster = rollout.agent_reward[:-1] <= -5.0
    assert disaster.any()
    assert torch.equal(target[disaster], rollout.agent_reward[:-1][disaster])


def test_a_share_of_what_the_others_earn_counts_as_one_s_own():
    env, learner = junction_learner(CreditConfig(others_share=0.25, disaster=100.0))
    silent_critic(learner)
    rollout = played(env, learner, 30)
    target = learner.experience(rollout, None).target  # every return ends at once
    own = rollout.agent_reward[:-1]
    others = torch.stack([own[..., [1, 2]], own[..., [0, 2]], own[..., [0, 1]]], -2)
    torch.testing.assert_close(target, own + 0.25 * others.sum(-1))


def test_a_critic_of_its_own_judges_each_agent():
    env, learner = junction_learner(CreditConfig(own_critic=True))
    rollout = played(env, learner, 12)
    experience = learner.experience(rollout, None)
    assert (experience.value[..., 0] != experience.value[..., 1]).any()
    now = learner.evaluate(experience.inputs)
    torch.testing.assert_close(now.value, experience.value)
    # It sees its own observation and memory (a new car's is empty), then the mean
    # memory of the cars on the road, then the state.
    judged, size = experience.inputs.judged, env.spec.obs_size
    assert torch.equal(judged[..., :size], rollout.timestep.obs[:-1])
    own = judged[..., size : size + 8]
    assert (own[rollout.timestep.fresh[:-1]] == 0).all()
    alive = rollout.timestep.alive[:-1]
    some = alive.any(-1)
    mean = (own * alive[..., None]).sum(-2)[some] / alive.sum(-1)[some][:, None]
    torch.testing.assert_close(judged[..., 0, size + 8 : size + 16][some], mean)
    assert torch.equal(judged[..., 1, size + 16 :], rollout.timestep.state[:-1])


def test_imitation_can_go_on_beside_ppo():
    env, learner = junction_learner(CreditConfig())
    rollout = played(env, learner, 12)
    label = torch.zeros_like(rollout.action)
    alone = learner.experience(rollout, label)
    beside = learner.experience(rollout, label, imitating=False)
    assert (alone.advantage == 0).all()
    assert (beside.advantage != 0).any()
    assert torch.equal(alone.target, beside.target)
    whole = learner.evaluate(beside.inputs).auxiliary
    half = learner.evaluate(beside.inputs, imitation=0.5).auxiliary
    torch.testing.assert_close(half, 0.5 * whole)


def test_a_credit_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"^others_share is -0.1, must be "):
        CreditConfig(others_share=-0.1)
