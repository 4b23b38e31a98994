"""Reads Gambit's .nfg text: names, outcomes and rational numbers included.

OpenSpiel writes and reads the plain form only, without names of strategies.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from psro_comm.metagame.meta_game import MetaGame

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}])|([^\s{}",]+)')
_ROUNDING = 1e-9  # of the largest payoff; writers round to 6 digits and more

Tree = list["str | Tree"]


def parse_nfg(text: str) -> MetaGame:
    """Returns the two-player zero-sum game of the text of an .nfg file.

    Both of Gambit's forms are read: a list of payoffs, or outcomes and an index for
    each contingency; the first player's strategy changes fastest. Strategies without
    names are called by their numbers from 0.

    Raises:
      ValueError: not an .nfg text, not two players, or not zero-sum.

    Source: Gambit's documentation, "The strategic game (.nfg) file format".
    """
    body = _tree(text)
    if body[:2] != ["NFG", "1"] or len(body) < 6:
        raise ValueError("it does not begin with NFG 1")
    title, players, strategies = body[3], body[4], body[5]
    if not isinstance(players, list) or len(players) != 2:
        raise ValueError("it must have two players")
    if not isinstance(strategies, list) or len(strategies) != 2:
        raise ValueError("it must list the strategies of two players")
    rows, columns = (_names(side) for side in strategies)
    rest = body[6:]
    if not rows or not columns or not rest:
        raise ValueError("a player has no strategy, or there are no payoffs")
    if isinstance(rest[0], str) and not _is_number(rest[0]):
        rest = rest[1:]  # a comment
    payoffs = _payoffs(rest, len(rows) * len(columns))
    # Gambit lists the first player's strategies fastest: column by column.
    table = payoffs.reshape(len(columns), len(rows), 2).transpose(1, 0, 2)
    if np.abs(table.sum(axis=-1)).max() > _ROUNDING * max(np.abs(table).max(), 1e-300):
        raise ValueError("it is not zero-sum")
    return MetaGame(rows, columns, table[..., 0], title=str(title))


def _names(side: "str | Tree") -> tuple[str, ...]:
    """Returns names of one player's strategies, from a list or from their number."""
    if isinstance(side, list):
        return tuple(str(name) for name in side)
    if not side.isdecimal():
        raise ValueError(f"{side[:20]!r} is not a number of strategies")
    return tuple(str(number) for number in range(int(side)))


def _payoffs(rest: Tree, contingencies: int) -> np.ndarray:
    """Returns payoffs `[contingencies, 2]` from either form of the body."""
    if isinstance(rest[0], list):
        outcomes = [[0.0, 0.0]]  # index 0 is Gambit's null outcome
        for outcome in rest[0]:
            outcomes.append([_number(part) for part in outcome[1:]])
        chosen = [outcomes[_index(part, len(outcomes))] for part in rest[1:]]
        payoffs = np.array(chosen, dtype=np.float64)
    else:
        payoffs = np.array([_number(part) for part in rest]).reshape(-1, 2)
    if payoffs.shape != (contingencies, 2):
        raise ValueError(f"it has {len(payoffs)} payoffs, not {contingencies}")
    return payoffs


def _number(part: "str | Tree") -> float:
    try:
        return float(Fraction(str(part)))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{str(part)[:20]!r} is not a payoff") from error


def _index(part: "str | Tree", count: int) -> int:
    """Returns the number of an outcome, 0 to `count` - 1."""
    if not isinstance(part, str) or not part.isdecimal() or int(part) >= count:
        raise ValueError(f"it has no outcome {str(part)[:20]!r}, but 0 to {count - 1}")
    return int(part)


def _is_number(part: str) -> bool:
    try:
        Fraction(part)
    except (ValueError, ZeroDivisionError):
        return False
    return True


def _tree(text: str) -> Tree:
    """Returns nested lists for braces; strings lose their quotes."""
    root: Tree = []
    _fill(root, _TOKEN.finditer(text), closed=False)
    return root


def _fill(into: Tree, tokens: Iterator[re.Match[str]], *, closed: bool) -> None:
    for token in tokens:
        text, brace, word = token.groups()
        if brace == "{":
            inner: Tree = []
            _fill(inner, tokens, closed=True)
            into.append(inner)
        elif brace == "}":
            if not closed:
                raise ValueError("a brace is closed that was not opened")
            return
        else:
            into.append(text if text is not None else word)
    if closed:
        raise ValueError("a brace is not closed")
