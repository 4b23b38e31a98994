"""The other binaries, on tiny budgets, and what they answer to bad input."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.bin.programs import run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for program, flags in (
        ("train_team", ["--run=team", "--ceilings"]),
        ("train_attack", ["--run=attack", "--team=team"]),
        ("train_filter", ["--run=filter", "--team=team", "--against=attack"]),
    ):
        done = run(program, folder, *flags)
        assert done.returncode == 0, done.stderr
        (folder / f"{program}.txt").write_text(done.stdout)
    return folder


def fails(done, *words: str) -> None:
    """One clear line, an exit status, no traceback."""
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr + done.stdout
    assert not done.stdout or "error" in done.stdout.lower() or done.returncode == 1


def test_train_team_reports_what_muting_costs(runs):
    text = (runs / "train_team.txt").read_text()
    for words in ("all messages zeroed", "one sender's messages", "message-sized"):
        assert words in text
    assert "agent 1 replaced by constant" in text


def test_train_attack_reports_returns_and_the_size_of_the_tampering(runs):
    text = (runs / "train_attack.txt").read_text()
    assert "distortion" in text
    assert "trained-attack against no-filter" in text


def test_train_filter_reports_its_detector_and_its_reconstruction(runs):
    text = (runs / "train_filter.txt").read_text()
    for words in (
        "auroc",
        "true positive rate",
        "false positive rate",
        "reconstructed",
    ):
        assert words in text


def test_evaluate_crosses_named_and_trained_players(runs):
    done = run(
        "evaluate",
        runs,
        "--attacks=none,noise@2,untrained,mute,attack",
        "--filters=none,filter",
    )
    assert done.returncode == 0, done.stderr
    saved = json.loads(done_path(done).read_text())
    assert len(saved["rows"]) == 10
    bent = {row["attacker"]: row["distortion"] for row in saved["rows"]}
    assert bent["noise@2"] == pytest.approx(2.0, rel=1e-3)
    assert bent["none"] == 0.0


def done_path(done):
    return Path(done.stdout.split("Saved: ")[1].strip())


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--task=chess"], ["chess", "predator_prey_p0"]),
        (["--budget=huge"], ["huge", "smoke"]),
        (["--psro.iteration=3"], ["psro.iteration"]),
        (["--psro.iterations=0"], ["psro.iterations", "at least 1"]),
        (["--psro.iterations=many"], ["many"]),
        (["--threat.mode=sideways"], ["sideways", "convex"]),
        (["--threat.malicious=7"], ["7", "0 to 1"]),
        (["--threat.num_malicious=5", "--threat.malicious=none"], ["5", "at most 2"]),
        (
            ["--attack_oracle.ppo.gamma=1.5"],
            ["attack_oracle.ppo.gamma is 1.5, must be 0 to 1"],
        ),
        (["--device=cuda"], ["cuda"]),
        (["--run=../escape"], ["../escape"]),
        (["--workers=-1"], ["-1"]),
        (["--team=nobody"], ["nobody"]),
        (["--threat.redraw_malicious"], ["threat.malicious is (0,)", "none"]),
        (["--predator_prey.grid=5"], ["has no effect", "env is 'echo'"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_before_any_work(runs, flags, words):
    if flags == ["--device=cuda"]:
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("this machine has CUDA")
    done = run("run_psro", runs, "--run=bad", *flags)
    fails(done, *words)
    assert not (runs / "bad" / "team.safetensors").exists()


def test_a_team_of_another_task_is_refused(runs):
    done = run(
        "run_psro", runs, "--run=other", "--task=predator_prey_p0", "--team=team"
    )
    fails(done, "echo", "predator_prey_p0")


def test_one_flipped_bit_in_a_policy_is_found(runs, tmp_path):
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    path = copy / "attack" / "policies" / "trained-attack.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    done = run("evaluate", copy, "--attacks=attack", "--filters=none")
    fails(done, "trained-attack.safetensors")


def test_an_unknown_player_is_named(runs):
    fails(run("evaluate", runs, "--attacks=nobody", "--filters=none"), "nobody")
    fails(run("evaluate", runs, "--attacks=attack/x", "--filters=none"), "attack/x")
    fails(run("evaluate", runs, "--attacks=filter/trained-filter"), "is a filter")


@pytest.mark.parametrize(
    ("program", "flag", "words"),
    [
        ("evaluate", "--attacks=noise@nan", "size is 'nan', must be a number, positi"),
        ("evaluate", "--attacks=noise@-1", "size is '-1', must be a number, positive"),
        ("evaluate", "--attacks=none@5", "may have an argument after @"),
        ("evaluate", "--filters=noise", "is an attack, not a filter"),
        ("worst_case", "--defenders=flip", "is an attack, not a filter"),
        (
            "worst_case",
            "--defenders=norm,norm",
            "--defenders is 'norm,norm', must name",
        ),
        ("train_attack", "--against=flip", "is an attack, not a filter"),
        (
            "train_filter",
            "--against=noise@x",
            "size is 'x', must be a number, positive",
        ),
        ("train_filter", "--against=nobody", "'nobody' does not exist"),
        ("run_psro", "--initial_filters=noise", "is an attack, not a filter"),
        (
            "run_psro",
            "--initial_filters=mute,norm,clip --psro.iterations=1 --psro.slots=16",
            "psro.slots is 16, must be at least",
        ),
    ],
)
def test_a_wrong_name_is_refused_before_a_team_is_trained(runs, program, flag, words):
    fails(run(program, runs, "--run=wrong", *flag.split()), words)
    assert not (runs / "wrong").exists()


@pytest.mark.parametrize(
    ("program", "flags", "words"),
    [
        ("train_team", "--attack_oracle.env_steps=3", "flag 'attack_oracle.env_steps'"),
        ("inspect_messages", "--psro.episodes=9", "flag 'psro.episodes'"),
        ("evaluate", "--psro.episodes=9", "Unknown command line flag 'psro.episodes'"),
        ("run_psro", "--evaluation.episodes=9", "Did you mean: evaluation.num_envs"),
        (
            "evaluate",
            "--team=team --training.env_steps=9",
            "--training.env_steps has no effect with the team of 'team': leave it out",
        ),
        (
            "evaluate",
            "--attacks=none,attack --commnet.message_size=9",
            "--commnet.message_size has no effect with the team of 'attack'",
        ),
        (
            "evaluate",
            "--attacks=noise --attack.hidden=9",
            "--attack.hidden has no effect without an untrained attack",
        ),
        (
            "train_filter",
            "--against=noise --attack.hidden=9",
            "--attack.hidden has no effect without an untrained attack",
        ),
        (
            "inspect_messages",
            "--filter=none --filter.detector=random",
            "--filter.detector has no effect without an untrained filter",
        ),
        (
            "train_attack",
            "--team=team --threat.mix_weight=0.5",
            "--threat.mix_weight has no effect unless threat.mode is convex",
        ),
        (
            "run_psro",
            "--team=team --nopredator_prey.obs_position",
            "predator_prey.obs_position has no effect: env is 'echo'",
        ),
    ],
)
def test_a_flag_that_would_be_ignored_is_refused_before_work(
    runs, program, flags, words
):
    fails(run(program, runs, "--run=idle", *flags.split()), words)
    assert not (runs / "idle").exists()


def test_an_untrained_player_is_made_by_its_settings(runs):
    fewer = ("--run=small", "--attacks=untrained", "--team=team")
    done = run("evaluate", runs, *fewer, "--attack.hidden=4")
    assert done.returncode == 0, done.stderr


def test_a_run_notes_the_flags_of_its_program_alone(runs):
    noted = (runs / "attack" / "flags.txt").read_text().splitlines()
    names = {line.removeprefix("--").partition("=")[0] for line in noted}
    assert {"against", "team", "attack_oracle.env_steps", "nodry_run"} <= names
    assert not names & {"verbosity", "pdb", "logtostderr", "run_with_profiling"}
    assert not any(name.startswith(("training", "psro", "filter")) for name in names)


def test_against_a_run_is_against_its_team(runs):
    done = run("train_filter", runs, "--run=heir", "--against=attack")
    assert done.returncode == 0, done.stderr
    ours, theirs = (runs / r / "team.safetensors" for r in ("heir", "attack"))
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_dry_run_prints_the_plan_and_makes_nothing(runs):
    done = run("quickstart", runs, "--run=plan", "--dry_run")
    assert done.returncode == 0, done.stderr
    assert "env steps" in done.stdout
    table = ("--attacks=none,noise,attack", "--filters=none,untrained")
    done = run("evaluate", runs, "--run=plan", "--dry_run", *table)
    assert re.search(r"payoff cells +6 x", done.stdout), done.stderr
    assert "team" not in done.stdout.splitlines()[1]  # it has one
    assert not (runs / "plan").exists()


def test_every_task_has_a_run_of_its_own_name(runs):
    done = run("train_team", runs, "--task=3bane_vs_hM", "--dry_run")
    assert "3bane_vs_hM-smoke-0" in done.stdout, done.stderr


def test_r_macrl_starts_from_given_policies_and_remembers_which(runs):
    given = ("--run=given", "--psro.paper", "--psro.iterations=1")
    chosen = ("--initial_attacks=attack", "--initial_filters=filter")
    done = run("run_psro", runs, *given, *chosen)
    assert done.returncode == 0, done.stderr
    summary = json.loads((runs / "given" / "psro.json").read_text())
    assert set(summary["attacker_mixture"]) == {
        "no-attack",
        "attack",
        "attack-001",
    }
    assert "attack " in done.stdout.split("BOTH MIXTURES")[1]
    other = ("--initial_attacks=untrained", "--initial_filters=filter")
    fails(run("run_psro", runs, *given, *other), "other initial policies")


def test_two_attackers_drawn_anew_capped_and_mixed_in_play_too(runs):
    flags = (
        "--run=threat",
        "--threat.malicious=none",
        "--threat.num_malicious=2",
        "--threat.redraw_malicious",
        "--threat.mode=convex",
        "--threat.cap=1",
    )
    done = run("train_attack", runs, *flags)
    assert done.returncode == 0, done.stderr
    report = json.loads((runs / "threat" / "report.json").read_text())
    rows = {row["attacker"]: row for row in report["rows"]}
    assert 0.0 < rows["trained-attack"]["distortion"] <= 1.0 + 1e-4


def test_an_attack_on_another_agent_is_refused(runs):
    elsewhere = ("--threat.malicious=1", "--run=elsewhere")
    done = run("evaluate", runs, "--attacks=attack", "--filters=none", *elsewhere)
    fails(done, "(0,)", "(1,)")
