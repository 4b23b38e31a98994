"""The page of a story: all parts in order, whole, and the same each time."""

import pytest

from psro_comm.disk.store import RunStore
from psro_comm.metagame.defence import FALSE_ALARMS
from psro_comm.metagame.report import Report
from psro_comm.reports.pages.story import story_page
from psro_comm.reports.story import save_report
from tests.hand_made_replay import make_replay
from tests.hand_made_report import make_report
from tests.hand_made_run import stored
from tests.html_pages import PageText, words

ROC = {"R-MACRL against vanilla-attack": [0.5] * len(FALSE_ALARMS)}
COMMAND = "python -m bin.quickstart --task=predator_prey_p05"
ORDER = (
    "Verdict",
    "Does the team talk?",
    "What was played",
    "What each defender keeps in the worst case",
    "The payoff table, and who plays what",
    "What the filters detect",
    "Messages before, bent and repaired: a <lie> against a filter",
    "An episode: a <lie> against a filter",
    "Warnings",
    "How to make it again",
)


def made(root, report: dict, replays=()) -> str:
    files = save_report(root, Report.from_dict(report), replays, COMMAND)
    (page,) = (file for file in files if file.name == "report.html")
    assert page.parent == root
    return page.read_text()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("runs") / "a", 3)


@pytest.fixture(scope="module")
def page(root):
    return made(root, {**make_report(), "roc": ROC}, [make_replay(), make_replay()])


def test_it_is_whole_and_its_parts_are_in_order(page):
    found = PageText(page)
    title = "R-MACRL on predator_prey_p05, seed 3; malicious agents: 2"
    assert found.headings[0] == title
    places = [found.headings.index(each) for each in ORDER]
    assert places == sorted(places)
    assert found.scripts == 2
    assert page.count("<svg") == 7  # learning, worst case, suite's two, ROC, messages


def test_the_verdict_stands_first_with_its_interval(page):
    lead = words(page.split('<p class="lead">')[1].split("</p>")[0])
    assert lead.strip().startswith("R-MACRL holds: in the worst case found")
    assert "10.00 [9.50, 10.50] more than a team that hears nothing" in lead
    assert "vanilla-filter: beware" in page.split(">Warnings</h2>")[1]


def test_numbers_and_the_command_are_there(page):
    text = words(page)
    for each in (
        "attack, full strength 30.00 [29.50, 30.50]",
        "R-MACRL against vanilla-attack 50.0 50.0 50.0",
        "Iteration 2: value 42.00",
        "attack's training 500,000 environment steps".replace("'", "&#x27;"),
        COMMAND,
    ):
        assert each in text, each


def test_made_again_it_is_the_same_to_the_byte(root, page):
    report = {**make_report(), "roc": ROC}
    assert made(root, report, [make_replay(), make_replay()]) == page


def test_what_a_run_has_not_got_is_left_out_with_its_heading(tmp_path):
    report = {key: make_report()[key] for key in ("task", "seed", "gate", "rows")}
    with RunStore.open(tmp_path / "b", {"task": "echo"}) as store:
        found = PageText(made(store.root, report))
    assert found.headings[1:] == [*ORDER[:3], "How to make it again"]
    assert found.scripts == 0


def test_a_team_that_does_not_talk_and_no_convergence_are_warnings(root):
    report = make_report()
    for name in ("fall_percent_all_muted", "fall_points_all_muted"):
        report["gate"][name] = {"estimate": 1.0, "low": 0.5, "high": 1.5}
    content = story_page(RunStore.read(root), Report.from_dict(report), [], {})
    warned = words(content.render().split(">Warnings</h2>")[1])
    assert "may not need its messages" in warned
    assert "did not converge: after 2 iterations" in warned
