"""Meta-solvers side by side on a table from Gambit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from psro_comm.metagame.solvers import META_SOLVERS
from tests.bin.programs import ROOT, run_each


def compare(*flags: str) -> subprocess.CompletedProcess[str]:
    """The program with these flags alone."""
    return subprocess.run(
        [sys.executable, "-m", "bin.compare_meta_solvers", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        timeout=240,
        check=False,
    )


def a_table(folder: Path) -> Path:
    path = folder / "game.nfg"
    names = '{ "A" "B" } { { "a" "b" } { "x" "y" } } ""'
    path.write_text(f'NFG 1 R "by hand" {names}\n4 -4 2 -2 1 -1 3 -3')
    return path


def test_a_table_is_compared(tmp_path):
    done = compare(f"--payoffs={a_table(tmp_path)}", "--solvers=all")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "solvers-game.json").read_text())
    assert len(result["solvers"]) == len(META_SOLVERS)
    assert result["solvers"][0]["value"] == pytest.approx(2.5)
    assert "by hand" in done.stdout


BAD = [
    ("", 1, "Flag --payoffs must have a value other than None"),
    ("--payoffs=a.nfg --solvers=nash,nahs", 2, "allowed: all, or nash, max_entropy"),
    ("--payoffs=a.nfg --solvers=nash,nash", 2, "allowed: all, or nash, max_entropy"),
    ("--payoffs=a.nfg --solvers=", 2, "allowed: all, or nash, max_entropy"),
    ("--payoffs=a.nfg --out=results", 2, "--out is 'results', must be a .json file"),
    ("--payoffs=a.nfg --task=echo", 1, "Unknown command line flag 'task'"),
    ("--payoffs=a.nfg --psro.iterations=3", 1, "flag 'psro.iterations'"),
    ("--payoffs=a.nfg --seeds=1", 1, "'seeds'. Did you mean: seed ?"),
    ("--payoffs=a.nfg", 2, "a.nfg: No such file"),
    ("--payoffs=bin", 2, "bin must end in one of .nfg, .json, .csv"),
]


def test_bad_input_is_one_line():
    lines = [line.split() for line, *_ in BAD]
    for (line, status, words), (code, said) in zip(
        BAD, run_each("compare_meta_solvers", lines), strict=True
    ):
        assert code == status, (line, said)
        assert words in said, (line, said)
        assert "Traceback" not in said
        if status == 2:
            assert said.count("\n") == 1, (line, said)


def test_a_dry_run_says_what_would_be_compared_and_makes_nothing(tmp_path):
    table = a_table(tmp_path)
    done = compare(f"--payoffs={table}", "--dry_run")
    assert f"{table}, 2 by 2, and on 20 resamples" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["game.nfg"]
