"""A heat map holds the numbers of its table, as far as they can be read."""

import warnings

import numpy as np
import pytest

from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.figures.heat_map import plot_payoffs, plot_returns
from tests.psro_comm.reports.figures.test_story import check


def test_payoffs_say_value_width_and_episodes(tmp_path):
    rng = np.random.default_rng(0)
    returns = rng.normal([[[40.0], [30.0]]], 2.0, (1, 2, 100))
    table = PayoffTable(("f",), ("a", "b"), returns, returns, returns)
    table = table.grown(["never-played"], [])
    text = check(plot_payoffs(table, tmp_path / "p.1"), tmp_path / "p.1")
    half = 1.984 * returns[0, 0].std(ddof=1) / 10
    for words in (f"{returns[0, 0].mean():.2f}", f"±{half:.2f}", "n=100", "f", "b"):
        assert words in text
    assert "never-played" in text
    assert "nan" not in text


def test_an_empty_table_is_refused(tmp_path):
    with pytest.raises(ValueError, match="empty"):
        plot_payoffs(PayoffTable.empty(), tmp_path / "p")
    assert not list(tmp_path.iterdir())


def test_one_column_has_room_for_long_names_beside_it(tmp_path):
    """Where there is none, matplotlib warns and cuts them."""
    names = [f"rmacrl/attack-00{k}.guided-near.r0" for k in range(9)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_returns(np.ones((9, 1)), names, ["psro:rmacrl"], tmp_path / "p", "left")
