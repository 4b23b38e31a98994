"""Guided attention: the loss by hand, and a team that learns whom to hear."""

import math

import pytest
import torch

from games.environments.echo.env import Echo
from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.env import TrafficJunction
from oracles.learning.config import PPOConfig
from oracles.teams.attention import attention_loss
from oracles.teams.backbones.commnet import CommNet
from oracles.teams.backbones.config import CommNetConfig, TarMACConfig
from oracles.teams.backbones.tarmac import TarMAC
from oracles.teams.config import TeamTrainingConfig
from oracles.teams.train_ppo import train_team

EVERYBODY = ~torch.eye(3, dtype=torch.bool)
WEIGHTS = torch.tensor(
    [[0.0, 0.5, 0.25, 0.25], [0.125, 0.0, 0.375, 0.5], [0.2, 0.2, 0.0, 0.6]]
)


def loss(whom: list[int], links: torch.Tensor = EVERYBODY) -> float:
    return float(attention_loss(WEIGHTS, torch.tensor(whom), links))


def test_somebody_and_nobody_count_for_half_each():
    # 0 should hear 1, 1 should hear 0, 2 nobody.
    somebody = (math.log(2) + math.log(8)) / 2
    assert loss([1, 0, 3]) == pytest.approx(0.5 * somebody - 0.5 * math.log(0.6))
    assert loss([1, 0, 1]) == pytest.approx(
        0.5 * (math.log(2) + math.log(8) + math.log(5)) / 3
    )


def test_nothing_is_asked_about_who_cannot_be_heard_nor_of_who_hears_nobody():
    deaf = EVERYBODY.clone()
    deaf[0] = False  # 0 hears nobody
    deaf[1, 0] = False  # 1 cannot hear 0
    assert loss([1, 0, 3], deaf) == pytest.approx(-0.5 * math.log(0.6))
    assert loss([1, 0, 0], torch.zeros(3, 3, dtype=torch.bool)) == 0.0


def test_a_certainty_of_another_costs_much_but_not_everything():
    sure = torch.eye(4)[:3].roll(1, -1)
    found = attention_loss(sure, torch.tensor([2, 3, 0]), EVERYBODY)
    assert found == pytest.approx(-math.log(1e-9), rel=1e-3)


GUIDED = TeamTrainingConfig(
    env_steps=16 * 20 * 12,
    num_envs=16,
    num_steps=20,
    imitation_fraction=0.0,
    critic_hidden=8,
    attention_guided=1.0,
    ppo=PPOConfig(learning_rate=1e-2, update_epochs=2, num_minibatches=2),
)


def test_a_guided_team_learns_whom_to_hear():
    env = TrafficJunction(TrafficJunctionConfig(level="easy"))
    torch.manual_seed(0)
    team = TarMAC(
        TarMACConfig(memory_size=16),
        obs_size=env.spec.obs_size,
        num_actions=env.spec.num_actions,
    )
    lines = []
    train_team(env, team, GUIDED, seed=0, log=lines.append)
    missed = [line["team/auxiliary_loss"] for line in lines]
    assert missed[0] > 0.9  # log 3 or so: two or three cars and nobody
    assert missed[-1] < 0.6 * missed[0]


@pytest.mark.parametrize(
    ("env", "team", "message"),
    [
        (
            Echo(),
            CommNet(CommNetConfig(), obs_size=3, num_actions=2),
            "needs a guide: echo has none, traffic_junction has",
        ),
        (
            TrafficJunction(),
            CommNet(CommNetConfig(), obs_size=35, num_actions=2),
            "needs a backbone that attends.*this one is commnet",
        ),
        (
            TrafficJunction(),
            TarMAC(TarMACConfig(delay=1), obs_size=35, num_actions=2),
            "this one is tarmac, delay 1",
        ),
    ],
)
def test_guidance_is_refused_where_nobody_guides_or_attends(env, team, message):
    with pytest.raises(ValueError, match=message):
        train_team(env, team, GUIDED, seed=0)
