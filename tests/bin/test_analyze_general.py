"""The analysis of games that are not two-player zero-sum, from the command line."""

import json

import pytest

from tests.bin.programs import run_each

GENERAL = 'NFG 1 R "pd $x$" { "1" "2" } { { "c" "d" } { "c" "d" } }\n3 3 5 0 0 5 1 1\n'
THREE = 'NFG 1 R "three" { "a" "b" "c" } { 2 2 1 }\n0 0 0 1 1 1 2 2 2 0 0 3\n'
ROLES = {
    "players": {"all": 5},
    "strategies": {"all": ["x", "y"]},
    "profiles": [
        {"all": [[s, n, -1.0 * n] for s, n in (("x", k), ("y", 5 - k)) if n]}
        for k in range(6)
    ],
    "type": "game.1",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("games")
    (folder / "general.nfg").write_text(GENERAL)
    (folder / "three.nfg").write_text(THREE)
    (folder / "roles.json").write_text(json.dumps(ROLES))
    return folder


def test_games_of_every_kind_are_analysed(files):
    lines = [
        [f"--payoffs={files / 'general.nfg'}"],
        [f"--payoffs={files / 'three.nfg'}", "--nofigures"],
        [f"--payoffs={files / 'roles.json'}", "--reduction=all:3", "--nofigures"],
        ["--payoffs=openspiel:matrix_sh", f"--out={files}", "--nofigures"],
    ]
    words = [
        ("(d, d)", "it is the only one", "PD $X$"),
        ("strategies: a 2, b 2, c 1", "EQUILIBRIA:"),
        ("all (3 players) 2", "4 of 4 profiles are known"),
        ("PURE EQUILIBRIA: 2", "analysis-openspiel-matrix_sh.json"),
    ]
    for (code, said), expected in zip(
        run_each("analyze_payoffs", lines), words, strict=True
    ):
        assert code == 0, said
        assert all(word in said for word in expected), said
    report = json.loads((files / "analysis-general.json").read_text())
    assert report["equilibria"]["unique"]
    for figure in ("payoffs", "played", "phase"):
        for kind in ("png", "svg", "pdf"):
            assert (files / f"analysis-general-{figure}.{kind}").stat().st_size > 1000
    # The words of a figure are text, and a $ is a $.
    assert "pd $x$" in (files / "analysis-general-payoffs.svg").read_text()


def test_a_dry_run_says_the_shape_and_writes_nothing(files):
    before = sorted(path.name for path in files.iterdir())
    lines = [
        [f"--payoffs={files / 'three.nfg'}", "--dry_run"],
        ["--payoffs=openspiel:matrix_pd", "--dry_run"],
    ]
    (_, first), (_, second) = run_each("analyze_payoffs", lines)
    assert "2 by 2 by 1, with 1000 resamples" in first
    assert "analysis of openspiel:matrix_pd, 2 by 2" in second
    assert sorted(path.name for path in files.iterdir()) == before


def test_what_has_no_effect_or_is_not_there_is_one_line(files):
    given = [
        (["--meta_solver=prd"], "general.nfg", "have no effect on"),
        (["--reduction=all:3"], "three.nfg", "--reduction has no effect on"),
        (["--reduction=all:4"], "roles.json", "reduce to [2, 3, 5], not to 4"),
        (["--reduction=all"], "roles.json", "must be ROLE:PLAYERS"),
    ]
    lines = [[f"--payoffs={files / file}", *flags] for flags, file, _ in given]
    lines.append(["--payoffs=openspiel:matrix_xy"])
    words = [*(said for _, _, said in given), "OpenSpiel has no game 'matrix_xy'"]
    for (code, said), expected in zip(
        run_each("analyze_payoffs", lines), words, strict=True
    ):
        assert code in (1, 2), said
        assert expected in said, said
        assert "Traceback" not in said
