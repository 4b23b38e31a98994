"""The whole story from the shell, on Echo and a budget of seconds."""

import json

import pytest

from tests.bin.programs import run

SECONDS = (
    "--training.env_steps=40960",
    "--attack_oracle.env_steps=20480",
    "--filter_oracle.env_steps=10240",
    "--evaluation.episodes=32",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    done = run("quickstart", runs, "--run=q", *SECONDS)
    assert done.returncode == 0, done.stderr
    return runs / "q", done.stdout


def test_it_prints_a_verdict_first(told):
    _, text = told
    assert text.upper().index("VERDICT") < text.index("clean: no attack, no filter")
    for words in ("muted", "fresh attacker", "lower bound", "R-MACRL"):
        assert words in text


def test_the_report_has_every_line_with_an_interval_and_its_episodes(told):
    root, _ = told
    report = json.loads((root / "report.json").read_text())
    rows = {row["label"]: row for row in report["rows"]}
    for row in rows.values():
        found = row["return"]
        assert found["low"] <= found["estimate"] <= found["high"]
        assert row["episodes"] == 32
    clean = rows["clean: no attack, no filter"]["return"]["estimate"]
    attacked = rows["attack, full strength"]["return"]["estimate"]
    noise = rows["noise as large as the attack's"]
    assert clean >= 7.0
    assert attacked < clean - 3.0
    assert attacked < noise["return"]["estimate"]
    full = rows["attack, full strength"]["distortion"]
    assert noise["distortion"] == pytest.approx(full, rel=0.1)


def test_r_macrl_meets_the_single_filter_in_every_column(told):
    root, _ = told
    report = json.loads((root / "report.json").read_text())
    pairs = {(line["theirs"], line["against"]) for line in report["comparison"]}
    assert len(pairs) == 4
    assert {line["attacker"] for line in report["worst_case"]} == {
        "fresh-on-vanilla",
        "fresh-on-rmacrl",
    }
