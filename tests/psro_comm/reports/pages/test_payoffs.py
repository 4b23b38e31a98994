"""Payoff tables over iterations: each cell, each weight, and what is left out."""

import re

import numpy as np

from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.pages import payoffs
from psro_comm.reports.pages.frame import page
from tests.hand_made_report import step
from tests.html_pages import PageText, words


def an_iteration(number: int, **weights: float) -> Iteration:
    found = step(number)
    found["defender_mixture"] = weights
    found["attacker_mixture"] = {"a<0>": 1.0}
    return Iteration.from_dict(found)


def a_table(*names: str) -> PayoffTable:
    """Filter k earns about 10 k; the second attack was never played."""
    returns = np.full((len(names), 2, 4), np.nan)
    for k in range(len(names)):
        returns[k, 0] = 10.0 * k + np.array([-1.0, 1.0, -1.0, 1.0])
    return PayoffTable(names, ("a<0>", "never"), *[returns] * 3)


def test_every_iteration_has_its_table_with_both_mixtures():
    history = [an_iteration(1, f=1.0), an_iteration(2, f=0.25, g=0.75)]
    tables = {1: a_table("f", "g"), 2: a_table("f", "g", "h")}
    part = payoffs.payoffs_part(history, tables)
    one, two = part.inner.split('<div class="iteration"')[1:]
    assert words(one).count("±") == 2
    assert words(two).count("±") == 3
    assert "Iteration 2: value 42.00 [41.50, 42.50]" in words(two)
    assert '<td class="plays">75.0 %</td>' in two
    assert '<th scope="row">h</th><td>-</td>' in two
    assert "20.00 <small>±1.84</small>" in two  # t(3) = 3.182, s / 2 = 0.577
    assert two.count("<td>-</td>") == 5  # never played, or never met
    assert "a&lt;0&gt;" in two
    made = page("A", [part], [payoffs.SCRIPT])
    assert PageText(made).scripts == 1
    assert 'min="1" max="2" value="2"' in made


def test_the_most_is_darkest_and_the_least_has_no_colour():
    part = payoffs.payoffs_part([an_iteration(1, f=1.0)], {1: a_table("f", "g", "h")})
    assert re.findall(r"--a:([\d.]+)", part.inner) == ["0.00", "0.23", "0.45"]


def test_returns_that_are_all_alike_have_no_colour():
    part = payoffs.payoffs_part([an_iteration(1, f=1.0)], {1: a_table("f")})
    assert re.findall(r"--a:([\d.]+)", part.inner) == ["0.00"]


def test_of_a_large_table_what_nobody_plays_is_left_out_and_said_so(monkeypatch):
    monkeypatch.setattr(payoffs, "_MOST_CELLS", 3)
    part = payoffs.payoffs_part([an_iteration(1, g=1.0)], {1: a_table("f", "g")})
    assert "never" not in part.inner
    assert '<th scope="row">f</th>' not in part.inner
    assert "left out" in part.inner
    monkeypatch.undo()
    assert (
        "left out"
        not in payoffs.payoffs_part(
            [an_iteration(1, g=1.0)], {1: a_table("f", "g")}
        ).inner
    )


def test_without_tables_there_is_no_part():
    assert payoffs.payoffs_part([an_iteration(1, f=1.0)], {2: a_table("f")}) is None
    assert payoffs.payoffs_part([], {}) is None
