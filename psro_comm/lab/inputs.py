"""Notes of what each artefact of a run was made.

A finished run may grow: then what rests on more iterations or worlds than before is
made again, and nothing else. An artefact whose inputs are others than those that are
noted is of the smaller run. Only what may differ in one run is noted: the rest is the
configuration's.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from absl import logging

from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import TrainingJob
from psro_comm.disk.layout import INPUTS
from psro_comm.disk.store import RunStore


class Inputs:
    """The notes of one run, kept in its artefact `inputs`."""

    def __init__(self, store: RunStore) -> None:
        """Reads the notes that the run has."""
        self._store = store
        self._noted: dict[str, str] = (
            dict(store.load_json(INPUTS)) if store.has(INPUTS) else {}
        )

    def has(self, name: str, *made_of: Any) -> bool:
        """Returns whether the run has an artefact that was made of these inputs.

        One that was made of others leaves the list of finished artefacts. What is noted
        of an artefact that is not finished is what it is about to be made of.

        Args:
          name: the artefact's name.
          *made_of: JSON data.
        """
        own = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
        finished = self._store.has(name)
        noted = self._noted.get(name, own if finished else None)
        if noted != own:
            if finished:
                logging.info("%s was made of something else: made again", name)
                self._store.drop([name])
            self._noted[name] = own
            self._store.save_json(INPUTS, self._noted)
        return finished and noted == own


def made_of(job: TrainingJob) -> list[Any]:
    """Returns what in a training a larger run may do otherwise, as JSON data."""
    opponents = [policy.digest() for policy in job.opponents]
    start = None if job.start is None else job.start.digest()
    return [opponents, job.weights, start, job.recipe.budget.env_steps]


def who(*sides: Mapping[str, Frozen]) -> list[list[tuple[str, str]]]:
    """Returns names and digests of the policies of each side."""
    return [[(name, p.digest()) for name, p in side.items()] for side in sides]
