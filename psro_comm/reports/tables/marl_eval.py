"""Writes what defenders keep as data for marl-eval and rliable's plots.

Source: instadeepai/marl-eval, its JSON form for raw experiment data: environment, task,
algorithm, run, then metrics of steps and absolute metrics, each a list of returns.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from psro_comm.metagame.suite import Kept, Suite

STEP = "step_0"
"""The only step: what is kept is measured once, when the search has ended."""


def as_marl_eval(
    found: Mapping[str, Mapping[str, Sequence[tuple[Suite, Kept]]]],
) -> dict[str, Any]:
    """Returns results as marl-eval's JSON, in one environment called `psro_comm`.

    An algorithm is a defender, a run is a seed; metrics are `worst_return`, the mean
    return under the attack that left least, and `clean_return`.

    Args:
      found: results by task and defender, one of each seed.
    """
    return {
        "psro_comm": {
            task: {
                defender: {f"seed_{s.seed}": _run(kept) for s, kept in seeds}
                for defender, seeds in defenders.items()
            }
            for task, defenders in found.items()
        }
    }


def _run(kept: Kept) -> dict[str, Any]:
    metrics = {
        "worst_return": [kept.worst.estimate],
        "clean_return": [kept.clean.estimate],
    }
    return {STEP: {"step_count": 0, **metrics}, "absolute_metrics": metrics}
