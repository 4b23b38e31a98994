"""Training NDQ: it learns to talk, and a resumed training is the same training."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from games.engine.env import TimeStep
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.echo.env import Echo
from oracles.teams.backbones.config import NDQConfig
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.config import NDQTrainingConfig, QConfig, published
from oracles.teams.message_cutting import cut_level
from oracles.teams.ndq_learner import NDQLearner
from oracles.teams.teachers.combat import combat_teacher
from oracles.teams.train_ndq import Explorer, train_ndq
from psro_comm.studies.gate import team_report

ECHO = NDQTrainingConfig(
    env_steps=30_000,
    num_envs=64,
    num_steps=9,
    epsilon=0.05,
    q=QConfig(
        learning_rate=1e-2,
        gamma=0.97,
        c_beta=0.02,
        comm_beta=1e-4,
        update_epochs=2,
        num_minibatches=2,
    ),
)
BATTLE = NDQTrainingConfig(
    env_steps=16 * (6 + 1) * 8,
    num_envs=16,
    num_steps=6,
    checkpoint_every=3,
    q=QConfig(update_epochs=1, num_minibatches=2, target_every=2),
)


def new_team(env: Any, **fields: Any) -> NDQ:
    torch.manual_seed(0)
    spec = env.spec
    return NDQ(
        NDQConfig(**{"memory_size": 16, **fields}),
        obs_size=spec.obs_size,
        num_actions=spec.num_actions,
        num_agents=spec.num_agents,
    )


def trained(env: Any, config: NDQTrainingConfig, seed: int = 0, **more: Any) -> NDQ:
    team = new_team(env, **more.pop("fields", {}))
    train_ndq(env, team, config, seed=seed, **more)
    return team


def same(one: NDQ, other: NDQ) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return all(torch.equal(ours[key], theirs[key]) for key in ours)


def prompter(timestep: TimeStep) -> torch.Tensor:
    """The right answers of Echo, which only the state tells."""
    return timestep.state[:, 1:2].long().expand(-1, 2)


@pytest.fixture(scope="module")
def echo_team() -> NDQ:
    return trained(Echo(), ECHO, teacher=prompter)


def test_a_team_learns_to_talk_on_echo(echo_team):
    report = team_report(Echo(), echo_team, seed=1, episodes=400)
    most = Echo().config.episode_limit - 1
    assert report["return_clean"]["low"] >= 0.97 * most
    # Mute, it names a bit that it cannot know.
    assert report["return_all_muted"]["estimate"] == pytest.approx(most / 2, abs=0.4)


def test_a_trained_team_is_frozen_and_its_messages_are_measured(echo_team):
    assert not echo_team.training
    assert not any(p.requires_grad for p in echo_team.parameters())
    # A message has noise of deviation one in each number, whatever its means.
    assert (echo_team.message_std > 0.9).all()
    assert echo_team.message_norm > 1.5


BATTLES = {
    "imitation, then less of it": {},
    "replay": {"replay": 24, "replay_batch": 8},
    "rmsprop": {"q": replace(BATTLE.q, optimizer="rmsprop")},
}


@pytest.mark.parametrize("name", BATTLES)
def test_a_resumed_training_equals_one_never_stopped(name):
    env = Combat(CombatConfig(step_mul=1, episode_limit=5))
    config = replace(BATTLE, **BATTLES[name])
    teacher = combat_teacher(env)
    saved: list[Any] = []
    whole = trained(
        env, config, teacher=teacher, checkpoint=lambda *parts: saved.append(parts)
    )
    assert [facts["update"] for _, facts in saved] == [3, 6]
    for tensors, facts in saved:
        lines: list[Any] = []
        resumed = trained(
            env,
            config,
            teacher=teacher,
            log=lines.append,
            resume=(tensors, json.loads(json.dumps(facts))),
        )
        assert same(whole, resumed)
        assert lines[0]["update"] == facts["update"] + 1


def test_one_seed_gives_one_team_and_another_seed_another():
    config = replace(ECHO, env_steps=4 * 64 * 9)
    first = trained(Echo(), config, seed=5)
    torch.manual_seed(123)  # the state of the global generator is of no matter
    assert same(first, trained(Echo(), config, seed=5))
    assert not same(first, trained(Echo(), config, seed=6))


def test_a_team_without_messages_is_not_charged_for_them():
    env = Echo()
    before = new_team(env, talks=False)
    after = trained(env, replace(ECHO, env_steps=4 * 64 * 9), fields={"talks": False})
    for (name, old), new in zip(
        before.encode.named_parameters(), after.encode.parameters(), strict=True
    ):
        assert torch.equal(old, new), name


def test_target_networks_wait_and_then_follow():
    env = Echo()
    learner = NDQLearner(env, new_team(env), QConfig(), seed=0)
    with torch.no_grad():
        learner.team.value.bias.add_(1.0)
    assert not torch.equal(learner.target_team.value.bias, learner.team.value.bias)
    learner.copy_to_target()
    assert torch.equal(learner.target_team.value.bias, learner.team.value.bias)


def test_exploration_draws_available_actions_evenly():
    env = Combat(CombatConfig())
    view = env.observe(env.reset(torch.zeros(4000, env.spec.reset_noise)))
    explorer = Explorer(torch.Generator().manual_seed(0), None)
    action = torch.ones(4000, 3, dtype=torch.long)
    assert torch.equal(explorer(view, action), action)
    explorer.epsilon = 1.0
    drawn = explorer(view, action)
    assert view.available.gather(-1, drawn[..., None]).all()
    for agent in range(3):
        allowed = int(view.available[0, agent].sum())
        shares = torch.bincount(drawn[:, agent], minlength=8) / 4000
        wanted = view.available[0, agent] / allowed
        assert ((shares - wanted).abs() < 5 * (0.25 / 4000) ** 0.5).all()


def test_epsilon_falls_over_its_steps():
    config = published(30)
    assert config.epsilon_at(0) == 1.0
    assert config.epsilon_at(10**6) == pytest.approx(0.05)
    half = 25_000 // config.steps_per_update
    assert config.epsilon_at(half) == pytest.approx(0.525, abs=0.01)


def test_cutting_is_measured_after_training():
    env = Echo()
    config = replace(ECHO, env_steps=64 * 9)
    team = trained(env, config, fields={"cut_fraction": 0.5})
    assert torch.equal(team.cut_below, cut_level(env, team, 0.5, seed=0))
    assert team.cut_below > 0
    assert trained(env, config).cut_below == 0


def test_a_loss_that_is_not_finite_stops_the_training():
    env = Echo()
    team = new_team(env)
    with torch.no_grad():
        team.value.weight.fill_(torch.nan)
    with pytest.raises(FloatingPointError, match="training stopped"):
        train_ndq(env, team, replace(ECHO, env_steps=64 * 9), seed=0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("env_steps", 0),
        ("num_envs", 0),
        ("replay", -1),
        ("replay_batch", 0),
        ("checkpoint_every", 0),
        ("imitation_fraction", 1.5),
        ("epsilon", -0.1),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be "):
        NDQTrainingConfig(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("optimizer", "sgd"),
        ("td_lambda", 1.5),
        ("learning_rate", 0.0),
        ("temperature", 0.0),
        ("target_every", 0),
    ],
)
def test_learner_settings_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value!r}, must be "):
        QConfig(**{field: value})
