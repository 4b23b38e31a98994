"""PSRO on known games from the command line: what is kept, what is refused."""

import json

from tests.bin.programs import run_each

BAD = [
    ("--compare=plain", "two of plain, warm_start, got 2 and plain"),
    ("--compare=plain,lucky", "two of plain, warm_start, got 2 and plain, lucky"),
    ("--compare=plain,warm_start --iterations=3", "--iterations has no effect beside"),
    ("--compare=plain,warm_start --meta_solver=prd", "--meta_solver has no effect"),
    ("--trainings=4", "--trainings has no effect without --compare"),
    ("--runs_dir=x", "--runs_dir has no effect without --run"),
    ("--game=poker", "value should be one of <cube|matrix|signalling|signalling_weak>"),
    ("--run=../x --game=cube", "bad name '../x'"),
]


def test_what_is_found_is_kept_where_a_run_is_named(tmp_path):
    small = ["--game=cube", "--worlds=5", f"--runs_dir={tmp_path}"]
    options = ["--compare=plain,warm_start", "--seeds=2", "--trainings=2"]
    (first, said), (second, told), (third, refused) = run_each(
        "validate_psro",
        [
            [*small, *options, "--run=options"],
            [*small, "--iterations=2", "--run=steps"],
            [*small, "--iterations=3", "--run=steps"],
        ],
    )
    assert (first, second) == (0, 0), said + told
    kept = json.loads((tmp_path / "options" / "options.json").read_text())
    assert [row["option"] for row in kept["rows"]] == ["plain", "warm_start"] * 2
    assert kept["verdicts"][0]["verdict"].startswith("cannot tell")
    assert f"Saved: {tmp_path / 'options' / 'options.json'}" in said
    assert (tmp_path / "steps" / "step-002.json").exists()
    assert "true value -3" in told
    assert third == 2
    assert "iterations: 2 -> 3" in refused


def test_bad_input_is_one_line(tmp_path):
    lines = [line.split() for line, _ in BAD]
    lines = [[*each, "--seeds=2"] if "compare" in each[0] else each for each in lines]
    for (line, words), (code, said) in zip(
        BAD, run_each("validate_psro", lines), strict=True
    ):
        assert code in (1, 2), (line, said)
        assert words in said, (line, said)
        assert "Traceback" not in said
