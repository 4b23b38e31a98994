"""Whole runs compared, the fast half: one iteration each, in this process."""

import shutil

from psro_comm.disk.store import RunStore
from psro_comm.lab.session import Request, open_lab
from psro_comm.reports.meta_solvers import render_study
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.meta_solvers import study

TINY = {
    "training.env_steps": 6144,
    "attack_oracle.env_steps": 2048,
    "filter_oracle.env_steps": 2048,
    "psro.paper": True,
    "psro.iterations": 1,
    "psro.restarts": 1,
    "psro.warm_start": True,
    "psro.episodes": 8,
    "psro.check_episodes": 8,
    "evaluation.episodes": 8,
}


def test_a_study_goes_on_where_it_was_killed_and_counts_twins_once(tmp_path):
    request = Request(replace(preset("echo", "smoke"), TINY), tmp_path, "s", 0)
    names = ["nash", "uniform"]
    result = study(request, names, [0])
    assert [row["solver"] for row in result["rows"]] == names
    assert result["env_steps"] == 2 * 2048
    # The first iteration answers uniform mixtures, whatever solves later tables: all
    # policies of both runs are twins, and only the mixtures over them differ.
    one, other = (row["steps"] for row in result["rows"])
    assert len(one) == len(other) == 1
    assert one[0]["population_nash_conv"] == other[0]["population_nash_conv"]
    assert one[0]["nash_conv"] >= 0
    assert result["verdicts"][0]["verdict"] == "cannot tell: too few samples"
    assert "uniform, seed 0" in render_study(result)
    for row in result["rows"]:  # a fresh attack may be weaker than one that is there
        met = [row["fresh"], *row["against"].values()]
        worst = row["worst_known"]
        assert worst["estimate"] <= min(each["estimate"] for each in met) + 1e-9
        assert worst["low"] <= worst["estimate"] <= worst["high"]
        # NashConv is the best answer's gain: nobody is worse off than by all of it.
        final = row["against"][row["solver"]]["estimate"] - worst["estimate"]
        assert 0.0 <= final <= row["steps"][-1]["nash_conv"] + 1e-9
    assert {each["quantity"] for each in result["verdicts"]} == {
        "nash_conv",
        "population_nash_conv",
        "fresh",
        "worst_known",
    }
    for folder in ("s-uniform-0", "s-cross-0"):  # as a kill in the middle leaves it
        shutil.rmtree(tmp_path / folder)
    assert study(request, names, [0]) == result


def test_a_team_that_is_given_is_everybodys_and_none_is_trained(tmp_path):
    request = Request(replace(preset("echo", "smoke"), TINY), tmp_path, "s", 0)
    with open_lab(request._replace(run="given")) as lab:
        digest = lab.team().digest()
    study(request._replace(team="given"), ["nash", "uniform"], [3])
    assert not (tmp_path / "s-team-3").exists()
    for run in ("s-nash-3", "s-cross-3"):
        found = RunStore.read(tmp_path / run).load_team()
        assert found.digest() == digest


def test_a_study_grows_by_iterations_worlds_and_seeds(tmp_path):
    small = replace(preset("echo", "smoke"), TINY)
    large = replace(small, {"psro.iterations": 2, "evaluation.episodes": 12})
    names, found = ["nash", "uniform"], []
    study(Request(small, tmp_path / "grown", "s", 0), names, [0])
    for folder in ("grown", "large"):
        found.append(study(Request(large, tmp_path / folder, "s", 0), names, [0, 1]))
    assert found[0] == found[1]
