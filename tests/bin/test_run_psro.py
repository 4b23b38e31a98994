"""R-MACRL from the shell: its files, kills, workers."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pyspiel
import pytest

from psro_comm.metagame.formats.files import read_nfg
from tests.bin.programs import ROOT, artefacts, command, run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    done = run("run_psro", runs, "--run=a")
    assert done.returncode == 0, done.stderr
    return runs, done


def test_it_ends_with_value_nash_conv_and_both_mixtures(finished):
    _, done = finished
    for words in ("value of the game: ", "NashConv", "BOTH MIXTURES"):
        assert words in done.stdout
    mixtures = done.stdout.split("BOTH MIXTURES")[1]
    for side in ("defender", "attacker"):
        assert re.search(rf"^{side} +[\w.-]+ +\d+\.\d %$", mixtures, re.MULTILINE)
    assert "Traceback" not in done.stderr


def test_its_meta_game_is_a_zero_sum_matrix_game_with_our_payoffs(finished):
    runs, _ = finished
    game = read_nfg(runs / "a" / "meta_game.nfg")
    assert game.get_type().utility == pyspiel.GameType.Utility.ZERO_SUM
    last = max((runs / "a").glob("payoffs-*.json"))
    table = json.loads(last.read_text())
    assert game.num_rows() == len(table["defenders"])
    mean = sum(table["returns"][1][1]) / table["num_worlds"]
    assert game.row_utility(1, 1) == pytest.approx(mean, abs=1e-9)


def test_openspiels_nash_conv_agrees_with_ours_in_every_iteration(finished):
    runs, _ = finished
    for path in (runs / "a").glob("iteration-*.json"):
        step = json.loads(path.read_text())
        assert step["nash_conv_in_table"] == pytest.approx(
            step["nash_conv_in_table_openspiel"], abs=1e-9
        )


def test_mixtures_are_distributions_over_named_policies(finished):
    runs, _ = finished
    summary = json.loads((runs / "a" / "psro.json").read_text())
    for side, beginning in (
        ("defender", {"no-filter", "mute", "norm", "first-filter"}),
        ("attacker", {"no-attack", "mirror", "swap", "fake_world"}),
    ):
        mixture = summary[f"{side}_mixture"]
        assert sum(mixture.values()) == pytest.approx(1.0)
        assert beginning < {*mixture}


def test_the_papers_own_version_begins_untrained_and_trains_its_own_kinds(tmp_path):
    done = run("run_psro", tmp_path, "--run=p", "--psro.paper", "--psro.iterations=1")
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "p" / "psro.json").read_text())
    defenders = {"no-filter", "filter-000", "filter-001"}
    attackers = {"no-attack", "attack-000", "attack-001"}
    assert {*summary["defender_mixture"]} == defenders
    assert {*summary["attacker_mixture"]} == attackers


def test_a_run_killed_twice_equals_the_run_never_killed(finished, tmp_path):
    runs, _ = finished
    whole = artefacts(runs / "a")
    for after in ("team-checkpoint", "attack-001"):
        killed = subprocess.Popen(
            command("run_psro", tmp_path, "--run=a"),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(after, tmp_path / "a" / "manifest.json", killed)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    done = run("run_psro", tmp_path, "--run=a")
    assert done.returncode == 0, done.stderr
    assert artefacts(tmp_path / "a") == whole


def test_two_workers_make_what_none_makes(finished, tmp_path):
    runs, _ = finished
    done = run("run_psro", tmp_path, "--run=a", "--workers=2")
    assert done.returncode == 0, done.stderr
    assert artefacts(tmp_path / "a") == artefacts(runs / "a")


def test_a_changed_configuration_is_refused_and_shown(finished):
    runs, _ = finished
    before = artefacts(runs / "a")
    done = run("run_psro", runs, "--run=a", "--psro.episodes=9")
    assert done.returncode == 2
    assert "psro.episodes: 8 -> 9 (it cannot grow: in these worlds" in done.stderr
    assert artefacts(runs / "a") == before


def test_the_flag_file_of_a_run_repeats_it(finished, tmp_path):
    runs, _ = finished
    flags = runs / "a" / "flags.txt"
    done = run("run_psro", tmp_path, f"--flagfile={flags}", f"--runs_dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert artefacts(tmp_path / "a") == artefacts(runs / "a")


def _wait_for(name: str, manifest: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if manifest.exists() and name in manifest.read_text():
            return
        time.sleep(0.02)
    pytest.fail(f"{name} was never made")
