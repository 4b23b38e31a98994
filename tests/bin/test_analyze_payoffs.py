"""The analysis of files and of a run, refined."""

import csv
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from psro_comm.disk.store import RunStore
from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.tables.analysis import Look
from psro_comm.reports.tables.analysis import analyze as analyze_file
from psro_comm.reports.tables.refining import Refining
from psro_comm.settings.experiment import from_description
from psro_comm.studies.refinement import refine
from tests.bin.programs import ROOT, run, run_each

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
    plan = analyze(*flags, "--refine", "--width=0.2", "--dry_run")
    assert plan.returncode == 0, plan.stderr
    said = plan.stdout.replace(",", "")
    foretold = int(re.search(r"about (\d+) new episodes of echo", said)[1])
    assert f"{9 * foretold} env steps" in said
    assert not (tmp_path / "out").exists()
    assert not list((tmp_path / "a").glob("refine-*"))
    idle = ("task=echo", "device=cpu", "psro.episodes=9")
    refused = run_each(
        "analyze_payoffs", [[*flags, "--refine", f"--{f}"] for f in idle]
    )
    for flag, (code, said) in zip(idle, refused, strict=True):
        name = flag.partition("=")[0]
        assert code == 1
        assert f"Unknown command line flag '{name}'" in said
    done = analyze(*flags, "--resamples=50", "--workers=0", "--refine", "--width=0.2")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "analysis-payoffs-001.json").read_text())
    refined = report["refinement"]
    assert refined["reached"]
    assert refined["half_width"] <= 0.2
    cells = len(report["defenders"]) * len(report["attackers"])
    assert refined["episodes"] > refined["episodes_before"] == 8 * cells
    assert "saved" in done.stdout
    spent = refined["episodes"] - refined["episodes_before"]
    assert 0.3 < foretold / spent < 3
    assert (tmp_path / "out" / "analysis-payoffs-001-iterations.png").exists()
    # Interrupted at its end: what was played is loaded, nothing is played again.
    config = from_description(RunStore.read(tmp_path / "a").config)
    with open_lab(Request(config, tmp_path, "a", workers=0)) as lab:
        lab.play = None
        table = PayoffTable.from_dict(lab.store.load_json("payoffs-001"))
        assert refine(lab, table, 0.2)[1] == refined


def test_anybodys_table_is_refined_by_lists_until_the_width_is_met(tmp_path):
    rng, truth = np.random.default_rng(0), {"ax": 4, "ay": 1, "bx": 2, "by": 3}
    table, saved = tmp_path / "table.csv", tmp_path / "analysis-table.json"
    lines = [
        f"{cell[0]},{cell[1]},{mean + rng.standard_normal()}"
        for cell, mean in truth.items()
        for _ in range(20)
    ]
    table.write_text("\n".join(["defender,attacker,mean", *lines]))
    found, given = [], []
    for number in range(9):
        refining = Refining(0.1, results=given)
        analyze_file(table, None, 50, "nash", Look(figures=False), 0, refining)
        found.append(json.loads(saved.read_text())["refinement"])
        if found[-1]["reached"]:
            break
        lines = []
        with saved.with_name(f"{saved.stem}-play.csv").open() as file:
            for asked in csv.DictReader(file):
                cell = asked["defender"] + asked["attacker"]
                lines += [
                    f"{cell[0]},{cell[1]},{truth[cell] + rng.standard_normal()}"
                    for _ in range(int(asked["play"]))
                ]
        given.append(tmp_path / f"new-{number}.csv")
        given[-1].write_text("\n".join(["defender,attacker,mean", *lines]))
    widths = [each["half_width"] for each in found]
    assert found[-1]["reached"]
    assert widths[0] > 2 * widths[-1]
    assert 2 <= len(found) <= 6
    report = json.loads(saved.read_text())
    assert report["value"]["low"] < 2.5 < report["value"]["high"]
    assert (report["value"]["high"] - report["value"]["low"]) / 2 < 0.13


def test_results_do_not_count_twice_and_no_width_takes_forever(tmp_path):
    table, more = tmp_path / "table.csv", tmp_path / "more.csv"
    table.write_text(CSV)
    more.write_text("defender,attacker,mean\na,x,4\n")
    again = tmp_path / "again.csv"
    again.write_bytes(more.read_bytes())
    for results in ([more, more], [more, again], [table]):
        refining = Refining(None, results=results)
        with pytest.raises(ValueError, match="it would count twice"):
            analyze_file(table, None, 20, "nash", Look(figures=False), 0, refining)
    with pytest.raises(
        ValueError, match=r"--width is 1e-09: it takes some .e\+\d\d ep"
    ):
        analyze_file(table, None, 20, "nash", Look(figures=False), 0, Refining(1e-9))
    assert {*tmp_path.iterdir()} == {table, more, again}


BAD = [
    ("", "one of --payoffs=FILE and --run=NAME"),
    ("--run=nobody", "run 'nobody' does not exist in runs"),
    ("--payoffs=bin", "bin has no payoffs-*.json"),
    ("--payoffs=nowhere.csv", "cannot read nowhere.csv: No such file"),
    ("--payoffs=a.csv --workers=2", "--workers has no effect beside --payoffs"),
    ("--run=a --results=x", "--results has no effect without --payoffs"),
    ("--run=a --names=both", "--names has no effect without --payoffs"),
    ("--payoffs=bin/bench.py", "must end in one of"),
    ("--payoffs=a.csv --pages=pdf", "--pages has 'pdf', allowed: md, tex, html"),
    ("--payoffs=a.csv --width=2", "--width has no effect without --refine"),
    ("--payoffs=a.csv --task=echo", "Unknown command line flag 'task'"),
    ("--payoffs=a.csv --runs_dir=x", "--runs_dir has no effect beside --payoffs"),
    ("--payoffs=a.csv --resamples=1", "resamples=1"),
    ("--payoffs=a.csv --row_name=", "--row_name is '', must be a name on one line"),
    ("--payoffs=a.csv --row_name=a --column_name=a --dry_run", "are both 'a', must"),
    ("--payoffs=a.csv --meta_solver=nahs", "value should be one of <nash|max_entropy"),
]


def test_bad_input_is_one_line():
    lines = [line.split() for line, _ in BAD]
    for (line, words), (code, said) in zip(
        BAD, run_each("analyze_payoffs", lines), strict=True
    ):
        assert code in (1, 2), (line, said)
        assert words in said, (line, said)
        assert "Traceback" not in said


def test_a_dry_run_says_what_would_be_analysed_and_writes_nothing(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(CSV)
    done = analyze(f"--payoffs={path}", "--dry_run")
    assert f"{path}, 2 by 2, with 1000 resamples" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"nowhere\.csv"):
        analyze_file("nowhere.csv", None, 2, "nash", Look(), seed=0)
