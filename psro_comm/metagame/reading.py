"""Reads parts of a report from JSON data; errors name what is absent or damaged."""

import math
from collections.abc import Mapping
from typing import Any

from psro_comm.metagame.intervals import Interval


def need(found: Any, key: str, where: str = "") -> Any:
    """Returns the part `key` of a JSON object.

    Args:
      found: the JSON object.
      key: name of the part.
      where: name of the object, for the message.

    Raises:
      ValueError: it is absent, or `found` is no object.
    """
    of = f" of {where}" if where else ""
    if not isinstance(found, Mapping) or key not in found:
        raise ValueError(f"report: {key!r}{of} is absent")
    return found[key]


def read_number(found: Any, key: str, where: str = "") -> float:
    """Returns the number `key` of a JSON object; an int stays one.

    Raises:
      ValueError: it is absent, or not a finite number.
    """
    number = need(found, key, where)
    if not _is_finite(number):
        raise ValueError(f"report: {key} of {where} is {number!r}, must be a number")
    return number  # type: ignore[no-any-return]


def read_numbers(found: Any, where: str) -> dict[str, float]:
    """Returns the numbers by name of a JSON object, after checking them.

    Raises:
      ValueError: one is not a finite number.
    """
    if not isinstance(found, Mapping):
        raise ValueError(f"report: {where} is {found!r}, must be numbers by name")
    return {name: read_number(found, name, where) for name in found}


def read_shares(found: Any, where: str) -> list[float]:
    """Returns a list of shares, each from 0 to 1, after checking them.

    Raises:
      ValueError: it is no list, or one is no such number.
    """
    if isinstance(found, list) and all(_is_finite(x) and 0 <= x <= 1 for x in found):
        return list(found)
    raise ValueError(f"report: {where} is {found!r}, must be shares from 0 to 1")


def read_list(found: Mapping[str, Any], key: str) -> list[Any]:
    """Returns the list `key` of a JSON object; empty where it is absent.

    Raises:
      ValueError: it is no list.
    """
    lines = found.get(key, [])
    if not isinstance(lines, list | tuple):
        raise ValueError(f"report: {key} is {lines!r}, must be a list")
    return list(lines)


def read_interval(found: Any, where: str = "an interval") -> Interval:
    """Returns the interval of JSON data.

    Raises:
      ValueError: a number is absent or not finite, or the limits are swapped; `where`
        is named.
    """
    if not isinstance(found, Mapping):
        raise ValueError(f"report: {where} is {found!r}, not an interval")
    numbers = [found.get(key) for key in Interval._fields]
    if not all(map(_is_finite, numbers)):
        raise ValueError(f"report: {where} needs finite estimate, low and high")
    interval = Interval(*(float(n) for n in numbers if n is not None))
    if interval.low > interval.high:
        raise ValueError(f"report: {where} has low {interval.low} above its high")
    return interval


def _is_finite(number: Any) -> bool:
    return isinstance(number, int | float) and math.isfinite(number)
