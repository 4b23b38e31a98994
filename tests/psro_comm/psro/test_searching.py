"""Who is trained on whom, who joins, and who is tested: in a game played by hand."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.psro.searching import Searcher, telling
from psro_comm.settings.portfolio import fits, trainings
from psro_comm.settings.psro import PSROConfig
from psro_comm.settings.tasks import preset

FAKE, MIRRORED = ("attack-001.fake.r0", "attack-001.mirrored.r0")
LEARNT, FRESH = ("filter-001.tracking.r0", "filter-001.tracking.r1")
PAYOFFS = {  # what each filter keeps of each attack
    NO_FILTER: {NO_ATTACK: 10.0, "flip": 4.0, FAKE: 1.0, MIRRORED: 7.0},
    "mute": {NO_ATTACK: 5.0, "flip": 5.0, FAKE: 5.0, MIRRORED: 5.0},
    LEARNT: {NO_ATTACK: 9.0, "flip": 7.0, FAKE: 6.0, MIRRORED: 8.0},
    FRESH: {NO_ATTACK: 9.0, "flip": 9.0, FAKE: 1.0, MIRRORED: 9.0},
}


def named(name: str) -> Frozen:
    return Frozen({"kind": "tracking" if "tracking" in name else name}, {})


class HandMade:
    """A lab that trains at once, and plays by `PAYOFFS`."""

    def __init__(self, payoffs: Any, **psro: Any) -> None:
        config = preset("predator_prey_p05", "quick")
        asked = {"restarts": 1, "spread": 0.5, "attacks": ("mirrored", "fake"), **psro}
        self.config = replace(config, psro=PSROConfig(**asked))
        self.payoffs, self.asked, self.played = payoffs, {}, []
        self.store, self.saved = self, {}

    def knowing(self) -> "HandMade":
        return self

    def has(self, name: str) -> bool:
        return name in self.saved

    def save_policy(self, name: str, policy: Frozen) -> None:
        self.saved[name] = policy

    def respond(self, responses: Any) -> list[Frozen]:
        self.asked |= {each.name: each for each in responses}
        return [named(each.name) for each in responses]

    def left(self, filter_: str, attack: str) -> float:
        row = self.payoffs.get(filter_, self.payoffs[FRESH])
        return row.get(attack, row.get(f"{attack[:-1]}0", 3.0))

    def table(
        self, name, filters, attacks, episodes, *, old=None, worlds=None, cells=None
    ):
        table = (old or PayoffTable.empty()).grown(filters, attacks)
        asked = [each for each in table.missing() if cells is None or each in cells]
        self.played.append((name, worlds, asked))
        left = np.array([[self.left(*cell)] * 2 for cell in asked])
        return table.recorded(asked, left, 0 * left, 0 * left) if asked else table


def answered(payoffs=PAYOFFS, x=(0.0, 1.0), y=(0.0, 1.0), **psro):
    lab = HandMade(payoffs, **psro)
    filters = {name: named(name) for name in (NO_FILTER, "mute")}
    attacks = {name: named(name) for name in (NO_ATTACK, "flip")}
    populations = [filters, attacks]
    names = tuple(filters), tuple(attacks)
    table = lab.table("start", filters, attacks, 2)
    searcher = Searcher(lab, populations, "nash")
    mixtures = np.array(x), np.array(y)
    return lab, populations, searcher.answer(1, names, mixtures, table)


def test_attacks_are_trained_on_the_mixture_and_pay_for_being_flagged():
    lab, _, _ = answered(x=(0.25, 0.75))
    for name in (FAKE, MIRRORED):
        asked = lab.asked[name]
        assert [*asked.opponents] == [NO_FILTER, "mute"]
        assert asked.weights == [0.25, 0.75]
        assert asked.recipe.side is Side.ATTACKER
        assert asked.recipe.budget.evasion == pytest.approx(0.6 * (10.0 - 5.0))


def test_only_attacks_join_that_hurt_the_mixture_more_than_those_it_has_met():
    # Against nobody, flip leaves 4, fake 1, mirrored 7; against mute all leave 5.
    _, populations, answer = answered(x=(1.0, 0.0))
    assert answer.attacks == [FAKE]
    assert [*populations[1]] == [NO_ATTACK, "flip", FAKE]
    assert answer.trials[1].new == FAKE
    _, populations, answer = answered(x=(0.0, 1.0))
    assert answer.attacks == []
    assert [*populations[1]] == [NO_ATTACK, "flip"]
    assert answer.trials[1].new in (FAKE, MIRRORED)  # recorded and tested all the same


def test_a_filter_answers_the_game_with_the_new_attacks_in_it():
    lab, _, _ = answered(x=(1.0, 0.0))
    asked = lab.asked[LEARNT]
    # The game's equilibrium now: mute, and the fake; half goes evenly to both attacks.
    assert dict(zip(asked.opponents, asked.weights, strict=True)) == pytest.approx(
        {"flip": 0.25, FAKE: 0.75}
    )
    assert asked.recipe.kind == "tracking"
    assert asked.start is None  # nobody there is of its kind


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_how_much_of_a_filters_opponents_is_shared_evenly(spread):
    lab, _, _ = answered(x=(1.0, 0.0), spread=spread)
    asked = lab.asked[LEARNT]
    met = dict(zip(asked.opponents, asked.weights, strict=True))
    assert met == pytest.approx(
        {FAKE: 1.0} if spread == 0.0 else {"flip": 0.5, FAKE: 0.5}
    )


def test_of_all_filters_that_joins_with_which_the_population_guarantees_most():
    lab, populations, answer = answered(x=(1.0, 0.0), restarts=2)
    assert {LEARNT, FRESH} < {*lab.asked}
    assert answer.filters == [LEARNT]
    assert [*populations[0]] == [NO_FILTER, "mute", LEARNT]
    assert answer.trials[0].new == LEARNT
    assert answer.table.defenders == (NO_FILTER, "mute", LEARNT)
    assert answer.table.attackers[:3] == (NO_ATTACK, "flip", FAKE)


def test_a_filter_that_loses_to_one_already_there_does_not_join():
    worse = {**PAYOFFS, LEARNT: dict.fromkeys(PAYOFFS[LEARNT], 3.0)}
    _, populations, answer = answered(worse, x=(1.0, 0.0))
    assert answer.filters == []
    assert [*populations[0]] == [NO_FILTER, "mute"]
    assert answer.trials[0].new == LEARNT


@pytest.mark.parametrize(("kept", "restored"), [(7.5, True), (6.5, False)])
def test_fresh_filters_are_trained_where_the_one_that_learnt_on_is_not_enough(
    kept, restored
):
    """The population guaranteed 7 before the new attacks, of which one leaves 3."""
    again = "filter-002.tracking.r0"
    new = [f"attack-002.{kind}.r0" for kind in ("fake", "mirrored")]
    row = PAYOFFS[LEARNT] | dict.fromkeys(new, kept)
    lab = HandMade({**PAYOFFS, again: row}, restarts=2)
    recipe = trainings(lab.config, Side.DEFENDER)["tracking"].further
    learnt = Frozen({"kind": "tracking", "config": asdict(recipe.config)}, {})
    filters = {NO_FILTER: named(NO_FILTER), "mute": named("mute"), LEARNT: learnt}
    attacks = {name: named(name) for name in (NO_ATTACK, "flip")}
    mixtures = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0])
    Searcher(lab, [filters, attacks], "nash").answer(
        *(2, (tuple(filters), tuple(attacks)), mixtures),
        lab.table("start", filters, attacks, 2),
    )
    first = lab.asked[again]
    assert first.start is learnt
    assert first.recipe == recipe
    second = lab.asked.get("filter-002.tracking.r1")
    if restored:
        assert second is None
    else:
        assert second.start is None
        assert second.recipe.budget.env_steps > recipe.budget.env_steps


def test_only_what_is_needed_to_choose_is_played():
    """Of attacks, against the mixture; of those who join, against all filters."""
    lab, _, _ = answered(x=(1.0, 0.0))
    asked = {name: set(cells) for name, _, cells in lab.played}
    fight = "payoffs-001"
    assert asked[f"{fight}.attacked"] == {(NO_FILTER, FAKE), (NO_FILTER, MIRRORED)}
    assert asked[f"{fight}.joined"] == {("mute", FAKE)}
    defended = {(LEARNT, name) for name in (NO_ATTACK, "flip", FAKE)}
    assert asked[f"{fight}.defended-1"] == defended


def test_who_is_played_and_who_hurts_most_tell_filters_apart():
    attacks = tuple(f"a{k}" for k in range(20))
    left = np.arange(20.0)[::-1, None].repeat(2, 1)[None]  # the last hurts most
    table = PayoffTable(("f",), attacks, left, 0 * left, 0 * left)
    found = telling(table, "f", {"a3", "a18"})
    assert found == ("a3", *attacks[12:])


def test_a_filter_joins_with_the_threshold_that_guarantees_most():
    lab = HandMade(PAYOFFS)
    config = trainings(lab.config, Side.DEFENDER)["tracking"].fresh.config
    facts = {"kind": "tracking", "config": asdict(config)}
    lab.respond = lambda asked: [Frozen(facts, {}) for _ in asked]
    stricter = f"{LEARNT}.above-3"
    lab.payoffs = {**PAYOFFS, stricter: dict.fromkeys(PAYOFFS[LEARNT], 8.5)}
    filters = {NO_FILTER: named(NO_FILTER), "mute": named("mute")}
    attacks = {name: named(name) for name in (NO_ATTACK, "flip")}
    mixtures = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    answer = Searcher(lab, [filters, attacks], "nash").answer(
        *(1, (tuple(filters), tuple(attacks)), mixtures),
        lab.table("start", filters, attacks, 2),
    )
    assert answer.filters == [stricter]
    assert lab.saved[stricter].facts["config"]["threshold"] == -3.0
    assert lab.saved[stricter].facts["config"]["hidden"] == config.hidden
    further = trainings(lab.config, Side.DEFENDER)["tracking"].further
    assert fits(filters[stricter], further)  # the next one learns on from it
    assert not fits(named("mute"), further)
