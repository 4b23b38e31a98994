"""Tables of pandas and of spreadsheets."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from psro_comm.metagame.formats.files import read_meta_game, write_meta_game
from psro_comm.metagame.formats.frame import from_frame, to_frame
from psro_comm.metagame.meta_game import MetaGame

SQUARE = [[1.0, 2.5], [3.0, 0.0]]


def frame(columns: list, index: list, rows: list) -> SimpleNamespace:
    """What is read of a DataFrame, which need not be installed."""
    values = np.array(rows, dtype=object)
    return SimpleNamespace(
        columns=columns, index=index, to_numpy=lambda dtype: values.astype(dtype)
    )


def test_a_frame_is_a_matrix_with_names_around_it() -> None:
    game = from_frame(frame(["a", "b"], [0, 1], SQUARE), "mine")
    assert (game.defenders, game.attackers, game.title) == (
        ("0", "1"),
        ("a", "b"),
        "mine",
    )
    np.testing.assert_array_equal(game.mean, SQUARE)
    with pytest.raises(ValueError, match="line 2, column 'b': it is missing: 'nan'"):
        from_frame(frame(["a", "b"], ["x"], [[1.0, float("nan")]]))
    with pytest.raises(ValueError, match="'True' is not a number"):
        from_frame(frame(["a"], ["x"], [[True]]))


def test_a_frame_with_our_columns_has_a_line_for_each_cell() -> None:
    columns = ["defender", "attacker", "mean", "std_error"]
    rows = [["x", "a", 1, 0.1], ["x", "b", 2.5, 0.2]]
    game = from_frame(frame(columns, [5, 6], rows))
    np.testing.assert_array_equal(game.mean, [[1, 2.5]])
    np.testing.assert_array_equal(game.std_error, [[0.1, 0.2]])


def test_what_is_made_a_frame_is_read_back() -> None:
    pytest.importorskip("pandas", reason="pandas is optional")
    game = MetaGame(("x", "y"), ("a", "b"), SQUARE, np.full((2, 2), 0.5))
    back = from_frame(to_frame(game))
    np.testing.assert_array_equal(back.mean, SQUARE)
    np.testing.assert_array_equal(back.std_error, game.std_error)


def test_a_spreadsheet_is_read(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is optional")
    book, path = openpyxl.Workbook(), tmp_path / "a.XLSX"
    for row in ([None, "a", "b"], ["x", 1, 2.5], [None, None, None], ["y", 3, 0]):
        book.active.append(row)
    book.save(path)
    game = read_meta_game(path)
    assert game.defenders == ("x", "y")
    np.testing.assert_array_equal(game.mean, SQUARE)
    book.create_sheet("more")
    book.save(path)
    with pytest.raises(ValueError, match="it has the sheets"):
        read_meta_game(path)
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match="damaged or no spreadsheet"):
        read_meta_game(path)


def test_without_openpyxl_a_spreadsheet_is_refused_with_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"needs openpyxl .* save it as \.csv"):
        read_meta_game(path)
    with pytest.raises(ValueError, match="read, but not written"):
        write_meta_game(path, MetaGame(("x",), ("a",), [[1.0]]))
