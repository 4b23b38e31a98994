"""A report survives JSON, also one of an older run; what is damaged is named."""

import json
import math

import pytest

from psro_comm.metagame.iteration import Iteration, Solved
from psro_comm.metagame.report import Gate, Report
from psro_comm.names import ALL_MUTED, TALKING
from tests.hand_made_report import RMACRL, VANILLA, interval, make_report, step

ITERATION = {
    **step(3),
    "meta_solver": "nash",
    "meta_solver_failures": ["another one failed"],
}


def test_what_is_read_is_what_is_written():
    found = {**make_report(), "worst_case": [], "detector": {"auroc": 0.75}}
    found["roc"] = {"a filter against an attack": [0.0, 0.5, 1.0]}
    found["rmacrl"]["history"] = [ITERATION]
    written = Report.from_dict(found).to_dict()
    assert json.dumps(written, sort_keys=True) == json.dumps(found, sort_keys=True)


def test_an_iteration_is_what_a_run_writes_of_it():
    read = Iteration.from_dict(ITERATION)
    assert read.to_dict() == ITERATION
    assert read.attacker_gain.estimate == read.gain("attacker").estimate == 3.0
    assert read.mixture("defender") == {"filter-001": 1.0}


def test_what_an_older_iteration_lacks_is_empty():
    old = {key: value for key, value in ITERATION.items() if key != "std_error_max"}
    del old["meta_solver"], old["meta_solver_failures"], old["converged"]
    read = Iteration.from_dict(old)
    assert math.isnan(read.std_error_max)
    assert (read.meta_solver, read.meta_solver_failures) == ("", ())
    assert not read.converged


def test_what_an_older_report_lacks_is_empty():
    parts = ("malicious", "columns", "comparison", "exploitability_found", "rmacrl")
    whole = make_report()
    old = {key: value for key, value in whole.items() if key not in parts}
    report = Report.from_dict(old)
    assert report.malicious == "not said"
    assert (report.rmacrl, report.crossed(), report.differences()) == (None, {}, {})
    assert Solved.from_dict({}) == Solved(0, False, (), {}, {})


def test_each_defenders_own_fresh_attacker_is_one_column():
    cells = Report.from_dict(make_report()).crossed()
    assert cells["its own fresh attacker", RMACRL].attacker == "fresh-on-rmacrl"
    assert cells["its own fresh attacker", VANILLA].attacker == "fresh-on-vanilla"
    assert {against for against, _ in cells} == {
        "no attack",
        "meta-equilibrium",
        "held-out attackers",
        "its own fresh attacker",
    }


def spoilt(*path, value):
    """The hand-made report with another value at `path`."""
    report = found = make_report()
    for key in path[:-1]:
        found = found[key]
    found[path[-1]] = value
    return report


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (None, "'task' is absent"),
        (spoilt("seed", value="x"), "seed"),
        (spoilt("gate", value=[]), "'return_clean' of the gate is absent"),
        (spoilt("gate", "success_clean", value="?"), "gate's success_clean is '?'"),
        (spoilt("rows", value={}), "rows is {}, must be a list"),
        (spoilt("rows", 0, value=3), "'label' of a row is absent"),
        (
            spoilt("rows", 2, "episodes", value="many"),
            "episodes of 'attack, full strength' is 'many', must be a number",
        ),
        (
            spoilt("columns", 0, "success", value=interval(0.5, -0.1)),
            "success of 'vanilla-filter against no-attack' has low",
        ),
        (
            spoilt("comparison", 0, "difference", value=None),
            "difference against 'meta-equilibrium attacker' is None",
        ),
        (
            spoilt("rmacrl", "history", 1, "oracle_gains_on_fresh_worlds", value={}),
            "'defender' of gains of iteration 2 is absent",
        ),
        (
            spoilt("rmacrl", "attacker_mixture", value={"a": None}),
            "a of attacker_mixture is None, must be a number",
        ),
        (spoilt("exploitability_found", RMACRL, value=1), "exploitability of R-MACRL"),
    ],
)
def test_what_is_damaged_is_named_in_one_line(report, words):
    with pytest.raises(ValueError, match=r"^report: ") as error:
        Report.from_dict(report)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_gate_is_asked_by_quantity_and_condition():
    gate = Gate.from_dict(make_report()["gate"])
    assert gate.get("return", ALL_MUTED) == (25.0, 24.5, 25.5)
    assert gate.get("success", ALL_MUTED) is None
    assert gate.get("greedy_return", TALKING) == (52.0, 51.5, 52.5)
    assert gate.facts == {"episodes": 1000}


@pytest.mark.parametrize("curve", [0.5, [0.5, 1.5], [None], ["0.5"], [math.nan]])
def test_a_damaged_curve_is_named(curve):
    with pytest.raises(ValueError, match=r"^report: that one is .*, must be shares"):
        Report.from_dict({**make_report(), "roc": {"that one": curve}})
