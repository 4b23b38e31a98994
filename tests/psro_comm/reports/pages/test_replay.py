"""A replay holds each track as it went, and shows it to whoever can run its script."""

import json
import re
import shutil
import subprocess

import pytest

from psro_comm.reports.pages import replay as pages_replay
from psro_comm.reports.pages.frame import Part, page
from psro_comm.reports.pages.replay import replay
from psro_comm.reports.pages.replay_script import SCRIPT
from tests.hand_made_replay import make_replay
from tests.html_pages import PageText, words

BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")


def a_page(found: dict, shown: int = 0, track: str = "attacked") -> str:
    part = Part("An episode", replay(found, shown, track))
    return page("A <title>", [part], [SCRIPT])


def data_of(text: str) -> dict:
    return json.loads(re.search(r"application/json\">(.*?)</script>", text)[1])


def test_it_is_whole_on_its_own_and_escaped():
    made = a_page(make_replay())
    PageText(made)
    shown = re.sub(r"<script.*?</script>", "", made, flags=re.DOTALL)
    for name in ("<lie>", "<sees>", "<off>"):
        assert name not in made.replace(SCRIPT, "")
    assert "a &lt;lie&gt;" in shown
    assert "://" not in made.replace("http://www.w3.org/2000/svg", "")


def test_each_track_plays_what_its_own_condition_did():
    told = data_of(a_page(make_replay(), shown=1))
    assert told["conditions"] == ["clean", "attacked", "defended"]
    rewards = {name: each["rewards"] for name, each in told["tracks"].items()}
    assert rewards == {"clean": [1, 1], "attacked": [0, 0.25], "defended": [1, 0.5]}
    ends = {name: each["scenes"][-1][1] for name, each in told["tracks"].items()}
    columns = {name: sprite[2] for name, sprite in ends.items()}
    assert columns == {"clean": 3, "attacked": 1, "defended": 2}
    assert (told["start"], told["track"]) == (1, "attacked")


def test_messages_are_shares_of_the_largest_clean_number_and_never_told_twice():
    told = data_of(a_page(make_replay()))
    speaker, listener = told["tracks"]["clean"]["agents"][0]
    assert told["unit"] == 0.02
    assert speaker["said"] == [[100], [-200], [50]]
    assert listener["said"] == [[25]]  # the same in all three
    assert listener["hears"] == [[0, 0, 1]]
    assert told["tracks"]["clean"]["agents"][1][1] is None  # dead by then


def test_how_it_ends_is_told_without_a_script_in_the_order_of_the_story():
    rows = re.findall(r"<tr>(.*?)</tr>", replay(make_replay()))[1:4]
    assert [words(row).split() for row in rows] == [
        ["no", "attack", "2.00", "yes", "2"],
        ["attacked,", "no", "filter", "0.25", "no", "2"],
        ["attacked,", "behind", "the", "filter", "1.50", "yes", "2"],
    ]
    assert "<noscript>" in replay(make_replay())


def test_one_that_says_too_much_leaves_out_messages_and_says_so(monkeypatch):
    monkeypatch.setattr(pages_replay, "_MOST", 100)
    made = a_page(make_replay())
    PageText(made)
    assert "messages are left out" in words(made)
    assert 'class="who"' not in made
    told = data_of(made)
    assert "said" not in told["tracks"]["clean"]["agents"][0][0]


def test_a_world_that_is_not_repeated_has_a_single_track():
    found = make_replay()
    found["tracks"] = {"defended": found["tracks"]["defended"]}
    assert data_of(a_page(found, track="defended"))["conditions"] == ["defended"]


def test_who_says_nothing_has_a_unit_all_the_same():
    found = make_replay()
    for each in found["tracks"].values():
        for step in each["steps"]:
            for agent in step["agents"]:
                agent["message"] = {k: [0.0] for k in agent.get("message", {})}
    assert data_of(a_page(found))["unit"] == 0.01


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser here: none of {', '.join(BROWSERS)}")
    return found


@pytest.mark.parametrize("most", [pages_replay._MOST, 100])
def test_a_browser_draws_it(browser, tmp_path, monkeypatch, most):
    monkeypatch.setattr(pages_replay, "_MOST", most)
    file = tmp_path / "page.html"
    file.write_text(a_page(make_replay(), shown=2))
    words_ = ["--no-sandbox", "--dump-dom", f"--user-data-dir={tmp_path / 'user'}"]
    asked = [browser, *words_, f"file://{file}"]
    done = subprocess.run(
        asked, capture_output=True, text=True, timeout=120, check=True
    )
    drawn = done.stdout
    assert drawn.count('<svg role="img" viewBox') == 3
    said = re.search(r"<output[^>]*>(.*?)</output>", drawn)[1]
    assert said.startswith("Step 2 of 2. no attack: ended with 2.00, success.")
    assert "attacked, no filter: ended with 0.25, no success" in said
    assert "agent 0, malicious, at row 0, column 0, &lt;sees&gt;" in drawn
    assert "agent 1 at row 0, column 3" in drawn  # where clean play leads it
    assert '<div class="replay">' in drawn  # no longer hidden
