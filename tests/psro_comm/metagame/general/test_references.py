"""The same answers as Gambit and Nashpy, where they are installed."""

import numpy as np
import pytest

from psro_comm.metagame.general.extreme import extreme_equilibria
from psro_comm.metagame.general.lemke_howson import lemke_howson
from psro_comm.metagame.general.logit import logit_branch
from tests.psro_comm.metagame.general.games import DEGENERATE, SEXES, drawn


@pytest.mark.parametrize("game", [SEXES, DEGENERATE, drawn(3, 4, 5)], ids=str)
def test_gambit_finds_the_same_equilibria(game):
    gambit = pytest.importorskip("pygambit", reason="pygambit is an optional reference")
    theirs = gambit.Game.from_arrays(*game.payoffs)
    found = gambit.nash.enummixed_solve(theirs, rational=False).equilibria
    expected = {
        tuple(round(float(each[s]), 6) for p in theirs.players for s in p.strategies)
        for each in found
    }
    ours = extreme_equilibria(*game.payoffs).pairs
    assert {tuple(np.round(np.concatenate(pair), 6)) for pair in ours} == expected


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 3), (2, 3, 2)])
def test_gambit_follows_the_same_logit_branch(shape):
    gambit = pytest.importorskip("pygambit", reason="pygambit is an optional reference")
    game = drawn(6, *shape)
    theirs = gambit.Game.from_arrays(*game.payoffs)
    (found,) = gambit.nash.logit_solve(theirs).equilibria
    limit = [float(found[s]) for p in theirs.players for s in p.strategies]
    assert np.concatenate(logit_branch(game).limit) == pytest.approx(limit, abs=1e-3)


def test_nashpy_ends_the_same_paths():
    nashpy = pytest.importorskip("nashpy", reason="nashpy is an optional reference")
    game = drawn(4, 4, 3)
    theirs = nashpy.Game(*game.payoffs)
    for label in range(7):
        expected = theirs.lemke_howson(initial_dropped_label=label)
        ours = lemke_howson(*game.payoffs, label)
        assert np.concatenate(ours) == pytest.approx(np.concatenate(expected))
