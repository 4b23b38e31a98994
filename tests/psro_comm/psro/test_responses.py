"""Where best responses start from, what they gain, and what that brought."""

from pathlib import Path

import numpy as np
import pytest

from games.engine.side import Side
from games.openspiel.signalling import ATTACKER, DEFENDER, best_attack
from oracles.signalling import Table, TableOracleConfig, as_defence
from psro_comm.disk.store import RunStore
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.psro.responses import Trial, by_merit, gain, worth_of_talk
from psro_comm.reports.validation import render_options
from psro_comm.validation.known_games import Signalling
from psro_comm.validation.options import study_options, summarised
from psro_comm.validation.registry import OPTIONS
from psro_comm.validation.validate import Step

NAMES = ("a", "b"), ("x", "y", "z")


def table_of(returns: np.ndarray) -> PayoffTable:
    return PayoffTable(*NAMES, returns, returns, returns)


def test_who_does_best_against_the_mixture_comes_first() -> None:
    payoffs = np.array([[1.0, 2.0, 3.0], [4.0, 0.0, 2.0]])
    ranked = by_merit(
        table_of(payoffs[..., None]), (np.array([0.0, 1.0]), np.array([0.5, 0.5, 0.0]))
    )
    # Against half x, half y: a earns 1.5 and b 2. Against b: y pays 0, z 2, x 4.
    assert ranked == (("b", "a"), ("y", "z", "x"))


def test_gains_of_both_sides_by_hand() -> None:
    payoffs = np.array([[1.0, 2.0, 3.0], [4.0, 0.0, 2.0]])
    fresh = table_of(payoffs[..., None] + np.array([0.0, 10.0, 30.0]))
    names, mixtures = (("a",), ("x", "y")), (np.ones(1), np.array([0.5, 0.5]))
    defender = gain(fresh, Trial(names, mixtures, "b"), Side.DEFENDER)
    attacker = gain(fresh, Trial(names, mixtures, "z"), Side.ATTACKER)
    assert defender == pytest.approx((0.5, 0.5, 0.5))  # 2 - 1.5, in every world
    assert attacker == pytest.approx((-1.5, -1.5, -1.5))  # 1.5 - 3


@pytest.mark.parametrize(
    ("returns", "worth"), [((10.0, 4.0), 6.0), ((10.0, 9.5), 1.0), ((-5.0, -5.1), 0.5)]
)
def test_talking_is_worth_what_a_mute_team_loses(
    returns: tuple[float, float], worth: float
) -> None:
    both = np.array(returns).reshape(2, 1, 1)
    names = (NO_FILTER, "mute"), (NO_ATTACK,)
    assert worth_of_talk(PayoffTable(*names, both, both, both)) == pytest.approx(worth)
    alone = PayoffTable(names[0][:1], names[1], *[both[:1]] * 3)
    assert worth_of_talk(alone) == pytest.approx(0.1 * abs(returns[0]))


def test_a_warm_start_keeps_what_was_learned() -> None:
    short = Signalling(oracle=TableOracleConfig(updates=2))
    config = short.config
    trusting = Table(config, DEFENDER).numpy()
    trusting[:3] = [1.0, 0.0, 0.0]
    trusting[3:6] = np.eye(3)
    forging = np.roll(np.eye(3), 1, axis=1)  # always another signal: all is lost
    exact = best_attack(config, as_defence(config, [trusting], [1.0]))
    warm, cold = (
        short.respond(ATTACKER, [trusting], np.ones(1), 0, start)
        for start in (forging, None)
    )
    reached = [short.play(trusting, attack, 4000, 1).mean() for attack in (warm, cold)]
    assert reached[0] < exact + 0.15
    assert reached[1] > exact + 0.2


def step(number: int, true: float, converged: bool) -> Step:
    nothing = {"estimate": 0.0, "low": 0.0, "high": 0.0}
    calls = 2 * (number - 1)
    return Step(number, nothing, nothing, true, (0, 0), calls, 100 * calls, converged)


def test_a_run_is_judged_over_its_budget_and_where_it_stopped() -> None:
    steps = [step(1, 8.0, False), step(2, 4.0, True), step(3, 1.0, False)]
    found = summarised(steps, 4)
    assert found["final"] == 1.0
    assert found["mean"] == pytest.approx((4 + 4 + 1) / 3)  # at 2, 3 and 4 trainings
    assert found["episodes"] == 400
    assert (found["stopped"], found["stopped_calls"]) == (1.0, 4.0)


def test_an_option_without_effect_is_not_told_from_none() -> None:
    result = study_options("cube", list(OPTIONS), range(2), calls=2, worlds=5)
    assert len(result["rows"]) == 2 * len(OPTIONS)
    for found in result["verdicts"]:  # exact oracles start from nothing
        assert found["difference"]["estimate"] == 0.0
        assert found["verdict"].startswith("cannot tell")
    assert "warm_start minus plain" in render_options(result)


@pytest.mark.parametrize(
    ("names", "seeds"), [(["plain"], 2), (["plain", "lucky"], 2), (["plain"] * 2, 1)]
)
def test_a_comparison_of_nothing_is_refused(names: list[str], seeds: int) -> None:
    with pytest.raises(ValueError, match="two seeds and two of plain, warm_start"):
        study_options("cube", names, range(seeds), 2, 5)


def test_a_kept_comparison_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    asked = ("cube", list(OPTIONS), range(2), 2, 5)
    with RunStore.open(tmp_path / "c", {"game": "cube"}) as store:
        result = study_options(*asked, store)
        assert result == study_options(*asked) == store.load_json("options")
        # What is stored is loaded, not made again.
        store.save_json("plain-001", store.load_json("plain-001") | {"final": 99.0})
        again = study_options(*asked, store)
    changed = [a for a, b in zip(again["rows"], result["rows"], strict=True) if a != b]
    assert changed == [{**result["rows"][2], "final": 99.0}]
