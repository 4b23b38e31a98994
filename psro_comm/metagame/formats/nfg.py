"""Reads Gambit's .nfg text: names, outcomes and rational numbers included.

OpenSpiel writes and reads the plain form only, without names of strategies.
"""

import math
import re
from typing import NamedTuple

import numpy as np

from psro_comm.metagame.formats.numbers import number, shown
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.zero_sum import NotConstantSumError, centred
from psro_comm.metagame.meta_game import MetaGame

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}])|([^\s{}",]+)', re.DOTALL)
_COUNT = re.compile(r"[0-9]{1,9}")
_DEEPEST = 3  # braces in braces, in any file that Gambit writes

Tree = list["str | Tree"]


class Quoted(str):
    """A text that stood in quotes: a name or a comment, never a number."""

    __slots__ = ()


class NormalForm(NamedTuple):
    """A game of any number of players, as an .nfg file holds it.

    Attributes:
      title: the game's title.
      players: names of the k players.
      strategies: names of each player's strategies; empty where the file counts them.
      payoffs: `[n_1, ..., n_k, k]` payoff to each player.
    """

    title: str
    players: tuple[str, ...]
    strategies: tuple[tuple[str, ...], ...]
    payoffs: np.ndarray


def parse_nfg(text: str, options: Options = Options()) -> MetaGame:  # noqa: B008
    """Returns the two-player zero-sum game of the text of an .nfg file.

    Strategies without names are called by their numbers from 0. Of a constant-sum game
    half of the sum is taken off.

    Raises:
      ValueError: not an .nfg text, not two players, or not constant-sum.
    """
    game = parse_normal_form(text)
    if len(game.players) != 2:
        raise NotConstantSumError(
            f"it has {len(game.players)} players, must be two, whose payoffs sum to a"
            " constant"
        )
    payoffs, notes = centred(game.payoffs[..., 0], game.payoffs[..., 1], options)
    rows, columns = (
        names or tuple(map(str, range(count)))
        for names, count in zip(game.strategies, payoffs.shape, strict=True)
    )
    return MetaGame(rows, columns, payoffs, title=game.title, notes=tuple(notes))


def parse_normal_form(text: str) -> NormalForm:
    """Returns the game of the text of an .nfg file.

    Both of Gambit's forms are read: a list of payoffs, or outcomes and an index for
    each contingency; the first player's strategy changes fastest.

    Raises:
      ValueError: not an .nfg text, or one that is damaged.

    Source: Gambit's documentation, "The strategic game (.nfg) file format".
    """
    body = _tree(text)
    if body[:2] != ["NFG", "1"] or len(body) < 6 or not isinstance(body[3], Quoted):
        raise ValueError("it does not begin with NFG 1, D or R, and a title in quotes")
    title, players, strategies = body[3], body[4], body[5]
    if not isinstance(players, list) or not players:
        raise ValueError("it must list its players")
    if not isinstance(strategies, list) or len(strategies) != len(players):
        raise ValueError(f"it must list the strategies of {len(players)} players")
    sides = [_strategies(side) for side in strategies]
    counts = [count for count, _ in sides]
    rest = body[6:]
    if rest and isinstance(rest[0], Quoted):
        rest = rest[1:]  # a comment
    if not min(counts) or not rest:
        raise ValueError("a player has no strategy, or there are no payoffs")
    flat = _payoffs(rest, math.prod(counts), len(players))
    # Gambit lists the first player's strategies fastest: column by column.
    back = (*range(len(players))[::-1], len(players))
    table = flat.reshape(*reversed(counts), len(players)).transpose(back)
    return NormalForm(
        title, tuple(map(str, players)), tuple(names for _, names in sides), table
    )


def _strategies(side: "str | Tree") -> tuple[int, tuple[str, ...]]:
    """Returns number and names of a player's strategies; none from a number alone."""
    if isinstance(side, list):
        if any(isinstance(name, list) for name in side):
            raise ValueError("a name of a strategy is in braces")
        return len(side), tuple(str(name) for name in side)
    if isinstance(side, Quoted) or not _COUNT.fullmatch(side):
        raise ValueError(f"{shown(side)} is not a number of strategies")
    return int(side), ()


def _payoffs(rest: Tree, contingencies: int, players: int) -> np.ndarray:
    """Returns payoffs `[contingencies, players]` from either form of the body."""
    if not isinstance(rest[0], list):
        _check_count(len(rest), contingencies * players, "payoffs")
        return np.array([_number(part) for part in rest]).reshape(-1, players)
    outcomes = [[0.0] * players]  # index 0 is Gambit's null outcome
    for outcome in rest[0]:
        if not isinstance(outcome, list) or not outcome:
            raise ValueError("an outcome is not a name and payoffs in braces")
        paid = outcome[1:] if isinstance(outcome[0], Quoted) else outcome
        outcomes.append([_number(part) for part in paid])
        if len(paid) != players:
            raise ValueError(
                f"outcome {len(outcomes) - 1} has {len(paid)} payoffs, not {players}"
            )
    _check_count(len(rest) - 1, contingencies, "outcomes of contingencies")
    return np.array([outcomes[_index(part, len(outcomes))] for part in rest[1:]])


def _check_count(found: int, needed: int, what: str) -> None:
    if found != needed:
        raise ValueError(f"it has {found} {what}, not {needed}")


def _number(part: "str | Tree") -> float:
    if isinstance(part, list | Quoted):
        raise ValueError(f"{shown(str(part))} is not a payoff")
    try:
        return number(part)
    except ValueError as error:
        raise ValueError(f"a payoff: {error}") from error


def _index(part: "str | Tree", count: int) -> int:
    """Returns the number of an outcome, 0 to `count` - 1."""
    if isinstance(part, list) or not _COUNT.fullmatch(part) or int(part) >= count:
        raise ValueError(f"it has no outcome {shown(str(part))}, but 0 to {count - 1}")
    return int(part)


def _tree(text: str) -> Tree:
    """Returns nested lists for braces; texts in quotes become `Quoted`."""
    root: Tree = []
    open_: list[Tree] = [root]
    end = 0
    for token in _TOKEN.finditer(text):
        if text[end : token.start()].strip(" \t\n\r\f\v,"):
            raise ValueError(f"{shown(text[end : token.start()].strip())} is not read")
        end = token.end()
        quoted, brace, word = token.groups()
        if brace == "{":
            if len(open_) > _DEEPEST:
                raise ValueError(f"braces are nested deeper than {_DEEPEST}")
            open_[-1].append([])
            open_.append(open_[-1][-1])  # type: ignore[arg-type]
        elif brace == "}":
            if len(open_) == 1:
                raise ValueError("a brace is closed that was not opened")
            open_.pop()
        else:
            # Gambit's only escape is that of a quote.
            name = word if quoted is None else Quoted(quoted.replace('\\"', '"'))
            open_[-1].append(name)
    if text[end:].strip(" \t\n\r\f\v,"):
        raise ValueError("quotes are not closed")
    if len(open_) > 1:
        raise ValueError("a brace is not closed")
    return root
