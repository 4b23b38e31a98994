"""PSRO on known games from the command line: what is kept, what is refused."""

from tests.bin.programs import run_each

BAD = [
    ("--runs_dir=x", "--runs_dir has no effect without --run"),
    ("--game=poker", "value should be one of <cube|matrix|signalling|signalling_weak>"),
    ("--run=../x --game=cube", "bad name '../x'"),
    ("--compare=plain,warm_start", "Unknown command line flag 'compare'"),
    ("--trainings=4", "Unknown command line flag 'trainings'"),
]


def test_what_is_found_is_kept_where_a_run_is_named(tmp_path):
    small = ["--game=cube", "--worlds=5", f"--runs_dir={tmp_path}", "--run=steps"]
    changed = ["--iterations=2", "--game=signalling"]
    (first, told), (second, refused) = run_each(
        "validate_psro", [[*small, "--iterations=2"], [*small, *changed]]
    )
    assert first == 0, told
    assert f"Saved: {tmp_path / 'steps'}" in told
    assert (tmp_path / "steps" / "step-002.json").exists()
    assert "true value -3" in told
    assert second == 2
    assert "was begun with another configuration" in refused


def test_bad_input_is_one_line():
    for (line, words), (code, said) in zip(
        BAD, run_each("validate_psro", [line.split() for line, _ in BAD]), strict=True
    ):
        assert code in (1, 2), (line, said)
        assert words in said, (line, said)
        assert "Traceback" not in said
