"""A heat map holds the numbers of its table, as far as they can be read."""

import numpy as np
import pytest

from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.figures.heat_map import plot_meta_game, plot_payoffs
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


def game(size: int) -> MetaGame:
    """Payoffs 0, 1, 2, ... with a standard error of 1 and 50 episodes each."""
    names = tuple(f"policy-{k}" for k in range(size))
    mean = np.arange(size**2, dtype=float).reshape(size, size)
    noise, episodes = np.ones((size, size)), np.full((size, size), 50)
    return MetaGame(names, names, mean, std_error=noise, episodes=episodes, title="a")


@pytest.mark.parametrize(
    ("size", "shown", "hidden"),
    [
        (2, ("±2", "n=50"), ()),
        (12, ("143",), ("n=50",)),
        (41, (), ("n=50", "1.68e+03")),
    ],
)
def test_the_larger_a_meta_game_the_less_a_cell_says(tmp_path, size, shown, hidden):
    text = check(plot_meta_game(game(size), tmp_path / "g"), tmp_path / "g")
    for words in ("attacker, minimises", "policy-1", *shown):
        assert words in text
    assert not [words for words in hidden if words in text]
