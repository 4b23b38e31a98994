"""The whole story from the shell, on Echo and a budget of seconds."""

import json

import pytest

from tests.bin.programs import run
from tests.html_pages import PageText
from tests.html_pages import words as words_of

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


def test_its_page_is_whole_shows_all_and_replays_both_defenders(told):
    root, text = told
    file = root / "report.html"
    assert str(file) in text
    page = PageText(file.read_text())
    for heading in (
        *("Verdict", "Does the team talk?", "What was played"),
        "What each defender keeps in the worst case",
        *("The payoff table, and who plays what", "What the filters detect"),
        "Messages before, bent and repaired: vanilla-attack against vanilla-filter",
        "An episode: vanilla-attack against vanilla-filter",
        "An episode: fresh-on-rmacrl against R-MACRL",
        "How to make it again",
    ):
        assert heading in page.headings, heading
    assert "python -m bin.quickstart --task=echo --budget=smoke" in words_of(page.text)
    commit = json.loads((root / "env.json").read_text())[0]["commit"]
    assert str(commit or "not known") in words_of(page.text)


def test_told_again_it_has_the_same_page_to_the_byte(told):
    root, _ = told
    page = (root / "report.html").read_bytes()
    done = run("quickstart", root.parent, "--run=q", *SECONDS)
    assert done.returncode == 0, done.stderr
    assert (root / "report.html").read_bytes() == page
