"""A filter that only watches: it flags as another does, and lets everything through."""

import copy
from typing import Any

import torch
from torch import Tensor

from games.engine.population import narrowed
from games.engine.strategy import Verdict
from games.engine.view import FilterView


class Watching:
    """A filter whose flags are those of another, and whose repair changes nothing.

    What an attack would do if it were heard, and how much it is suspected, are then
    measured apart: behind the filter itself, what is flagged at once does nothing.
    """

    kind = "watching"

    def __init__(self, watched: Any) -> None:
        """Takes the filter, or the mixture of filters, that is to watch."""
        self.watched, self.memory_size = watched, watched.memory_size
        self.knowledge = getattr(watched, "knowledge", "own")
        self.observes = getattr(watched, "observes", False)

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells the filter which episodes start anew."""
        self.watched.reset(done, generator)

    def at(self, index: Tensor) -> "Watching":
        """Returns the same filter, narrowed to some of the environments."""
        seen = copy.copy(self)
        seen.watched = narrowed(self.watched, index)
        return seen

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Returns the filter's flags, with the messages as they came for a repair."""
        verdict: Verdict = self.watched.decide(view, memory, generator)
        return verdict._replace(repaired=view.messages)
