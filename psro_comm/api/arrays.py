"""Makes a meta-game of an array, and gives games names and standard errors."""

from dataclasses import replace
from typing import Any

import numpy as np

from games.engine.settings import refusal
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable


def of_array(
    payoffs: Any, std_error: Any, filters: Any = None, attacks: Any = None
) -> MetaGame:
    """Returns the meta-game of an array `[m, n]` or `[m, n, W]`.

    Args:
      payoffs, std_error, filters, attacks: as `pc.analyze` takes them.

    Raises:
      ValueError: as `pc.analyze`.
    """
    array = _numbers("payoffs", payoffs)
    if array.ndim not in (2, 3):
        raise ValueError(
            f"payoffs has shape {array.shape}, must be [m, n] or [m, n, W]"
        )
    rows = _names("filters", filters, "filter", array.shape[0])
    columns = _names("attacks", attacks, "attack", array.shape[1])
    if array.ndim == 2:
        return relabelled(MetaGame(rows, columns, array, title="payoffs"), std_error)
    if std_error is not None:
        raise ValueError(
            "std_error has no effect beside returns by world: leave it out"
        )
    none = np.where(np.isfinite(array), 0.0, np.nan)
    return MetaGame.of(PayoffTable(rows, columns, array, none, none), "payoffs")


def relabelled(
    game: MetaGame, std_error: Any = None, filters: Any = None, attacks: Any = None
) -> MetaGame:
    """Returns a game with other names or standard errors, where they are given.

    Raises:
      ValueError: not as many names, one twice, or errors of another shape.
    """
    changes: dict[str, Any] = {}
    shape = game.mean.shape
    if filters is not None:
        changes["defenders"] = _names("filters", filters, "filter", shape[0])
    if attacks is not None:
        changes["attackers"] = _names("attacks", attacks, "attack", shape[1])
    if std_error is not None:
        changes["std_error"] = errors = _numbers("std_error", std_error)
        if errors.shape != shape:
            raise ValueError(
                f"std_error has shape {errors.shape}, must be {shape} as payoffs"
            )
    return replace(game, **changes)


def aligned(std_error: Any, payoffs: Any) -> Any:
    """Returns the standard errors of a DataFrame in the order of its names.

    Raises:
      ValueError: a DataFrame with other names.
    """
    if not (hasattr(std_error, "columns") and hasattr(std_error, "to_numpy")):
        return std_error
    for mine, theirs in (
        (payoffs.index, std_error.index),
        (payoffs.columns, std_error.columns),
    ):
        if sorted(map(str, mine)) != sorted(map(str, theirs)):
            raise ValueError(
                f"std_error is of {list(theirs)}, must be of {list(mine)} as payoffs"
            )
    return std_error.loc[list(payoffs.index), list(payoffs.columns)].to_numpy()


def _numbers(what: str, given: Any) -> np.ndarray:
    """Returns an array of floats.

    Raises:
      ValueError: something that is none.
    """
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        words = "numbers [m, n] or [m, n, W], a row a filter, a column an attack"
        raise refusal(what, given, words) from None


def _names(what: str, given: Any, side: str, count: int) -> tuple[str, ...]:
    """Returns the names of rows or columns, numbered where none are given.

    Raises:
      ValueError: not as many, no list, or one twice.
    """
    if given is None:
        return tuple(f"{side}-{k}" for k in range(count))
    names = () if isinstance(given, str) else tuple(map(str, given))
    if len(names) != count or len({*names}) < count or not all(names):
        shown = given if isinstance(given, str) else list(names)
        raise refusal(what, shown, f"{count} names, none twice")
    return names
