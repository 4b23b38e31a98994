"""Tables of cells as spreadsheets, pandas and people write them."""

from pathlib import Path

import numpy as np
import pytest

from psro_comm.metagame.formats.files import read_meta_game
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.meta_game import MetaGame

SQUARE = [[1.0, 2.0], [3.0, 0.0]]
NAMED = ("x", "y"), ("a", "b")


def read(text: str | bytes, tmp_path: Path, name: str = "a.csv", **how) -> MetaGame:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_meta_game(path, Options(**how))


@pytest.mark.parametrize(
    "text",
    [
        "d,a,b\rx,1,2\ry,3,0\r",
        "d,a,b\r\nx,1,2\r\ny,3,0",
        "d,a,b\nx,1,2\ny,3,0\n".encode("utf-16"),
        "\ufeffd,a,b\nx,1,2\ny,3,0\n",
        "d;a;b\nx;1;2\ny;3;0\n",
        "d\ta\tb\nx\t1\t2\ny\t3\t0\n",
        "d, a , b\nx, 1, 2\ny , 3, 0\n",
        'd, "a", "b"\n"x", "1", "2"\n"y", 3, 0\n',
        "d,a,b,\nx,1,2,\ny,3,0,\n",
        "d,a,b\nx,1,2,,\ny,3,0\n,,\n",
        "# mine, of May\nd,a,b\nx,1,2\ny,3,0\n",
        ",a,b\nx,3/3,2\ny,+3.0e0,0\n",
        ",a,b\nx,100%,200%\ny,300%,0%\n",
        "d;a;b\nx;1,0;2,0\ny;3,00;0\n",
        "defender,attacker,mean\nx,a,1\nx,b,2\ny,a,3\ny,b,0\n",
        "attacker,defender,mean\na,x,1\nb,x,2\na,y,3\nb,y,0\n",
        "Defender, Attacker, Mean\nx, a, 1\nx, b, 2\ny, a, 3\ny, b, 0\n",
        ",defender,attacker,mean\n0,x,a,1\n1,x,b,2\n2,y,a,3\n3,y,b,0\n",
        "defender;attacker;mean\nx;a;1\nx;b;2,0\ny;a;3\ny;b;0\n",
        "row,column,payoff\nx,a,1\nx,b,2\ny,a,3\ny,b,\N{MINUS SIGN}0\n",
    ],
)
def test_one_game_in_many_forms(text: str | bytes, tmp_path: Path) -> None:
    game = read(text, tmp_path)
    assert (game.defenders, game.attackers) == NAMED
    np.testing.assert_array_equal(game.mean, SQUARE)
    assert game.std_error is None


def test_tsv_and_capital_endings_are_read(tmp_path: Path) -> None:
    for name, text in (("a.TSV", "d\ta\nx\t1,5\n"), ("a.CSV", "d,a\nx,1.5\n")):
        assert read(text, tmp_path, name).mean == 1.5


def test_numbers_alone_are_all_payoffs(tmp_path: Path) -> None:
    game = read("1,2,5\n3,0,4\n-1,2,3\n", tmp_path)
    np.testing.assert_array_equal(game.mean, [[1, 2, 5], [3, 0, 4], [-1, 2, 3]])
    assert game.defenders == ("0", "1", "2")
    assert "holds no names" in game.notes[0]


def test_an_empty_corner_says_that_both_are_names(tmp_path: Path) -> None:
    game = read(",0,1\n0,1.0,2.0\n1,3.0,0.0\n", tmp_path)  # pandas' default
    np.testing.assert_array_equal(game.mean, SQUARE)
    assert "are names" in game.notes[0]


@pytest.mark.parametrize(
    ("text", "names", "shape"),
    [
        ("a,b\n1.0,2.0\n3.0,0.0\n", "columns", (2, 2)),
        ("a,b\n1.0,2.0\n3.0,0.0\n", "both", (2, 1)),
        ("x,1,2\ny,3,0\n", "rows", (2, 2)),
        ("d,2019,2020\nx,1,2\n", "both", (1, 2)),
    ],
)
def test_names_or_payoffs_is_asked_not_guessed(
    text: str, names: str, shape: tuple[int, int], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"names of policies, or payoffs\? --names="):
        read(text, tmp_path)
    game = read(text, tmp_path, names=names)
    assert game.mean.shape == shape
    assert game.mean.sum() in (6.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("d;a\nx;1,234\n", "'1,234' may be a decimal comma or group thousands"),
        ("d;a;b\nx;1,234,567;2,5\n", "'1,234,567' groups thousands"),
        ("d;a;b\nx;1,5;2.5\n", "decimal commas, '1,5', and points, '2.5'"),
        ("d,a,b\nx,10%,2\n", "some payoffs have %, others have not"),
        ("d,a,b\nx,1 +- 1,2\n", r"some payoffs have \+-, others have not"),
        (",a\nx,1_000\n", "'1_000' is not a number"),
        (",a\nx,\N{ARABIC-INDIC DIGIT ONE}\n", "is not a number"),
        (",a\nx,1/0\n", "'1/0' divides by zero"),
        (f",a\nx,{'9' * 400}\n", "is too large for a double"),
        (f",a\nx,{'9' * 5000}/3\n", "is too large a fraction"),
        (",a\nx,1e1000000000\n", "'1e1000000000' is too large"),
        (",a\nx,1e-400\n", "'1e-400' is too small"),
        (",a\nx,inf\n", "'inf' is not a number"),
        (f",a\n{'x' * 140_000},1\n", "larger than field limit"),
        ('d,a\n"x,1\n', "line 2: unexpected end"),
        ("# d,a\nx,1\n", "a comment, or names"),
        ("d;a,b\nx;1,5\n", "commas or semicolons may separate"),
        ("d, a,a\nx,1,2\n", "distinct names, got 'a' 2x"),
        ("defender,attacker,mean\nx,a,1\ny,b,2\n", r"\('x', 'b'\) is missing"),
        ("defender,attacker\nx,a\n", "no mean"),
        ("defender,attacker,mean,sd\nx,a,1,1\n", "'sd' is not one of defender"),
        ("d,a\nx,y\n", "'y' is not a number"),
        ("Attacker,d,e\na,1,2\nb,3,0\n", "called 'Attacker', but defenders are its"),
        (",a,b,mean\nx,1,2,1.5\ny,3,0,1.5\n", "'mean' is the mean or sum of the oth"),
        (",a,b\nx,1,2\ny,3,1\nTotal,4,3\n", "'Total' is the mean or sum of"),
        (",a,b\nx,1e308,0\ny,3,1\n", r"a payoff of size 1e\+308"),
        (",a,b\nx,1e-300,0\ny,0,0\n", "payoffs that differ by 1e-300"),
        (",a\nx,1 +- 1e200\n", r"std_error of \(x, a\) is 1e\+200"),
        (b"d,a\nx\0,1\n", "the character 0"),
        ("\n\n", "it is empty"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    text: str | bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read(text, tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_numbers_behind_plus_minus_are_standard_errors(tmp_path: Path) -> None:
    for sign in ("+-", "+/-", "±", " \\pm "):
        game = read(f"d,a,b\nx,1{sign}.1,2{sign}0.2\n", tmp_path)
        np.testing.assert_array_equal(game.mean, [[1, 2]])
        np.testing.assert_array_equal(game.std_error, [[0.1, 0.2]])
        assert "standard error" in game.notes[-1]


def test_a_policy_may_be_called_mean(tmp_path: Path) -> None:
    assert read(",kind,mean\nx,1,1\ny,3,3\n", tmp_path).attackers == ("kind", "mean")
    assert read(",a,b,mean\nx,1,2,9\ny,3,0,1\n", tmp_path).mean[0, 2] == 9


def test_several_lines_of_a_cell_are_its_episodes(tmp_path: Path) -> None:
    lines = "x,a,1\nx,a,2\nx,b,2\nx,b,1\ny,a,3\ny,a,3\ny,b,0\ny,b,0\n"
    game = read(f"defender,attacker,mean\n{lines}", tmp_path)
    np.testing.assert_array_equal(game.mean, [[1.5, 1.5], [3, 0]])
    np.testing.assert_allclose(game.std_error, [[0.5, 0.5], [0, 0]])
    assert (game.episodes == 2).all()
    assert game.returns is None  # nobody said that the cells share worlds


def test_numbered_episodes_that_all_cells_have_are_worlds(tmp_path: Path) -> None:
    lines = "x,a,7,1\nx,a,9,2\nx,b,9,1\nx,b,7,2\n"
    game = read(f"defender,attacker,world,payoff\n{lines}", tmp_path)
    np.testing.assert_array_equal(game.returns, [[[1, 2], [2, 1]]])
    game = read(
        f"defender,attacker,world,payoff\n{lines}".replace("b,7", "b,8"), tmp_path
    )
    assert game.returns is None
    with pytest.raises(ValueError, match="has the episode '9' twice"):
        read(f"defender,attacker,world,payoff\n{lines}".replace("b,7", "b,9"), tmp_path)


def test_an_option_without_effect_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--row_role has no effect on"):
        read(",a\nx,1\n", tmp_path, row_role="x")
    with pytest.raises(ValueError, match="names is 'left', allowed: auto, both"):
        Options(names="left")
    with pytest.raises(ValueError, match="sum_tolerance is nan"):
        Options(sum_tolerance=float("nan"))
