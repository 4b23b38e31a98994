"""What a simulator of one's own has played, added to a table."""

from pathlib import Path

import numpy as np
import pytest

from psro_comm.metagame.formats.results import (
    Moments,
    read_results,
    to_list,
    with_results,
)
from psro_comm.metagame.meta_game import MetaGame

NAMES = ("a", "b"), ("x", "y")


def game_of(samples: np.ndarray) -> MetaGame:
    """The game of `[2, 2, W]` independent samples, as a file holds it."""
    count = samples.shape[-1]
    error = samples.std(axis=-1, ddof=1) / np.sqrt(count)
    return MetaGame(*NAMES, samples.mean(-1), error, np.full((2, 2), count))


def test_a_table_with_results_is_that_of_all_episodes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    old, new = rng.standard_normal((2, 2, 9)), rng.standard_normal(5)
    path = tmp_path / "new.csv"
    path.write_text(
        "defender,attacker,mean\n" + "".join(f"b,x,{float(u)!r}\n" for u in new)
    )
    both = with_results(game_of(old), [read_results(path)])
    whole = np.concatenate([old[1, 0], new])
    assert both.mean[1, 0] == pytest.approx(whole.mean())
    assert both.std_error[1, 0] == pytest.approx(whole.std(ddof=1) / np.sqrt(14))
    assert both.episodes.tolist() == [[9, 9], [14, 9]]
    np.testing.assert_array_equal(both.mean[0], game_of(old).mean[0])
    assert "5 episodes of results" in both.notes[-1]
    # As a mean with its error, and in two files, it is the same.
    parts = [tmp_path / "one.csv", tmp_path / "two.tsv"]
    for part, piece in zip(parts, (new[:2], new[2:]), strict=True):
        numbers = piece.mean(), piece.std(ddof=1) / np.sqrt(len(piece)), len(piece)
        sign = "," if part.suffix == ".csv" else "\t"
        lines = [("Defender", "Attacker", "Mean", "SE", "n"), ("b", "x", *numbers)]
        part.write_text("\n".join(sign.join(map(str, line)) for line in lines))
    again = with_results(game_of(old), map(read_results, parts))
    np.testing.assert_allclose(again.std_error, both.std_error)


def test_moments_join_by_hand() -> None:
    # 1, 3 and 5: mean 3, squares 8.
    joined = Moments(2, 2.0, 2.0).joined(Moments(1, 5.0, 0.0))
    assert joined == (3, pytest.approx(3.0), pytest.approx(8.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,x\n1,2\n", "first line must name the columns"),
        ("defender,attacker,mean,episodes\na,x,1,2\n", "need both std_error and"),
        ("defender,attacker,mean,se,n\na,x,1,-1,2\n", "has std_error -1.0 of 2"),
        ("defender,attacker,mean,se,n\na,x,1,1,0\n", "of 0.0 episodes"),
        ("defender,attacker,mean\na,x,one\n", "line 2: 'one' is not a number"),
        ("defender,attacker,mean\na,z,1\n", "the table has no such cell"),
    ],
)
def test_bad_results_are_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        with_results(game_of(np.ones((2, 2, 2))), [read_results(path)])


def test_results_need_a_table_with_episodes() -> None:
    with pytest.raises(ValueError, match="with standard errors and episodes"):
        with_results(MetaGame(*NAMES, np.zeros((2, 2))), [])


def test_the_list_names_the_cells_with_most_first() -> None:
    text = to_list(game_of(np.ones((2, 2, 2))), np.array([[0, 3], [9, 0]]))
    assert text == "defender,attacker,play\nb,x,9\na,y,3\n"
