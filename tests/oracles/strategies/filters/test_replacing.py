"""What rule filters put in place of a message, by hand; the constant on Echo."""

import pytest
import torch

from games.engine.play import play_episodes
from games.engine.strategy import NoAttack
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.filters import replacing
from oracles.strategies.filters.always_replace import AlwaysReplaceFilter
from oracles.strategies.filters.config import (
    AlwaysReplaceConfig,
    MuteConfig,
    NormConfig,
    RandomMuteConfig,
)
from oracles.strategies.filters.mute import MuteFilter
from oracles.strategies.filters.norm import NormFilter
from oracles.strategies.filters.random_mute import RandomMuteFilter
from oracles.strategies.filters.replacing import replacement
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Parrots, a_setting

SIZES = {"num_agents": 3, "obs_size": 3, "memory_size": 1, "heard_size": 1}
RULES = Threat(malicious=(1,))


@pytest.fixture
def game():
    found = a_setting(RULES, message_size=2, **SIZES)
    found.team.message_mean.copy_(torch.tensor([5.0, 6.0]))
    return found


def test_each_way_is_a_message_for_every_sender(game):
    mean = record(game).mean()
    assert (mean[0] - mean[1]).abs().max() > 0.01
    assert torch.equal(replacement("zero", game, ()), torch.zeros(3, 2))
    team = torch.tensor([[5.0, 6.0]] * 3)
    assert torch.equal(replacement("team_mean", game, ()), team)
    assert torch.equal(replacement("own_mean", game, ()), mean)


@pytest.mark.parametrize(
    ("kind", "config", "default"),
    [
        (MuteFilter, MuteConfig, "zero"),
        (NormFilter, NormConfig, "own_mean"),
        (RandomMuteFilter, RandomMuteConfig, "own_mean"),
        (AlwaysReplaceFilter, AlwaysReplaceConfig, "own_mean"),
    ],
)
def test_every_rule_filter_may_replace_in_every_way(game, kind, config, default):
    for how in ("zero", "team_mean", "own_mean"):
        rule = kind.new(game, config(replace=how))
        assert torch.equal(rule.replacement, replacement(how, game, ()))
        assert rule.arguments().get("replace") == (None if how == default else how)
    assert torch.equal(kind.new(game).replacement, replacement(default, game, ()))
    with pytest.raises(ValueError, match=r"^replace is 'it', must be one of zero, "):
        config(replace="it")


@pytest.mark.parametrize(
    ("malicious", "kind", "config", "searched"),
    [
        ((1,), NormFilter, NormConfig, [1]),
        ((2, 0), MuteFilter, MuteConfig, [2, 0]),
        (None, MuteFilter, MuteConfig, [0, 1, 2]),
        (
            (1,),
            AlwaysReplaceFilter,
            lambda replace: AlwaysReplaceConfig(2, replace),
            [2],
        ),
    ],
)
def test_a_constant_is_searched_for_those_who_may_lie(
    game, monkeypatch, malicious, kind, config, searched
):
    asked = []

    def search(setting, agent, mean):
        asked.append((agent, mean.clone()))
        return mean + 100.0

    monkeypatch.setattr(replacing, "constant_message", search)
    rule = kind.new(game._replace(malicious=malicious), config(replace="constant"))
    mean = record(game).mean()
    assert [agent for agent, _ in asked] == searched
    assert all(torch.equal(known, mean[agent]) for agent, known in asked)
    more = torch.tensor([[100.0 * (agent in searched)] for agent in range(3)])
    torch.testing.assert_close(rule.replacement, mean + more)


class Mostly(Echo):
    """Echo whose bit is 1 nine times of ten."""

    def reset(self, noise):
        return super().reset(noise * 5 / 9)

    def transition(self, state, action, noise):
        return super().transition(state, action, noise * 5 / 9)


class Deaf(Parrots):
    """Answers 0 unless it hears more than 1.5, which nobody says in clean play."""

    def think(self, obs, m_in, memory):
        return super().think(obs, m_in - 1.5 * (obs[..., :1] == 0), memory)


def test_the_constant_is_what_the_team_does_best_with_even_if_nobody_ever_says_it():
    env, team = Mostly(), Deaf(2)
    setting = Setting(env, team, Threat(malicious=CAUGHT), CAUGHT)
    constant = replacement("constant", setting, CAUGHT)
    mean = record(setting).mean()
    assert mean[0].mean() == pytest.approx(0.8 * 8 / 9, abs=0.1)  # at first 0
    assert constant[0].mean() > 1.5
    assert torch.equal(constant[1], mean[1])
    assert torch.equal(replacement("constant", setting, CAUGHT), constant)
    worlds = make_worlds(env.spec, 0, 0, 300, CAUGHT)
    earned = []
    for how in ("own_mean", "constant"):
        rule = AlwaysReplaceFilter.new(setting, AlwaysReplaceConfig(0, how))
        channel = setting.channel(NoAttack(), rule)
        luck = torch.Generator().manual_seed(0)
        played = play_episodes(env, team, channel, worlds, luck)
        earned.append(float(played.returns.mean()))
    assert earned == pytest.approx([0.1 * 8, 0.9 * 8], abs=0.3)


@pytest.mark.parametrize("how", ["best", "constant"])
def test_where_no_message_is_better_than_another_it_is_the_mean(game, how):
    mean = record(game).mean()
    assert torch.equal(replacement(how, game, (0, 1)), mean)


@pytest.mark.parametrize("how", ["best", "constant"])
def test_the_best_message_known_is_found_and_a_search_starts_there(how, monkeypatch):
    """Zero, if only that pays: a search that may not move finds it."""
    monkeypatch.setattr(replacing, "train_by_es", lambda *arguments: None)
    setting = Setting(Mostly(), Zero(2), Threat(malicious=CAUGHT), CAUGHT)
    assert torch.equal(replacement(how, setting, CAUGHT)[0], torch.zeros(2))


class Zero(Parrots):
    """Answers 1 if it hears 0, and else 0."""

    def think(self, obs, m_in, memory):
        silence = (m_in == 0).float() - 0.5
        return super().think(obs, silence.where(obs[..., :1] == 0, m_in), memory)
