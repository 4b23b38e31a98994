"""A finished run that grows is, bit for bit, what the larger run would have been."""

import json

import pytest

from psro_comm.disk.store import RunStore, StoreError
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import Request, open_lab, open_store
from psro_comm.psro.rmacrl import RMacrl, benign
from psro_comm.settings import growth
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.gate import measured_gate
from psro_comm.studies.opening import open_psro
from psro_comm.studies.worst_case import audit, breaker
from psro_comm.validation import options
from psro_comm.validation.registry import KNOWN_GAMES
from psro_comm.validation.validate import Step, validate

SMALL = {
    "training.env_steps": 4096,
    "attack_oracle.env_steps": 1024,
    "filter_oracle.env_steps": 1024,
    "psro.paper": True,
    "psro.restarts": 2,
    "psro.iterations": 1,
    "psro.episodes": 8,
    "psro.check_episodes": 8,
    "evaluation.episodes": 8,
}
LARGE = SMALL | {"psro.iterations": 2, "evaluation.episodes": 20, "psro.slots": 140}


def played(runs, run, changes):
    """All that a story makes: PSRO, then what rests on its end, and tables."""
    config = replace(preset("echo", "smoke"), changes)
    with open_lab(Request(config, runs, run, 0)) as lab:
        episodes = config.evaluation.episodes
        if not lab.inputs.has("gate", episodes):
            lab.store.save_json("gate", measured_gate(lab, episodes))
        rmacrl = RMacrl(lab)
        solved = rmacrl.solve(at_least=config.psro.iterations)
        lab.store.save_json("psro", solved.summary().to_dict())
        weights = dict(zip(solved.table.defenders, solved.x, strict=True))
        mixture = Mixed.supported("R-MACRL", rmacrl.filters, weights)
        (fresh,) = lab.respond([breaker(lab, "fresh-on-rmacrl", mixture)])
        nobody = Mixed.pure("no-filter", benign()[0]["no-filter"])
        attack = Mixed.pure("fresh-on-rmacrl", fresh)
        audit(lab, "audit", [nobody, mixture], [attack])
    return runs / run


def artefacts(root):
    return json.loads((root / "manifest.json").read_text())["artefacts"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run that grew from small to large, and one that was large from the start."""
    folder = tmp_path_factory.mktemp("runs")
    played(folder, "grown", SMALL)
    before = artefacts(folder / "grown")
    played(folder, "grown", LARGE)
    played(folder, "large", LARGE)
    return folder, before


def test_it_is_what_the_larger_run_would_have_been(runs):
    folder, before = runs
    grown, large = artefacts(folder / "grown"), artefacts(folder / "large")
    assert grown == large
    kept = {name for name in before if grown.get(name) == before[name]}
    for name in ("team", "policies/attack-001", "policies/filter-001.r1"):
        assert f"{name}.safetensors" in kept
    assert {"payoffs-001.json", "iteration-001.json"} <= kept
    assert not {"gate.json", "audit.json", "psro.json", "config.json"} & kept


def test_what_begins_with_rules_grows_by_iterations(tmp_path):
    def solved(run, iterations):
        changes = SMALL | {"psro.paper": False, "psro.iterations": iterations}
        config = replace(preset("echo", "smoke"), changes)
        with open_lab(Request(config, tmp_path, run, 0)) as lab:
            summary = open_psro(lab).solve(at_least=iterations).summary()
            lab.store.save_json("psro", summary.to_dict())
        return artefacts(tmp_path / run)

    small, grown = solved("grown", 1), solved("grown", 2)
    assert grown == solved("large", 2)
    begun = ("start.json", "policies/mute.safetensors", "policies/mirror.safetensors")
    assert all(grown[each] == small[each] for each in begun)


def test_what_was_finished_is_not_made_again(runs, caplog):
    folder, _ = runs
    before = artefacts(folder / "large")
    caplog.clear()
    caplog.set_level("INFO")
    played(folder, "large", LARGE)
    assert artefacts(folder / "large") == before
    assert "made again" not in caplog.text


def test_a_run_from_before_the_notes_grows_as_well(runs, tmp_path):
    played(tmp_path, "old", SMALL)
    with RunStore.open(
        tmp_path / "old", RunStore.read(tmp_path / "old").config
    ) as store:
        store.drop(["inputs"])
    played(tmp_path, "old", LARGE)
    old, large = artefacts(tmp_path / "old"), artefacts(runs[0] / "large")
    del old["inputs.json"], large["inputs.json"]  # what came first is not noted
    assert old == large


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"psro.iterations": 1}, "psro.iterations: 2 -> 1 (it can only grow)"),
        ({"psro.restarts": 3}, "psro.restarts: 2 -> 3 (it cannot grow: the best"),
        ({"psro.episodes": 9}, "psro.episodes: 8 -> 9 (it cannot grow: in these"),
        ({"training.env_steps": 5120}, "4096 -> 5120 (it cannot grow: its learning"),
        ({"psro.spread": 0.6}, "psro.spread: 0.5 -> 0.6;"),
    ],
    ids=str,
)
def test_what_cannot_grow_says_why(runs, change, words):
    folder, _ = runs
    before = artefacts(folder / "large")
    with pytest.raises(StoreError) as refused:
        played(folder, "large", LARGE | change)
    assert words in str(refused.value)
    assert artefacts(folder / "large") == before


def test_a_validation_grows_by_iterations(tmp_path):
    for run, steps in (("grown", [(1, 20), (2, 20)]), ("large", [(2, 20)])):
        for iterations, worlds in steps:
            asked = {"iterations": iterations, "worlds": worlds}
            with open_store(tmp_path, run, asked, growth.VALIDATION) as store:
                validate(KNOWN_GAMES["signalling"](0), **asked, store=store)
    assert artefacts(tmp_path / "grown") == artefacts(tmp_path / "large")


def test_a_study_of_options_grows_by_seeds(tmp_path, monkeypatch):
    def quick(game, *, seed, warm_start=False, **_):
        step = Step(1, {}, {}, 0.1 * seed + warm_start, (0.0, 1.0), 2, 9, False)
        return [step, step._replace(calls=4)]

    monkeypatch.setattr(options, "validate", quick)
    game = ("signalling", ["plain", "warm_start"])
    for run, counts in (("grown", [2, 3]), ("large", [3])):
        for count in counts:
            with open_store(tmp_path, run, {"seeds": count}, growth.OPTIONS) as store:
                before = {**artefacts(tmp_path / run)}
                options.study_options(*game, range(count), 2, 20, store)
                kept = artefacts(tmp_path / run)
                assert all(kept[name] == before[name] for name in before)
    assert artefacts(tmp_path / "grown") == artefacts(tmp_path / "large")
