"""Finds the most changed step and the best actions of an inspected episode."""

from collections.abc import Mapping
from typing import Any

from psro_comm.names import UNDEFENDED, UNDISTURBED


def most_changed(episode: Mapping[str, Any]) -> int:
    """Returns the step at which the attack changes most agents' best actions.

    Of several it is the one with the most living agents; of those, the first.
    """

    def changes(step: Mapping[str, Any]) -> tuple[int, int]:
        living = [agent for agent in step["agents"] if agent["alive"]]
        turned = [
            best(agent["scores"][UNDISTURBED]) != best(agent["scores"][UNDEFENDED])
            for agent in living
        ]
        return sum(turned), len(living)

    found = [changes(step) for step in episode["steps"]]
    return found.index(max(found))


def best(scores: list[float | None]) -> int:
    """Returns the action with the highest score among the available ones."""
    able = {k: score for k, score in enumerate(scores) if score is not None}
    return max(able, key=lambda k: able[k])
