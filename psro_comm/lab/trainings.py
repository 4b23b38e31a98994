"""Trains policies of a run side by side: where they are wanted, or ahead of that."""

from collections.abc import Callable, Mapping, Sequence

from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import TrainingJob, run_training
from psro_comm.disk.metrics import MetricsWriter
from psro_comm.disk.store import RunStore
from psro_comm.lab.progress import Progress, named
from psro_comm.lab.workers import Batch, Workers

_SHOWN = ("test/return_mean", "attack/distortion", "filter/recall")  # of a training


class Trainings:
    """The trainings of one run, each saved as soon as it ends."""

    def __init__(
        self, store: RunStore, metrics: MetricsWriter, workers: Workers
    ) -> None:
        """Begins nothing."""
        self._store, self._metrics, self._workers = store, metrics, workers
        self._begun: dict[str, Batch] = {}

    def begin(self, jobs: Sequence[TrainingJob]) -> None:
        """Begins trainings whose policies are wanted later, where workers are idle.

        The longest goes first, so that it does not end alone.
        """
        new = [job for job in jobs if job.name not in self._begun]
        new.sort(key=lambda job: -job.recipe.budget.env_steps)
        for job in new:
            self._metrics.forget(job.name)

        def keep(index: int, result: tuple[Frozen, list[dict[str, float]]]) -> None:
            frozen, lines = result
            log = self._metrics.logger(new[index].name)
            for line in lines:
                log(line)
            self._store.save_policy(new[index].name, frozen)

        if new:
            names = [job.name for job in new]
            batch = self._workers.begin(train_in_worker, new, names=names, done=keep)
            self._begun |= dict.fromkeys(names, batch)

    def finish(self, jobs: Sequence[TrainingJob]) -> None:
        """Trains what is not begun, and waits until all is saved."""
        self.begin(jobs)
        if jobs:
            self._store.set_status(jobs[0].name, 0.0)
        for job in jobs:
            self._workers.finish(self._begun.pop(job.name))


def train_in_worker(job: TrainingJob) -> tuple[Frozen, list[dict[str, float]]]:
    """Calls `run_training`, with a line of progress every 10 s, in any process."""
    progress: Callable[[Mapping[str, float]], None] = Progress(
        job.name,
        job.recipe.budget.updates,
        steps=job.recipe.budget.env_steps,
        show=_SHOWN,
        every_s=10.0,
    )
    with named(job.name):
        return run_training(job, progress)
