"""The seam: OpenSpiel's PSRO with our oracle, on games whose answer is known."""

import numpy as np
import pytest

from games.openspiel.adversarial_comm import ATTACKER, DEFENDER, SlotPolicy
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers import solve_zero_sum
from psro_comm.psro.solver import (
    RMacrlSolver,
    new_game,
    openspiel_nash_conv,
    opponent_mixture,
)


class HiddenMatrix:
    """A game whose policies are the rows and columns of a matrix."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        self.batches: list[int] = []

    def respond(self, names, mixtures, table):
        rows, columns = ([int(name[1:]) for name in side] for side in names)
        x, y = mixtures
        best_row = int((self.matrix[:, columns] @ y).argmax())
        best_column = int((x @ self.matrix[rows]).argmin())
        new_row = [] if best_row in rows else [f"d{best_row}"]
        new_column = [] if best_column in columns else [f"a{best_column}"]
        return new_row, new_column

    def estimate(self, filters, attacks, table: PayoffTable) -> PayoffTable:
        table = table.grown(filters, attacks)
        missing = table.missing()
        self.batches.append(len(missing))
        if not missing:
            return table
        paid = [[self.matrix[int(d[1:]), int(a[1:])]] for d, a in missing]
        zeros = np.zeros((len(missing), 1))
        return table.recorded(missing, np.array(paid), zeros, zeros)


def solved(matrix: np.ndarray, iterations: int = 10, meta_solver="nash") -> tuple:
    hidden = HiddenMatrix(matrix)
    solver = RMacrlSolver(
        new_game(16),
        hidden.respond,
        hidden.estimate,
        (("d0",), ("a0",)),
        meta_solver,
        seed=0,
    )
    for _ in range(iterations):
        solver.iteration()
    return solver, hidden


@pytest.mark.parametrize("seed", range(3))
def test_double_oracle_reaches_the_value_of_a_hidden_matrix(seed):
    matrix = np.random.default_rng(seed).normal(size=(6, 7))
    solver, _ = solved(matrix)
    x, y = solver.mixtures()
    value = x @ solver.table.mean() @ y
    assert value == pytest.approx(solve_zero_sum(matrix).value, abs=1e-8)


def test_openspiels_nash_conv_agrees_with_a_count_by_hand():
    solver, _ = solved(np.random.default_rng(0).normal(size=(6, 7)), iterations=2)
    table = solver.table
    x = np.full(len(table.defenders), 1.0 / len(table.defenders))
    y = np.full(len(table.attackers), 1.0 / len(table.attackers))
    matrix = table.mean()
    by_hand = (matrix @ y).max() - (x @ matrix).min()
    assert openspiel_nash_conv(table, x, y) == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize(
    ("uniform_first", "first"), [(True, [0.5, 0.5]), (False, [1.0, 0.0])]
)
def test_the_first_mixtures_are_uniform_unless_they_are_to_be_solved(
    uniform_first, first
):
    hidden = HiddenMatrix(np.array([[3.0, 2.0], [0.0, 0.0]]))
    solver = RMacrlSolver(
        new_game(4),
        hidden.respond,
        hidden.estimate,
        (("d0", "d1"), ("a1", "a0")),
        "nash",
        seed=0,
        uniform_first=uniform_first,
    )
    x, y = solver.mixtures()
    assert x.tolist() == first  # d1 is dominated
    assert y.tolist() == first
    solver.iteration()
    assert solver.mixtures()[0].tolist() == [1.0, 0.0]


def test_each_cell_is_estimated_once_and_all_missing_ones_together():
    solver, hidden = solved(np.random.default_rng(1).normal(size=(6, 7)), iterations=3)
    assert hidden.batches[0] == 1
    assert len(hidden.batches) == 4  # one batch an iteration, and the first
    assert sum(hidden.batches) == solver.table.mean().size


def test_nothing_new_from_the_oracle_leaves_the_populations_as_they_are():
    solver, _ = solved(np.array([[1.0]]), iterations=3)
    assert solver.names() == (("d0",), ("a0",))


def test_the_uniform_meta_solver_spreads_over_the_population():
    solver, _ = solved(
        np.random.default_rng(0).normal(size=(6, 7)), 2, meta_solver="uniform"
    )
    x, _ = solver.mixtures()
    assert np.allclose(x, 1.0 / len(x))


@pytest.mark.parametrize(
    "shape", ["marginals", "joint", "flat"], ids=["list", "matrix", "flat"]
)
@pytest.mark.parametrize("player", [DEFENDER, ATTACKER])
def test_the_opponents_mixture_is_found_in_every_shape_openspiel_uses(shape, player):
    x, y = np.array([0.25, 0.75]), np.array([0.5, 0.2, 0.3])
    joint = np.outer(x, y)
    probabilities = {"marginals": [x, y], "joint": joint, "flat": joint.ravel()}
    parameters = {
        "current_player": player,
        "probabilities_of_playing_policies": probabilities[shape],
        "total_policies": [
            [SlotPolicy(i, f"d{i}") for i in range(2)],
            [SlotPolicy(i, f"a{i}") for i in range(3)],
        ],
    }
    expected = y if player == DEFENDER else x
    assert opponent_mixture(parameters) == pytest.approx(expected)
