"""The tables and figures of finished runs, from the shell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from psro_comm.disk.store import RunStore
from tests.bin.programs import ROOT
from tests.hand_made_run import TASK, stored


def make_results(runs: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bin.make_results", f"--runs_dir={runs}", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=120,
        check=False,
    )


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for seed in (0, 1):
        stored(tmp_path / "runs" / f"r{seed}", seed)
    RunStore.open(tmp_path / "runs" / "half", {"task": TASK, "seed": 2}).close()
    return tmp_path / "runs"


def test_two_runs_become_tables_figures_and_a_part_of_the_readme(
    runs: Path, tmp_path: Path
) -> None:
    readme, out = tmp_path / "README.md", tmp_path / "results"
    readme.write_text("above\n<!-- results:begin -->\n<!-- results:end -->\nbelow\n")
    done = make_results(runs, "--runs=r1,r0", f"--out={out}", f"--readme={readme}")
    assert done.returncode == 0, done.stderr
    table = (out / "results.md").read_text()
    assert "mean over 2 seeds (0, 1)" in table
    assert "--runs=r1,r0" in table  # the command that made it
    brief = readme.read_text()
    assert brief.startswith("above\n")
    assert brief.endswith("below\n")
    assert f"| {TASK}, 2 seeds: return |" in brief
    assert "[results/results.md](results/results.md)" in brief
    assert f"]({TASK}-learning.png)" in table
    for picture in out.glob("*.png"):
        assert str(picture) in done.stdout
        assert picture.stat().st_size < 100_000


def test_two_numbers_of_malicious_agents_are_told_apart_and_drawn_together(
    runs: Path, tmp_path: Path
) -> None:
    stored(tmp_path / "runs" / "two", 0, num_malicious=2)
    out = tmp_path / "results"
    done = make_results(runs, "--runs=r0,two", f"--out={out}")
    assert done.returncode == 0, done.stderr
    table = (out / "results.md").read_text()
    assert f"## {TASK}\n\nTeam returns; " in table
    assert f"## {TASK}-2\n\nTeam returns, 2 malicious agents; " in table
    assert "--threat.num_malicious=2" in table
    for name in (TASK, f"{TASK}-2"):
        assert (out / f"{name}-learning.png").exists()
    assert f"with 1 and 2 malicious agents]({TASK}-malicious.png)" in table
    assert (out / f"{TASK}-malicious.png").exists()


@pytest.mark.parametrize(
    ("names", "word"),
    [
        ("r0,half", "half holds no report of a whole story"),
        ("../r0", "bad name"),
    ],
)
def test_what_does_not_fit_is_one_line_and_nothing_is_written(
    runs: Path, tmp_path: Path, names: str, word: str
) -> None:
    done = make_results(runs, f"--runs={names}", f"--out={tmp_path / 'out'}")
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_mark_without_a_readme_is_refused(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    done = make_results(runs, "--runs=r0", f"--out={out}", "--mark=x")
    assert done.returncode == 2
    assert done.stderr == (
        "error: --mark has no effect without --readme: leave it out\n"
    )
    assert not out.exists()
