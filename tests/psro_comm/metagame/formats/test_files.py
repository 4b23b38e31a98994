"""The meta-game as an .nfg file with labels beside it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyspiel
import pytest

from psro_comm.metagame.formats.files import (
    labels_path,
    read_meta_game,
    read_nfg,
    write_nfg,
)
from psro_comm.metagame.payoffs import PayoffTable

CELLS = [("none", "calm"), ("none", "loud"), ("f-001", "calm"), ("f-001", "loud")]
RETURNS = np.array([[1 / 3], [-2.5], [1e-13], [123456.7]])


def make_table(cells: int = 4) -> PayoffTable:
    table = PayoffTable.empty().grown(("none", "f-001"), ("calm", "loud"))
    returns = RETURNS[:cells]
    return table.recorded(
        CELLS[:cells], returns, np.ones_like(returns), np.ones_like(returns)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "meta_game.nfg"
    write_nfg(path, make_table(), "Predator-Prey, p = 0")
    return path


def test_what_is_written_is_read_back_with_its_names(path: Path) -> None:
    game = read_nfg(path)
    np.testing.assert_allclose(
        game.row_utilities(), make_table().mean(), rtol=1e-14, atol=0
    )
    assert (np.array(game.col_utilities()) == -np.array(game.row_utilities())).all()
    assert [game.row_action_name(i) for i in (0, 1)] == ["none", "f-001"]
    assert [game.col_action_name(j) for j in (0, 1)] == ["calm", "loud"]
    assert game.get_type().long_name == "Predator-Prey, p = 0"


def test_the_file_lists_the_defender_first_column_by_column(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("NFG 1 R ")
    assert "Predator-Prey, p = 0" in lines[0]
    assert lines[1].endswith("{ 2 2 }")
    # none/calm, f-001/calm, none/loud, f-001/loud: Gambit's order.
    assert lines[3:] == [
        "0.333333333333333 -0.333333333333333",
        "1e-13 -1e-13",
        "-2.5 2.5",
        "123456.7 -123456.7",
    ]


def test_openspiel_itself_reads_the_file(path: Path) -> None:
    game = pyspiel.load_nfg_game(path.read_text())
    assert game.get_type().utility == pyspiel.GameType.Utility.ZERO_SUM


def test_labels_lie_beside_the_file(path: Path) -> None:
    assert labels_path(path).name == "meta_game.nfg.labels.json"
    assert json.loads(labels_path(path).read_text()) == {
        "nfg_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "title": "Predator-Prey, p = 0",
        "defenders": ["none", "f-001"],
        "attackers": ["calm", "loud"],
        "episodes": [[1, 1], [1, 1]],  # of one: no standard error
    }


def test_labels_of_another_file_are_stale_and_names_in_the_file_win(
    path: Path,
) -> None:
    text = path.read_text()
    path.write_text(text.replace("-2.5 2.5", "-3.5 3.5"))
    game = read_meta_game(path)  # edited since: nothing beside it is of this game
    assert (game.defenders, game.episodes) == (("0", "1"), None)
    assert game.mean[0, 1] == -3.5
    assert "not made for this file" in game.notes[0]
    path.write_text(text.replace("{ 2 2 }", '{ { "a" "b" } { "x" "y" } }'))
    labels = json.loads(labels_path(path).read_text())
    labels["nfg_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    labels_path(path).write_text(json.dumps(labels))
    game = read_meta_game(path)
    assert (game.defenders, game.attackers) == (("a", "b"), ("x", "y"))
    assert game.episodes is not None
    labels_path(path).write_text("[]")
    assert read_meta_game(path).episodes is None


def test_writing_leaves_no_temporary_files(path: Path) -> None:
    names = {file.name for file in path.parent.iterdir()}
    assert names == {"meta_game.nfg", "meta_game.nfg.labels.json"}


def test_missing_cell_raises_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mean of \(f-001, loud\) is nan"):
        write_nfg(tmp_path / "game.nfg", make_table(cells=3), "title")
    assert not list(tmp_path.iterdir())


def test_table_without_policies_raises(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no defenders: it needs distinct names"):
        write_nfg(tmp_path / "game.nfg", PayoffTable.empty(), "title")


@pytest.mark.parametrize("text", ["", "garbage", 'NFG 1 R "x"\n{ "a" "b" } { 2 2 }\n1'])
def test_damaged_file_raises_and_is_named(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ValueError, match=r"meta_game\.nfg is no meta-game"):
        read_nfg(path)


def test_game_that_is_not_zero_sum_raises(path: Path) -> None:
    path.write_text(path.read_text().replace("-2.5 2.5", "-2.5 2.25"))
    with pytest.raises(ValueError, match="not zero-sum"):
        read_nfg(path)


def test_file_of_three_players_raises(path: Path) -> None:
    path.write_text('NFG 1 R "x"\n{ "a" "b" "c" } { 1 1 1 }\n\n1 2 -3\n')
    with pytest.raises(ValueError, match="3 players, must be two"):
        read_nfg(path)


def test_damaged_labels_raise(path: Path) -> None:
    labels = json.loads(labels_path(path).read_text())
    for change, words in (
        ({"defenders": ["a", "b", "c"]}, "names need such a mean"),
        ({"attackers": None}, "attackers is None"),
    ):
        labels_path(path).write_text(json.dumps(labels | change))
        with pytest.raises(ValueError, match=words):
            read_nfg(path)


def test_without_labels_strategies_are_called_by_their_numbers(path: Path) -> None:
    labels_path(path).unlink()
    game = read_nfg(path)
    assert [game.row_action_name(i) for i in (0, 1)] == ["0", "1"]
