"""Registers plain functions of a view as attacks and filters: for plugins."""

from collections.abc import Callable
from typing import TypeVar

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.engine.side import Side
from oracles.strategies.filters.config import RuleConfig
from oracles.strategies.functions import Function, strategy_of
from oracles.strategies.registry import strategies

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
    if name in strategies(side):
        raise refusal(f"{side.strategy} name", name, "a new one")

    def register(function: F) -> F:
        knowledge = "white_box" if white_box else "own"
        made = strategy_of(side, name, function, knowledge)
        config = None if side is Side.ATTACKER else RuleConfig
        strategies(side)[name] = Entry(made, config, white_box=white_box)
        return function

    return register
