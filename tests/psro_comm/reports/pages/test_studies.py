"""Pages of what is trained, solved and studied: verdict first, then its grounds."""

import pytest

from psro_comm.disk.store import RunStore
from psro_comm.metagame.iteration import Solved
from psro_comm.metagame.report import Gate
from psro_comm.metagame.rows import Row, Trained
from psro_comm.metagame.solvers.frontier import Point
from psro_comm.reports.defence import save_defence
from psro_comm.reports.pages.inspection import save_inspection
from psro_comm.reports.pages.studies import (
    defence_page,
    solution_page,
    study_page,
    team_page,
    training_page,
)
from tests.hand_made_replay import make_replay
from tests.hand_made_report import interval, make_report, row
from tests.hand_made_run import stored
from tests.html_pages import PageText, words
from tests.psro_comm.reports.test_defence import FOUND

ROWS = [Row.from_dict(each) for each in make_report()["rows"]]
GATE = Gate.from_dict(make_report()["gate"])


@pytest.fixture
def store(tmp_path):
    stored(tmp_path / "a", 3)
    with RunStore.open(tmp_path / "b", {"task": "echo"}) as opened:
        opened.save_json("team-gate", make_report()["gate"])
        yield opened


def told(page) -> tuple[PageText, str]:
    text = page.render("python -m bin.x")
    return PageText(text), words(text)


def test_a_team_says_whether_it_talks():
    page, text = told(team_page(GATE, "echo", 3, ROWS[:2], {}))
    assert page.headings[:3] == [
        "A team on echo, seed 3",
        "Verdict",
        "Does the team talk?",
    ]
    assert "Without what one agent says" in page.headings
    assert text.index("The team really talks") < text.index("all messages zeroed")
    assert "Without" not in told(team_page(GATE, "echo", 3, [], {}))[1]


def test_a_training_says_what_it_took(store):
    rows = [
        Row.from_dict(row("a", "no-filter", "no-attack", 50.0)),
        Row.from_dict(row("b", "no-filter", "trained-attack", 20.0)),
    ]
    trained = Trained("echo", 3, "attack", "none", rows, ROWS[:1])
    page, text = told(training_page(store, trained))
    assert page.headings[0] == "Attack against none on echo, seed 3"
    assert "The attack takes 30.00 [29.29, 30.71] of 50.00" in text
    assert page.headings[2:] == [
        *("Does the team talk?", "What was played", "References"),
        "How to make it again",
    ]


def test_a_solution_has_its_value_first_and_its_payoff_table(tmp_path, store):
    solved = Solved.from_dict(make_report()["rmacrl"])
    run = RunStore.read(tmp_path / "a")
    points = [
        Point(0.97, interval(4.0), interval(4.0), "attack-001", {"filter-001": 1.0})
    ]
    page, text = told(solution_page(run, "echo", 3, solved, ROWS[:1], points))
    assert "What a mixture keeps, and what it costs" in page.headings
    assert text.index("The value of the game is 42.00 [41.50, 42.50]") < 700
    assert "The defender plays filter-002 most, in 70 % of episodes." in text
    assert "The payoff table, and who plays what" in page.headings
    assert "Warnings" in page.headings  # it has not converged
    empty = Solved.from_dict({})
    assert "no value yet" in told(solution_page(store, "echo", 3, empty, []))[1]


def test_a_defence_says_its_cost_and_shows_its_curves(store):
    files = save_defence(store.root, FOUND)
    page, text = told(defence_page(store, FOUND, files))
    assert page.headings[0].startswith("What tracker costs and why it works: echo")
    assert text.index("tracker costs") < text.index("AUROC")
    assert page.text.count("<svg") == 3
    assert "Families that were left out of training" in page.headings


def test_a_study_of_solvers_has_its_verdicts_first():
    steps = [{"nash_conv": 1.0, "population_nash_conv": 2.0}]
    earned = interval(7.0)
    rows = [
        {
            **{"solver": name, "seed": 0, "steps": steps, "fresh": earned},
            "against": {"nash": earned, "<prd>": earned},
        }
        for name in ("nash", "<prd>")
    ]
    result = {
        **{"solvers": ["nash", "<prd>"], "seeds": [0], "rows": rows},
        "verdicts": [
            {"quantity": "fresh", "solver": "<prd>", "against": "nash"}
            | {"verdict": "cannot tell: too few samples", "difference": 2.0}
        ],
        "references": [{"seed": 0, "label": "the floor", "return": earned}],
        **{"iterations": 1, "env_steps": 10},
    }
    page, text = told(study_page(result, "echo", ""))
    assert page.headings[1:3] == ["Verdict", "Every run"]
    assert "fresh, &lt;prd&gt; minus nash: cannot tell" in text
    assert "the floor, seed 0 7.00 [6.50, 7.50]" in text


def test_an_inspection_is_kept_drawn_and_replayed(store):
    files = save_inspection(store, make_replay(), "attacked", None, "python -m bin.x")
    assert [file.suffix for file in files] == [
        ".json",
        ".svg",
        ".png",
        ".html",
        ".html",
    ]
    page = PageText(files[-1].read_text())
    assert files[-1].name == "report.html"
    assert files[-2].read_bytes() == files[-1].read_bytes()
    text = words(page.text)
    assert "The attack turns 50.0 [25.0, 75.0] % of 20 decisions" in text
    assert "The filter turns back 50.0 [25.0, 75.0] % of those" in text
    why = "The episode, from step 0: the first at which the attack turns a best action"
    assert why in page.headings
    kept = store.load_json(files[0].stem)
    assert (kept["return"], kept["follow"]) == (0.25, "attacked")
    assert kept["shown"]["step"] == 0
    assert "tracks" not in kept


def test_an_inspection_of_a_step_that_is_not_there_keeps_nothing(store):
    with pytest.raises(ValueError, match=r"^step is 9, must be 0 to 1$"):
        save_inspection(store, make_replay(), "clean", 9, "x")
    assert not list(store.root.glob("*.html"))
    assert not list(store.root.glob("inspection*"))
