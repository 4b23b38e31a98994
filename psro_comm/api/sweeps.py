"""Repeats a measurement over settings and seeds, with intervals over seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from games.engine.settings import refusal
from psro_comm.api.games import whole_seed
from psro_comm.api.results import Result, flat, plain
from psro_comm.metagame.intervals import across_seeds

_COLUMNS = ("quantity", "mean", "mean_low", "mean_high", "seeds")
Measure = Callable[[Mapping[str, Any], int], float | Mapping[str, float]]


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Result):
    """What was measured for each setting: one number a seed, and their mean.

    Attributes:
      seeds: the seeds.
      points: each setting, with what was measured by quantity, one number a seed.
    """

    seeds: tuple[int, ...]
    points: tuple[tuple[Mapping[str, Any], Mapping[str, tuple[float, ...]]], ...]

    @property
    def title(self) -> str:
        """How much was measured."""
        return f"{len(self.points)} settings, {len(self.seeds)} seeds, 95 % over seeds"

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a setting and quantity: mean over seeds, with its interval."""
        return [
            {
                **{name: plain(value) for name, value in setting.items()},
                "quantity": quantity,
                **flat("mean", across_seeds(values)),
                "seeds": len(values),
            }
            for setting, found in self.points
            for quantity, values in found.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Returns every number as JSON data."""
        points = [
            {"settings": plain(setting), "measured": plain(found)}
            for setting, found in self.points
        ]
        return {"seeds": list(self.seeds), "points": points}


def sweep(
    measure: Measure,
    settings: Mapping[str, Sequence[Any]],
    seeds: Sequence[int] = (0, 1, 2),
) -> Sweep:
    """Measures at each combination of settings, with each seed.

    Args:
      measure: `(settings, seed) -> number`, or a dict of numbers by name: calls
        `pc.psro(..., settings=settings, seed=seed)`, say, and returns what counts.
      settings: the values of each name: `{"threat.cap": [0.5, 1.0, None]}`.
      seeds: at least one, none twice; of a single one there is no interval.

    Returns:
      Means over seeds with Student's t intervals, 95 %.

    Raises:
      ValueError: no settings or seeds, or a measurement that is no finite number.
    """
    axes = _axes(settings)
    numbers = _seeds(seeds)
    if not callable(measure):
        raise refusal("measure", measure, "a function of settings and a seed")
    points = []
    for values in product(*axes.values()):
        at = dict(zip(axes, values, strict=True))
        rows = [_numbers(measure({**at}, seed), at, seed) for seed in numbers]
        if any({*row} != {*rows[0]} for row in rows):
            raise ValueError(f"{at}: the seeds measured different quantities")
        found = {name: tuple(row[name] for row in rows) for name in rows[0]}
        points.append((at, found))
    return Sweep(numbers, tuple(points))


def _axes(settings: Any) -> dict[str, list[Any]]:
    """Returns the values of each name, numpy's as Python's."""
    words = "a dict of names with at least one value each"
    if not isinstance(settings, Mapping) or not settings:
        raise refusal("settings", settings, words)
    axes = {}
    for name, given in settings.items():
        values = given.tolist() if hasattr(given, "tolist") else given
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise refusal(f"settings: {name}", given, "a list of at least one value")
        if name in _COLUMNS:
            raise ValueError(
                f"settings: {name!r} is the name of a column: take another"
            )
        axes[name] = list(values)
    return axes


def _seeds(given: Any) -> tuple[int, ...]:
    """Returns the seeds as Python's numbers."""
    seeds = given.tolist() if hasattr(given, "tolist") else given
    words = "a list of at least one whole number, none twice"
    if not isinstance(seeds, Sequence) or isinstance(seeds, str) or not seeds:
        raise refusal("seeds", given, words)
    found = tuple(whole_seed(each) for each in seeds)
    if len({*found}) < len(found):
        raise refusal("seeds", found, words)
    return found


def _numbers(found: Any, at: Mapping[str, Any], seed: int) -> dict[str, float]:
    named = found if isinstance(found, Mapping) else {"measured": found}
    numbers = {}
    if not named:
        raise ValueError(f"{at}, seed {seed}: nothing was measured")
    for name, value in named.items():
        try:
            numbers[str(name)] = float(value)
        except (TypeError, ValueError):
            numbers[str(name)] = float("nan")
        if not abs(numbers[str(name)]) < float("inf"):
            raise ValueError(f"{at}, seed {seed}: {name} is {value!r}, must be finite")
    return numbers
