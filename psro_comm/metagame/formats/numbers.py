"""Reads numbers as people and programs write them, or says why one is none.

`0.5`, `-1e3`, `1/3`, `10%`, `1 +- 0.1`, and `0,5` where the file has decimal commas.
Nothing is guessed: digits are 0 to 9, and groups of thousands are refused.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_FRACTION = re.compile(r"([+-]?[0-9]+) ?/ ?([0-9]+)")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_ERROR = re.compile(r" ?(?:\+/?-|±|\\pm) ?")
_MISSING = frozenset(("", "nan", "na", "n/a", "null"))
_SHOWN = 20  # characters of a text that a message repeats


class Numbers(NamedTuple):
    """Numbers of a file, with what stood behind their +-, and what to tell the reader.

    Attributes:
      values: `[k]`.
      errors: `[k]` numbers behind +-; None where none has one.
      notes: what was understood, in words.
    """

    values: np.ndarray
    errors: np.ndarray | None
    notes: list[str]


def shown(text: str) -> str:
    """Returns a text as messages repeat it: quoted, and its beginning alone."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def number(text: str) -> float:
    """Returns the number that a text is, rounded to a double.

    Raises:
      ValueError: it is none, it is missing, or no double is near it.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if text.lower() in _MISSING:
        raise ValueError(f"it is missing: {shown(text)}")
    percent = text.endswith("%")
    bare = text.removesuffix("%").strip()
    if fraction := _FRACTION.fullmatch(bare):
        found = _ratio(fraction[1], fraction[2], text)
    elif _DECIMAL.fullmatch(bare):
        found = float(bare)
        if found == 0 and re.search("[1-9]", re.split("[eE]", bare)[0]):
            raise ValueError(f"{shown(text)} is too small for a double: 2e-308")
    else:
        raise ValueError(f"{shown(text)} is not a number")
    if not np.isfinite(found):
        raise ValueError(f"{shown(text)} is too large for a double: 1.8e308")
    return found / 100 if percent else found


def _ratio(top: str, base: str, text: str) -> float:
    if not base.strip("0"):
        raise ValueError(f"{shown(text)} divides by zero")
    try:
        return int(top) / int(base)  # Python rounds the exact ratio once
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{shown(text)} is too large a fraction") from error


def json_number(found: Any, where: str) -> float:
    """Returns a number of JSON data, which is not a text, not null, and finite.

    Raises:
      ValueError: it is something else; `where` is named.
    """
    if found is None:
        raise ValueError(f"{where} is missing (null)")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueError(f"{where} is {shown(str(found))}, not a number")
    try:
        value = float(found)
    except OverflowError as error:
        raise ValueError(f"{where} is too large for a double: 1.8e308") from error
    if not np.isfinite(value):
        raise ValueError(f"{where} is {value}")
    return value


def looks_like_number(text: str) -> bool:
    """Returns whether a cell is a number, or the absence of one, and not a name."""
    parts = _ERROR.split(text.strip().replace("\N{MINUS SIGN}", "-"))
    bare = [part.removesuffix("%").strip() for part in parts]
    forms = _DECIMAL, _FRACTION, _COMMA
    return all(
        part.lower() in {*_MISSING, "inf", "-inf"}
        or any(form.fullmatch(part) for form in forms)
        for part in bare
    )


def without_decimal_commas(cells: Iterable[str]) -> bool:
    """Returns whether decimal points are points; False where commas are.

    Raises:
      ValueError: commas may be decimal or group thousands, or both marks are there.
    """
    parts = [part.removesuffix("%").strip() for c in cells for part in _ERROR.split(c)]
    commas = [part for part in parts if "," in part and _COMMA.fullmatch(part)]
    grouped = [part for part in parts if _THOUSANDS.fullmatch(part)]
    if len(grouped) > len([part for part in commas if _THOUSANDS.fullmatch(part)]):
        raise ValueError(f"{shown(grouped[0])} groups thousands: write it without")
    if not commas:
        return True
    if len(grouped) == len(commas):
        raise ValueError(
            f"{shown(grouped[0])} may be a decimal comma or group thousands: write it"
            " with a point, or without"
        )
    points = [part for part in parts if "." in part and _DECIMAL.fullmatch(part)]
    if points:
        raise ValueError(
            f"it has decimal commas, {shown(commas[0])}, and points, {shown(points[0])}"
        )
    return False


def numbers(
    cells: Sequence[str], where: Callable[[int], str], *, points: bool = True
) -> Numbers:
    """Returns the numbers of many cells.

    Args:
      cells: the texts.
      where: returns the place of cell k, for messages.
      points: whether decimal points are points, not commas.

    Raises:
      ValueError: a cell is no number, or some have +- or % and others have not.
    """
    texts = cells if points else [cell.replace(",", ".") for cell in cells]
    split = [_ERROR.split(text.strip()) for text in texts]
    percent = ["%" in cell for cell in cells]
    for what, has in (("+-", [len(s) > 1 for s in split]), ("%", percent)):
        if any(has) and not all(has):
            k = has.index(not has[0])
            raise ValueError(f"{where(k)}: some payoffs have {what}, others have not")
    values = np.empty(len(cells))
    errors = np.empty(len(cells)) if cells and len(split[0]) > 1 else None
    for k, parts in enumerate(split):
        try:
            values[k], *rest = map(number, parts)
            if errors is not None:
                (errors[k],) = rest
        except ValueError as error:
            raise ValueError(f"{where(k)}: {error}") from error
    return Numbers(values, errors, _notes(cells, values, errors, points, percent))


def _notes(
    cells: Sequence[str],
    values: np.ndarray,
    errors: np.ndarray | None,
    points: bool,
    percent: Sequence[bool],
) -> list[str]:
    notes = []
    if not points:
        notes.append("commas in numbers are read as decimal commas")
    if errors is not None:
        notes.append("what stands behind +- is read as the standard error")
    if any(percent):
        notes.append(f"per cent are read as shares: {cells[0]} is {values[0]:g}")
    return notes
