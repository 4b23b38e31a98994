"""Trains, solves, loads and searches, from Python, with the plugins of `examples/`."""

import json

import numpy as np
import pytest

import psro_comm as pc
from psro_comm.disk.store import StoreError
from psro_comm.settings import plugins
from tests.paths import ROOT

SMALL = {
    "attack_oracle.env_steps": 1500,
    "filter_oracle.env_steps": 1500,
    "psro.episodes": 8,
    "psro.check_episodes": 8,
    "evaluation.episodes": 8,
}


@pytest.fixture(scope="module")
def solved(parrots, tmp_path_factory):
    """A run of R-MACRL whose attacker climbs, whose filter begins as a plugin's."""
    folder = tmp_path_factory.mktemp("runs")
    found = pc.psro(parrots, **ASKED, run=folder / "solved")
    return found, folder / "solved"


ASKED = {
    "attacks": ["mine@2"],
    "filters": ["far@3"],
    "meta_solver": "bold",
    "attack_oracle": "climb",
    "settings": {**SMALL, "psro.paper": True, "psro.restarts": 1},
    "iterations": 1,
}


def test_a_solution_holds_value_mixtures_table_and_policies(solved):
    found, _ = solved
    assert found.history[0].meta_solver == "bold"
    assert {*found.weights["attack"]} == {"no-attack", "mine-2", "attack-001"}
    assert found.policies["far-3"].kind == "far"
    assert found.mixtures["attack"].side == "attack"
    assert found.table.mean.shape == (3, 3)
    assert found.table.payoffs.cell("no-filter", "mine-2").mean == 0.0
    assert found.records()[0]["iteration"] == 1
    assert found.to_dict()["mixtures"]["filter"] == dict(found.weights["filter"])
    assert "iterations" in str(found)


def test_a_loaded_run_is_what_was_solved(solved):
    found, path = solved
    run = pc.load(path)
    assert run.task == "echo"
    assert run.threat.malicious == (0,)
    assert run.team.frozen.digest()
    assert run.policies["attack-001"].digest() == found.policies["attack-001"].digest()
    for side, mixture in run.mixtures.items():
        left = {n.partition("/")[2]: w for n, w in mixture.weights.items()}
        assert left == {n: w for n, w in found.weights[side].items() if w > 0.0}
    assert run.tables["payoffs-001"].to_dict() == found.table.to_dict()
    assert run.team.gate().talks
    assert {"my_attack", "my_team"} <= {each["name"] for each in run.report("plugins")}
    assert "echo" in repr(run)


def test_a_run_goes_on_with_the_same_plugins_alone(parrots, solved, monkeypatch):
    path = solved[1]
    trained = (path / "policies/attack-001.safetensors").stat().st_mtime_ns
    again = pc.psro(parrots, **ASKED, run=path)
    assert again.to_dict() == solved[0].to_dict()
    assert (path / "policies/attack-001.safetensors").stat().st_mtime_ns == trained
    other = {**ASKED["settings"], "psro.episodes": 9}  # which cannot grow
    with pytest.raises(ValueError, match="was begun with another configuration"):
        pc.psro(parrots, **{**ASKED, "settings": other}, run=path)
    known = plugins._IN_FORCE["my_attack"]
    monkeypatch.setitem(plugins._IN_FORCE, "my_attack", known._replace(sha256="0" * 64))
    with pytest.raises(StoreError, match="made with another plugin 'my_attack'"):
        pc.load(path)
    monkeypatch.delitem(plugins._IN_FORCE, "my_attack")
    with pytest.raises(StoreError, match="made with the plugin 'my_attack': load that"):
        pc.load(path)


def test_policies_and_mixtures_of_a_run_are_players(solved):
    run = pc.load(solved[1])
    attacks = {"learned": run.policies["attack-001"], "mixed": run.mixtures["attack"]}
    filters = ["none", "psro:solved", "psro:solved@1"]
    found = pc.evaluate(run, attacks, filters, worlds=8)
    assert found.table().mean.shape == (3, 2)
    with pytest.raises(ValueError, match="only a mixture of filters has a share"):
        pc.evaluate(run, ["psro:solved@1"], ["none"], worlds=8)
    with pytest.raises(ValueError, match="is no filter"):
        pc.evaluate(run, ["none"], [run.policies["attack-001"]], worlds=8)


def test_functions_of_a_solution_play_on(parrots):
    def negate(view):
        return -2.0 * view.sent

    found = pc.psro(parrots, **{**ASKED, "attacks": [negate], "attack_oracle": idle})
    policy = found.policies["negate"]
    played = pc.evaluate(parrots, {"then": policy, "now": negate}, worlds=4)
    assert played.table().mean.max() == 0.0
    assert found.mixtures["attack"].functions  # it earns 0, so it is in the mixture
    with pytest.raises(ValueError, match="'negate' is a function of this process"):
        pc.evaluate(parrots, [policy], worlds=4, workers=1)


def idle(policy, task, budget, log):
    """An oracle that leaves a policy as it was drawn."""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"meta_solver": lambda p, s: None}, "what '<lambda>' returned is None"),
        ({"meta_solver": lambda p, s: ([1.0], [1.0])}, "must be 3 weights that sum"),
        ({"iterations": 0}, "psro.iterations is 0, must be at least 1"),
        ({"settings": {"psro.iterations": 2}}, "which is an argument here"),
        ({"attacks": None}, "attacks is None, must be a list or dict"),
        ({"attacks": ["absent"], "run": "kept"}, "run 'absent' does not exist"),
        ({"width": -1}, "width is -1, must be positive"),
        ({"meta_solver": "mine", "run": "kept"}, "'mine' is a function of this"),
    ],
)
def test_bad_solutions_are_refused(parrots, change, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(pc.META_SOLVERS, "mine", pc.Entry(max))
    asked = {**ASKED, "attacks": (), "filters": (), "attack_oracle": idle, **change}
    if asked.get("run"):
        asked["attack_oracle"] = "climb"
    if "settings" not in change:
        asked["filter_oracle"] = idle if not asked.get("run") else None
    with pytest.raises(ValueError, match=r".") as error:
        pc.psro(parrots, **asked)
    assert words in str(error.value)
    assert not [*tmp_path.iterdir()]


def test_a_best_response_is_trained_by_a_function(parrots):
    steps = []

    def nudge(policy, task, budget, log):
        steps.append(budget.env_steps)
        for weights in policy.parameters():
            weights.data += 0.1
        log({"update": 1, "env_steps": 1})

    found = pc.best_response(
        parrots, "attack", "far", trainer=nudge, settings=SMALL, seed=3
    )
    assert steps == [1500]
    assert found.policy.kind == "gaussian"
    assert found.records()[0]["worlds"] == 8
    assert "attack trained against far" in str(found)
    assert found.to_dict()["role"] == "attack"
    assert "function nudge" not in pc.ORACLES


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"side": "team"}, "side is 'team', must be attack or filter"),
        ({"trainer": "adam"}, "attack_trainer is 'adam', must be one of ppo"),
        ({"trainer": 3}, "oracle is 3"),
        ({"kind": "noise"}, "attack_kind is 'noise', must be one of gaussian"),
        ({"trainer": print, "workers": 1}, "put it into a plugin"),
        ({"against": ["none"]}, "against has a list, must be a name, a pc.Policy"),
        ({"against": "absent", "run": "kept"}, "run 'absent' does not exist"),
        ({"settings": {"attack_kind": "affine"}, "kind": "gaussian"}, "an argument"),
    ],
)
def test_bad_trainings_are_refused(parrots, change, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r".") as error:
        pc.best_response(parrots, **{"side": "attack", "settings": SMALL, **change})
    assert words in str(error.value)
    assert not [*tmp_path.iterdir()]


def test_an_attack_of_a_plugin_is_the_worst_case(parrots):
    tiny = {**SMALL, "attack_oracle.env_steps": 1}
    found = pc.worst_case(
        parrots, ["far@9"], attacks=["mine@2"], settings=tiny, worlds=8
    )
    kept = found.kept("far@9")
    assert kept.returns["mine@2"] == 0.0
    assert kept.worst.estimate == 0.0
    assert found.records()[0]["filter"] == "far@9"
    assert "far@9" in str(found)
    with pytest.raises(ValueError, match="filter is 'none', must be one of far@9"):
        found.kept("none")


def test_a_sweep_has_intervals_over_seeds(parrots):
    def measure(settings, seed):
        found = pc.evaluate(parrots, ["flip"], worlds=8, settings=settings, seed=seed)
        return {"left": found.row("none", "flip").returns.estimate}

    found = pc.sweep(measure, {"threat.rate": [0.5, 1.0]}, seeds=[0, 1])
    half, whole = found.records()
    assert whole["mean"] == 0.0
    assert half["mean"] > 2.0
    assert half["seeds"] == 2
    assert found.to_dict()["points"][1]["measured"] == {"left": [0.0, 0.0]}


@pytest.mark.parametrize(
    ("settings", "seeds", "measure", "words"),
    [
        ({}, [0], lambda s, k: 1.0, "settings is {}"),
        ({"a": []}, [0], lambda s, k: 1.0, "at least one value"),
        ({"a": [1]}, [0, 0], lambda s, k: 1.0, "seeds is (0, 0)"),
        ({"a": [1]}, [0], lambda s, k: float("nan"), "measured is nan"),
        ({"a": [1]}, [0], lambda s, k: "x", "measured is 'x', must be finite"),
        ({"a": [1]}, [0], lambda s, k: {}, "nothing was measured"),
        ({"a": "xy"}, [0], lambda s, k: 1.0, "settings: a is 'xy', must be a list"),
        ({"mean": [1]}, [0], lambda s, k: 1.0, "'mean' is the name of a column"),
        (["a"], [0], lambda s, k: 1.0, "settings is ['a'], must be a dict"),
        ({"a": [1]}, 3, lambda s, k: 1.0, "seeds is 3, must be a list"),
        ({"a": [1]}, "01", lambda s, k: 1.0, "seeds is '01', must be a list"),
        ({"a": [1]}, [0], 3, "measure is 3, must be a function"),
    ],
)
def test_bad_sweeps_are_refused(settings, seeds, measure, words):
    with pytest.raises(ValueError, match=r".") as error:
        pc.sweep(measure, settings, seeds)
    assert words in str(error.value)


def test_a_sweep_is_json_whatever_its_numbers_are():
    def measure(settings, seed):
        return settings.pop("a") * seed

    found = pc.sweep(measure, {"a": np.array([1.0, 2.0])}, np.arange(2))
    assert json.loads(json.dumps(found.to_dict()))["seeds"] == [0, 1]
    assert [each["a"] for each in found.records()] == [1.0, 2.0]


def test_every_kind_of_plugin_is_loaded(every_plugin):
    assert {*every_plugin} == {p.stem for p in (ROOT / "examples").glob("my_*.py")}
    added = {kind for each in plugins.in_force() for kind in each.added}
    assert added >= {
        *("ATTACKS", "FILTERS", "ORACLES", "ENVS", "BACKBONES", "META_SOLVERS"),
        "TEAMS",
    }
