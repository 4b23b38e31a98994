"""A team from elsewhere is tried before it plays: each verb, by name."""

import pytest
import torch

import psro_comm as pc
from games.environments.registry import make_env
from oracles.teams.backbones.commnet import CommNet
from oracles.teams.backbones.config import CommNetConfig
from oracles.teams.trial import check_measured, check_verbs

ECHO = make_env("echo")
BAD = {
    "speak": [
        (lambda obs, memory, luck: memory[..., :1], "returns torch.float32 [3, 2, 1]"),
        (lambda obs, memory, luck: None, "returns NoneType, must be floats [3, 2, 4]"),
        (lambda obs, memory, luck: memory / 0.0, "numbers that are not finite"),
    ],
    "listen": [(lambda obs, memory, heard, links: links, "returns torch.bool")],
    "think": [
        (lambda obs, m_in, memory: memory[0], "must be floats [3, 2, 4]"),
        (lambda obs, m_in: m_in, "fails: TypeError"),
    ],
    "act": [
        (lambda memory, available: memory, "must be floats [3, 2, 2]"),
        (lambda memory, available: memory[..., :1], "must be floats [3, 2, 2]"),
        (lambda memory, available: available.long(), "returns torch.int64"),
        (lambda memory, available: memory[..., :2] / 0.0, "are not finite"),
    ],
}


def net(env=ECHO):
    sizes = {"obs_size": env.spec.obs_size, "num_actions": env.spec.num_actions}
    return CommNet(CommNetConfig(message_size=4, memory_size=4), **sizes)


@pytest.mark.parametrize("env", ["echo", "predator_prey", "traffic_junction"])
def test_our_backbone_passes(env):
    check_verbs(net(make_env(env)), make_env(env))


@pytest.mark.parametrize(
    ("verb", "bad", "words"),
    [(verb, *each) for verb, cases in BAD.items() for each in cases],
)
def test_a_verb_that_returns_something_else_is_named(verb, bad, words, monkeypatch):
    team = net()
    monkeypatch.setattr(team, verb, bad)
    with pytest.raises(ValueError, match=f"the team's {verb} ") as error:
        check_verbs(team, ECHO)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_scores_of_what_is_not_available_must_be_minus_infinity(monkeypatch):
    env = make_env("predator_prey")
    team = net(env)
    monkeypatch.setattr(team, "act", lambda memory, available: available.float())
    with pytest.raises(ValueError, match="must score -inf what is not available"):
        check_verbs(team, env)


def test_messages_without_a_length_are_no_unit():
    team = net()
    for norm in (0.0, float("nan")):
        team.message_norm.fill_(norm)
        with pytest.raises(ValueError, match="must be positive"):
            check_measured(team)


def test_weights_that_are_not_finite_are_refused_when_a_team_is_taken_in():
    team = net()
    with torch.no_grad():
        team.policy.weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="the team's act returns numbers"):
        pc.Team.from_module(team, "echo")
