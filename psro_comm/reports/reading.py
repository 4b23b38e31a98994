"""A report read back from JSON, part by part; what is absent or damaged is named."""

import math
from collections.abc import Mapping
from typing import Any

from psro_comm.metagame.intervals import Interval


def read_interval(found: Any, where: str) -> Interval:
    """An interval from its JSON data.

    Raises:
      ValueError: a number is absent or not finite, or the limits are swapped; `where`
        is named.
    """
    if not isinstance(found, Mapping):
        raise ValueError(f"report: {where} is {found!r}, not an interval")
    numbers = [found.get(key) for key in Interval._fields]
    if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
        raise ValueError(f"report: {where} needs finite estimate, low and high")
    interval = Interval(*(float(n) for n in numbers if n is not None))
    if interval.low > interval.high:
        raise ValueError(f"report: {where} has low {interval.low} above its high")
    return interval


def need(report: Mapping[str, Any], key: str) -> Any:
    """The part `key` of a report.

    Raises:
      ValueError: it is absent.
    """
    if key not in report:
        raise ValueError(f"report: {key!r} is absent")
    return report[key]


def returns(report: Mapping[str, Any]) -> dict[tuple[str, str], Interval]:
    """Returns of the report's rows by (defender, attacker).

    Raises:
      ValueError: a row is damaged.
    """
    return {
        (need(row, "defender"), need(row, "attacker")): read_interval(
            need(row, "return"), f"return of {need(row, 'label')!r}"
        )
        for row in need(report, "rows")
    }


def successes(report: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Success of the report's rows by (defender, attacker), in per cent.

    Raises:
      ValueError: a row is damaged.
    """
    return {
        (row["defender"], row["attacker"]): 100.0
        * read_interval(
            need(row, "success"), f"success of {need(row, 'label')!r}"
        ).estimate
        for row in need(report, "rows")
    }


def differences(report: Mapping[str, Any]) -> dict[tuple[str, str], Interval]:
    """R-MACRL minus another defender, by (against, the other)."""
    return {
        (need(line, "against"), need(line, "theirs")): read_interval(
            need(line, "difference"), f"difference against {line['against']!r}"
        )
        for line in report.get("comparison", ())
    }


def worst_case(
    report: Mapping[str, Any], quantity: str = "return"
) -> dict[tuple[str, str], Interval]:
    """A quantity by (attacker in words, defender); empty where none was measured.

    Args:
      report: of a story.
      quantity: `return` or `success`.

    Raises:
      ValueError: a row is damaged.
    """
    cells = {}
    for row in (*report.get("columns", ()), *report.get("worst_case", ())):
        attacker, defender = need(row, "attacker"), need(row, "defender")
        against = "its own fresh attacker" if "fresh-on" in attacker else attacker
        label = f"{quantity} of {defender} against {attacker}"
        cells[_IN_WORDS.get(against, against), defender] = read_interval(
            need(row, quantity), label
        )
    return cells


_IN_WORDS = {
    "no-attack": "no attack",
    "meta-equilibrium": "meta-equilibrium",
    "held-out set": "held-out attackers",
}
