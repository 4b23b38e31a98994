"""Options of best responses compared from the command line."""

import json

from tests.bin.programs import run_each

BAD = [
    ("--compare=plain", "two of plain, warm_start, got 2 and plain"),
    ("--compare=plain,lucky", "two of plain, warm_start, got 2 and plain, lucky"),
    ("--runs_dir=x", "--runs_dir has no effect without --run"),
    ("--run=../x --game=cube", "bad name '../x'"),
    ("--iterations=3", "Unknown command line flag 'iterations'"),
    ("--meta_solver=prd", "Unknown command line flag 'meta_solver'"),
]


def test_what_is_found_is_kept_where_a_run_is_named(tmp_path):
    small = ["--game=cube", "--worlds=5", f"--runs_dir={tmp_path}", "--run=options"]
    few = ["--seeds=2", "--trainings=2"]
    (first, said), (second, refused) = run_each(
        "study_options", [[*small, *few], [*small, *few, "--seed=1"]]
    )
    assert first == 0, said
    kept = json.loads((tmp_path / "options" / "options.json").read_text())
    assert [row["option"] for row in kept["rows"]] == ["plain", "warm_start"] * 2
    assert kept["verdicts"][0]["verdict"].startswith("cannot tell")
    assert f"Saved: {tmp_path / 'options' / 'options.json'}" in said
    assert second == 2
    assert "seed: 0 -> 1" in refused


def test_bad_input_is_one_line():
    lines = [[*line.split(), "--seeds=2"] for line, _ in BAD]
    for (line, words), (code, said) in zip(
        BAD, run_each("study_options", lines), strict=True
    ):
        assert code in (1, 2), (line, said)
        assert words in said, (line, said)
        assert "Traceback" not in said
