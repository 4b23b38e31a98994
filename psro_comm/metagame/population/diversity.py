"""Measures how different the policies of a population are, where it matters."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Diversity(NamedTuple):
    """How diverse two populations are.

    Attributes:
      effective_diversity: x' max(U - v, 0) y, in payoffs: how much the policies of the
        equilibrium beat each other; 0 if one policy of each side is all.
      cardinality: expected number of policies that differ, of either side, 0 to
        min(m, n).
      rows_played: exp of the entropy of the rows' mixture: how many are played;
        `columns_played` likewise.
    """

    effective_diversity: float
    cardinality: float
    rows_played: float
    columns_played: float


def diversity(
    matrix: np.ndarray, x: np.ndarray, y: np.ndarray, value: float, scale: float
) -> Diversity:
    """Returns how diverse two populations are.

    Args:
      matrix: `[m, n]` payoffs to the rows.
      x: `[m]` the rows' mixture, `y` `[n]` the columns'.
      value: of the game.
      scale: largest difference of a payoff and the value, over which cardinality is
        measured; the same for populations that are to be compared.

    Source: Balduzzi et al. 2019, Open-ended learning, definition 4 (effective
      diversity, here of two sides); Perez-Nieves et al. 2021, Modelling behavioural
      diversity, theorem 3 (expected cardinality of a determinantal point process).
    """
    beaten = float(x @ np.maximum(matrix - value, 0.0) @ y)
    features = (matrix - value) / (scale or 1.0)
    squares = np.linalg.svd(features, compute_uv=False) ** 2
    # Tr(I - (M M' + I)^-1); M M' and M' M have the same eigenvalues but for zeros.
    cardinality = float((squares / (1.0 + squares)).sum())
    return Diversity(beaten, cardinality, _played(x), _played(y))


def _played(weights: np.ndarray) -> float:
    positive = weights[weights > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()))


def over_iterations(
    matrix: np.ndarray,
    names: tuple[Sequence[str], Sequence[str]],
    mixtures: Sequence[tuple[Mapping[str, float], Mapping[str, float]]],
) -> list[Diversity]:
    """Returns the diversity of the populations that each iteration had.

    Args:
      matrix: `[m, n]` payoffs of the last table, from which all are taken.
      names: of its rows and columns.
      mixtures: of both sides at each iteration, with the policies that there were.
    """
    scale, whole = 0.0, []
    for rows, columns in mixtures:
        places = [
            [k for k, name in enumerate(own) if name in given]
            for own, given in zip(names, (rows, columns), strict=True)
        ]
        part = matrix[np.ix_(*places)]
        x = np.array([rows[names[0][k]] for k in places[0]])
        y = np.array([columns[names[1][k]] for k in places[1]])
        value = float(x @ part @ y)
        scale = max(scale, float(np.abs(part - value).max()))
        whole.append((part, x, y, value))
    return [diversity(part, x, y, value, scale) for part, x, y, value in whole]
