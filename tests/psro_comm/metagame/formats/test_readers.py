"""Meta-games to files and back, in each format, and what others write."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pyspiel
import pytest

from psro_comm.metagame.formats.files import (
    GAMEANALYSIS,
    labels_path,
    read_meta_game,
    to_matrix_game,
    to_tensor_game,
    write_meta_game,
)
from psro_comm.metagame.formats.nfg import parse_nfg
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable
from tests.paths import ROOT

MEAN = np.array([[1 / 3, -2.5, 1e-13], [4.0, 5.0, 123456.7]])
NAMES = ("none", "filter, long"), ("calm", 'the "loud"', "é")
BARE = MetaGame(*NAMES, MEAN)
NOISY = MetaGame(*NAMES, MEAN, np.abs(MEAN) / 7, np.arange(6).reshape(2, 3) + 2)
UNCOUNTED = MetaGame(*NAMES, MEAN, np.abs(MEAN) / 7)
PLAIN_NAMES = ("none", "filter"), ("calm", "loud", "mute")


WRITTEN = (".nfg", ".json", ".csv")


@pytest.mark.parametrize("suffix", [*WRITTEN, ".CSV"])
@pytest.mark.parametrize("game", [BARE, NOISY, UNCOUNTED], ids=["bare", "noisy", "n"])
def test_what_is_written_is_read_back(
    game: MetaGame, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"game{suffix}"
    write_meta_game(path, game)
    back = read_meta_game(path)
    assert (back.defenders, back.attackers) == NAMES
    digits = 1e-14 if suffix == ".nfg" else 0  # OpenSpiel writes 15
    np.testing.assert_allclose(back.mean, MEAN, rtol=digits, atol=0)
    for name in ("std_error", "episodes"):
        ours, theirs = getattr(game, name), getattr(back, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_array_equal(theirs, ours)


def test_a_runs_own_table_is_read_with_its_worlds(tmp_path: Path) -> None:
    returns = np.arange(12.0).reshape(2, 2, 3)
    table = PayoffTable(("a", "b"), ("x", "y"), returns, returns, returns)
    path = tmp_path / "payoffs-001.json"
    path.write_text(json.dumps(table.to_dict()))
    game = read_meta_game(path)
    np.testing.assert_array_equal(game.returns, returns)
    np.testing.assert_allclose(game.std_error, 1 / np.sqrt(3))
    assert (game.episodes == 3).all()


def test_csv_without_noise_is_the_plain_matrix(tmp_path: Path) -> None:
    path = tmp_path / "game.csv"
    write_meta_game(path, MetaGame(*PLAIN_NAMES, [[1, 2, 3], [4, 5, 6]]))
    assert path.read_text() == ",calm,loud,mute\nnone,1.0,2.0,3.0\nfilter,4.0,5.0,6.0\n"


def test_csv_with_noise_has_a_line_for_each_cell_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "game.csv"
    write_meta_game(path, NOISY)
    head, *lines = path.read_text().splitlines()
    assert head == "defender,attacker,mean,std_error,episodes"
    assert len(lines) == 6
    path.write_text("\n".join([head, lines[0], *lines[:0:-1]]))
    back = read_meta_game(path)
    for i, j in np.ndindex(2, 3):
        column = back.attackers.index(NAMES[1][j])
        assert back.mean[i, column] == MEAN[i, j]


GAMBIT = """NFG 1 R "Two dice" { "Player 1" "Player 2" }

{ { "a" "b" "c" }
{ "x" "y" }
}
"a comment"

1/3 -1/3 2 -2 3 -3 4.5 -4.5 -5e0 5 0 0
"""
OUTCOMES = """NFG 1 D "outcomes" { "A" "B" } { { "a" "b" } { "x" "y" } } ""
{ { "win" 1, -1 } { "lose" -2, 2 } }
1 2 0 1
"""


def test_gambits_own_form_with_names_and_fractions_is_read() -> None:
    game = parse_nfg(GAMBIT)
    assert (game.defenders, game.attackers) == (("a", "b", "c"), ("x", "y"))
    np.testing.assert_allclose(game.mean, [[1 / 3, 4.5], [2, -5], [3, 0]])
    assert game.title == "Two dice"


def test_gambits_form_with_outcomes_is_read() -> None:
    game = parse_nfg(OUTCOMES)
    np.testing.assert_array_equal(game.mean, [[1, 0], [-2, 1]])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", ",x,y\na,1,2\nb,3\n", "line 3 has 2 cells, not 3"),
        ("a.csv", ",x,y\na,1,2\n\nb,3,\n", "line 4, column 'y': it is missing: ''"),
        ("a.csv", ",x\na,much\n", "line 2, column 'x': 'much' is not a number"),
        ("a.csv", ",x,y\n", "no line below its first"),
        ("a.csv", "a b\n1 2\n", "one cell, 'a b': commas, semicolons or tabs separate"),
        ("a.csv", "defender,attacker,mean\na,x\n", "line 2 has 2 cells"),
        ("a.csv", "defender,attacker,mean,sd\na,x,1,2\n", "column 'sd' is not one of"),
        (
            "a.csv",
            "defender,attacker,mean,episodes\na,x,1,1.5\n",
            r"episodes of \(a, x\) is 1.5",
        ),
        (
            "a.csv",
            "defender,attacker,mean,std_error\na,x,2,1\na,x,1,1\n",
            "twice, with a standard error",
        ),
        (
            "a.csv",
            "defender,attacker,mean\na,x,1e400\n",
            "line 2: '1e400' is too large",
        ),
        ("a.json", "[1, 2]", "is a list, not an object"),
        (
            "a.json",
            '{"mean": [[1]], "defenders": 3, "attackers": ["x"]}',
            "defenders is 3, must be a list of names",
        ),
        ("a.nfg", OUTCOMES.replace("1 2 0 1", "1 7 0 1"), "no outcome '7', but 0 to 2"),
        ("a.nfg", 'NFG 1 R "t" { "a" "b" } { 0 2 }\n\n', "no strategy"),
        ("a.nfg", 'NFG 1 R "t" { "a" "b" } { x 2 }\n1', "'x' is not a number of"),
        ("a.csv", ",x\na,nan\n", "it is missing: 'nan'"),
        ("a.csv", ",x\na,1\na,2\n", "distinct"),
        ("a.csv", "", "no meta-game"),
        (
            "a.csv",
            "defender,attacker,mean\na,x,1\nb,y,2\n",
            r"\('a', 'y'\) is missing",
        ),
        (
            "a.csv",
            "defender,attacker,mean\na,x,1\na,x,2\na,y,2\n",
            r"\('a', 'x'\) is there twice, \('a', 'y'\) once",
        ),
        (
            "a.csv",
            "defender,attacker,mean,std_error\na,x,1,-2\n",
            r"std_error of \(a, x\) is -2",
        ),
        ("a.json", '{"mean": [[1]]}', "lacks"),
        ("a.json", "{", "not JSON"),
        ("a.nfg", GAMBIT.replace("4.5 -4.5", "4.5 -4"), "not zero-sum"),
        ("a.nfg", GAMBIT.replace("4.5 -4.5", "4.5"), "no meta-game"),
        ("a.nfg", GAMBIT.replace("4.5 -4.5", "4.5 z"), "a payoff: 'z' is not"),
        ("a.nfg", GAMBIT.replace("NFG", "EFG"), "NFG 1"),
        ("a.nfg", GAMBIT.replace("}\n\n{", "}}\n\n{"), "brace"),
        ("a.txt", "", r"must end in one of \.nfg, \.json, \.csv"),
        ("a.EFG", "", r"an extensive game: write its normal form.*to_nfg\(\)"),
    ],
)
def test_bad_files_are_named_with_the_reason(
    name: str, text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as caught:
        read_meta_game(path)
    assert name in str(caught.value)


def test_a_spreadsheets_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfdefender,attacker,mean\r\na,x,1\r\n")
    assert read_meta_game(path).defenders == ("a",)
    path.write_bytes(b"\xed,x\na,1")
    with pytest.raises(ValueError, match="not UTF-8 text"):
        read_meta_game(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.csv"):
        read_meta_game(tmp_path / "nowhere.csv")


def test_openspiels_games_have_the_payoffs_and_the_names() -> None:
    matrix, tensor = to_matrix_game(BARE), to_tensor_game(BARE)
    np.testing.assert_array_equal(matrix.row_utilities(), MEAN)
    np.testing.assert_array_equal(tensor.player_utilities(1), -MEAN)
    assert matrix.col_action_name(1) == tensor.action_name(1, 1) == 'the "loud"'
    assert tensor.get_type().utility == pyspiel.GameType.Utility.ZERO_SUM


def test_the_snippets_of_the_documentation_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "meta_games.md").read_text()
    snippets = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(snippets) >= 5
    for suffix in (*WRITTEN, GAMEANALYSIS):
        write_meta_game(tmp_path / f"meta_game{suffix}", MetaGame(*PLAIN_NAMES, MEAN))
    monkeypatch.chdir(tmp_path)
    for snippet in snippets:
        foreign = re.findall(r"pygambit|gameanalysis|pandas", snippet)
        if all(importlib.util.find_spec(name) for name in foreign):
            exec(compile(snippet, "docs/meta_games.md", "exec"), {})


def test_labels_carry_the_noise_of_an_nfg_file(tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    write_meta_game(path, NOISY)
    assert json.loads(labels_path(path).read_text())["episodes"][1] == [5, 6, 7]
