"""Intervals of tables cover the truth as often as they say, in every family."""

import numpy as np
import pytest

from psro_comm.metagame.table_intervals import WORST
from psro_comm.validation.coverage import FAMILIES, ROBUST_ROWS, covered

LEAST = 0.93  # .95, less the noise of 300 repetitions
LEAST_OF_WEIGHTS = 0.9  # near-ties hide who is played
SLOW = ("random 12 x 12", "constant 5 x 5")  # only in the documentation's table


@pytest.mark.parametrize(
    "name", [n for n in FAMILIES if n not in (*ROBUST_ROWS, *SLOW)]
)
def test_intervals_cover_in_every_family(name: str) -> None:
    found = covered(FAMILIES[name], np.random.default_rng(1), repetitions=300, draws=60)
    weights = found.pop("weights", 1.0)
    if FAMILIES[name].refined:  # cells that seem to matter get the episodes
        assert found.pop("NashConv") >= 0.9
    assert min(found.values()) >= LEAST, found
    assert weights >= LEAST_OF_WEIGHTS


@pytest.mark.parametrize("name", ROBUST_ROWS)
def test_a_best_and_flat_row_is_covered_as_stated(name: str) -> None:
    found = covered(FAMILIES[name], np.random.default_rng(1), repetitions=300, draws=60)
    assert found["value"] >= WORST - 0.05  # twice its noise
    assert found["regrets"] >= 0.87
    assert found["conservative"] >= LEAST
    assert found["best single"] >= LEAST
    assert found["NashConv"] >= LEAST
