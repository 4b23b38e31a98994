"""Registers plain functions of a view as attacks and filters: for plugins."""

from collections.abc import Callable
from typing import TypeVar

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.engine.side import Side
from oracles.strategies.filters.config import RuleConfig
from oracles.strategies.functions import Function, strategy_of
from oracles.strategies.registry import strategies
from psro_comm.settings.plugins import by_hand
from psro_comm.settings.registries import check_name

F = TypeVar("F", bound=Function)


def attack(name: str, *, white_box: bool = False) -> Callable[[F], F]:
    """Registers a function `pc.AttackView -> delta [B,K,D]` as an attack.

        @pc.attack("half")
        def half(view):
            return -0.5 * view.sent

    In a plugin it is an attack like ours, in worker processes and in runs, too. It has
    no settings and no memory: an attack that needs some is a `pc.Tampering`.

    Args:
      name: its key in `pc.ATTACKS`.
      white_box: whether it reads `view.white_box`, which `threat.knowledge` must allow.

    Raises:
      ValueError: the name is taken.
    """
    return _registering(Side.ATTACKER, name, white_box)


def filter(name: str) -> Callable[[F], F]:
    """Registers a function `pc.FilterView -> flags [B,N]` as a filter, like `attack`.

    Flagged messages become their sender's mean message; a function that returns
    `(flags, repaired [B,N,D])` says what they become.

    Args:
      name: its key in `pc.FILTERS`.

    Raises:
      ValueError: the name is taken.
    """
    return _registering(Side.DEFENDER, name, False)


def _registering(side: Side, name: str, white_box: bool) -> Callable[[F], F]:
    check_name(f"{side.strategy} name", name)

    def register(function: F) -> F:
        _refuse_taken(side, name, function)
        knowledge = "white_box" if white_box else "own"
        made = strategy_of(side, name, function, knowledge)
        config = None if side is Side.ATTACKER else RuleConfig
        strategies(side)[name] = Entry(made, config, white_box=white_box)
        return function

    return register


def _refuse_taken(side: Side, name: str, function: Function) -> None:
    """Refuses a name that is taken, but by this function: a cell was run again."""
    entry = strategies(side).get(name)
    if entry is None:
        return
    old = getattr(entry.target, "function", None)
    again = by_hand(entry) and _known(old) == _known(function)
    if old is None or not again:
        raise refusal(f"{side.strategy} name", name, "a new one")


def _known(function: object) -> tuple[object, object]:
    return getattr(function, "__module__", 0), getattr(function, "__qualname__", 0)
