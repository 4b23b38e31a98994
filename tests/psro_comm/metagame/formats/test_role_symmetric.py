"""gameanalysis' role-symmetric games to files and back, and what others write."""

import json
from pathlib import Path

import numpy as np
import pytest

from psro_comm.metagame.formats.files import read_meta_game, write_meta_game
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.meta_game import MetaGame

MEAN = np.array([[1 / 3, -2.5, 1e-13], [4.0, 5.0, 123456.7]])
PLAIN_NAMES = ("none", "filter"), ("calm", "loud", "mute")
ONE_WORLD = MetaGame(*PLAIN_NAMES, MEAN)
WORLDS = MetaGame(
    *PLAIN_NAMES, MEAN, returns=MEAN[..., None] + np.array([-1.0, 0.5, 0.5])
)


def test_gameanalysis_form_keeps_the_worlds_where_they_are_known(
    tmp_path: Path,
) -> None:
    path = tmp_path / "game.ga.json"
    write_meta_game(path, WORLDS)
    back = read_meta_game(path)
    assert (back.defenders, back.attackers) == PLAIN_NAMES
    np.testing.assert_array_equal(back.returns, WORLDS.returns)
    np.testing.assert_allclose(back.std_error, np.sqrt(0.75 / 3))
    assert (back.episodes == 3).all()
    write_meta_game(path, ONE_WORLD)
    back = read_meta_game(path)
    np.testing.assert_array_equal(back.mean, MEAN)
    assert back.std_error is None
    # What gameanalysis 8.0.1 reads: one player a role, both sides' payoffs, a version.
    data = json.loads(path.read_text())
    assert data["type"] == "game.1"
    assert data["players"] == {"defender": 1, "attacker": 1}
    assert data["profiles"][1] == {
        "defender": [["none", 1, -2.5]],
        "attacker": [["loud", 1, 2.5]],
    }


SHORT = {
    "players": {"b": 1, "a": 1},
    "strategies": {"b": ["x"], "a": ["r", "s"]},
    "profiles": [
        {"a": [["s", 1, 2.0]], "b": [["x", 1, [-2.0]]]},
        {"a": [["r", 1, [1.0, 3.0]]], "b": [["x", 1, [-1.0, -3.0]]]},
    ],
}
ONLINE = {
    "roles": [
        {"name": "attacker", "count": 1, "strategies": ["x"]},
        {"name": "defender", "count": 1, "strategies": ["r"]},
    ],
    "profiles": [
        {
            "symmetry_groups": [
                {"role": "attacker", "strategy": "x", "count": 1, "payoff": -7},
                {"role": "defender", "strategy": "r", "count": 1, "payoff": 7},
            ]
        }
    ],
}


def test_others_role_symmetric_games_are_read(tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    path.write_text(json.dumps(SHORT))
    game = read_meta_game(path)
    assert (game.defenders, game.attackers) == (("r", "s"), ("x",))  # a before b
    np.testing.assert_array_equal(game.mean, [[2.0], [2.0]])
    assert game.std_error is None  # of one observation there is none
    path.write_text(json.dumps(ONLINE))
    np.testing.assert_array_equal(read_meta_game(path).mean, [[7.0]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"players": {"b": 2, "a": 1}}, "two roles of one player"),
        ({"players": {"b": 1}}, "two roles of one player"),
        ({"profiles": SHORT["profiles"][:1]}, r"lacks the profile \('r', 'x'\)"),
        ({"profiles": SHORT["profiles"] * 2}, "there twice"),
        (
            {"profiles": [{"a": [["s", 1, 2.0]], "b": [["x", 1, 2.0]]}]},
            r"lacks the profile \('r', 'x'\)",
        ),
        ({"profiles": [{"a": [["s", 1, 2.0]]}]}, "a profile has None of 'b'"),
        (
            {"profiles": [{"a": [["q", 1, 2.0]], "b": [["x", 1, -2.0]]}]},
            "'q' is no strategy of 'a'",
        ),
        ({"profiles": [{"symmetry_groups": [{"role": "a"}]}]}, "strategy"),
        ({"profiles": [{"observations": []}]}, "observations by player"),
        ({"profiles": 3}, "no meta-game"),
    ],
)
def test_other_role_symmetric_games_are_refused(
    change: dict, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "game.json"
    path.write_text(json.dumps(SHORT | change))
    with pytest.raises(ValueError, match=words) as caught:
        read_meta_game(path)
    assert str(caught.value).startswith(f"{path} is no meta-game: ")


def test_names_that_gameanalysis_does_not_take_are_refused(tmp_path: Path) -> None:
    odd = MetaGame(("filter, long",), ("x",), [[1.0]])
    with pytest.raises(ValueError, match="not 'filter, long'"):
        write_meta_game(tmp_path / "game.ga.json", odd)
    assert not list(tmp_path.iterdir())


def of_two(first: object, second: object, **change: object) -> str:
    """A game of roles `a` and `b`, whose payoffs are those of one profile."""
    return json.dumps(
        {
            "players": {"b": 1, "a": 1},
            "strategies": {"b": ["x"], "a": ["r"]},
            "profiles": [{"a": [["r", 1, first]], "b": [["x", 1, second]]}],
            **change,
        }
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (of_two(None, -4.0), "a payoff of 'a' with 'r' is missing"),
        (of_two(4.0, None), "a payoff of 'b' with 'x' is missing"),
        (of_two([1.0, None], [-1.0, -1.0]), "'a' with 'r' is missing"),
        (of_two([], []), "'a' with 'r' is missing"),
        (of_two("4", -4.0), "is '4', not a number"),
        (of_two(True, -1.0), "is 'True', not a number"),
        (of_two(10**400, -1.0), "too large for a double"),
        (of_two([1.0], [-1.0, -1.0]), "not as many payoffs a role"),
        (of_two([1.0, 2.0], [-1.0, -3.0]), "sum to -1 in one cell and to 0"),
        (of_two(1.0, -1.0).replace('"r", 1', '"r", 2'), "has 2 players of 'a'"),
        (of_two(1.0, -1.0)[:-1] + ', "players": {}}', "has the key 'players' twice"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_no_payoff_passes_unchecked(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_meta_game(path)


def test_who_is_the_row_player_is_said_and_chosen(tmp_path: Path) -> None:
    path = tmp_path / "game.json"
    path.write_text(of_two(3.0, -3.0))
    game = read_meta_game(path)
    assert game.mean == 3.0
    assert "is the role 'a'; the other 'b' (--row_role chooses)" in game.notes[0]
    other = read_meta_game(path, Options(row_role="b"))
    assert (other.defenders, other.mean) == (("x",), -3.0)
    with pytest.raises(
        ValueError, match="row_role is 'c', the file's roles are 'a', 'b'"
    ):
        read_meta_game(path, Options(row_role="c"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": 7}, "the title is 7, must be a text"),
        ({"title": ["<b>"]}, "must be a text"),
        ({"mean": [["1"]]}, r"mean\[0\]\[0\] is '1', not a number"),
        ({"mean": [[True]]}, "not a number"),
        ({"mean": [[None]]}, "is missing"),
        ({"mean": [[10**400]]}, "too large for a double"),
        ({"mean": [[1], [1, 2]]}, "rows of one length"),
        ({"std_error": [[None]]}, r"std_error\[0\]\[0\] is missing"),
        ({"mean": None}, "its mean is null"),
    ],
)
def test_no_part_of_our_own_form_passes_unchecked(
    change: dict, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "game.json"
    own = {"title": "t", "defenders": ["a"], "attackers": ["x"], "mean": [[1.0]]}
    path.write_text(json.dumps(own | change))
    with pytest.raises(ValueError, match=words):
        read_meta_game(path)
