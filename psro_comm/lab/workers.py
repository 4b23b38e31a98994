"""Maps a function over tasks in worker processes; results come in the tasks' order.

A task is plain data and carries its own seed, so its result depends neither on the
worker nor on the number of workers; each runs torch with one thread, in this process
as in the others, since sums split over threads round differently.
"""

import contextlib
import multiprocessing
import multiprocessing.resource_tracker
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.reduction import ForkingPickler
from typing import Any, Self, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from psro_comm.settings.plugins import in_force, load

T = TypeVar("T")
R = TypeVar("R")

MAX_TRIES = 3
"""How often a task is begun before its dying workers are its own fault."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class WorkerDiedError(ChildProcessError):
    """The error that a task's process died (killed, out of memory) in each try."""


class Workers:
    """Worker processes for maps, started at the first map and kept until `close`.

    With `count` 0 there are none: a map is a for-loop in this process.
    """

    def __init__(self, count: int) -> None:
        """Starts nothing yet; `count` is the number of processes, 0 for none."""
        if count < 0:
            raise ValueError(f"workers must be at least 0, got {count}")
        self._count = count
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def map(
        self,
        fn: Callable[[T], R],
        tasks: Sequence[T],
        *,
        names: Sequence[str] | None = None,
        done: Callable[[int, R], None] | None = None,
    ) -> list[R]:
        """Returns `[fn(task) for task in tasks]`, in order.

        Args:
          fn: a function of a module, which must leave its task unchanged.
          tasks: plain data; tensors travel by value, without their gradients.
          names: name of each task in an error; its number where None.
          done: called in this process with number and result of each task as soon as it
            ends, in whatever order, so that a kill loses no finished result.

        Raises:
          WorkerDiedError: the task is named.
          Exception: what `fn` raised, of the first task that failed.
        """
        if self._count == 0:
            return self._loop(fn, tasks, done)
        batch = _Batch(fn, tasks, names or [f"task {i}" for i in range(len(tasks))])
        batch.done = done
        try:
            while batch.waiting:
                try:
                    self._run(batch)
                except BrokenProcessPool:
                    self.kill()
                    batch.charge()
        except BaseException:  # Ctrl-C, too: the other results are of no use.
            if batch.running:
                self.kill()
            raise
        return [batch.results[i] for i in range(len(tasks))]

    def _loop(
        self,
        fn: Callable[[T], R],
        tasks: Sequence[T],
        done: Callable[[int, R], None] | None,
    ) -> list[R]:
        results = []
        for index, task in enumerate(tasks):
            with _one_thread():
                results.append(fn(task))
            if done is not None:
                done(index, results[-1])
        return results

    def _run(self, batch: "_Batch") -> None:
        """Runs until all is done or a worker dies; one of `batch.running` then did it.

        At most `count` tasks run at once, so that few can have caused a death.
        """
        while batch.running or (batch.waiting and not batch.failed):
            while self._free(batch):
                index = batch.peek()
                future = self._submit(batch.fn, batch.tasks[index])
                batch.begin(index, future)
            done, _ = wait(batch.running, return_when=FIRST_COMPLETED)
            for future in done:
                batch.finish(future)
        if batch.failed:
            raise batch.failed[min(batch.failed)]

    def _free(self, batch: "_Batch") -> bool:
        """Returns whether a task may begin; one that ran at a death runs alone."""
        if not batch.waiting or batch.failed:
            return False
        alone = any(batch.tries.values())
        return len(batch.running) < (1 if alone else self._count)

    def _submit(self, fn: Callable[[Any], Any], task: Any) -> Future:
        if self._pool is None:
            _send_tensors_by_value()
            # It is started here because it unblocks SIGINT in its starter's thread.
            multiprocessing.resource_tracker.ensure_running()
            self._pool = ProcessPoolExecutor(
                self._count,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin_worker,
                initargs=([(each.source, each.sha256) for each in in_force()],),
            )
        with _worker_environment():  # A submit may start processes.
            return self._pool.submit(fn, task)

    def kill(self) -> None:
        """Ends all processes at once; the next map starts new ones."""
        if self._pool is None:
            return
        # The public terminate_workers() came with Python 3.14.
        processes = list((self._pool._processes or {}).values())
        for process in processes:
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def close(self) -> None:
        """Ends the processes when they are idle, as they are between maps."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None


class _Batch:
    """The state of one map: tasks that wait, tasks that run, results and errors."""

    def __init__(
        self, fn: Callable[[Any], Any], tasks: Sequence[Any], names: Sequence[str]
    ) -> None:
        self.fn, self.tasks, self.names = fn, tasks, names
        self.waiting = list(range(len(tasks)))
        self.running: dict[Future, int] = {}
        self.results: dict[int, Any] = {}
        self.failed: dict[int, BaseException] = {}
        self.tries: dict[int, int] = {}
        self.done: Callable[[int, Any], None] | None = None

    def peek(self) -> int:
        """Returns the next task, those that ran at a death first; it keeps waiting."""
        return min(self.waiting, key=lambda index: (index not in self.tries, index))

    def begin(self, index: int, future: Future) -> None:
        """Moves a task from those that wait to those that run."""
        self.waiting.remove(index)
        self.running[future] = index

    def finish(self, future: Future) -> None:
        """Keeps one result or exception; raises BrokenProcessPool for a death."""
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            raise error
        index = self.running.pop(future)
        self.tries.pop(index, None)
        if error is None:
            self._keep(index, future.result())
        else:
            self.failed[index] = error

    def _keep(self, index: int, result: Any) -> None:
        self.results[index] = result
        if self.done is not None:
            self.done(index, result)

    def charge(self) -> None:
        """Counts a death against all tasks that ran, and lets them wait again."""
        for future, index in self.running.items():
            if not future.cancelled() and future.exception() is None:
                self._keep(index, future.result())
                continue
            self.waiting.append(index)
            self.tries[index] = self.tries.get(index, 0) + 1
            if self.tries[index] >= MAX_TRIES:
                raise WorkerDiedError(
                    f"{self.names[index]}: its process died {MAX_TRIES} times "
                    "(killed, or out of memory)"
                )
        self.running = {}


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _worker_environment() -> Iterator[None]:
    """Lets a process that is started inside inherit one thread, and no Ctrl-C.

    A terminal sends Ctrl-C to all processes; a worker that got it would print a
    traceback. Blocked rather than ignored, so that ours arrives when the block ends.
    """
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _begin_worker(plugins: Sequence[tuple[str, str]]) -> None:
    """Prepares a process; it imports the plugins of its parent, each with its sha256.

    Raises:
      ValueError: the file of one has changed since the parent imported it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    _send_tensors_by_value()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    for source, sha256 in plugins:
        if load(source).sha256 != sha256:
            raise ValueError(f"plugin {source!r} has changed while it was in use")


def _die_with_parent() -> None:
    """Ends this worker when its parent is killed; else it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _send_tensors_by_value() -> None:
    """Makes tensors travel between our processes as their numbers.

    torch sends a handle of shared memory instead, which dies with the worker that made
    it and runs out of file descriptors.
    """
    ForkingPickler.register(Tensor, _reduce_tensor)
    ForkingPickler.register(Parameter, _reduce_parameter)


def _reduce_tensor(tensor: Tensor) -> tuple:
    return torch.from_numpy, (tensor.detach().cpu().numpy(),)


def _reduce_parameter(parameter: Parameter) -> tuple:
    return _parameter, (parameter.detach().cpu().numpy(), parameter.requires_grad)


def _parameter(array: np.ndarray, requires_grad: bool) -> Parameter:
    return Parameter(torch.from_numpy(array), requires_grad)
