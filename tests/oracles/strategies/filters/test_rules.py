"""Filters that nobody trains: what each lets through, by hand."""

import pytest
import torch

from games.engine.channel import Channel
from games.engine.play import play_episodes
from games.engine.threat import Threat
from games.engine.view import FilterView
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.filters.config import NormConfig
from oracles.strategies.filters.mute import MuteFilter
from oracles.strategies.filters.norm import NormFilter
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Attacker, Liar, Parrots, a_setting

SIZE, AGENTS = 3, 2
RULES = Threat(malicious=CAUGHT)


def a_game() -> Setting:
    sizes = {"num_agents": AGENTS, "obs_size": 3, "memory_size": 1, "heard_size": 1}
    found = a_setting(RULES, message_size=SIZE, **sizes)
    found.team.message_norm.fill_(2.0)
    return found


def view(messages: torch.Tensor) -> FilterView:
    alive = torch.ones(messages.shape[:2], dtype=torch.bool)
    links = alive[:, :, None] & alive[:, None]
    return FilterView(messages, alive, ~alive, links)


def judge(filter_, messages):
    memory = torch.zeros(*messages.shape[:2], 0)
    return filter_.decide(view(messages), memory, torch.Generator())


@pytest.mark.parametrize("limit", [0.5, 2.0])
def test_the_gate_replaces_what_is_too_long_by_the_senders_mean_message(limit):
    game = a_game()
    gate = NormFilter.new(game, NormConfig(limit))
    direction = torch.randn(1, AGENTS, SIZE)
    direction /= direction.norm(dim=-1, keepdim=True)
    lengths = 2.0 * limit * torch.tensor([0.5, 0.99, 1.01, 5.0])
    verdict = judge(gate, direction * lengths[:, None, None])
    assert verdict.decision.choice.tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]
    means = record(game).mean()
    assert (means[0] - means[1]).abs().max() > 0.01
    assert torch.equal(verdict.repaired, means.expand(4, -1, -1))


def test_the_gate_lets_no_nan_and_no_infinity_through():
    bad = torch.zeros(2, AGENTS, SIZE)
    bad[0, 0, 1], bad[1, 1, 0] = float("nan"), float("inf")
    assert judge(NormFilter.new(a_game()), bad).decision.choice.tolist() == [
        [1, 0],
        [0, 1],
    ]


def returns(filter_, attack) -> torch.Tensor:
    env, team = Echo(), Parrots(SIZE)
    worlds = make_worlds(env.spec, 0, 0, 400, CAUGHT)
    luck = torch.Generator().manual_seed(0)
    channel = Channel(attack, filter_, RULES)
    return play_episodes(env, team, channel, worlds, luck).returns


def test_behind_silence_every_attack_is_worth_the_same():
    silent = MuteFilter.new(Setting(Echo(), Parrots(SIZE), RULES, CAUGHT))
    left = [returns(silent, attack) for attack in (Liar(), Attacker(9.0))]
    assert torch.equal(*left)
    coin = (Echo().spec.episode_limit - 1) / 2  # the first step pays nothing
    assert left[0].mean() == pytest.approx(coin, abs=5 * (coin / 2 / 400) ** 0.5)


def test_the_gate_stops_what_is_loud_and_not_what_sounds_clean():
    gate = NormFilter.new(Setting(Echo(), Parrots(SIZE), RULES, CAUGHT))
    assert returns(gate, Liar()).max() == 0
    assert returns(gate, Attacker(-100.0)).mean() > 0.4 * Echo().spec.episode_limit
