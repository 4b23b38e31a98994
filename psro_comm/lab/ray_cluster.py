"""Runs tasks on Ray: of this machine, or of a cluster that exists. Nothing else does.

Ray begins a task again where its worker or its node is lost.
"""

import os
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from psro_comm.lab.by_value import one_thread, pack, unpack
from psro_comm.lab.executors import MAX_TRIES, WorkerDiedError
from psro_comm.lab.progress import speak
from psro_comm.settings.plugins import load_unchanged, sources

_ROOT = Path(__file__).parents[2]
_LEFT_OUT = ["/runs", "/build", "/docs", "/.venv*", "/.git", "*.whl"]
_OWN_STORE = 256 * 2**20  # bytes for tasks and results, which are small
_BEFORE = {
    # Ray would report its use to its makers, and try for ever what memory is short for.
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_task_oom_retries": str(MAX_TRIES - 1),
    # It would empty CUDA_VISIBLE_DEVICES only to say so.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class RayCluster:
    """An executor of tasks on Ray, which starts with the first of them."""

    def __init__(
        self, count: int, address: str | None = None, *, gpu: bool = False
    ) -> None:
        """Starts nothing yet.

        Args:
          count: number of tasks side by side, at least 1.
          address: a running cluster, `auto` for the one of this machine; None starts
            one here, with `count` processors, and ends it.
          gpu: whether each task takes its share of the cluster's graphics cards.
        """
        if count < 1:
            raise ValueError(f"Ray's workers must be at least 1, got {count}")
        self.slots = count
        self._address, self._gpu = address, gpu
        self._remote: Any = None

    def submit(self, fn: Callable[[Any], Any], task: Any, name: str) -> Future:
        """Begins `fn(task)` on a node that has a processor free."""
        if self._remote is None:
            self._remote = _start(self.slots, self._address, gpu=self._gpu)
        answer: Future = Future()
        packed = pack((sources(), pack((fn, task))))
        asked = self._remote.options(name=name).remote(packed).future()
        asked.add_done_callback(lambda future: _answer(future, answer, name))
        return answer

    def kill(self) -> None:
        """Ends all tasks at once; a cluster that was there before stays."""
        self.close()

    def close(self) -> None:
        """Leaves the cluster, or ends the one that was started."""
        if self._remote is not None:
            import ray

            ray.shutdown()
            self._remote = None


def _start(count: int, address: str | None, *, gpu: bool) -> Any:
    """Joins or starts a cluster; returns the remote function that runs a task."""
    for name, value in _BEFORE.items():
        os.environ.setdefault(name, value)
    import ray

    given: dict[str, Any] = {"logging_level": "ERROR"}
    if address is None:
        given |= {
            "address": "local",  # and not the cluster that Ray happens to find
            "num_cpus": count,
            "include_dashboard": False,
            "object_store_memory": _OWN_STORE,
        }
    else:
        given["address"] = address
        # Other nodes have what is installed there, and get this checkout.
        given["runtime_env"] = {"working_dir": str(_ROOT), "excludes": _LEFT_OUT}
    before = {}
    main = threading.current_thread() is threading.main_thread()
    if main:
        before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        ray.init(**given)
    except (OSError, ValueError):
        raise
    except Exception as error:  # all that Ray says of a node that does not come up
        raise OSError(f"Ray did not start: {error}") from error
    for number, handler in before.items():  # Ray takes SIGTERM for itself
        signal.signal(number, handler)
    share = 0.0
    if gpu:
        cards = ray.cluster_resources().get("GPU", 0.0)
        if not cards:
            ray.shutdown()
            raise ValueError("--device is cuda, but no node of Ray has a card")
        share = min(1.0, cards / count)
    wrap = ray.remote(num_cpus=1, num_gpus=share, max_retries=MAX_TRIES - 1)
    return wrap(run_packed)


_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _answer(future: Future, answer: Future, name: str) -> None:
    """Passes on what Ray returned, with the errors of every other executor."""
    error = future.exception()
    if error is not None:
        lost = WorkerDiedError(name)
        lost.__cause__ = error
        answer.set_exception(lost)
        return
    value, failed, where = unpack(future.result())
    if failed is None:
        answer.set_result(value)
    else:
        failed.__cause__ = RuntimeError(where)
        answer.set_exception(failed)


def run_packed(data: bytes) -> bytes:
    """Runs a task on a node; returns its result, or its error and where it was."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    speak(in_worker=True)
    try:
        plugins, packed = unpack(data)
        load_unchanged(plugins)  # before what they define is unpacked
        fn, task = unpack(packed)
        with one_thread():
            return pack((fn(task), None, ""))
    except Exception as error:
        return pack((None, _portable(error), traceback.format_exc()))


def _portable(error: Exception) -> Exception:
    """Returns an error that can travel: itself, or its words."""
    try:
        unpack(pack(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
