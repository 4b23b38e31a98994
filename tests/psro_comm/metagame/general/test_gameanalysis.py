"""gameanalysis' files as they are: all its forms of profiles, missing ones too."""

import json

import numpy as np
import pytest

from psro_comm.metagame.general.files import read_game
from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame

ROLES = {"players": {"b": 2, "a": 1}, "strategies": {"b": ["y", "x"], "a": ["z"]}}
# One of b plays x and earns 1, the other y and earns 2, a earns 3.
FORMS = {
    "payoffs": {"b": [["x", 1, 1.0], ["y", 1, 2.0]], "a": [["z", 1, 3.0]]},
    "samples": {"b": [["x", 1, [0, 2]], ["y", 1, [1, 3]]], "a": [["z", 1, [3, 3]]]},
    "summary": {
        "symmetry_groups": [
            {"role": "b", "strategy": "x", "count": 1, "payoff": 1.0},
            {"role": "b", "strategy": "y", "count": 1, "payoff": 2.0},
            {"role": "a", "strategy": "z", "count": 1, "payoff": 3.0},
        ]
    },
    "observations": {
        "symmetry_groups": [
            {"id": 1, "role": "b", "strategy": "x", "count": 1},
            {"id": 2, "role": "b", "strategy": "y", "count": 1},
            {"id": 3, "role": "a", "strategy": "z", "count": 1},
        ],
        "observations": [
            {
                "symmetry_groups": [
                    {"id": k, "payoff": u} for k, u in ((1, 0), (2, 1), (3, 3))
                ]
            },
            {
                "symmetry_groups": [
                    {"id": k, "payoff": u} for k, u in ((1, 2), (2, 3), (3, 3))
                ]
            },
        ],
    },
    "players": {
        "symmetry_groups": [
            {"id": 1, "role": "b", "strategy": "x", "count": 1},
            {"id": 2, "role": "b", "strategy": "y", "count": 1},
            {"id": 3, "role": "a", "strategy": "z", "count": 1},
        ],
        "observations": [
            {"players": [{"sid": 1, "p": 1}, {"sid": 2, "p": 2}, {"sid": 3, "p": 3}]}
        ],
    },
    "2012": {
        "roles": [
            {
                "name": "b",
                "strategies": [
                    {"name": "x", "count": 1, "payoff": 1},
                    {"name": "y", "count": 1, "payoff": 2},
                ],
            },
            {"name": "a", "strategies": [{"name": "z", "count": 1, "payoff": 3}]},
        ]
    },
    "2011": {
        "proto_string": "b: x, y; a: z",
        "roles": [
            {
                "name": "b",
                "strategies": [{"name": "x", "payoff": 1}, {"name": "y", "payoff": 2}],
            },
            {"name": "a", "strategies": [{"name": "z", "payoff": 3}]},
        ],
    },
}


def read(tmp_path, data):
    path = tmp_path / "game.json"
    path.write_text(json.dumps(data))
    return read_game(path)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_profile(tmp_path, form):
    game = read(tmp_path, {**ROLES, "profiles": [FORMS[form]]})
    assert isinstance(game, RoleSymmetricGame)
    assert (game.groups, game.counts) == (("a", "b"), (1, 2))
    assert game.strategies == (("z",), ("x", "y"))
    assert game.profiles.tolist() == [[1, 1, 1]]
    assert game.payoffs.tolist() == [[3, 1, 2]]
    noisy = form in ("samples", "observations")
    assert (game.samples is not None) == noisy
    if noisy:
        assert game.std_error[0] == pytest.approx([0, 1, 1])
        assert game.samples[0].shape == (2, 3)


def test_roles_as_egta_online_describes_them(tmp_path):
    for key in ("strategies", "strategy_array"):
        roles = [
            {"name": "b", "count": 2, key: ["x", "y"]},
            {"name": "a", "count": 1, key: ["z"]},
        ]
        game = read(tmp_path, {"roles": roles, "profiles": [FORMS["payoffs"]]})
        assert game.counts == (1, 2)


def test_a_missing_payoff_is_a_missing_cell(tmp_path):
    data = {"b": [["x", 1, None], ["y", 1, 2.0]], "a": [["z", 1, 3.0]]}
    game = read(tmp_path, {**ROLES, "profiles": [data]})
    assert np.isnan(game.payoffs[0, 1])
    assert not game.known[0]
    assert game.notes == ("1 payoffs are missing, and are taken for not known",)
    empty = {"b": [["x", 2, []]], "a": [["z", 1, [1, 2]]]}
    game = read(tmp_path, {**ROLES, "profiles": [empty]})
    assert np.isnan(game.payoffs[0, 1])


def test_one_player_a_role_is_a_normal_form(tmp_path):
    profiles = [
        {"p": [[s, 1, u]], "q": [["only", 1, v]], "r": [["r", 1, 0]]}
        for s, u, v in (("m", 1, 2), ("n", 3, 4))
    ]
    data = {
        "players": {"p": 1, "q": 1, "r": 1},
        "strategies": {"p": ["m", "n"], "q": ["only"], "r": ["r"]},
        "profiles": profiles,
    }
    game = read(tmp_path, data)
    assert isinstance(game, NormalFormGame)
    assert game.payoffs[0].ravel().tolist() == [1, 3]
    assert game.payoffs[1].ravel().tolist() == [2, 4]


def test_a_matrix_game(tmp_path):
    data = {
        "players": {"p": 1, "q": 1},
        "strategies": {"p": ["m", "n"], "q": ["s"]},
        "payoffs": {"m": {"s": {"p": 1, "q": 2}}, "n": {"s": {"p": 3, "q": 5}}},
        "type": "matrix.1",
    }
    assert read(tmp_path, data).payoffs.tolist() == [[[1], [3]], [[2], [5]]]
    del data["payoffs"]["n"]["s"]["q"]
    with pytest.raises(ValueError, match=r"'q' in \('n', 's'\) is missing"):
        read(tmp_path, data)


def bad(**change):
    return {**ROLES, "profiles": [FORMS["payoffs"]], **change}


BAD = [
    (bad(type="rbf.1"), r"its type is 'rbf.1': .*ga conv game"),
    (bad(profiles=[]), "it has no profiles"),
    (bad(profiles=[3]), "profile 1 is '3', not an object"),
    (bad(players={"b": 2}), r"players are of \['b'\], strategies of"),
    (bad(players={"b": 1.5, "a": 1}), r"the role 'b' has 1\.5 players"),
    (bad(players={"b": 3, "a": 1}), r"has \(1, 2\) players, not \(1, 3\)"),
    (bad(strategies={"b": [], "a": ["z"]}), "'b' has no list of strategies"),
    (bad(strategies={"b": ["x", "x"], "a": ["z"]}), "must be distinct"),
    (
        bad(profiles=[{"b": [["q", 2, 1.0]], "a": [["z", 1, 3.0]]}]),
        "'q' of 'b' in profile 1 is not described",
    ),
    (
        bad(profiles=[{"b": [["x", 1.5, 1.0]], "a": [["z", 1, 3.0]]}]),
        r"has count 1\.5",
    ),
    (
        bad(profiles=[{"b": [["x", 1, 1.0]] * 2, "a": [["z", 1, 3.0]]}]),
        "'x' of 'b' in profile 1 is there twice",
    ),
    (
        bad(profiles=[{"b": [["x", 2, "1"]], "a": [["z", 1, 3.0]]}]),
        "the payoff of 'x' of 'b' in profile 1 is '1', not a number",
    ),
    (bad(profiles=[FORMS["payoffs"]] * 2), "a profile is there twice"),
    ({"profiles": [{}], "roles": [{"name": "b", "count": 1}]}, "no list of strategies"),
    ({"profiles": [{}], "roles": [{"count": 2}]}, "'name' is absent"),
    ({"profiles": [{}]}, "neither roles, nor players and strategies"),
]


@pytest.mark.parametrize(("data", "words"), BAD)
def test_a_damaged_file_is_refused_with_the_reason(tmp_path, data, words):
    with pytest.raises(ValueError, match=words) as error:
        read(tmp_path, data)
    assert "game.json" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_observation_of_too_few_players_is_refused(tmp_path):
    form = json.loads(json.dumps(FORMS["players"]))
    del form["observations"][0]["players"][1]
    with pytest.raises(ValueError, match="an observation has 0 players of 'y'"):
        read(tmp_path, {**ROLES, "profiles": [form]})
