"""Every executor gives the same results, to the bit, and fails the same way."""

import importlib.util
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
import torch

from psro_comm.lab.executors import MAX_TRIES, Inline, WorkerDiedError
from psro_comm.lab.local import Local
from psro_comm.lab.ray_cluster import RayCluster
from psro_comm.lab.session import run_on
from psro_comm.lab.workers import Workers
from tests.paths import ROOT
from tests.psro_comm.lab.test_workers import (
    Work,
    die_until,
    echo_shapes,
    fail_on_odd,
    train,
)

RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not RAY, reason="ray is not installed")


@pytest.fixture(scope="module")
def on_ray():
    if not RAY:
        pytest.skip("ray is not installed")
    with Workers(RayCluster(2)) as made:  # one at a time in a process
        yield made


@pytest.fixture(scope="module")
def on_local():
    with Workers(Local(2)) as made:
        yield made


@pytest.fixture(params=["inline", "on_local", pytest.param("on_ray", marks=needs_ray)])
def workers(request):
    if request.param == "inline":
        return Workers(Inline())
    return request.getfixturevalue(request.param)


def note(task: tuple[str, str]) -> int:
    """Leaves a mark; its result is how many there were before."""
    folder, name = task
    marks = len(os.listdir(folder))
    (Path(folder) / name).touch()
    return marks


def slots_of(_: int) -> tuple[int, str | None]:
    return torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")


def test_results_are_bit_equal(workers):
    tasks = [Work(seed, {"w": torch.full((64, 8), 0.1)}) for seed in range(4)]
    found, here = workers.map(train, tasks), Workers().map(train, tasks)
    for ours, theirs in zip(found, here, strict=True):
        assert torch.equal(ours["w"], theirs["w"])
        assert ours["loss"] == theirs["loss"]
        assert isinstance(ours["parameter"], torch.nn.Parameter)


def test_tensors_come_back_as_they_are_and_can_be_written(workers):
    sent = [torch.tensor(True), torch.arange(6).reshape(2, 3).T, torch.randn(3)]
    (there,) = workers.map(echo_shapes, [sent])
    for ours, theirs in zip(echo_shapes(sent), there, strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    there[2].zero_()


def test_the_first_failing_task_fails_the_map(workers):
    with pytest.raises(ValueError, match=r"^3 is odd$"):
        workers.map(fail_on_odd, [0, 2, 3, 5, 4])
    assert workers.map(fail_on_odd, [0, 2]) == [0, 2]


def test_a_map_that_is_begun_is_finished_where_it_is_wanted(workers):
    seen = {}
    early = workers.begin(fail_on_odd, [0, 2, 3], done=seen.__setitem__)
    assert workers.map(fail_on_odd, [4, 6]) == [4, 6]  # another's error is not ours
    with pytest.raises(ValueError, match=r"^3 is odd$"):
        workers.finish(early)
    assert seen == {0: 0, 1: 2}
    assert workers.map(fail_on_odd, [8]) == [8]


def test_what_is_wanted_now_goes_before_what_was_begun_earlier(tmp_path):
    with Workers(Local(1)) as one:
        early = one.begin(note, [(str(tmp_path), f"early-{k}") for k in range(3)])
        # One early task has begun; the others wait for what is wanted now.
        assert one.map(note, [(str(tmp_path), "now")]) == [1]
        assert one.finish(early) == [0, 2, 3]


def test_in_this_process_a_map_runs_where_it_is_finished(tmp_path):
    early = Workers().begin(note, [(str(tmp_path), "a")])
    assert os.listdir(tmp_path) == []
    assert Workers().finish(early) == [0]


def test_what_nobody_waits_for_is_given_up(tmp_path):
    with Workers(Local(1)) as one:
        one.begin(note, [(str(tmp_path), str(k)) for k in range(50)])
    assert len(os.listdir(tmp_path)) < 50


@needs_ray
def test_a_killed_worker_loses_nothing(on_ray, tmp_path):
    tasks = [("", 0), (str(tmp_path), 2), ("", 0)]
    assert on_ray.map(die_until, tasks) == [0, 2, 0]
    folder = tmp_path / "always"
    folder.mkdir()
    with pytest.raises(WorkerDiedError, match=r"^attack-002: its process died 3 times"):
        on_ray.map(die_until, [(str(folder), 99)], names=["attack-002"])
    assert len(os.listdir(folder)) == MAX_TRIES


@needs_ray
def test_workers_of_ray_have_one_thread_and_leave_signals_to_us(on_ray):
    before = signal.getsignal(signal.SIGTERM)
    assert on_ray.map(slots_of, [0, 1]) == [(1, "1"), (1, "1")]
    assert signal.getsignal(signal.SIGTERM) is before


LOST_NODE = """
import os, sys, time
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
from pathlib import Path
from ray.cluster_utils import Cluster
from psro_comm.lab.ray_cluster import RayCluster
from psro_comm.lab.workers import Workers
from tests.psro_comm.lab.test_executors import wait_on_first_node

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    doomed = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    with Workers(RayCluster(1, cluster.address)) as workers:
        batch = workers.begin(wait_on_first_node, [(str(folder), 7)])
        while not (folder / "began").exists() and not any(
            future.done() for future in workers._running
        ):
            time.sleep(0.1)
        cluster.add_node(num_cpus=1)
        cluster.remove_node(doomed, allow_graceful=False)
        print("result", workers.finish(batch), len(os.listdir(folder)), flush=True)
    cluster.shutdown()
"""


def wait_on_first_node(task: tuple[str, int]) -> int:
    """Hangs the first time that it runs, as on a node that will be lost."""
    import time

    folder, seed = Path(task[0]), task[1]
    if (folder / "began").exists():
        return int(torch.randint(10**6, (1,), generator=_generator(seed)))
    (folder / "began").touch()
    time.sleep(600)
    return -1


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@needs_ray
def test_a_killed_node_loses_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOST_NODE, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    expected = int(torch.randint(10**6, (1,), generator=_generator(7)))
    assert f"result [{expected}] 1" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("local", 2, "auto", "cpu"), "--ray.address has no effect without"),
        (("inline", 2, None, "cpu"), "--workers is 2, must be 0 for --executor=inline"),
        (("ray", 0, None, "cpu"), "--workers is 0, must be at least 1"),
        (("ray", None, "auto", "cpu"), "--ray.address needs --workers"),
        (("ray", 2, None, "cpu", "smac"), "must be another for StarCraft II"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        run_on(*given)


def test_ray_is_asked_for_only_where_it_is(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="not installed: python -m pip install -r req"):
        run_on("ray", 2, None, "cpu")
    assert run_on("inline", None, None, "cpu")["workers"] == 0


def test_a_ray_that_does_not_start_is_one_line(monkeypatch):
    def refuse(**_):
        raise Exception("The current node timed out during startup")

    absent = types.ModuleType("ray")
    absent.init = refuse
    monkeypatch.setitem(sys.modules, "ray", absent)
    with pytest.raises(OSError, match=r"^Ray did not start: The current node"):
        RayCluster(2).submit(slots_of, 0, "a task")
