"""Every line that was logged can be read, and only lines of what was kept."""

import errno
import io
import json
import math
import struct
import subprocess
import sys

import pytest
from tensorboardX.proto.event_pb2 import Event

from psro_comm.disk.access import StoreError
from psro_comm.disk.metrics import MetricsWriter, read_metrics
from tests.paths import ROOT


def events(folder):
    """(tag, step, value) of all event files, read by the format, not by our writer."""
    found = []
    for path in sorted(folder.rglob("*tfevents*")):
        data = path.read_bytes()
        while data:
            (size,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + size])
            found += [(v.tag, event.step, v.simple_value) for v in event.summary.value]
            data = data[12 + size + 4 :]
    return found


def test_lines_carry_artefact_axes_and_quantities(tmp_path):
    now = iter([10.0, 10.5, 12.0])
    with MetricsWriter(tmp_path, clock=lambda: next(now, 13.0)) as writer:
        log = writer.logger("attack-001", iteration=2)
        log({"attack/policy_loss": 0.25})
        log({"attack/policy_loss": 0.5, "update": 7, "env_steps": 2**40})
    first, second = read_metrics(tmp_path)
    assert first == {
        "artefact": "attack-001",
        "iteration": 2,
        "update": 0,
        "wall_s": 0.5,
        "attack/policy_loss": 0.25,
    }
    assert (second["update"], second["env_steps"]) == (7, 2**40)


def test_updates_are_counted_from_zero_for_each_logger(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        one, two = writer.logger("one"), writer.logger("two")
        for log in (one, one, two):
            log({"a/b": 1})
    assert [row["update"] for row in read_metrics(tmp_path, "one")] == [0, 1]
    assert [row["update"] for row in read_metrics(tmp_path, "two")] == [0]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_unknown_is_null_and_no_event(tmp_path, value):
    with MetricsWriter(tmp_path) as writer:
        writer.logger("x")({"a/b": value, "a/c": 1.0})
    line = (tmp_path / "metrics.jsonl").read_text()
    assert json.loads(line, parse_constant=pytest.fail)["a/b"] is None
    assert [tag for tag, _, _ in events(tmp_path)] == ["a/c"]


@pytest.mark.parametrize("key", ["loss", "Loss/x", "a/", "/a", "a b/c"])
def test_a_key_is_area_and_quantity_or_an_axis(tmp_path, key):
    with MetricsWriter(tmp_path) as writer, pytest.raises(ValueError, match="metric"):
        writer.logger("x")({key: 1.0})
    assert read_metrics(tmp_path) == []


def test_an_artefact_cannot_be_a_path(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        for act in (writer.logger, writer.forget):
            with pytest.raises(StoreError, match="bad name"):
                act("../tb")


def test_events_hold_the_same_as_the_lines(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        log = writer.logger("x")
        log({"a/b": 0.5})
        log({"a/b": 1.5})
    assert events(tmp_path / "tb" / "x") == [("a/b", 0, 0.5), ("a/b", 1, 1.5)]


def test_a_line_is_on_disk_before_the_writer_is_closed(tmp_path):
    writer = MetricsWriter(tmp_path)
    writer.logger("x")({"a/b": 1.0})
    assert len(read_metrics(tmp_path)) == 1
    writer.close()


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_line_torn_by_a_kill_is_dropped_and_the_file_goes_on(tmp_path, cut):
    with MetricsWriter(tmp_path) as writer:
        log = writer.logger("x")
        log({"a/b": 1.0})
        log({"a/b": 2.0})
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    assert [row["a/b"] for row in read_metrics(tmp_path)] == [1.0]
    with MetricsWriter(tmp_path) as writer:
        writer.logger("x")({"a/b": 3.0})
    assert [row["a/b"] for row in read_metrics(tmp_path)] == [1.0, 3.0]


@pytest.mark.parametrize("line", [b"{\n", b"[1]\n", b'{"a/b": 1}\n', b"\xff\n"])
def test_a_damaged_line_in_the_middle_is_named(tmp_path, line):
    good = b'{"artefact": "x"}\n'
    (tmp_path / "metrics.jsonl").write_bytes(good + line + good)
    with pytest.raises(StoreError, match=r"metrics\.jsonl line 2 is damaged"):
        MetricsWriter(tmp_path)


def test_what_is_recomputed_is_forgotten_and_nothing_else(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        for name in ("attack-001", "attack-0011"):
            writer.logger(name)({"a/b": 1.0})
        writer.forget("attack-001")
        writer.logger("attack-001")({"a/b": 2.0})
        writer.forget("never-begun")
    rows = [(row["artefact"], row["a/b"]) for row in read_metrics(tmp_path)]
    assert rows == [("attack-0011", 1.0), ("attack-001", 2.0)]
    assert events(tmp_path / "tb" / "attack-001") == [("a/b", 0, 2.0)]
    assert events(tmp_path / "tb" / "attack-0011") == [("a/b", 0, 1.0)]


def test_what_a_checkpoint_covers_is_not_forgotten(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        log = writer.logger("team")
        for _ in range(4):
            log({"a/b": 1.0})
        writer.forget("team", from_update=2)
        writer.logger("team")({"update": 2, "a/b": 5.0})
    assert [row["update"] for row in read_metrics(tmp_path)] == [0, 1, 2]


def test_iterations_are_one_curve_whatever_was_made_anew(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        for number in (1, 2):
            axes = {"iteration": number}
            writer.logger(f"iteration-{number:03d}", **axes)({"psro/value": number})
    with MetricsWriter(tmp_path) as writer:  # killed, and continued with the second
        writer.forget("iteration-002")
        writer.logger("iteration-002", iteration=2)({"psro/value": 2.5})
        writer.logger("iteration-003", iteration=3)({"psro/value": 3.0})
    found = [("psro/value", 1, 1.0), ("psro/value", 2, 2.5), ("psro/value", 3, 3.0)]
    assert events(tmp_path / "tb") == found
    assert [each.name for each in (tmp_path / "tb").iterdir()] == ["iterations"]


def test_a_resumed_training_is_drawn_once(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        log = writer.logger("team")
        for value in range(4):
            log({"a/b": value})
    with MetricsWriter(tmp_path) as writer:
        writer.forget("team", from_update=2)
        log = writer.logger("team")
        for update in (2, 3):
            log({"update": update, "a/b": 10.0 * update})
    drawn = [(0, 0.0), (1, 1.0), (2, 20.0), (3, 30.0)]
    assert [each[1:] for each in events(tmp_path / "tb")] == drawn


def test_events_that_a_kill_left_behind_are_drawn_anew(tmp_path):
    with MetricsWriter(tmp_path) as writer:
        writer.logger("x")({"a/b": 1.0})
    (tmp_path / "metrics.jsonl").write_bytes(b"")  # the lines went first
    with MetricsWriter(tmp_path) as writer:
        writer.forget("x")
        writer.logger("x")({"a/b": 2.0})
    assert events(tmp_path / "tb") == [("a/b", 0, 2.0)]


def test_a_full_disk_is_one_line(tmp_path):
    class FullFile(io.BytesIO):
        def flush(self):
            raise OSError(errno.ENOSPC, "No space left on device")

    writer = MetricsWriter(tmp_path)
    writer._file = FullFile()
    with pytest.raises(StoreError) as caught:
        writer.logger("x")({"a/b": 1.0})
    assert str(caught.value) == (
        f"cannot write {tmp_path / 'metrics.jsonl'}: No space left on device"
    )


def test_a_real_limit_on_file_size_is_one_line_and_keeps_the_earlier_lines(tmp_path):
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from psro_comm.disk.access import StoreError\n"
        "from psro_comm.disk.metrics import MetricsWriter\n"
        "log = MetricsWriter(Path(sys.argv[1])).logger('team')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "try:\n"
        "    for _ in range(100): log({'a/b': 1.0})\n"
        "except StoreError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    path = tmp_path / "metrics.jsonl"
    assert done.stdout == f"cannot write {path}: File too large\n"
    updates = [row["update"] for row in read_metrics(tmp_path)]
    assert updates == list(range(len(updates)))
    assert len(updates) > 20


def test_event_files_that_the_disk_refuses_are_one_line(tmp_path):
    (tmp_path / "tb").write_text("a file where the folder should be")
    refused = pytest.raises(StoreError, match=r"cannot write .*tb/x")
    with MetricsWriter(tmp_path) as writer, refused:
        writer.logger("x")({"a/b": 1.0})
