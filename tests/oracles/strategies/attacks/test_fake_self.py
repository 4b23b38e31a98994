"""Lies in the team's own language, on Echo, where every value is known by hand."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.matches import play_worlds
from games.engine.play import Outcome
from games.engine.side import Side
from games.engine.strategy import NoFilter
from games.engine.threat import Threat
from games.engine.view import AttackView
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.attacks.config import FakeConfig
from oracles.strategies.best_response import best_response, new_policy
from oracles.strategies.config import EvolutionConfig, Recipe
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Chatterbox, Chatterers, Parrots

ENV, KNOWING = Echo(), {"knowledge": "white_box"}
SETTING = Setting(ENV, Parrots(2), Threat(malicious=CAUGHT, **KNOWING), CAUGHT)
SMALL = FakeConfig(hidden=3)
BIT = 2  # where the speaker sees it
HELD = 1, 2  # two liars of three who chatter
PAIR = Threat(num_malicious=2, malicious=HELD, **KNOWING)
TWO = Setting(Chatterbox(3, 4), Chatterers(2, 5, 6), PAIR, HELD)


def make(config: Any = None, setting: Setting = SETTING) -> Any:
    torch.manual_seed(0)
    return new_policy(setting, Side.ATTACKER, "fake_self", config)


def played(attack: Any, setting: Setting = SETTING) -> Outcome:
    """Returns of 8 at most; 4 is a coin's."""
    worlds = make_worlds(setting.env.spec, 99, 0, 200, setting.malicious)
    channel = Channel(attack, NoFilter(), setting.threat)
    luck = torch.Generator().manual_seed(0)
    return play_worlds(setting.env, setting.team, channel, worlds, luck)


def seen(attack: Any, t: float, obs: Tensor, m_in: Tensor) -> Tensor:
    """What the copies see in a world, `[K,O]`, after t steps."""
    blank = torch.zeros(1, len(obs), 0)
    held = torch.ones(1, len(obs), dtype=torch.bool)
    told = torch.arange(len(obs))[None], obs[None], blank, m_in[None], blank
    view = AttackView(*told, held, ~held, held[..., None], held[..., None], held)
    memory = torch.full((1, len(obs), 1), t)
    invented, after = attack.invent(view, memory, torch.Generator())
    assert (after == t + 1.0).all()
    return invented[0].detach()


def test_a_new_network_changes_nothing_and_a_lie_without_one_is_what_it_was():
    """Digests name what is stored: a plain fake is described as it ever was."""
    plain, network = freeze(make()), freeze(make(SMALL))
    facts = {"kind", "role", "threat", "message_size", "scale", "sizes"}
    assert {*plain.facts} == facts
    assert {*plain.tensors} == {"stretch", "shift", "message_norm", "message_rms"}
    assert {*network.facts} == facts | {"hidden", "heard_size", "episode_limit"}
    assert played(make(SMALL)).distortion.max() == 0.0
    assert played(thaw(network)).returns.mean() == 8.0


def test_a_network_on_top_of_a_lie_begins_as_that_lie():
    plain = make()
    with torch.no_grad():
        plain.stretch[0, BIT] = -2.0 / plain.config.scale
    tiny = EvolutionConfig(env_steps=1, num_envs=1, candidates=2, elites=1, std=1e-9)
    recipe = Recipe(Side.ATTACKER, "fake_self", SMALL, "es", tiny)
    start = thaw(freeze(plain))
    on = best_response(SETTING, recipe, NoFilter(), seed=0, start=start)
    assert played(on).returns.mean() == 0.0
    torch.testing.assert_close(on.stretch, plain.stretch)
    assert on.config.hidden == 3


@pytest.mark.parametrize("which", ["o", "t", "m_in"])
def test_a_network_sees_the_observation_the_clock_and_what_was_heard(which):
    attack = make(SMALL)
    with torch.no_grad():
        attack.net.weights[-1].normal_()
    obs, heard = torch.ones(1, 3), torch.ones(1, 2)
    before = seen(attack, 0.0, obs, heard) - obs
    if which == "o":
        obs = 3.0 * obs
    after = seen(
        attack,
        *(5.0 if which == "t" else 0.0, obs),
        3.0 * heard if which == "m_in" else heard,
    )
    assert (after - obs - before).abs().min() > 1e-4


def test_the_clock_is_the_share_of_the_episode():
    """By hand: one unit reads the clock alone, and says it of the bit alone."""
    attack = make(FakeConfig(scale=0.5, hidden=1))
    numbers = 3 + 1 + 2
    with torch.no_grad():
        for leaf in attack.net.parameters():
            leaf.zero_()
        attack.net.weights[0][0, 3, 0] = numbers**0.5
        attack.net.weights[1][0, 0, BIT] = 1.0
    limit = ENV.spec.episode_limit
    for t in (0.0, 3.0, float(limit)):
        shift = seen(attack, t, torch.ones(1, 3), torch.ones(1, 2)) - 1.0
        wanted = torch.tensor([0.0, 0.0, 0.5 * torch.tensor(t / limit).tanh()])
        torch.testing.assert_close(shift[0], wanted)


def test_a_stored_network_lies_as_it_did():
    attack = make(SMALL)
    with torch.no_grad():
        attack.net.weights[-1].normal_()
    again = thaw(freeze(attack))
    torch.testing.assert_close(played(again), played(attack))
    assert played(attack).distortion.mean() > 1e-3


@pytest.mark.parametrize("config", [FakeConfig(), SMALL], ids=["plain", "network"])
@pytest.mark.parametrize("liar", [0, 1])
def test_each_of_two_liars_has_a_lie_of_its_own(config, liar):
    attack = make(config, TWO)
    assert played(attack, TWO).distortion.max() < 1e-5
    leaves = attack.net.parameters() if config.hidden else [attack.shift]
    with torch.no_grad():
        for leaf in leaves:
            leaf[liar].normal_()
    obs, heard = torch.ones(2, 4), torch.ones(2, 5)
    told = (seen(attack, 2.0, obs, heard) - obs).abs().amax(-1)
    assert told[liar] > 1e-3
    assert told[1 - liar] == 0.0
    assert played(attack, TWO).distortion.mean() > 1e-3


@pytest.mark.parametrize("hidden", [0, 3])
def test_two_liars_are_searched_together(hidden):
    """Echo's listener lies from the first of the two places, to nobody's harm."""
    both = Threat(num_malicious=2, malicious=(1, 0), **KNOWING)
    setting = Setting(ENV, Parrots(2), both, (1, 0))
    budget = EvolutionConfig(env_steps=20_000, num_envs=8, candidates=24, elites=6)
    config = FakeConfig(scale=2.0, hidden=hidden)
    recipe = Recipe(Side.ATTACKER, "fake_self", config, "es", budget)
    found = best_response(setting, recipe, NoFilter(), seed=0)
    assert played(found, setting).returns.mean() < 1.0
