"""A stranger's run folder: nothing in it is followed, waited for, or written over."""

import json
import os
import signal
import socket

import numpy as np
import pytest

from oracles.strategies.frozen import Frozen
from psro_comm.disk.access import MAX_BYTES, StoreError
from psro_comm.disk.files import encode_json, sha256
from psro_comm.disk.manifest import Manifest
from psro_comm.disk.metrics import MetricsWriter, read_metrics
from psro_comm.disk.store import RunStore
from psro_comm.disk.tables import history, last_table, read_verified
from psro_comm.metagame.payoffs import PayoffTable

CONFIG = {"task": "echo"}
TEAM = {"role": "team", "task": "echo", "backbone": "commnet", "backbone_config": {}}
NORM = {"role": "filter", "kind": "norm", "limit": 2.0}
NAMES = (
    *("lock", "manifest.json", "config.json", "team.safetensors", "payoffs-001.json"),
    *("iteration-001.json", "meta_game.nfg", "policies/norm.safetensors"),
    *("metrics.jsonl", "env.json", "status.json", "flags.txt"),
    *("policies", "tb", "tb/x", "figures"),
)
FOLDERS = ("policies", "tb", "tb/x", "figures")
NOTES = ("lock", "status.json", "flags.txt", "env.json")  # no result rests on them


def make(root):
    """A finished run with one of everything."""
    samples = np.arange(4.0).reshape(1, 1, 4)
    table = PayoffTable(("no-filter",), ("no-attack",), *[samples] * 3)
    with RunStore.open(root, CONFIG) as store, MetricsWriter(root) as metrics:
        store.save_team(Frozen(TEAM, {"w": np.ones(3)}))
        store.save_policy("norm", Frozen(NORM, {"w": np.ones(3)}))
        store.save_json("payoffs-001", table.to_dict())
        store.save_json("iteration-001", {"iteration": 1})
        store.save_beside(root / "meta_game.nfg", b"NFG 1 R")
        store.save_environment({"torch": "1"})
        store.save_flags("--task=echo\n")
        store.set_status("done", 1.0)
        for k in range(3):
            metrics.logger("x")({"a/b": k})
    (root / "figures").mkdir()
    return root


def use(root):
    """Reads all of a run, then goes on with it."""
    store = RunStore.read(root)
    assert store.load_team().facts == TEAM
    assert store.load_policy("norm").facts == NORM
    assert PayoffTable.from_dict(store.load_json("payoffs-001")).num_worlds == 4
    assert read_verified(last_table(root)) == (root / "payoffs-001.json").read_bytes()
    assert history(root) == [{"iteration": 1}]
    assert read_verified(root / "meta_game.nfg") == b"NFG 1 R"
    assert [row["a/b"] for row in read_metrics(root)] == [0, 1, 2]
    with RunStore.open(root, CONFIG) as store, MetricsWriter(root) as metrics:
        store.save_environment({"torch": "2"})
        store.save_flags("")
        store.set_status("x", 0.5)
        metrics.forget("x")
        metrics.logger("x")({"a/b": 1.0})


@pytest.fixture
def root(tmp_path):
    return make(tmp_path / "run")


@pytest.fixture(autouse=True)
def hang_is_an_error():
    """A named pipe or a device must not be waited for."""

    def late(*_):
        raise TimeoutError("it waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def special(kind, path, elsewhere):
    """Puts something of a kind in the place of a run's file or folder."""
    kept = elsewhere / path.name
    path.rename(kept)
    if kind == "link":
        path.symlink_to(kept)
    elif kind == "dangling link":
        path.symlink_to(elsewhere / "new")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as own:
            own.bind(os.path.relpath(path))
    elif kind == "folder":
        path.mkdir()


def contents(folder):
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "kind", ["link", "dangling link", "pipe", "device", "socket", "folder"]
)
def test_nothing_is_followed_waited_for_or_written_elsewhere(
    root, tmp_path, kind, name, monkeypatch
):
    if kind == "folder" and name in FOLDERS:
        pytest.skip("it is one")
    monkeypatch.chdir(root)  # the path of a socket is short
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    special(kind, root / name, elsewhere)
    before = contents(elsewhere)
    with pytest.raises(StoreError, match=name.split("/")[-1]):
        use(root)
    with pytest.raises(StoreError, match=name.split("/")[-1]):
        use_to_write(root)
    assert contents(elsewhere) == before


def use_to_write(root):
    with RunStore.open(root, CONFIG) as store, MetricsWriter(root):
        store.save_environment({"torch": "2"})
        store.set_status("x", 0.5)
        store.save_flags("")
        store.save_policy("norm", store.load_policy("norm"))
        store.load_team()
        history(root), last_table(root)
        store.load_json("payoffs-001")
        read_verified(root / "meta_game.nfg")


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"\0" * len(data),
        lambda data: encode_json({"of": "another run"}),
    ],
    ids=["flipped", "truncated", "emptied", "zeros", "another's"],
)
@pytest.mark.parametrize("name", [n for n in NAMES if n not in (*FOLDERS, *NOTES)])
def test_no_damage_is_silently_used(root, name, damage, caplog):
    path = root / name
    path.write_bytes(damage(path.read_bytes()))
    if name == "metrics.jsonl" and damage(b"{}") in (b"", b"{", b"\0\0"):
        # As after a kill or a crash: what is left is whole, a torn line is spoken of.
        assert len(read_metrics(root)) < 3
        assert "incomplete" in caplog.text or not path.stat().st_size
        return
    with pytest.raises(StoreError, match=path.stem):
        use(root)


def test_a_lock_is_known_to_be_ours_before_it_is_written(root):
    (root / "lock").write_bytes(b"export PATH=/usr/bin\n")
    with pytest.raises(StoreError, match="lock is no lock of ours"):
        RunStore.open(root, CONFIG)
    assert (root / "lock").read_bytes() == b"export PATH=/usr/bin\n"


def test_a_file_that_two_runs_share_is_not_written_through(root, tmp_path):
    twin = tmp_path / "twin.jsonl"
    os.link(root / "metrics.jsonl", twin)
    before = twin.read_bytes()
    with MetricsWriter(root) as metrics:
        metrics.logger("y")({"a/b": 1.0})
    assert twin.read_bytes() == before
    assert len(read_metrics(root)) == 4


@pytest.mark.parametrize("name", ["team.safetensors", "manifest.json", "metrics.jsonl"])
def test_a_huge_file_is_refused_before_it_is_read(root, name):
    os.truncate(root / name, 64 * MAX_BYTES)  # sparse: it takes no room
    with pytest.raises(StoreError, match=rf"{name} has .* bytes: at most"):
        use(root)


@pytest.mark.parametrize("name", ["../config.json", "policies/../x", "/etc/passwd", ""])
def test_a_manifest_cannot_list_what_lies_elsewhere(root, name):
    found = {name: "0" * 64}
    own = sha256(encode_json(found))
    text = encode_json({"format": 1, "artefacts": found, "sha256": own})
    (root / "manifest.json").write_bytes(text)
    with pytest.raises(StoreError, match="which no run holds"):
        Manifest(root)


def test_an_edited_deleted_or_unlisted_table_is_no_table(root):
    (root / "payoffs-002.json").write_text("{}")  # a kill came before it was listed
    assert last_table(root).name == "payoffs-001.json"
    text = (root / "payoffs-001.json").read_text()
    (root / "payoffs-001.json").write_text(text.replace("3.0", "9.0"))
    with pytest.raises(StoreError, match=r"payoffs-001\.json is damaged"):
        read_verified(last_table(root))
    (root / "iteration-001.json").unlink()
    with pytest.raises(StoreError, match=r"iteration-001\.json"):
        history(root)


def test_a_table_of_no_run_is_read_as_it_is(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "a web page"}))
    (tmp_path / "payoffs.json").write_text("{}")
    assert read_verified(tmp_path / "payoffs.json") == b"{}"


@pytest.mark.parametrize("drop", [0, 1])
def test_a_line_of_metrics_that_is_missing_or_changed_is_found(root, drop):
    path = root / "metrics.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:drop] + lines[drop + 1 :]))
    with pytest.raises(StoreError, match="its checksum is wrong"):
        read_metrics(root)
    path.write_bytes(b"".join(lines).replace(b'"a/b": 1', b'"a/b": 9'))
    with pytest.raises(StoreError, match=r"metrics\.jsonl line 2"):
        read_metrics(root)
