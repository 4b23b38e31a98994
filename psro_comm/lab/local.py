"""Runs tasks in processes of this machine, each of which can die alone."""

import contextlib
import multiprocessing
import multiprocessing.resource_tracker
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch

from psro_comm.lab.by_value import send_tensors_by_value
from psro_comm.lab.executors import MAX_TRIES, WorkerDiedError
from psro_comm.lab.progress import speak
from psro_comm.settings.plugins import Sources, load_unchanged, sources

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Local:
    """An executor of worker processes, started when they are needed.

    A thread watches over each process: it hands it a task, and starts another process
    and the task again where the process died.
    """

    def __init__(self, count: int) -> None:
        """Starts nothing yet; `count` is the number of processes, at least 1."""
        if count < 1:
            raise ValueError(f"local workers must be at least 1, got {count}")
        self.slots = count
        self._threads: ThreadPoolExecutor | None = None
        self._processes: list[_Process] = []
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()

    def submit(self, fn: Callable[[Any], Any], task: Any, name: str) -> Future:
        """Begins `fn(task)` in the next idle process."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.slots, initializer=_deafen)
            self._processes = [_Process() for _ in range(self.slots)]
            self._idle = queue.SimpleQueue()
            for process in self._processes:
                self._idle.put(process)
        return self._threads.submit(self._run, fn, task, name)

    def _run(self, fn: Callable[[Any], Any], task: Any, name: str) -> Any:
        idle = self._idle
        process = idle.get()
        try:
            return process.run(fn, task, name)
        finally:
            idle.put(process)

    def kill(self) -> None:
        """Ends all processes at once; the next task starts new ones."""
        self._end(kill=True)

    def close(self) -> None:
        """Ends the processes, which are idle."""
        self._end(kill=False)

    def _end(self, *, kill: bool) -> None:
        if self._threads is None:
            return
        for process in self._processes if kill else ():
            process.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.close()
        self._threads = None


class _Process:
    """A worker process, replaced by another one where it dies."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, fn: Callable[[Any], Any], task: Any, name: str) -> Any:
        for _ in range(MAX_TRIES):
            try:
                return self._begin(fn, task).result()
            except BrokenProcessPool:
                self.close()
                if self._stopped:
                    raise
        raise WorkerDiedError(name)

    def _begin(self, fn: Callable[[Any], Any], task: Any) -> Future:
        with self._lock:
            if self._stopped:
                raise BrokenProcessPool("stopped")
            if self._pool is None:
                send_tensors_by_value()
                self._pool = ProcessPoolExecutor(
                    1,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin_worker,
                    initargs=(sources(),),
                )
            with _worker_environment():  # A submit may start the process.
                return self._pool.submit(fn, task)

    def stop(self) -> None:
        """Kills the process, for good."""
        with self._lock:
            self._stopped = True
            # The public kill_workers() came with Python 3.14.
            started = {} if self._pool is None else self._pool._processes or {}
            for process in list(started.values()):
                process.kill()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


_starting = threading.Lock()  # the environment belongs to all threads


@contextlib.contextmanager
def _worker_environment() -> Iterator[None]:
    """Lets a process that is started inside inherit one thread, and no Ctrl-C.

    A terminal sends Ctrl-C to all processes; a worker that got it would print a
    traceback. Blocked rather than ignored, so that ours arrives when the block ends.
    """
    with _starting:
        # It is started here because it unblocks SIGINT in its starter's thread.
        multiprocessing.resource_tracker.ensure_running()
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


def _deafen() -> None:
    """Leaves Ctrl-C to the main thread, which waits for results."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _begin_worker(plugins: Sources) -> None:
    """Prepares a process, which imports the plugins of its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    send_tensors_by_value()
    speak(in_worker=True)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    load_unchanged(plugins)


def _die_with_parent() -> None:
    """Ends this worker when its parent is killed; else it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
