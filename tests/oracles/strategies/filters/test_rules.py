"""Filters that nobody trains: what each lets through, by hand."""

import pytest
import torch

from games.engine.channel import Channel
from games.engine.play import play_episodes
from games.engine.threat import Threat
from games.engine.view import FilterView
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.filters.always_replace import AlwaysReplaceFilter
from oracles.strategies.filters.clip import ClipFilter
from oracles.strategies.filters.config import (
    AlwaysReplaceConfig,
    ClipConfig,
    NormConfig,
    RandomMuteConfig,
)
from oracles.strategies.filters.mute import MuteFilter
from oracles.strategies.filters.norm import NormFilter
from oracles.strategies.filters.random_mute import RandomMuteFilter
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


@pytest.mark.parametrize("limit", [0.5, 2.0])
def test_clipping_shortens_what_is_too_long_and_keeps_its_direction(limit):
    rule = ClipFilter.new(a_game(), ClipConfig(limit))
    direction = torch.randn(1, AGENTS, SIZE)
    direction /= direction.norm(dim=-1, keepdim=True)
    lengths = 2.0 * limit * torch.tensor([0.5, 0.99, 1.01, 5.0])[:, None, None]
    said = direction * lengths
    verdict = judge(rule, said)
    assert verdict.decision.choice.tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]
    heard = torch.where(verdict.decision.choice[..., None] > 0, verdict.repaired, said)
    torch.testing.assert_close(heard, direction * lengths.clamp(max=2.0 * limit))


def test_clipping_makes_nothing_of_what_has_no_length():
    bad = torch.ones(3, AGENTS, SIZE)
    bad[0, 0, 1], bad[1, 1, 0], bad[2, 0] = float("nan"), float("inf"), 0.0
    verdict = judge(ClipFilter.new(a_game()), bad)
    assert verdict.decision.choice.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert verdict.repaired[0, 0].tolist() == [0.0] * SIZE
    assert verdict.repaired[1, 1].tolist() == [0.0] * SIZE


@pytest.mark.parametrize("agent", [0, 1])
def test_one_agent_is_always_replaced_and_nobody_else(agent):
    game = a_game()
    rule = AlwaysReplaceFilter.new(game, AlwaysReplaceConfig(agent))
    verdict = judge(rule, torch.zeros(2, AGENTS, SIZE))
    assert verdict.decision.choice.tolist() == [[1 - agent, agent]] * 2
    assert torch.equal(verdict.repaired[0], record(game).mean())


def test_an_agent_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"^agent is 2, must be 0 to 1$"):
        AlwaysReplaceFilter.new(a_game(), AlwaysReplaceConfig(AGENTS))


def test_one_sender_is_drawn_for_an_episode_and_stays_drawn():
    batch, agents = 3000, 3
    rule = RandomMuteFilter(SIZE, agents)
    seen = view(torch.zeros(batch, agents, SIZE))
    luck = torch.Generator().manual_seed(0)
    first = rule.decide(seen, torch.zeros(batch, agents, 1), luck)
    drawn = first.decision.choice
    assert (drawn.sum(1) == 1).all()
    error = 5 * (2 / 9 / batch) ** 0.5
    assert ((drawn.mean(0) - 1 / 3).abs() < error).all()
    again = rule.decide(seen, first.memory, luck)
    assert torch.equal(again.decision.choice, drawn)
    half = torch.arange(batch) % 2 == 0  # of which a new episode starts
    forgotten = first.memory.masked_fill(half[:, None, None], 0.0)
    anew = rule.decide(seen, forgotten, luck).decision.choice
    same = (anew == drawn).all(1)
    assert same[~half].all()
    assert same[half].double().mean() == pytest.approx(1 / 3, abs=0.06)


def test_the_sender_that_was_drawn_is_nobodys_business_once_dead():
    rule = RandomMuteFilter(SIZE, 2)
    memory = torch.tensor([[[1.0], [-1.0]]] * 2)
    seen = view(torch.zeros(2, 2, SIZE))
    alive = torch.tensor([[True, True], [False, True]])
    decision = rule.decide(seen._replace(alive=alive), memory, torch.Generator())[0]
    flagged = (decision.choice > 0) & decision.active
    assert flagged.tolist() == [[True, False], [False, False]]


def test_behind_a_random_mute_a_liar_is_muted_every_other_episode():
    rule = RandomMuteFilter.new(
        Setting(Echo(), Parrots(SIZE), RULES, CAUGHT), RandomMuteConfig("zero")
    )
    coin = (Echo().spec.episode_limit - 1) / 2
    left = returns(rule, Liar())
    fooled = (left == 0).double().mean()
    assert fooled == pytest.approx(0.5, abs=5 * (0.25 / 400) ** 0.5)
    error = 5 * (coin / 2 / 200) ** 0.5
    assert left[left > 0].mean() == pytest.approx(coin, abs=error)


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
