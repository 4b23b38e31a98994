"""The plugins of `examples/` by command line: workers, PSRO, worst case, resume."""

import json
import os
import subprocess
import sys

import pytest

from tests.bin.programs import ROOT, artefacts

# Imports what is heavy once; each command line then has a process of its own, in which
# its program is imported, and its plugins.
FORKED = """
import importlib, json, os, shutil, sys, tempfile, traceback
import psro_comm.api.suites, psro_comm.reports.pages.suite, psro_comm.reports.terminal
import psro_comm.metagame.solvers.linear_program
from psro_comm.command.shell import run_main
for program, *line in json.load(sys.stdin):
    if program == "copy":
        shutil.copytree(*line) if os.path.isdir(line[0]) else shutil.copy(*line)
        print(json.dumps([0, ""]), flush=True)
        continue
    with tempfile.TemporaryFile("w+") as said:
        if not (child := os.fork()):
            for number in (1, 2):
                os.dup2(said.fileno(), number)
            sys.argv, status = [program, *line], 0
            try:
                run_main(importlib.import_module(f"bin.{program}").main)
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else 1
                if not isinstance(stop.code, int):
                    print(stop.code)
            except BaseException:
                traceback.print_exc()
                status = 99
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        print(json.dumps([code, said.read()]), flush=True)
"""
TEAM = ["--task=echo", "--plugin=examples/my_team.py", "--team=parrots"]
SMALL = ["--budget=smoke", "--psro.episodes=8", "--evaluation.episodes=8"]
ATTACKED = ["--attacks=none,mine@2", "--filters=none,far@3", "--evaluation.episodes=8"]
SIDES = ["--plugin=examples/my_attack.py", "--plugin=examples/my_filter.py"]
SOLVED = [
    *(*TEAM, *SIDES, "--plugin=examples/my_meta_solver.py", "--budget=smoke"),
    *("--plugin=examples/my_oracle.py", "--psro.episodes=8", "--psro.check_episodes=8"),
    *("--psro.paper", "--psro.iterations=1", "--attack_trainer=climb", "--workers=0"),
    *("--attack_oracle.env_steps=500", "--filter_oracle.env_steps=1500"),
    *("--attack_oracle.step=0.5", "--psro.meta_solver=bold"),
    *("--initial_attacks=mine@2", "--initial_filters=far@3"),
]


def run(lines):
    """Exit status and all that was said, of each command line."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED],
        cwd=ROOT,
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        timeout=400,
        check=True,
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


BAD = {
    "--plugin=none.py": "plugin is 'none.py', must be a .py file that exists",
    "--plugin=os": "plugin is 'os', must be a .py file",
    "--team=parrots": "run 'parrots' does not exist",
}
NO_NUMBER = {  # what the coin pays, to the team and to each agent
    "reward": "right.float() * torch.nan, each",
    "agents": "right.float(), each * torch.nan",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each command line left, by its run, and what it said."""
    folder, source = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("source")
    mine, changed = source / "my_attack.py", source / "changed.py"
    text = (ROOT / "examples/my_attack.py").read_text()
    mine.write_text(text)
    changed.write_text(text.replace("-self", "+self"))
    coin = (ROOT / "examples/my_environment.py").read_text()
    for name, paid in NO_NUMBER.items():
        assert "Signal(right.float(), each," in coin
        spoilt = coin.replace("Signal(right.float(), each,", f"Signal({paid},")
        (source / f"{name}.py").write_text(spoilt)
    runs = f"--runs_dir={folder}"
    evaluated = ["evaluate", *TEAM, *SIDES, *ATTACKED, "--budget=smoke", runs]
    solved = ["run_psro", *SOLVED, runs, "--run=solved"]
    made = ["train_team", "--budget=smoke", "--training.env_steps=512", runs]
    tiny = ["--attack_oracle.env_steps=1", "--workers=0"]
    suite = ["worst_case", *TEAM, *SIDES, *SMALL, *tiny, runs, "--run=worst"]
    own = ["evaluate", *TEAM, "--budget=smoke", "--evaluation.episodes=8", runs]
    own += ["--workers=0", "--run=own"]
    lines = {
        "by_one": [*evaluated, "--workers=1", "--run=by_one"],
        "alone": [*evaluated, "--workers=0", "--run=alone"],
        "solved": solved,
        "kept": ["copy", f"{folder}/solved", f"{folder}/kept"],
        "again": solved,
        "worst": [*suite, "--defenders=far@9", "--attacks=mine@2"],
        "coin": [
            *(*made, "--plugin=examples/my_environment.py", "--task=coin"),
            *("--coin.episode_limit=4", "--run=coin"),
        ],
        "loud": [
            *(*made, "--plugin=examples/my_backbone.py", "--task=echo"),
            *("--backbone=loudest", "--loudest.memory_size=4", "--run=loud"),
        ],
        "own": [*own, f"--plugin={mine}", "--attacks=mine"],
        "without": [*own, "--attacks=none"],
        "change": ["copy", str(changed), str(mine)],
        "changed": [*own, f"--plugin={mine}", "--attacks=mine"],
        "taken": ["run_psro", *TEAM, runs, "--run=parrots"],
        **{word: ["evaluate", "--task=echo", runs, word] for word in BAD},
        **{
            name: [
                *made,
                f"--plugin={source}/{name}.py",
                "--task=coin",
                f"--run={name}",
            ]
            for name in NO_NUMBER
        },
    }
    return folder, dict(zip(lines, run(list(lines.values())), strict=True))


def read(folder, name):
    (path,) = folder.glob(name)
    return json.loads(path.read_text())


def test_every_kind_of_plugin_works_by_its_flags(found):
    for name, (status, said) in found[1].items():
        fails = name in {"without", "changed", "taken", *BAD, *NO_NUMBER}
        assert (status != 0) is fails, (name, said)
    assert "--coin.episode_limit" in (found[0] / "coin/flags.txt").read_text()
    assert read(found[0], "loud/config.json")["backbone"] == "loudest"


def test_workers_play_a_plugin_as_this_process_does(found):
    one, other = (
        read(found[0], f"{name}/crossplay-*-table.json") for name in ("by_one", "alone")
    )
    assert one == other
    assert one["attackers"] == ["none", "mine@2"]
    assert one["defenders"] == ["none", "far@3"]
    by_pair = {
        (row["defender"], row["attacker"]): row["return"]["estimate"]
        for row in read(found[0], "alone/crossplay-??????????.json")["rows"]
    }
    assert by_pair["none", "mine@2"] == 0.0
    assert by_pair["none", "none"] == 8.0


def test_a_run_records_its_plugins(found):
    recorded = read(found[0], "by_one/plugins.json")
    assert [each["name"] for each in recorded] == ["my_team", "my_attack", "my_filter"]
    assert all(len(each["sha256"]) == 64 for each in recorded)
    assert "plugins.json" in artefacts(found[0] / "by_one")


def test_psro_of_plugins_is_stored_with_their_kinds(found):
    solved = read(found[0], "solved/psro.json")
    assert solved["history"][0]["meta_solver"] == "bold"
    assert {"mine-2", "attack-001"} <= {*solved["attacker_mixture"]}
    assert "far-3" in solved["defender_mixture"]
    assert read(found[0], "solved/config.json")["attack_oracle"]["step"] == 0.5


def test_the_suite_of_the_worst_case_has_the_attack_of_a_plugin(found):
    (kept,) = read(found[0], "worst/suite-??????????.json")["kept"]
    assert kept["returns"]["mine@2"] == 0.0
    assert kept["defender"] == "far@9"


def test_a_run_goes_on_bit_for_bit_and_with_the_same_plugin_alone(found):
    folder, said = found
    assert artefacts(folder / "solved") == artefacts(folder / "kept")
    assert "attack-001" in str(artefacts(folder / "kept"))
    status, words = said["without"]
    assert status == 2
    assert "was made with the plugin 'my_attack': load that, too" in words
    status, words = said["changed"]
    assert status == 2
    assert "was made with another plugin 'my_attack': its sha256 was" in words


@pytest.mark.parametrize(
    ("name", "words"),
    [("reward", "a reward is nan"), ("agents", "the reward of an agent is nan")],
)
def test_a_team_is_not_trained_on_rewards_that_are_no_numbers(found, name, words):
    folder, answers = found
    status, said = answers[name]
    assert status == 2
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    assert errors == [f"error: team: the game is broken: {words}"]
    assert not [*folder.glob(f"{name}/policies/*")]


def test_what_is_no_plugin_is_one_line_before_any_work(found):
    folder, answers = found
    for word, expected in BAD.items():
        status, said = answers[word]
        assert status == (2 if "team" in word else 1)
        assert expected in said
        assert len(said.strip().splitlines()) == 1, said
    assert "--run is 'parrots', must be another name" in answers["taken"][1]
    assert not [*folder.glob("evaluation*"), *folder.glob("parrots*")]
