"""Equilibria of ill-scaled, degenerate and many games."""

import cvxpy as cp
import numpy as np
import pytest

from psro_comm.metagame.regret import nash_conv
from psro_comm.metagame.solvers import META_SOLVERS, solve, solve_many, solve_zero_sum
from psro_comm.metagame.solvers import values as values_of
from psro_comm.metagame.solvers.cone_program import guarantee, radius, secured
from psro_comm.metagame.solvers.scale import is_ill_scaled, met_gap, undominated
from psro_comm.metagame.solvers.simplex import solve_together
from psro_comm.metagame.solvers.uniqueness import WIDE, is_unique, weight_ranges

CYCLE = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
FORBIDDEN = {
    "row": np.vstack([CYCLE, np.full(3, -1e10)]),
    "cell": np.vstack([CYCLE, [5, -1e10, 5]]),
    "column": np.hstack([CYCLE, np.full((3, 1), 1e10)]),
    "both": np.vstack(
        [np.hstack([CYCLE, [[1e10], [-5], [1e10]]]), [-1e10, 5, 5, -1e10]]
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_huge_payoffs_do_not_hide_the_equilibrium(name: str) -> None:
    table = FORBIDDEN[name]
    assert is_ill_scaled(table)
    for x, y in (
        solve_zero_sum(table)[:2],
        next(solve_many([table]))[:2],
        solve("nash", table)[:2],
        solve("max_entropy", table)[:2],
    ):
        assert nash_conv(table, x, y) < 1e-4
        np.testing.assert_allclose(x[:3], 1 / 3, atol=1e-4)
    assert not solve("nash", table).failures
    assert values_of(table[None])[0] == pytest.approx(0, abs=1e-9)


def sentinels(number: int, *, noisy: bool) -> tuple[np.ndarray, np.ndarray]:
    """A random table with some payoffs (or errors) of a size that hides the rest."""
    rng = np.random.default_rng(number)
    m, n = rng.integers(3, 10, 2)
    table, errors = rng.standard_normal((m, n)), rng.uniform(0.01, 0.3, (m, n))
    for _ in range(rng.integers(1, 4)):
        cell = rng.integers(m), rng.integers(n)
        if noisy and rng.integers(2):
            errors[cell] = 1e9
        else:
            table[cell] = -1e10 if noisy else rng.choice([-1e10, 1e10])
    return table, errors


def test_payoffs_that_undominated_policies_may_meet_are_weighed_exactly() -> None:
    wide = 0
    for number in range(40):
        table, _ = sentinels(number, noisy=False)
        found = solve("nash", table)
        assert not found.failures
        # In payoffs; weights that are doubles weigh 1e10 to some 1e-6.
        assert nash_conv(table, found.x, found.y) < 1e-5
        rows, columns = undominated(table)
        wide += is_ill_scaled(table[np.ix_(rows, columns)])
    assert wide > 10


def test_robust_mixtures_run_no_risk_of_what_is_huge() -> None:
    for number in range(40):
        table, errors = sentinels(number, noisy=True)
        x = secured(table, errors)
        k = radius(table.shape)
        safe = ((table - k * errors) > -1e6).all(axis=1)
        here = guarantee(table, errors, x)
        if not safe.any():
            assert here < -1e6
            continue
        # Rows without such a risk, as a game of their own, in the same region.
        alone = confined(table[safe], errors[safe], k)
        assert here == pytest.approx(alone, abs=2e-3)
        assert x[~safe].max(initial=0) < 1e-8


def confined(table: np.ndarray, errors: np.ndarray, k: float) -> float:
    """The best guarantee, by another form of the program: a cone for each column."""
    x, value = cp.Variable(len(table), nonneg=True), cp.Variable()
    limits = [
        means @ x - k * cp.norm(cp.multiply(noise, x)) >= value
        for means, noise in zip(table.T, errors.T, strict=True)
    ]
    problem = cp.Problem(cp.Maximize(value), [*limits, cp.sum(x) == 1])
    return float(problem.solve(solver="CLARABEL"))


@pytest.mark.parametrize("name", sorted({*META_SOLVERS} - {"nash"}))
def test_every_solver_sees_past_a_huge_payoff_or_refuses(name: str) -> None:
    errors = np.full((4, 3), 0.01)
    blind = {"uniform", "uniform_biased", "last_iterate"}  # to all payoffs
    dominated, live = FORBIDDEN["row"], FORBIDDEN["cell"]
    found = solve(name, dominated, errors)
    assert not found.failures
    if name not in blind:
        assert found.x[3] < 1e-12
        assert met_gap(dominated, found.x, found.y) < 0.1
    found = solve(name, live, errors)
    if name in {"max_entropy", "robust", "alpha_rank", *blind}:
        assert found.solver == name
    else:
        assert found.solver == "nash"
        assert "payoffs spread over 1.0e+10, most over" in found.failures[0]
    if name not in {*blind, "alpha_rank"}:  # it goes round the whole cycle
        assert met_gap(live, found.x, found.y) < 0.1


def test_what_no_double_can_weigh_is_refused() -> None:
    table = np.array(
        [[-1, -1, -2, 3], [-1e13, -1, -3, 1e13], [1, -1, 2, -1e13], [0.0, -1, 2, -3]]
    )
    with pytest.raises(ValueError, match=r"no meta-solver is left.* of those met"):
        solve("nash", table)


def test_a_poor_result_of_an_exact_solver_is_refused() -> None:
    table = FORBIDDEN["row"]
    pure = np.eye(4)[0], np.eye(3)[0]
    assert met_gap(table, *pure) > 0.5  # though 2e-10 of the whole spread
    poor = {**META_SOLVERS, "nash": lambda *_: pure}
    assert solve("nash", table, registry=poor).solver != "nash"


def test_dominated_policies_leave_in_turns() -> None:
    table = np.array([[3.0, 1, 0], [2, 0, 9], [1, -1, 8]])
    # Row 2 by row 1; only then column 0 by column 1.
    rows, columns = undominated(table)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 2])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_many_games_are_solved_as_one_by_one(count: int) -> None:
    rng = np.random.default_rng(count)
    for shape in ((1, 1), (1, 5), (5, 1), (4, 6), (12, 12)):
        tables = rng.standard_normal((20, *shape))
        if count == 1:
            tables = np.round(tables)  # degenerate
        if count == 2:
            tables = 1e12 + tables
        for table, found in zip(tables, solve_many(tables), strict=True):
            alone = solve_zero_sum(table)
            edge = 1e-3 if count == 2 else 1e-9  # of a double near 1e12
            assert found.value == pytest.approx(alone.value, abs=edge, rel=0)
            assert met_gap(table, found.x, found.y) < 1e-6
        each = [game.value for game in solve_many(tables)]
        np.testing.assert_allclose(values_of(tables), each, rtol=1e-12, atol=1e-12)


def test_steps_that_do_not_suffice_are_nan_and_solved_otherwise(monkeypatch) -> None:
    from psro_comm.metagame.solvers import simplex

    monkeypatch.setattr(simplex, "_PIVOTS", 0)
    assert np.isnan(solve_together(CYCLE[None] + 2)[0]).all()
    found = next(solve_many([CYCLE]))
    assert found.solver == "HIGHS"
    assert values_of(CYCLE[None])[0] == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="finite"):
        values_of(np.full((1, 2, 2), np.nan))


def test_uniqueness_agrees_with_the_ranges_of_all_weights() -> None:
    rng = np.random.default_rng(0)
    several = 0
    for number in range(60):
        m, n = rng.integers(1, 6, 2)
        table = rng.standard_normal((m, n))
        if number % 2:
            table = rng.integers(0, 3, (m, n)).astype(float)
        found = solve_zero_sum(table)
        for side, value, x in (
            (table, found.value, found.x),
            (-table.T, -found.value, found.y),
        ):
            ranges = weight_ranges(side, value)
            assert (ranges[:, 0] <= x + 1e-6).all()
            assert (x <= ranges[:, 1] + 1e-6).all()
            differ = bool((np.ptp(ranges, axis=1) > WIDE).any())
            assert is_unique(side, value, x) != differ
            several += differ
    assert several > 10


def test_ranges_of_a_game_by_hand() -> None:
    table = np.array([[0.0, 0], [-1, -1]])
    np.testing.assert_allclose(weight_ranges(table, 0.0), [[1, 1], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(weight_ranges(-table.T, 0.0), [[0, 1]] * 2, atol=1e-6)
