"""What mixtures keep under attack, against what they earn where nobody attacks."""

import numpy as np
import pytest

from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers.frontier import frontier, mixture_keeping
from psro_comm.metagame.solvers.linear_program import solve_zero_sum
from psro_comm.reports.tables.frontier import frontier_section


def table(matrix, worlds=4, defenders=None, attackers=None):
    """A table whose samples are its means, all cells played."""
    matrix = np.array(matrix, dtype=float)
    m, n = matrix.shape
    rows = defenders or ("no-filter", *(f"f{k}" for k in range(1, m)))
    columns = attackers or ("no-attack", *(f"a{k}" for k in range(1, n)))
    returns = np.repeat(matrix[..., None], worlds, -1)
    return PayoffTable(rows, columns, returns, returns * 0, returns * 0)


# Nobody, a filter that costs 2 and keeps 6, one that costs 4 and keeps 8.
THREE = [[10, 0, 0], [8, 6, 6], [6, 8, 6]]


@pytest.mark.parametrize(
    ("share", "clean", "kept"),
    [(1.0, 10.0, 0.0), (0.9, 9.0, 3.0), (0.8, 8.0, 6.0), (0.5, 8.0, 6.0)],
)
def test_a_clean_return_is_bought_with_what_is_kept(share, clean, kept):
    point = mixture_keeping(table(THREE), share)
    assert point.kept.estimate == pytest.approx(kept, abs=1e-6)
    if share >= 0.8:  # else other mixtures keep as much
        assert point.clean.estimate == pytest.approx(clean, abs=1e-6)
    assert sum(point.mixture.values()) == pytest.approx(1.0)


def test_what_is_lost_is_told_from_what_is_earned_below_zero():
    # Of -10, a share of 0.9 is to lose 1 more at most.
    point = mixture_keeping(table([[-10, -50], [-12, -12]]), 0.9)
    assert point.clean.estimate == pytest.approx(-11.0)
    assert point.kept.estimate == pytest.approx(-31.0)
    assert point.mixture == pytest.approx({"no-filter": 0.5, "f1": 0.5})


def test_little_asked_for_is_the_equilibrium_and_more_never_keeps_more():
    rng = np.random.default_rng(0)
    for size in ((2, 3), (5, 7), (12, 16)):
        matrix = rng.normal(size=size) + 5.0
        matrix[0, 0] = matrix[:, 0].max()
        points = frontier(table(matrix), (0.01, 0.9, 0.95, 0.99, 1.0))
        kept = [each.kept.estimate for each in points]
        assert kept[0] == pytest.approx(solve_zero_sum(matrix).value, abs=1e-6)
        assert all(np.diff(kept) <= 1e-6)
        for each in points:
            assert each.clean.estimate >= each.share * matrix[0, 0] - 1e-6
            x = np.array([each.mixture.get(n, 0.0) for n in table(matrix).defenders])
            assert (x @ matrix).min() == pytest.approx(each.kept.estimate, abs=1e-6)


def test_intervals_are_of_the_worlds_and_the_worst_attack_is_named():
    rng = np.random.default_rng(1)
    base = table([[10, 1, 2], [9, 5, 4]], worlds=200)
    returns = base.returns + rng.normal(size=(1, 1, 200))
    noisy = PayoffTable(
        base.defenders, base.attackers, returns, base.success, base.distortion
    )
    point = mixture_keeping(noisy, 0.1)
    assert point.attack == "a2"
    assert point.mixture == {"f1": pytest.approx(1.0)}
    assert point.kept.low < 4.0 + returns[1, 2].mean() - 4.0 < point.kept.high
    assert point.kept.high - point.kept.low == pytest.approx(4 / 200**0.5, rel=0.2)


@pytest.mark.parametrize(
    ("made", "share", "words"),
    [
        (table(THREE), 0.0, "share of the clean return is 0.0"),
        (table(THREE), 1.5, "above 0 and at most 1"),
        (table(THREE), float("nan"), "above 0 and at most 1"),
        (table([[1, 2]], attackers=("a", "b")), 0.9, "lacks no-filter or no-attack"),
        (table([[1, 2], [3, np.nan]]), 0.9, "cells that were not played"),
    ],
)
def test_what_has_no_such_mixture_is_refused(made, share, words):
    with pytest.raises(ValueError, match=words):
        mixture_keeping(made, share)


def test_the_section_has_a_line_for_each_share():
    text = frontier_section(frontier(table(THREE), (0.9, 0.95))).as_text()
    assert "90 %" in text
    assert "95 %" in text
    assert "9.00 [9.00, 9.00]" in text
    assert "3.00 [3.00, 3.00]" in text
    assert frontier_section([]) is None
