"""PSRO between players that are not ours: any two functions that train and play."""

import importlib.util
import json

import numpy as np
import pytest

import psro_comm as pc
from psro_comm.metagame.solvers import solve_zero_sum
from tests.paths import ROOT


@pytest.fixture(scope="module")
def channel():
    """The example with a channel of discrete tokens."""
    path = ROOT / "examples/token_channel.py"
    spec = importlib.util.spec_from_file_location("token_channel", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def players(channel):
    return pc.Players(channel.respond, channel.play, filters=["012"], attacks=["012"])


@pytest.fixture(scope="module")
def found(players):
    return pc.psro(players, iterations=12, worlds=200, width=0.04, seed=1)


def test_the_value_is_the_exact_one(channel, found):
    exact = np.array(
        [[channel.value(a, f) for a in channel.MAPS] for f in channel.MAPS]
    )
    value = solve_zero_sum(exact).value
    assert found.value.low <= value <= found.value.high
    assert found.value.high - found.value.low < 2 * 0.05  # the refinement's width
    assert found.converged
    assert 1 <= len(found.history) < 12


def test_mixtures_are_over_ids_and_sum_to_one(found):
    for weights in found.weights.values():
        assert sum(weights.values()) == pytest.approx(1.0)
        assert {len(name) for name in weights} == {3}
    assert found.mixtures == {}  # nothing of ours to play
    assert found.table.payoffs.episodes().max() > 200
    json.dumps(found.to_dict(), allow_nan=False)
    assert "value" in str(found)


def test_the_worst_case_is_measured_on_seeds_that_did_not_choose(channel, players):
    asked = []

    def play(attack, filter_, seeds):
        asked.append((filter_, attack, set(seeds)))
        return channel.play(attack, filter_, seeds)

    watched = pc.Players(players.respond, play, ["012"], ["012"])
    mixed = {"naive": {"012": 1.0}, "half": {"012": 0.5, "000": 0.5}}
    kept = pc.worst_case(watched, mixed, worlds=60)
    naive = kept.worst("naive")
    assert naive.low <= channel.value(kept.attack("naive"), "012") <= naive.high
    assert kept.records()[0]["clean"] == 1.0
    chosen, measured = asked[0][2], asked[-1][2]
    assert not chosen & measured
    assert len(measured) == 60
    assert json.loads(json.dumps(kept.to_dict()))["kept"][1]["filter"] == "half"
    with pytest.raises(ValueError, match="filter is 'x', must be one of naive, half"):
        kept.worst("x")


def test_an_old_policy_that_is_returned_does_not_join_again():
    players = pc.Players(lambda mixture: "none", lambda a, f, seeds: [1.0] * len(seeds))
    found = pc.psro(players, worlds=4)
    assert found.converged
    assert found.table.mean.shape == (1, 1)
    assert found.value.estimate == 1.0


def test_respond_is_told_who_answers_whom():
    told = []

    def respond(mixture):
        told.append((mixture.side, dict(mixture.weights)))
        return f"{mixture.side}-{len(told)}"

    pc.psro(
        pc.Players(respond, lambda a, f, seeds: [float(s % 3) for s in seeds]),
        worlds=3,
        iterations=1,
    )
    assert told == [("filter", {"none": 1.0}), ("attack", {"none": 1.0})]


def good(mixture):
    return "none"


def ones(attack, filter_, seeds):
    return [1.0] * len(seeds)


@pytest.mark.parametrize(
    ("respond", "play", "how", "words"),
    [
        (lambda m: 3, ones, {}, "what respond returned is 3, must be the id"),
        (lambda m: "", ones, {}, "what respond returned is ''"),
        (good, lambda a, f, s: [1.0], {}, "must be 256 finite ones"),
        (good, lambda a, f, s: [np.nan] * len(s), {}, "finite ones"),
        (good, ones, {"worlds": 1}, "episodes is 1, must be at least 2"),
        (good, ones, {"iterations": -1}, "iterations is -1"),
        (good, ones, {"width": 0.0}, "must be positive"),
        (good, ones, {"meta_solver": "nsah"}, "meta_solver is 'nsah'"),
        (good, ones, {"workers": 2}, "workers has no effect on players"),
        (good, ones, {"run": "x"}, "run has no effect on players"),
        (good, ones, {"settings": {"threat.cap": 1}}, "settings is 'threat.cap'"),
    ],
)
def test_bad_players_are_refused(respond, play, how, words):
    with pytest.raises(ValueError, match=r".") as error:
        pc.psro(pc.Players(respond, play), **how)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"respond": 3}, "respond is 3, must be a function"),
        ({"filters": []}, "filters is [], must be a list"),
        ({"attacks": ["a", "a"]}, "attacks is ['a', 'a']"),
        ({"attacks": "none"}, "attacks is 'none', must be a list"),
    ],
)
def test_populations_begin_with_somebody(change, words):
    with pytest.raises(ValueError, match=r".") as error:
        pc.Players(**{"respond": good, "play": ones, **change})
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("defenders", "how", "words"),
    [
        ([], {}, "defenders is []"),
        ("none", {}, "defenders is 'none'"),
        ({"a": {"none": 0.4}}, {}, "weights of 'a'"),
        ({"a": {}}, {}, "must be not negative and sum to 1"),
        ({"a": {"none": np.nan}}, {}, "weights of 'a'"),
        ({"a": {"none": 1.5, "b": -0.5}}, {}, "weights of 'a'"),
        (["none"], {"worlds": 1}, "worlds and tries is (1, 1)"),
        (["none"], {"attacks": ["flip"]}, "attacks has no effect on players"),
    ],
)
def test_a_bad_worst_case_is_refused(defenders, how, words):
    with pytest.raises(ValueError, match=r".") as error:
        pc.worst_case(pc.Players(good, ones), defenders, **how)
    assert words in str(error.value)
