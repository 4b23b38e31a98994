"""The analysis of files and of a run, refined."""

import json
import os
import subprocess
import sys

import pytest

from psro_comm.analysis_command import analyze as analyze_file
from psro_comm.experiment_config import from_description
from psro_comm.payoffs import PayoffTable
from psro_comm.refinement import refine
from psro_comm.session import Request, open_lab
from psro_comm.store import RunStore
from tests.bin.programs import ROOT, run

CSV = """defender,attacker,mean,std_error,episodes
a,x,4,0.1,100
a,y,1,0.1,100
b,x,2,0.1,100
b,y,3,0.1,100
"""


def analyze(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bin.analyze_payoffs", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        timeout=240,
        check=False,
    )


def test_a_table_from_anywhere_is_analysed(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(CSV)
    done = analyze(f"--payoffs={path}", "--resamples=50")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "analysis-table.json").read_text())
    assert report["value"]["estimate"] == pytest.approx(2.5)
    assert "2.5" in done.stdout
    assert "HiGHS" not in done.stdout
    figure = tmp_path / "analysis-table-payoffs.png"
    assert figure.read_bytes()[:4] == b"\x89PNG"


def test_a_run_is_analysed_and_refined_with_its_own_settings(tmp_path):
    tiny = "--psro.iterations=1"
    assert run("run_psro", tmp_path, "--run=a", tiny).returncode == 0
    flags = ("--run=a", f"--runs_dir={tmp_path}", f"--out={tmp_path}/out")
    done = analyze(*flags, "--resamples=50", "--workers=0", "--refine", "--width=0.6")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "analysis-payoffs-001.json").read_text())
    refined = report["refinement"]
    assert refined["reached"]
    assert refined["half_width"] <= 0.6
    assert refined["episodes"] > refined["episodes_before"] == 9 * 8
    assert "saved" in done.stdout
    assert (tmp_path / "out" / "analysis-payoffs-001-iterations.png").exists()
    # Interrupted at its end: what was played is loaded, nothing is played again.
    config = from_description(RunStore.read(tmp_path / "a").config)
    with open_lab(Request(config, tmp_path, "a", workers=0)) as lab:
        lab.play = None
        table = PayoffTable.from_dict(lab.store.load_json("payoffs-001"))
        assert refine(lab, table, 0.6)[1] == refined


def test_bad_input_is_one_line():
    done = analyze()
    assert done.returncode in (1, 2)
    assert "one of --payoffs" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"nowhere\.csv"):
        analyze_file("nowhere.csv", None, 2, "nash", figures=False, seed=0)
