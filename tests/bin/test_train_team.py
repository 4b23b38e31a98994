"""Teams as a user asks for them: hardened, or an ensemble with its certificate."""

import pytest

from tests.bin.programs import run


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--hardening.rounds=1"], "--hardening.rounds has no effect without --harden"),
        (["--hardening.search_steps=9"], "search_steps has no effect without --harden"),
        (["--harden=nobody"], "run 'nobody' does not exist"),
        (["--commnet.ensemble=2"], "commnet.ensemble is 2, must be at most 1, the oth"),
        (
            ["--harden=x", "--training.teacher_prob=0.1"],
            "--training.teacher_prob has no effect with --harden",
        ),
        (["--training.message_dropout=1"], "at least 0 and below 1"),
    ],
)
def test_what_makes_no_sense_is_one_line_before_any_work(tmp_path, given, words):
    done = run("train_team", tmp_path, "--run=t", *given)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "t").exists()


def test_an_ensemble_is_trained_and_certified_and_another_team_learns_on(tmp_path):
    small = ("--echo.speakers=3", "--training.env_steps=4096")
    done = run("train_team", tmp_path, "--run=e", *small, "--commnet.ensemble=1")
    assert done.returncode == 0, done.stderr
    assert "WHAT NO LIE CAN CHANGE" in done.stdout
    assert "one liar is in 1 of 3 subsets of 1" in done.stdout
    assert run("train_team", tmp_path, "--run=p", *small).returncode == 0
    hard = ("--harden=p", "--hardening.rounds=0", "--hardening.families=mirror")
    done = run("train_team", tmp_path, "--run=h", *small, *hard)
    assert done.returncode == 0, done.stderr
    assert "WHAT NO LIE CAN CHANGE" not in done.stdout
    # Both in one table with the plain team, and the report says who plays with whom.
    filters = "--filters=none,h,e"
    done = run(
        "evaluate", tmp_path, "--run=v", "--team=p", "--echo.speakers=3", filters
    )
    assert done.returncode == 0, done.stderr
    assert "commnet, hardened on p in 0 rounds" in done.stdout
    assert "commnet, ensemble over subsets of 1" in done.stdout
