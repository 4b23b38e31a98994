"""Maps functions over tasks; results come in the tasks' order, wherever they ran.

A task is plain data and carries its own seed, so its result depends neither on the
worker nor on the number of workers. Maps that need nothing of each other may run side
by side: one is begun, others are made meanwhile, and it is finished where its results
are wanted.
"""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any, Self, TypeVar

from psro_comm.lab.executors import Executor, Inline

T = TypeVar("T")
R = TypeVar("R")


class Batch:
    """The state of one map: tasks that wait, results, and errors."""

    def __init__(
        self,
        fn: Callable[[Any], Any],
        tasks: Sequence[Any],
        names: Sequence[str] | None,
        done: Callable[[int, Any], None] | None,
    ) -> None:
        """Begins nothing; the arguments are those of `Workers.map`."""
        self.fn, self.tasks, self.done = fn, tasks, done
        self.names = names or [f"task {number}" for number in range(len(tasks))]
        self.waiting = list(range(len(tasks)))
        self.running = 0
        self.results: dict[int, Any] = {}
        self.failed: dict[int, BaseException] = {}

    @property
    def over(self) -> bool:
        """Whether all has ended, or what had begun when a task failed."""
        return not self.running and (not self.waiting or bool(self.failed))

    def keep(self, index: int, future: Future) -> None:
        """Keeps a task's result or its error."""
        error = future.exception()
        if error is None:
            self.results[index] = future.result()
            if self.done is not None:
                self.done(index, self.results[index])
        else:
            self.failed[index] = error


class Workers:
    """What runs the tasks of maps: the executor, and which task is next.

    Attributes:
      executor: runs the tasks; this process where it is `Inline`.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        """Starts nothing; without an executor, a map is a for-loop in this process."""
        self.executor = Inline() if executor is None else executor
        self._batches: list[Batch] = []  # begun and not finished, the oldest first
        self._running: dict[Future, tuple[Batch, int]] = {}

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
        return self.finish(self.begin(fn, tasks, names=names, done=done))

    def begin(
        self,
        fn: Callable[[T], R],
        tasks: Sequence[T],
        *,
        names: Sequence[str] | None = None,
        done: Callable[[int, R], None] | None = None,
    ) -> Batch:
        """Begins a map whose results are wanted later; the arguments are `map`'s.

        Its tasks fill what other maps leave idle. In this process they run where the
        map is finished.
        """
        batch = Batch(fn, tasks, names, done)
        self._batches.append(batch)
        if self.executor.slots:
            self._fill(batch)
        return batch

    def finish(self, batch: Batch) -> list[Any]:
        """Returns the results of a map, whose tasks go before those of others.

        Raises:
          Exception: what `map` raises.
        """
        try:
            while not batch.over:
                self._fill(batch)
                self._collect()
        except BaseException:  # Ctrl-C, too: the other results are of no use.
            self.kill()
            raise
        if batch in self._batches:
            self._batches.remove(batch)
        if batch.failed:
            raise batch.failed[min(batch.failed)]
        return [batch.results[number] for number in range(len(batch.tasks))]

    def _fill(self, first: Batch) -> None:
        """Begins tasks while there is room; those of `first` before the others."""
        slots = self.executor.slots
        ready = [first, *(each for each in self._batches if each is not first)]
        for batch in ready if slots else [first]:
            while batch.waiting and not batch.failed:
                if len(self._running) >= max(slots, 1):
                    return
                index = batch.waiting.pop(0)
                name = batch.names[index]
                future = self.executor.submit(batch.fn, batch.tasks[index], name)
                self._running[future] = batch, index
                batch.running += 1

    def _collect(self) -> None:
        """Waits until a task ends, and keeps its result."""
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in done:
            batch, index = self._running.pop(future)
            batch.running -= 1
            batch.keep(index, future)

    def kill(self) -> None:
        """Ends all tasks at once; a result that is there already is handed over."""
        running, self._running, self._batches = self._running, {}, []
        ended = {future for future in running if future.done()}
        self.executor.kill()
        for future in ended:
            batch, index = running[future]
            # Why it is killed, such as a full disk, matters more than a second error.
            with contextlib.suppress(Exception, CancelledError):
                batch.keep(index, future)

    def close(self) -> None:
        """Ends what was started; tasks that nobody waits for are given up."""
        if self._running:
            self.kill()
        self.executor.close()
