"""Compares options of PSRO's best responses on games of known value.

Every option runs on the same games and seeds until it has spent the same number of
trainings; the truth of what it found is known, so that the difference is the option's.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from psro_comm.disk.store import RunStore
from psro_comm.metagame.intervals import across_seeds, as_dict, verdict
from psro_comm.validation.registry import KNOWN_GAMES, OPTIONS
from psro_comm.validation.validate import Step, validate

QUANTITIES = {  # the quantities of a run, and their names in reports
    "final": "NashConv at the end",
    "mean": "mean over the budget",
    "episodes": "episodes",
    "stopped": "NashConv where it stops",
    "stopped_calls": "trainings until then",
}


def study_options(
    game: str,
    names: Sequence[str],
    seeds: Sequence[int],
    calls: int,
    worlds: int,
    store: RunStore | None = None,
) -> dict[str, Any]:
    """Runs all options on all seeds with one budget, and compares them.

    Args:
      game: key of KNOWN_GAMES; its payoffs may depend on the seed.
      names: keys of OPTIONS; the others are compared with the first.
      seeds: seeds of the repetitions.
      calls: number of trainings in a run, of both sides together.
      worlds: number of worlds of each cell.
      store: keeps each row as soon as it is known, and all in `options.json`; with it,
        the same call continues an interrupted comparison.

    Returns:
      JSON data: a row for each option and seed, and verdicts over seeds.

    Raises:
      ValueError: an unknown option or one twice, or fewer than two options or seeds.
    """
    unknown = [name for name in names if name not in OPTIONS]
    if unknown or len(set(names)) < max(len(names), 2) or len(seeds) < 2:
        raise ValueError(
            f"a comparison needs two seeds and two of {', '.join(OPTIONS)}, got"
            f" {len(seeds)} and {', '.join(names)}"
        )
    rows = [
        {"option": name, "seed": seed, **_kept(game, name, seed, calls, worlds, store)}
        for seed in seeds
        for name in names
    ]
    result = {
        "game": game,
        "calls": calls,
        "worlds": worlds,
        "seeds": list(seeds),
        "options": list(names),
        "rows": rows,
        "verdicts": _verdicts(rows, names),
    }
    if store is not None:
        store.save_json("options", result)
    return result


def _kept(
    game: str, name: str, seed: int, calls: int, worlds: int, store: RunStore | None
) -> dict[str, float]:
    """Returns the quantities of one run, which the store keeps."""
    artefact = f"{name}-{seed:03d}"
    if store is not None and store.has(artefact):
        stored: dict[str, float] = store.load_json(artefact)
        return stored
    steps = validate(
        KNOWN_GAMES[game](seed),
        iterations=calls // 2 + 1,
        worlds=worlds,
        seed=seed,
        **OPTIONS[name],
    )
    found = summarised(steps, calls)
    if store is not None:
        store.save_json(artefact, found)
    return found


def summarised(steps: Sequence[Step], calls: int) -> dict[str, float]:
    """Returns the quantities of one run."""
    found = {
        "final": steps[-1].true,
        "mean": sum(_after(steps, spent) for spent in range(2, calls + 1))
        / (calls - 1),
        "episodes": float(steps[-1].episodes),
    }
    # Step k + 1 is about what iteration k left.
    ends = [after for step, after in pairwise(steps) if step.converged] or [steps[-1]]
    return found | {"stopped": ends[0].true, "stopped_calls": float(ends[0].calls)}


def _after(steps: Sequence[Step], calls: float) -> float:
    """Returns the true NashConv after so many trainings."""
    return next((s.true for s in reversed(steps) if s.calls <= calls), steps[0].true)


def _verdicts(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Returns each option minus the first, paired by seed, Student's t over seeds."""
    found = []
    for name in names[1:]:
        for quantity in ("final", "mean", "episodes"):
            first, other = (
                [row[quantity] for row in rows if row["option"] == option]
                for option in (names[0], name)
            )
            gain = across_seeds([b - a for a, b in zip(first, other, strict=True)])
            found.append(
                {
                    "option": name,
                    "quantity": quantity,
                    "difference": as_dict(gain),
                    "verdict": verdict(gain),
                }
            )
    return found
