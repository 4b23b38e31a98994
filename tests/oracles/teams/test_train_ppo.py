"""Training a team: it learns Echo, imitates a hunter, and resumes bit for bit."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from games.environments.echo.env import Echo
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.env import PredatorPrey
from oracles.learning.config import PPOConfig
from oracles.teams.backbones.commnet import CommNet
from oracles.teams.backbones.config import CommNetConfig
from oracles.teams.clean_play import measure_messages
from oracles.teams.config import TeamTrainingConfig
from oracles.teams.teachers import TEACHERS
from oracles.teams.train_ppo import train_team
from psro_comm.studies.gate import team_report

ECHO = TeamTrainingConfig(
    env_steps=30_000,
    num_envs=64,
    num_steps=16,
    critic_hidden=32,
    ppo=PPOConfig(
        learning_rate=3e-3,
        entropy_coef=0.01,
        final_entropy_coef=0.001,
        update_epochs=2,
        num_minibatches=2,
    ),
)
HUNT = TeamTrainingConfig(
    env_steps=32 * (10 + 1) * 40,
    num_envs=32,
    num_steps=10,
    imitation_fraction=0.75,
    critic_hidden=32,
    ppo=PPOConfig(learning_rate=5e-3, update_epochs=8, num_minibatches=1),
)


def new_team(env: Any, seed: int = 0) -> CommNet:
    torch.manual_seed(seed)
    return CommNet(
        CommNetConfig(message_size=8, memory_size=16),
        obs_size=env.spec.obs_size,
        num_actions=env.spec.num_actions,
    )


def trained(env: Any, config: TeamTrainingConfig, seed: int = 0, **more: Any) -> Any:
    """The weights and buffers of a training."""
    team = new_team(env)
    train_team(env, team, config, seed=seed, **more)
    return team


def same(one: CommNet, other: CommNet) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return all(torch.equal(ours[key], theirs[key]) for key in ours)


@pytest.fixture(scope="module")
def echo_team() -> CommNet:
    return trained(Echo(), ECHO)


def test_a_team_learns_to_talk_on_echo(echo_team):
    report = team_report(Echo(), echo_team, seed=1, episodes=400)
    most = Echo().config.episode_limit - 1
    assert report["return_clean"]["low"] >= 0.97 * most
    # Mute, it names a bit that it cannot know.
    assert report["return_all_muted"]["estimate"] == pytest.approx(most / 2, abs=0.4)


def test_a_trained_team_is_frozen(echo_team):
    assert not echo_team.training
    assert not any(p.requires_grad for p in echo_team.parameters())


def test_its_messages_were_measured(echo_team):
    norm, rms = echo_team.message_norm, echo_team.message_rms
    assert norm > 0.1
    # E|m|^2 is the sum of the squares, and at least the square of E|m|.
    assert rms.square().sum() >= norm.square()
    square = echo_team.message_mean.square() + echo_team.message_std.square()
    torch.testing.assert_close(rms.square(), square, rtol=1e-3, atol=1e-5)


def test_the_measures_of_a_constant_message_are_known():
    env = Echo()
    team = new_team(env)
    with torch.no_grad():
        team.message.weight.zero_()
        team.message.bias.copy_(torch.tensor([3.0, -4.0] + [0.0] * 6))
    measure_messages(env, team, seed=0)
    assert team.message_norm.item() == pytest.approx(5.0)
    assert team.message_mean.tolist() == [3.0, -4.0] + [0.0] * 6
    assert team.message_rms.tolist() == [3.0, 4.0] + [0.0] * 6
    assert team.message_std.tolist() == [0.0] * 8


def short(config: TeamTrainingConfig, updates: int) -> TeamTrainingConfig:
    return replace(config, env_steps=updates * config.steps_per_update)


def test_one_seed_gives_one_team_and_another_seed_another():
    config = short(ECHO, 4)
    first = trained(Echo(), config, seed=5)
    torch.manual_seed(123)  # the state of the global generator is of no matter
    assert same(first, trained(Echo(), config, seed=5))
    assert not same(first, trained(Echo(), config, seed=6))


@pytest.mark.parametrize("env_name", ["echo", "steered", "predator_prey"])
def test_a_resumed_training_equals_one_never_stopped(env_name):
    if env_name == "echo":
        env, config, teacher = Echo(), short(ECHO, 8), None
    elif env_name == "steered":
        env, config, teacher = Echo(), replace(short(ECHO, 8), entropy_target=0.6), None
    else:  # stopped while imitating, at its end, and after it
        env = PredatorPrey(PredatorPreyConfig(punishment=-0.5))
        config, teacher = short(HUNT, 8), TEACHERS["predator_prey"](env)
    config = replace(config, checkpoint_every=3)
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


def test_checkpoints_are_copies_that_later_updates_leave_alone():
    saved: list[Any] = []

    def keep(tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
        copies = {key: value.clone() for key, value in tensors.items()}
        saved.append((tensors, copies))

    trained(Echo(), replace(short(ECHO, 3), checkpoint_every=1), checkpoint=keep)
    assert len(saved) == 2
    for tensors, copies in saved:
        assert all(torch.equal(tensors[key], copies[key]) for key in copies)


def test_the_imitation_loss_falls_on_predator_prey():
    env = PredatorPrey()
    lines: list[Any] = []
    trained(env, HUNT, teacher=TEACHERS["predator_prey"](env), log=lines.append)
    imitating = [line for line in lines if line["team/imitating"]]
    assert len(imitating) == 30
    assert len(lines) == 40
    losses = [line["team/auxiliary_loss"] for line in imitating]
    # The policy starts uniform over five or six actions: log 5 = 1.61, log 6 = 1.79.
    assert 1.61 < losses[0] < 1.79
    assert sum(losses[-3:]) / 3 < 1.2
    assert all(line["team/auxiliary_loss"] == 0 for line in lines[30:])


def test_a_line_is_logged_for_each_update():
    lines: list[Any] = []
    trained(Echo(), short(ECHO, 3), log=lines.append)
    per_update = ECHO.num_envs * (ECHO.num_steps + 1)
    assert [line["update"] for line in lines] == [1, 2, 3]
    assert [line["env_steps"] for line in lines] == [per_update * n for n in (1, 2, 3)]
    wanted = {"team/approx_kl", "team/clip_fraction", "team/explained_variance"}
    assert wanted <= set(lines[0])


def test_a_loss_that_is_not_finite_stops_the_training():
    env = Echo()
    team = new_team(env)
    with torch.no_grad():
        team.encode_obs.weight.fill_(torch.nan)
    with pytest.raises(FloatingPointError, match="training stopped"):
        train_team(env, team, short(ECHO, 2), seed=0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("env_steps", 0),
        ("num_envs", 0),
        ("num_steps", -1),
        ("checkpoint_every", 0),
        ("critic_hidden", 0),
        ("imitation_fraction", 1.5),
        ("teacher_prob", -0.1),
        ("imitation_kept", -1.0),
        ("entropy_target", 0.0),
        ("final_entropy_target", 0.0),
        ("entropy_fall", 0.0),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be "):
        TeamTrainingConfig(**{field: value})


def test_a_training_is_steered_only_where_it_has_a_target():
    config = short(ECHO, 3)
    low, high = (
        replace(config, entropy_target=target, final_entropy_target=target)
        for target in (0.01, 0.6931)  # always above the one, always below the other
    )
    free = trained(Echo(), config)
    assert not same(trained(Echo(), low), trained(Echo(), high))
    assert not same(trained(Echo(), low), free)


def test_an_entropy_without_weight_cannot_be_steered():
    with pytest.raises(ValueError, match=r"ppo.entropy_coef is 0.0, must be positive"):
        TeamTrainingConfig(entropy_target=0.1, ppo=PPOConfig())


def test_imitation_goes_on_after_its_phase_where_it_is_kept():
    env = PredatorPrey()
    config = replace(short(HUNT, 4), imitation_fraction=0.5, imitation_kept=0.5)
    lines: list[Any] = []
    teacher = TEACHERS["predator_prey"](env)
    trained(env, config, teacher=teacher, log=lines.append)
    assert [line["team/imitating"] for line in lines] == [1, 1, 0, 0]
    losses = [line["team/auxiliary_loss"] for line in lines]
    assert losses[2] == pytest.approx(0.5 * losses[1], rel=0.3)
    assert any(line["team/policy_loss"] != 0 for line in lines[2:])


def test_fewer_worlds_than_minibatches_are_refused():
    with pytest.raises(ValueError, match=r"^num_envs is 1, must be at least ppo.num"):
        TeamTrainingConfig(num_envs=1)
