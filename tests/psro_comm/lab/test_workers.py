"""A map gives the same results in one process and in several, or names its failure."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from psro_comm.lab import local as parallel
from psro_comm.lab.executors import MAX_TRIES, WorkerDiedError
from psro_comm.lab.local import Local
from psro_comm.lab.workers import Workers
from tests.paths import ROOT


class Work(NamedTuple):
    seed: int
    weights: dict[str, torch.Tensor]


def train(task: Work) -> dict:
    """A small training, long enough for two orders of summation to differ."""
    generator = torch.Generator().manual_seed(task.seed)
    weight = torch.nn.Parameter(task.weights["w"].clone())
    for _ in range(5):
        data = torch.randn(4096, 64, generator=generator)
        ((data @ weight).tanh() ** 2).sum().backward()
        with torch.no_grad():
            weight -= 1e-4 * weight.grad
            weight.grad.zero_()
    return {"w": weight.detach(), "parameter": weight, "loss": weight.sum().item()}


def facts_of_process(_: int) -> dict:
    time.sleep(0.3)  # so that each process gets some
    return {
        "pid": os.getpid(),
        "threads": torch.get_num_threads(),
        "omp": os.environ.get("OMP_NUM_THREADS"),
        "sigint": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    }


def echo_shapes(tensors: list) -> list:
    return [*tensors, torch.zeros(2, 0), torch.tensor(3), torch.ones(1).expand(5)]


def fail_on_odd(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number


def die_until(task: tuple[str, int]) -> int:
    """Dies as long as fewer than `deaths` processes left a mark in the folder.

    With `deaths` -1 it is innocent, and stays to be there when another one dies.
    """
    folder, deaths = task
    if deaths == -1:
        before, end = len(os.listdir(folder)), time.monotonic() + 2
        while len(os.listdir(folder)) == before and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(1)
    marks = len(os.listdir(folder)) if folder else deaths
    if marks < deaths:
        (Path(folder) / str(os.getpid())).touch()
        os._exit(9)
    return marks


@pytest.fixture(scope="module")
def two():
    with Workers(Local(2)) as workers:
        yield workers


def test_no_tasks_are_no_results(two):
    assert Workers().map(train, []) == two.map(train, []) == []


def test_results_are_bit_equal_with_and_without_processes(two):
    tasks = [Work(seed, {"w": torch.full((64, 8), 0.1)}) for seed in range(5)]
    torch.set_num_threads(2)  # what the caller has set must not matter
    try:
        here = Workers().map(train, tasks)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    there = two.map(train, tasks)
    assert len({result["loss"] for result in here}) == 5
    for ours, theirs in zip(here, there, strict=True):
        assert torch.equal(ours["w"], theirs["w"])
        assert ours["loss"] == theirs["loss"]
        assert isinstance(theirs["parameter"], torch.nn.Parameter)


def test_tensors_come_back_as_they_are_and_can_be_written(two):
    sent = [torch.tensor(True), torch.arange(6).reshape(2, 3).T, torch.randn(3)]
    (there,) = two.map(echo_shapes, [sent])
    for ours, theirs in zip(echo_shapes(sent), there, strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
        assert not theirs.is_shared()
        theirs.zero_()


def test_workers_have_one_thread_and_do_not_hear_ctrl_c(two):
    facts = two.map(facts_of_process, range(4))
    assert os.getpid() not in {fact["pid"] for fact in facts}
    assert len({fact["pid"] for fact in facts}) == 2
    assert {fact["threads"] for fact in facts} == {1}
    assert {fact["omp"] for fact in facts} == {"1"}
    torch.set_num_threads(2)
    try:
        assert Workers().map(facts_of_process, [0])[0]["threads"] == 1
    finally:
        torch.set_num_threads(1)
    assert all(fact["sigint"] for fact in facts)


def test_starting_workers_leaves_our_environment_alone():
    before = dict(os.environ)
    with parallel._worker_environment():
        assert os.environ["OMP_NUM_THREADS"] == "1"
    assert dict(os.environ) == before


def test_each_result_is_handed_over_as_soon_as_it_is_there(two):
    for pool in (Workers(), two):
        seen = {}
        assert pool.map(fail_on_odd, [0, 2, 4], done=seen.__setitem__) == [0, 2, 4]
        assert seen == {0: 0, 1: 2, 2: 4}


def test_the_first_failing_task_fails_the_map_the_same_way_everywhere(two):
    for pool in (Workers(), two):
        with pytest.raises(ValueError, match=r"^3 is odd$"):
            pool.map(fail_on_odd, [0, 2, 3, 5, 4])
        assert pool.map(fail_on_odd, [0, 2]) == [0, 2]


def test_a_task_whose_worker_dies_is_tried_again(two, tmp_path):
    tasks = [("", 0), (str(tmp_path), 2), ("", 0), ("", 0)]
    assert two.map(die_until, tasks) == [0, 2, 0, 0]
    assert len(os.listdir(tmp_path)) == 2


def test_a_task_that_always_kills_its_worker_is_named(two, tmp_path):
    tasks = [(str(tmp_path), -1), (str(tmp_path), 99), ("", 0)]
    with pytest.raises(WorkerDiedError, match=r"^attack-002: its process died"):
        two.map(die_until, tasks, names=["attack-001", "attack-002", "filter-002"])
    assert len(os.listdir(tmp_path)) == MAX_TRIES


def test_no_processes_are_no_executor():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Local(0)


def sleep(mark: str) -> None:
    (Path(mark) / str(os.getpid())).touch()
    time.sleep(60)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_an_interrupted_or_killed_parent(tmp_path, number):
    code = (
        "import sys; from psro_comm.lab.local import Local\n"
        "from psro_comm.lab.workers import Workers\n"
        "from tests.psro_comm.lab.test_workers import sleep\n"
        "if __name__ == '__main__': Workers(Local(2)).map(sleep, [sys.argv[1]] * 2)"
    )
    # A session of its own, so that SIGINT reaches the whole group, as from a terminal.
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    pids = wait_for(lambda: [int(p) for p in os.listdir(tmp_path)], 2)
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)
    else:
        parent.kill()
    began = time.monotonic()
    _, errors = parent.communicate(timeout=20)
    wait_for(lambda: [pid for pid in pids if not is_alive(pid)], 2)
    assert time.monotonic() - began < 10
    # The only traceback is the parent's own.
    assert errors.count("Traceback") == (number == signal.SIGINT), errors


def wait_for(find, count, patience_s=40.0):
    end = time.monotonic() + patience_s
    while len(found := find()) < count:
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found
