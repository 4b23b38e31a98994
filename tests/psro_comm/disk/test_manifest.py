"""What the manifest lists is whole; a kill at any moment leaves it so."""

import itertools
import json
import os
import signal

import numpy as np
import pytest

from oracles.strategies.frozen import Frozen
from psro_comm.disk.access import StoreError
from psro_comm.disk.manifest import Manifest
from psro_comm.disk.store import RunStore

CONFIG = {"task": "echo"}
WEIGHTS = {"w": np.ones(3)}


def test_only_what_is_listed_exists(tmp_path):
    manifest = Manifest(tmp_path)
    (tmp_path / "b").write_bytes(b"2")
    manifest.write("a", b"1")
    for each in (manifest, Manifest(tmp_path)):
        assert each.files() == ("a",)
        assert each.read("a") == b"1"
        with pytest.raises(StoreError, match=r"b does not exist, or was never"):
            each.read("b")


def test_a_file_written_instead_of_another_takes_its_place_on_the_list(tmp_path):
    manifest = Manifest(tmp_path)
    manifest.write("a", b"1")
    manifest.write("b", b"2", instead_of="a")
    assert Manifest(tmp_path).files() == ("b",)


def test_two_names_that_some_disks_take_for_one_are_refused(tmp_path):
    manifest = Manifest(tmp_path)
    manifest.write("Attack", b"1")
    manifest.write("Attack", b"2")
    with pytest.raises(StoreError, match="attack differs only in case from Attack"):
        manifest.write("attack", b"3")
    assert manifest.read("Attack") == b"2"


@pytest.mark.parametrize(
    "change",
    [
        lambda m: {**m, "format": 2},
        lambda m: {**m, "artefacts": {}},
        lambda m: {**m, "artefacts": []},
        lambda m: {**m, "more": 1},
        lambda m: [m],
    ],
)
def test_a_manifest_that_was_edited_is_refused(tmp_path, change):
    Manifest(tmp_path).write("a", b"1")
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(StoreError, match=r"manifest\.json is damaged"):
        Manifest(tmp_path)


@pytest.mark.parametrize("fatal", range(1, 4))
def test_a_kill_while_saving_a_checkpoint_keeps_the_one_before(tmp_path, fatal):
    with RunStore.open(tmp_path / "run", CONFIG) as store:
        assert store.load_checkpoint() is None
        for update in (1, 2, 3):
            store.save_checkpoint(Frozen({"update": update}, WEIGHTS))
            assert store.load_checkpoint().facts == {"update": update}
    child = os.fork()
    if child == 0:
        die_at_rename(fatal)
        with RunStore.open(tmp_path / "run", CONFIG) as store:
            store.save_checkpoint(Frozen({"update": 4}, WEIGHTS))
        os._exit(0)
    died = os.waitpid(child, 0)[1] == signal.SIGKILL
    assert died == (fatal <= 2)
    kept = RunStore.read(tmp_path / "run").load_checkpoint()
    assert kept is not None
    assert kept.facts == {"update": 3 if died else 4}


@pytest.mark.parametrize("fatal", range(1, 5))
def test_a_kill_at_any_rename_leaves_artefacts_whole_or_absent(tmp_path, fatal):
    # Replacing an artefact renames three times: the list without it, it, the list with
    # it. The process dies just before rename number `fatal`.
    root = tmp_path / "run"
    with RunStore.open(root, CONFIG) as store:
        store.save_json("report", {"version": 1})
    child = os.fork()
    if child == 0:
        die_at_rename(fatal)
        with RunStore.open(root, CONFIG) as store:
            store.save_json("report", {"version": 2})
        os._exit(0)
    died = os.waitpid(child, 0)[1] == signal.SIGKILL
    assert died == (fatal <= 3)
    with RunStore.open(root, CONFIG) as store:
        assert not list(root.rglob(".*.tmp"))
        expected = {1: [1], 2: [], 3: [], 4: [2]}[fatal]
        found = [store.load_json("report")["version"]] if store.has("report") else []
        assert found == expected
        store.save_json("report", {"version": 2})


def die_at_rename(fatal: int) -> None:
    replace, calls = os.replace, itertools.count(1)

    def counted(*names):
        if next(calls) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(*names)

    os.replace = counted
