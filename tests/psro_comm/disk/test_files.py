"""One file survives kills, full disks and malice, or one line says it did not."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from oracles.strategies.frozen import Frozen
from psro_comm.disk import files
from psro_comm.disk.access import StoreError
from tests.paths import ROOT


def run_python(code: str, *args: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_write_replaces_the_whole_content_and_leaves_no_litter(tmp_path):
    path = tmp_path / "a.json"
    files.write_atomic(path, b"a long first content")
    files.write_atomic(path, b"short")
    assert path.read_bytes() == b"short"
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_has_the_mode_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        files.write_atomic(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode


def test_a_replaced_file_keeps_its_mode(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o664)
    files.write_atomic(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, call):
    path = tmp_path / "a"
    files.write_atomic(path, b"old")

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StoreError) as caught:
        files.write_atomic(path, b"new")
    assert str(caught.value) == f"cannot write {path}: No space left on device"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_real_limit_on_file_size_is_one_line_and_the_old_file_stays(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from psro_comm.disk.files import StoreError, write_atomic\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_atomic(Path(sys.argv[1]), b'x' * 5000)\n"
        "except StoreError as error: print(error)"
    )
    done = run_python(code, path)
    assert done.stdout == f"cannot write {path}: File too large\n"
    assert done.stderr == ""
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_kill_before_the_rename_leaves_the_old_file_and_litter_that_is_swept(
    tmp_path,
):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from psro_comm.disk.files import write_atomic\n"
        "os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomic(Path(sys.argv[1]), b'new')"
    )
    assert run_python(code, path).returncode == -9
    assert path.read_bytes() == b"old"
    assert len(os.listdir(tmp_path)) == 2
    files.remove_temporaries(tmp_path)
    assert os.listdir(tmp_path) == ["a"]


def test_ctrl_c_in_a_write_leaves_no_litter(tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(tmp_path / "a", b"new")
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "none" / "a"
    with pytest.raises(StoreError, match=r"cannot write .*none/a: No such file"):
        files.write_atomic(path, b"x")


@pytest.mark.parametrize(
    "name", ["../a", "a/b", "/etc/passwd", "", ".", "..", ".hidden", "a\n", "a b"]
)
def test_a_name_cannot_leave_its_folder(name):
    with pytest.raises(StoreError, match="bad name"):
        files.check_name(name)


def test_a_name_too_long_for_a_file_is_refused_before_any_work(tmp_path):
    with pytest.raises(StoreError, match=r"bad name x{20}\.\.\. of 300 characters"):
        files.check_name("x" * 300)
    longest = f"{files.check_name('x' * 200)}.nfg.labels.json"
    files.write_atomic(tmp_path / longest, b"x")


@pytest.mark.parametrize("name", ["team", "filter-003", "a.b_c-1", "0", "3bane_vs_hM"])
def test_a_plain_name_is_allowed(name):
    assert files.check_name(name) == name


@pytest.mark.parametrize(
    ("obj", "key"),
    [
        ({"a": {"b": [0.0, float("nan")]}}, r"^a\.b\[1\] is nan"),
        ({"a": float("inf")}, "^a is inf"),
        ([1.0, float("-inf")], r"^\[1\] is -inf"),
        ({"a": {1: 2}}, "^a has the key 1"),
        ({"a": torch.zeros(1)}, "^a is a Tensor"),
        ({"a": {2}}, "^a is a set"),
    ],
)
def test_what_json_cannot_say_is_refused_and_its_key_named(obj, key):
    with pytest.raises(StoreError, match=key):
        files.encode_json(obj)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_json_returns_exactly_what_was_put_in(obj):
    assert files.decode_json(files.encode_json(obj), Path("x")) == obj


def test_equal_objects_have_equal_bytes():
    assert files.encode_json({"a": 1, "b": 2}) == files.encode_json({"b": 2, "a": 1})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a":1,"a":1}',
        b"[Infinity]",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_damaged_json_is_one_line_with_the_path(data):
    with pytest.raises(StoreError, match=r"^some/path is damaged"):
        files.decode_json(data, Path("some/path"))


TENSORS = {
    "weight": np.arange(6.0, dtype=np.float32).reshape(2, 3).T,  # not contiguous
    "mask": np.array(True),
    "count": np.array([2**40, -1]),
    "empty": np.zeros((0, 3)),
}
FACTS = {"task": "echo", "sizes": [1, 2], "nested": {"x": 0.1}, "text": "Λ\n"}
FROZEN = Frozen(FACTS, TENSORS)


def test_tensors_and_facts_come_back_as_they_went():
    again = files.decode_frozen(files.encode_frozen(FROZEN), Path("x"))
    assert again.facts == FACTS
    assert again.tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert again.tensors[name].dtype == array.dtype
        assert again.tensors[name].shape == array.shape
        np.testing.assert_array_equal(again.tensors[name], array)


def test_what_is_stored_is_what_torch_reads():
    weights = safetensors.torch.load(files.encode_frozen(FROZEN))
    assert weights["weight"].tolist() == TENSORS["weight"].tolist()
    assert weights["mask"].item() is True


def test_tensors_that_share_storage_are_stored():
    shared = np.zeros(3)
    data = files.encode_frozen(Frozen({}, {"a": shared, "b": shared[:2]}))
    assert files.decode_frozen(data, Path("x")).tensors["b"].shape == (2,)


def test_the_same_policy_has_the_same_bytes_in_every_process():
    code = (
        "import numpy as np, hashlib; from psro_comm.disk.files import *\n"
        "weights = {k: np.ones(2) for k in 'cab'}\n"
        "data = encode_frozen(Frozen({'x': 1, 'y': 2}, weights))\n"
        "print(hashlib.sha256(data).hexdigest())"
    )
    assert run_python(code).stdout == run_python(code).stdout != ""


def test_a_giant_header_is_refused_before_it_is_read():
    for size in (files.MAX_HEADER_BYTES + 1, 2**63, 2**64 - 1):
        data = size.to_bytes(8, "little") + b"{" * (files.MAX_HEADER_BYTES + 10)
        with pytest.raises(StoreError, match="header of"):
            files.decode_frozen(data, Path("x"))


def test_facts_too_long_for_the_header_are_refused_when_saved():
    with pytest.raises(StoreError, match="belong into a JSON file"):
        files.encode_frozen(Frozen({"x": "y" * files.MAX_HEADER_BYTES}, TENSORS))


def test_truncation_at_every_length_is_refused():
    data = files.encode_frozen(FROZEN)
    for length in range(len(data)):
        with pytest.raises(StoreError, match=r"^some/path "):
            files.decode_frozen(data[:length], Path("some/path"))


@pytest.mark.parametrize("facts", [None, 3, "[1]", "{", '{"a": NaN}'])
def test_a_file_of_somebody_else_is_refused(facts):
    metadata = {} if facts is None else {"__metadata__": {"facts": facts}}
    header = json.dumps(metadata).encode()
    with pytest.raises(StoreError):
        files.decode_frozen(len(header).to_bytes(8, "little") + header, Path("x"))


def test_a_pickle_that_poses_as_weights_is_refused_and_not_run(tmp_path):
    canary = tmp_path / "canary"
    # What torch.save would hold: protocol 2, GLOBAL os.system, a call.
    payload = b"\x80\x02cposix\nsystem\n(X" + len(b"touch " + bytes(canary)).to_bytes(
        4, "little"
    )
    payload += b"touch " + bytes(canary) + b"tR."
    with pytest.raises(StoreError):
        files.decode_frozen(payload, Path("x"))
    assert not canary.exists()
