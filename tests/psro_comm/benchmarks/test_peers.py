"""The measurement against other packages says what is missing, and samples episodes."""

import importlib.util

import numpy as np
import pytest

from psro_comm.benchmarks import peers
from psro_comm.psro.registered import sampled


def test_what_is_not_installed_is_named_before_anything_is_measured(monkeypatch):
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "mpe2" else name
    )
    with pytest.raises(ValueError, match="mpe2 not installed: make bench-peers"):
        next(peers.lines("cpu", 1))


def test_openspiels_loop_plays_each_episode_and_takes_the_mean():
    played = iter([4.0, 8.0, 9.0])
    returns = sampled(lambda defender, attacker: next(played), 3)
    np.testing.assert_allclose(returns, [7.0, -7.0])
    assert next(played, None) is None


def test_the_loop_is_counted_in_episodes():
    assert peers.stock_loop("cpu", episodes=1)() == 1
