"""Attacks and filters that are plain functions of a view, without settings or memory.

An attack is `view -> delta [B,K,D]`, which the threat's mode applies; a filter is
`view -> flags [B,N]`, or `view -> (flags [B,N], repaired [B,N,D])`. What they return is
checked at every step: a function of another shape, or a NaN, ends the play.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, Self

import torch
from torch import Tensor

from games.engine.settings import refusal
from games.engine.side import Side
from games.engine.strategy import Decision, Forgery, Verdict
from games.engine.view import AttackView, FilterView
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.filters.rule import RuleFilter
from oracles.strategies.setting import Setting

Function = Callable[[Any], Any]


class FunctionAttack(Tampering):
    """An attack that asks a function; `strategy_of` makes one class a function."""

    function: Function
    code = ""  # what the function does, as a hash

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "code": self.code}

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the attack that `arguments` describe.

        Raises:
          ValueError: the function has changed since then.
        """
        return super().rebuild(_same(cls, arguments))

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Returns what the function says, checked."""
        asked = f"attack {self.kind!r}"
        delta = _tensor(asked, "delta", type(self).function(view), view.sent)
        zeros = torch.zeros_like(delta[..., 0])
        return Forgery(Decision(delta, zeros, zeros, view.may_bend), memory)


class FunctionFilter(RuleFilter):
    """A filter that asks a function; flagged messages become their sender's mean.

    The function may return other messages beside its flags.
    """

    function: Function
    code = ""  # what the function does, as a hash

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds the filter for a game, whose clean messages it listens to."""
        made = super().new(setting, config)
        made.replacement.copy_(setting.team.message_mean)
        return made

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "code": self.code}

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the filter that `arguments` describe, without its numbers.

        Raises:
          ValueError: the function has changed since then.
        """
        return super().rebuild(_same(cls, arguments))

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Returns what the function says, checked."""
        asked, found = f"filter {self.kind!r}", type(self).function(view)
        repaired = self.repaired(view)
        if isinstance(found, tuple) and len(found) == 2:
            found, given = found
            repaired = _tensor(asked, "repaired", given, view.messages)
        flags = _tensor(asked, "flags", found, view.messages[..., 0])
        zeros = torch.zeros_like(flags)
        decision = Decision((flags > 0).to(flags.dtype), zeros, zeros, view.alive)
        return Verdict(decision, repaired, memory)


def strategy_of(side: Side, name: str, function: Function, knowledge: str) -> type:
    """Returns the class of a function's strategy, of the kind `name`.

    Args:
      side: whose strategy it is.
      name: its kind, which a registry knows it by.
      function: of a view, see above.
      knowledge: of an attack, `own` or `white_box`: what it must be shown.

    Raises:
      ValueError: it is no function.
    """
    if not callable(function):
        raise refusal(f"{side.strategy} {name!r}", function, "a function of a view")
    own = {"kind": name, "function": staticmethod(function), "code": code_of(function)}
    if side is Side.ATTACKER:
        return type(name, (FunctionAttack,), {**own, "knowledge": knowledge})
    return type(name, (FunctionFilter,), own)


def code_of(function: Function) -> str:
    """Returns a hash of what a function does: its code, defaults and free variables.

    Not of what it calls.
    """
    inner = getattr(function, "__wrapped__", function)
    inner = getattr(inner, "__func__", inner)
    code = getattr(inner, "__code__", None)
    if code is None:  # an object that can be called
        code = type(inner).__call__.__code__
        parts = [_plain(sorted(vars(inner).items()))]
    else:
        cells = [cell.cell_contents for cell in inner.__closure__ or ()]
        parts = [_plain(each) for each in (inner.__defaults__, inner.__kwdefaults__)]
        parts += map(_plain, cells)
    text = "".join([_code(code), *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _code(code: CodeType) -> str:
    return repr((code.co_code, code.co_names, [_plain(c) for c in code.co_consts]))


def _plain(value: Any) -> str:
    """Returns a value as text that is the same in every process."""
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, frozenset):
        return repr(sorted(map(_plain, value)))
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _same(cls: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(arguments)
    if rest.pop("code", None) != cls.code:
        words = f"{cls.side.strategy} {cls.kind!r}"
        raise ValueError(f"the function of the {words} has changed since it was stored")
    return rest


def _tensor(asked: str, what: str, found: Any, like: Tensor) -> Tensor:
    """Returns what a function gave, in the type of `like`.

    Raises:
      ValueError: it is no tensor of that shape, or not finite.
    """
    if not isinstance(found, Tensor):
        words = f"a tensor {list(like.shape)}"
        raise ValueError(
            f"{asked}: {what} is a {type(found).__name__}, must be {words}"
        )
    if found.shape != like.shape:
        words = f"{what} has shape {list(found.shape)}, must be {list(like.shape)}"
        raise ValueError(f"{asked}: {words}")
    given = found.to(like.dtype)
    if not torch.isfinite(given).all():
        raise ValueError(f"{asked}: {what} has numbers that are not finite")
    return given
