"""Plain functions as attacks and filters: as a rule of the same words, and checked."""

import pytest
import torch

from games.engine.channel import Channel
from games.engine.matches import play_worlds
from games.engine.side import Side
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.freezing import facts_of
from oracles.strategies.functions import code_of, strategy_of
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Parrots

SETTING = Setting(Echo(), Parrots(2), Threat(malicious=CAUGHT), CAUGHT)


def made(side, function):
    return strategy_of(side, "ours", function, "own").new(SETTING)


def returns(attack=None, filter_=None):
    sides = {"attack": attack, "filter_": filter_}
    channel = Channel(**{name: each for name, each in sides.items() if each})
    worlds = make_worlds(SETTING.env.spec, 0, 0, 20, CAUGHT)
    played = play_worlds(
        SETTING.env, SETTING.team, channel, worlds, torch.Generator().manual_seed(0)
    )
    return played.returns


def test_an_attack_adds_what_its_function_returns():
    assert returns(made(Side.ATTACKER, lambda view: -2 * view.sent)).max() == 0
    assert returns(made(Side.ATTACKER, lambda view: 0 * view.sent)).min() == 8


def test_a_filter_replaces_by_the_mean_or_by_what_is_given():
    attack = made(Side.ATTACKER, lambda view: -2 * view.sent)
    mean = made(Side.DEFENDER, lambda view: view.alive)
    assert 2 < returns(attack, mean).mean() < 6
    back = made(Side.DEFENDER, lambda view: (view.alive, -view.messages))
    assert returns(attack, back).min() == 8
    idle = made(Side.DEFENDER, lambda view: view.messages[..., 0] > 99)
    assert returns(attack, idle).max() == 0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda view: view.messages, "flags has shape"),
        (lambda view: (view.alive, view.messages[..., :1]), "repaired has shape"),
        (lambda view: None, "flags is a NoneType"),
        (lambda view: view.messages[..., 0] / 0, "not finite"),
    ],
)
def test_a_filter_that_answers_something_else_is_refused(answer, words):
    with pytest.raises(ValueError, match="filter 'ours'") as error:
        returns(filter_=made(Side.DEFENDER, answer))
    assert words in str(error.value)


def scaled(size):
    return lambda view: size * view.sent


def test_a_stored_function_that_has_changed_is_not_rebuilt():
    old = facts_of(made(Side.ATTACKER, scaled(1.0)))
    arguments = {k: v for k, v in old.items() if k not in ("kind", "role")}
    same = strategy_of(Side.ATTACKER, "ours", scaled(1.0), "own")
    assert same.rebuild(arguments).arguments() == arguments
    for other in (scaled(2.0), lambda view: view.sent + 1.0):
        changed = strategy_of(Side.ATTACKER, "ours", other, "own")
        with pytest.raises(ValueError, match="has changed since it was stored"):
            changed.rebuild(arguments)


def test_code_is_of_what_a_function_does():
    assert code_of(scaled(1.0)) == code_of(scaled(1.0))
    assert code_of(scaled(1.0)) != code_of(scaled(2.0))
    assert code_of(lambda view, size=1: size) != code_of(lambda view, size=2: size)

    class Called:
        def __init__(self, size):
            self.size = size

        def __call__(self, view):
            return self.size * view.sent

    assert code_of(Called(1)) == code_of(Called(1))
    assert code_of(Called(1)) != code_of(Called(2))


def test_what_is_no_function_is_refused():
    with pytest.raises(ValueError, match="attack 'ours' is 3, must be a function"):
        strategy_of(Side.ATTACKER, "ours", 3, "own")
