"""Metrics go to Weights & Biases where asked; a stand-in takes the package's place."""

import importlib.machinery
import importlib.util
import json
import sys
import types

import pytest

from psro_comm.disk.metrics import MetricsWriter, read_metrics
from psro_comm.disk.wandb_lines import WandbLines, require_wandb
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.tasks import preset


class Run:
    """What `wandb.init` returns, as far as it is used here."""

    def __init__(self, asked):
        self.asked, self.id = asked, asked["id"] or "new-id"
        self.offline, self.dir = True, "somewhere"
        self.logged, self.axes, self.ended = [], {}, False

    def define_metric(self, name, step_metric):
        self.axes[name] = step_metric

    def log(self, values):
        self.logged.append(values)

    def finish(self):
        self.ended = True


@pytest.fixture
def runs(monkeypatch):
    """A stand-in for wandb; the runs that it was asked for."""
    found = []
    module = types.ModuleType("wandb")
    module.Error = type("Error", (Exception,), {})
    module.Settings = dict
    module.init = lambda **asked: found.append(Run(asked)) or found[-1]
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.delenv("WANDB_DIR", raising=False)
    return found


def test_each_curve_has_its_axis_and_what_is_unknown_is_left_out(tmp_path, runs):
    root = tmp_path / "r"
    root.mkdir()
    with MetricsWriter(root, beside=WandbLines(root, "p", {"a": 1})) as writer:
        log = writer.logger("attack-001")
        log({"attack/loss": 0.5, "attack/kl": float("nan"), "env_steps": 64})
        writer.logger("iteration-002", iteration=2)({"meta/value": 7.0})
    (run,) = runs
    assert run.asked["config"] == {"a": 1}
    assert (run.asked["project"], run.asked["name"]) == ("p", "r")
    assert run.axes == {
        "attack-001/*": "attack-001/update",
        "iterations/*": "iterations/iteration",
    }
    assert run.logged == [
        {"attack-001/update": 0, "attack-001/attack/loss": 0.5},
        {"iterations/iteration": 2, "iterations/meta/value": 7.0},
    ]
    assert run.ended
    assert len(read_metrics(root)) == 2


def test_a_run_continued_is_the_same_there_and_its_files_are_in_no_run(tmp_path, runs):
    for project in ("p", "q", "p"):
        WandbLines(tmp_path, project, {}).close()
    first, other, again = runs
    assert (first.asked["id"], other.asked["id"]) == (None, None)
    assert (again.asked["id"], again.asked["resume"]) == ("new-id", "allow")
    assert again.asked["dir"] == str(tmp_path.parent)
    assert json.loads((tmp_path / "wandb.json").read_text()) == {
        "p": "new-id",
        "q": "new-id",
    }


def test_a_line_that_is_not_taken_is_a_warning_and_is_kept_here(
    tmp_path, runs, monkeypatch, caplog
):
    def broken(self, *_):
        raise OSError("gone")

    monkeypatch.setattr(Run, "log", broken)
    monkeypatch.setattr(Run, "finish", broken)
    with MetricsWriter(tmp_path, beside=WandbLines(tmp_path, "p", {})) as writer:
        writer.logger("team")({"team/loss": 1.0})
    assert read_metrics(tmp_path)[0]["team/loss"] == 1.0
    assert "a line was not sent: gone" in caplog.text


def test_who_is_not_logged_in_hears_so_in_one_line(tmp_path, runs, monkeypatch):
    wandb = sys.modules["wandb"]

    def refused(**_):
        raise wandb.Error("No API key configured.")

    monkeypatch.setattr(wandb, "init", refused)
    with pytest.raises(ValueError, match=r"--wandb is 'p', .* configured; with WANDB"):
        WandbLines(tmp_path, "p", {})
    assert not (tmp_path / "wandb.json").exists()


@pytest.mark.parametrize("found", [None, importlib.machinery.ModuleSpec("wandb", None)])
def test_without_the_package_the_line_says_what_to_install(monkeypatch, found):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    with pytest.raises(ValueError, match=r"'p', .* pip install -r requirements-wandb"):
        require_wandb("p")
    with pytest.raises(ValueError, match="must be the name of a project"):
        require_wandb("")


@pytest.mark.parametrize("project", [None, "p"])
def test_a_lab_sends_its_metrics_only_if_asked(tmp_path, runs, project):
    config = preset("echo", "smoke")
    with open_lab(Request(config, tmp_path, "a", 0, wandb=project)) as lab:
        lab.metrics.logger("team")({"team/loss": 1.0})
    assert len(runs) == (project is not None)
    if project:
        assert runs[0].logged == [{"team/update": 0, "team/team/loss": 1.0}]
        assert runs[0].asked["config"]["task"] == "echo"
