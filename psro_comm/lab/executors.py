"""The seam between the lab and what runs its tasks: in this process, or elsewhere.

`psro_comm.lab.local` has processes of this machine, `psro_comm.lab.ray_cluster` the
nodes of Ray. A task is plain data and carries its own seed, so its result depends on
none of them.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from psro_comm.lab.by_value import one_thread

MAX_TRIES = 3
"""How often a task is begun before its dying workers are its own fault."""


class WorkerDiedError(ChildProcessError):
    """The error that a task's process died (killed, out of memory) in each try."""

    def __init__(self, name: str) -> None:
        """Names the task."""
        super().__init__(
            f"{name}: its process died {MAX_TRIES} times (killed, out of memory, or a"
            " script without `if __name__ == '__main__':`)"
        )


class Executor(Protocol):
    """What runs tasks.

    Attributes:
      slots: how many run side by side; 0 where a task runs while it is submitted.
    """

    slots: int

    def submit(self, fn: Callable[[Any], Any], task: Any, name: str) -> Future:
        """Begins `fn(task)`; a task whose process or node is lost begins again.

        Its error is what `fn` raised, or `WorkerDiedError` after `MAX_TRIES` losses.
        """

    def kill(self) -> None:
        """Ends all tasks at once; a later submit starts anew."""

    def close(self) -> None:
        """Ends what was started, when no task runs."""


class Inline:
    """An executor that runs each task in this process, while it is submitted."""

    slots = 0

    def submit(self, fn: Callable[[Any], Any], task: Any, name: str) -> Future:
        """Runs `fn(task)`; Ctrl-C passes through."""
        future: Future = Future()
        try:
            with one_thread():
                future.set_result(fn(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def kill(self) -> None:
        """There is nothing to end."""

    def close(self) -> None:
        """There is nothing to end."""
