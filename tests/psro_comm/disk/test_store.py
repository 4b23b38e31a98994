"""A run is whole, its own, and the same when continued."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from oracles.strategies.frozen import Frozen
from psro_comm.disk import files
from psro_comm.disk.access import StoreError
from psro_comm.disk.store import RunStore, run_path
from tests.paths import ROOT

CONFIG = {"task": "echo", "psro": {"iterations": 3, "sizes": [64, 64]}}
WEIGHTS = {"w": np.arange(12.0, dtype=np.float32).reshape(3, 4)}
FACTS = {"role": "filter", "kind": "norm", "iteration": 1}
ATTACK = {"role": "attack", "kind": "none"}
TEAM_FACTS = {
    "role": "team",
    "task": "echo",
    "backbone": "commnet",
    "backbone_config": {},
}
FILTER, TEAM = Frozen(FACTS, WEIGHTS), Frozen(TEAM_FACTS, WEIGHTS)


@pytest.fixture
def root(tmp_path):
    """A finished run."""
    with RunStore.open(tmp_path / "run", CONFIG) as store:
        store.save_team(TEAM)
        store.save_policy("filter-001", FILTER)
        store.save_json("payoffs-001", {"mean": [0.1, 0.2]})
    return tmp_path / "run"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_run_returns_what_it_was_given(root):
    for store in (RunStore.read(root), RunStore.open(root, CONFIG)):
        policy = store.load_policy("filter-001")
        np.testing.assert_array_equal(policy.tensors["w"], WEIGHTS["w"])
        assert policy.digest() == FILTER.digest()
        assert store.load_team().facts == TEAM_FACTS
        assert store.load_json("payoffs-001") == {"mean": [0.1, 0.2]}
        assert store.policies() == ("filter-001",)
        assert store.config == CONFIG


def test_has_knows_every_kind_and_nothing_else(root):
    store = RunStore.read(root)
    assert all(store.has(name) for name in ("team", "filter-001", "payoffs-001"))
    assert not any(store.has(name) for name in ("filter-002", "payoffs", "filter-00"))


@pytest.mark.parametrize(
    "file",
    [
        "policies/filter-001.safetensors",
        "team.safetensors",
        "payoffs-001.json",
        "config.json",
        "manifest.json",
    ],
)
def test_one_flipped_bit_anywhere_is_never_loaded(root, file):
    path = root / file
    good = path.read_bytes()
    for position in range(0, 8 * len(good), 13):
        bad = bytearray(good)
        bad[position // 8] ^= 1 << position % 8
        path.write_bytes(bad)
        with pytest.raises(StoreError, match=path.name):
            load_all(root)
    path.write_bytes(good)
    load_all(root)


def load_all(root: Path) -> None:
    store = RunStore.read(root)
    store.load_team()
    store.load_policy("filter-001")
    store.load_json("payoffs-001")


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 100, -1])
def test_truncation_is_never_loaded(root, keep):
    path = root / "policies" / "filter-001.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StoreError, match=r"filter-001\.safetensors is damaged"):
        RunStore.read(root).load_policy("filter-001")


@pytest.mark.parametrize("file", ["policies/filter-001.safetensors", "config.json"])
def test_a_missing_file_is_named(root, file):
    (root / file).unlink()
    with pytest.raises(StoreError, match=rf"cannot read .*{file}: No such file"):
        load_all(root)


def test_a_lost_manifest_does_not_restart_the_run(root):
    (root / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"manifest\.json is missing"):
        RunStore.open(root, CONFIG)
    assert (root / "team.safetensors").exists()


def test_a_run_that_is_not_there_is_not_made_by_reading(tmp_path):
    with pytest.raises(StoreError, match="there is no run in"):
        RunStore.read(tmp_path / "a")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/tmp/a", ".", "A b"])
def test_names_cannot_leave_the_run(root, name):
    before = contents(root.parent)
    with RunStore.open(root, CONFIG) as store:
        for act in (
            lambda: store.save_policy(name, Frozen({}, WEIGHTS)),
            lambda: store.load_policy(name),
            lambda: store.save_json(name, {}),
            lambda: store.load_json(name),
            lambda: store.has(name),
            lambda: run_path(root, name),
        ):
            with pytest.raises(StoreError, match="bad name"):
                act()
    assert contents(root.parent) == before


@pytest.mark.parametrize("name", ["manifest", "config", "status", "env", "team"])
def test_names_of_the_store_itself_are_reserved(root, name):
    with RunStore.open(root, CONFIG) as store:
        with pytest.raises(StoreError, match="reserved"):
            store.save_json(name, {})
        with pytest.raises(StoreError, match="reserved"):
            store.save_policy(name, Frozen({}, WEIGHTS))


def test_a_name_means_one_thing(root):
    with RunStore.open(root, CONFIG) as store:
        with pytest.raises(StoreError, match="is taken by"):
            store.save_json("filter-001", {})
        with pytest.raises(StoreError, match="is taken by"):
            store.save_policy("payoffs-001", Frozen({}, WEIGHTS))


def test_a_policy_is_frozen_but_may_be_saved_again(root):
    other = {"w": WEIGHTS["w"] + 1}
    with RunStore.open(root, CONFIG) as store:
        store.save_policy("filter-001", FILTER)
        with pytest.raises(StoreError, match="frozen"):
            store.save_policy("filter-001", Frozen(FACTS, other))
    loaded = RunStore.read(root).load_policy("filter-001")
    assert loaded.digest() == FILTER.digest()


def test_training_on_does_not_change_what_was_saved(root):
    weight = np.zeros(3)
    with RunStore.open(root, CONFIG) as store:
        store.save_policy("attack-001", Frozen(ATTACK, {"w": weight}))
        weight += 1
        assert not store.load_policy("attack-001").tensors["w"].any()


def test_an_unlisted_artefact_does_not_exist_and_is_overwritten(root):
    orphan = root / "policies" / "attack-001.safetensors"
    orphan.write_bytes(files.encode_frozen(Frozen({**ATTACK, "half": "done"}, WEIGHTS)))
    with RunStore.open(root, CONFIG) as store:
        assert not store.has("attack-001")
        assert store.policies() == ("filter-001",)
        with pytest.raises(StoreError, match="never finished"):
            store.load_policy("attack-001")
        store.save_policy("attack-001", Frozen({**ATTACK, "half": "no"}, WEIGHTS))
    assert RunStore.read(root).load_policy("attack-001").facts["half"] == "no"


def test_a_second_process_is_refused_with_the_number_of_the_first(root):
    code = (
        "import sys; from pathlib import Path; from psro_comm.disk.store import *\n"
        f"try: RunStore.open(Path({str(root)!r}), {CONFIG!r})\n"
        "except StoreError as error: print(error)"
    )
    with RunStore.open(root, CONFIG):
        command = [sys.executable, "-c", code]
        refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert f"{root} is in use by process {os.getpid()}: " in refused.stdout


def test_the_lock_of_a_refused_configuration_is_let_go(root):
    (root / "lock").write_bytes(b"1")
    with pytest.raises(StoreError):
        RunStore.open(root, {})
    assert (root / "lock").read_bytes() == b""
    RunStore.open(root, CONFIG).close()


def test_another_configuration_is_refused_with_each_differing_key(root):
    changed = {"psro": {"iterations": 5, "sizes": [64], "new": True}}
    (root / ".left.tmp").write_bytes(b"litter of another time")
    before = contents(root)
    with pytest.raises(StoreError) as caught:
        RunStore.open(root, changed)
    assert str(caught.value).endswith(
        "psro.iterations: 3 -> 5; psro.new: (unset) -> True; "
        "psro.sizes: [64, 64] -> [64]; task: echo -> (unset); "
        "use its values or another run"
    )
    assert contents(root) == before


def test_the_same_configuration_written_otherwise_is_accepted(root):
    same = {"psro": {"sizes": (64, 64), "iterations": 3}, "task": "echo"}
    RunStore.open(root, same).close()


def test_nan_in_json_names_the_key_and_keeps_the_old_file(root):
    with RunStore.open(root, CONFIG) as store:
        with pytest.raises(StoreError, match=r"mean\[0\] is nan"):
            store.save_json("payoffs-001", {"mean": [float("nan")]})
        assert store.load_json("payoffs-001") == {"mean": [0.1, 0.2]}


def test_a_reader_and_a_closed_store_cannot_write(root):
    closed = RunStore.open(root, CONFIG)
    closed.close()
    for store in (RunStore.read(root), closed):
        for act in (
            lambda s: s.save_team(TEAM),
            lambda s: s.save_policy("x", Frozen({}, WEIGHTS)),
            lambda s: s.save_json("x", {}),
            lambda s: s.set_status("x", 0.5),
            lambda s: s.save_flags("--x"),
        ):
            with pytest.raises(StoreError, match="reading only"):
                act(store)


def test_notes_say_stage_flags_and_every_machine_once(root):
    with RunStore.open(root, CONFIG) as store:
        store.set_status("attack-002", 0.25)
        status = json.loads((root / "status.json").read_text())
        assert (status["stage"], status["progress"]) == ("attack-002", 0.25)
        store.save_flags("--task=echo\n")
        for machine in ({"torch": "1"}, {"torch": "2"}, {"torch": "1"}):
            store.save_environment(machine)
    assert (root / "flags.txt").read_text() == "--task=echo\n"
    assert json.loads((root / "env.json").read_text()) == [
        {"torch": "1"},
        {"torch": "2"},
    ]


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_status_is_true_however_the_work_ends(root, error):
    def work():
        with RunStore.open(root, CONFIG) as store:
            store.set_status("attack-002", 0.25)
            if error is not None:
                raise error

    with contextlib.suppress(ValueError, KeyboardInterrupt):
        work()
    status = json.loads((root / "status.json").read_text())
    ended = ("done", 1.0, False) if error is None else ("attack-002", 0.25, True)
    assert (status["stage"], status["progress"], status["stopped"]) == ended
    assert status["process"] == os.getpid()


def test_temporary_files_are_swept_everywhere(root):
    (root / "figures").mkdir()
    for folder in ("", "policies", "figures"):
        (root / folder / ".left.png.1-a.tmp").write_bytes(b"")
    RunStore.open(root, CONFIG).close()
    assert not list(root.rglob(".*.tmp"))


def test_a_run_older_than_a_field_goes_on_where_it_was_played_so(root):
    before = (root / "config.json").read_bytes()
    newer = {**CONFIG, "psro": {**CONFIG["psro"], "warm_start": False}}
    played = {"psro.warm_start": False}
    RunStore.open(root, newer, played_before=played).close()
    assert (root / "config.json").read_bytes() == before  # what was asked, is noted
    warm = {**CONFIG, "psro": {**CONFIG["psro"], "warm_start": True}}
    with pytest.raises(StoreError, match=r"psro\.warm_start: False -> True"):
        RunStore.open(root, warm, played_before=played)
    with pytest.raises(StoreError, match=r"psro\.warm_start: \(unset\) -> False"):
        RunStore.open(root, newer)
