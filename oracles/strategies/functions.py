"""Attacks and filters that are plain functions of a view, without settings or memory.

An attack is `view -> delta [B,K,D]`, which the threat's mode applies; a filter is
`view -> flags [B,N]`, or `view -> (flags [B,N], repaired [B,N,D])`. What they are shown
is a copy; what they return is checked at every step: another shape, or a NaN, ends the
play. torch's global generator is seeded for them, so that what they draw from it can be
repeated.
"""

import functools
import hashlib
import re
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
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
    called = ""  # what its user calls it
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
        asked = f"attack {self.called!r}"
        found = _asked(type(self).function, view, asked, generator)
        delta = _tensor(asked, "delta", found, view.sent)
        zeros = torch.zeros_like(delta[..., 0])
        return Forgery(Decision(delta, zeros, zeros, view.may_bend), memory)


class FunctionFilter(RuleFilter):
    """A filter that asks a function; flagged messages become their sender's mean.

    The function may return other messages beside its flags.
    """

    function: Function
    called = ""  # what its user calls it
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
        asked = f"filter {self.called!r}"
        found = _asked(type(self).function, view, asked, generator)
        repaired = self.repaired(view)
        if isinstance(found, tuple) and len(found) == 2:
            found, given = found
            repaired = _tensor(asked, "repaired", given, view.messages)
        flags = _tensor(asked, "flags", found, view.messages[..., 0])
        if not ((flags == 0) | (flags == 1)).all():
            raise ValueError(f"{asked}: flags has numbers other than 0 and 1")
        zeros = torch.zeros_like(flags)
        decision = Decision(flags, zeros, zeros, view.alive)
        return Verdict(decision, repaired, memory)


def strategy_of(
    side: Side, kind: str, function: Function, knowledge: str, called: str | None = None
) -> type:
    """Returns the class of a function's strategy.

    Args:
      side: whose strategy it is.
      kind: what a registry knows it by.
      function: of a view, see above.
      knowledge: of an attack, `own` or `white_box`: what it must be shown.
      called: what its user calls it; None is its kind.

    Raises:
      ValueError: it is no function.
    """
    called = called or kind
    if not callable(function):
        raise refusal(f"{side.strategy} {called!r}", function, "a function of a view")
    own: dict[str, Any] = {"kind": kind, "called": called, "code": code_of(function)}
    own["function"] = staticmethod(function)
    if side is Side.ATTACKER:
        return type(kind, (FunctionAttack,), {**own, "knowledge": knowledge})
    return type(kind, (FunctionFilter,), own)


def code_of(function: Function) -> str:
    """Returns a hash of what a function does: its code, defaults and free variables.

    Not of what it calls.
    """
    if isinstance(function, functools.partial):
        given = (function.args, sorted(function.keywords.items()))
        text = code_of(function.func) + _plain(given)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
    inner = getattr(function, "__wrapped__", function)
    inner = getattr(inner, "__func__", inner)
    code = getattr(inner, "__code__", None)
    if code is None:  # an object that can be called, or one that is not Python's
        code = getattr(type(inner).__call__, "__code__", None)
        parts = [_plain(sorted(getattr(inner, "__dict__", {}).items()))]
        parts += [] if code else [_plain(inner)]
    else:
        cells = [cell.cell_contents for cell in inner.__closure__ or ()]
        parts = [_plain(each) for each in (inner.__defaults__, inner.__kwdefaults__)]
        parts += map(_plain, cells)
    text = "".join(["" if code is None else _code(code), *parts])
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


def _asked(
    function: Function, view: Any, asked: str, generator: torch.Generator
) -> Any:
    """Returns what a function says of a copy of a view.

    Raises:
      ValueError: it raised something else than Ctrl-C; that is its cause.
    """
    copied = view._replace(
        **{
            name: leaf.clone()
            for name, leaf in view._asdict().items()
            if isinstance(leaf, Tensor)
        }
    )
    drawn = torch.randint(2**62, (1,), generator=generator, device=generator.device)
    cards = [] if generator.device.type == "cpu" else [generator.device]
    with torch.random.fork_rng(cards):
        torch.manual_seed(int(drawn))
        try:
            return function(copied)
        except Exception as error:
            raise ValueError(f"{asked} fails: {_where(error)}") from error


def _where(error: Exception) -> str:
    """Returns an error in one line, with the file and line that raised it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{said[:200]} ({Path(last.filename).name}, line {last.lineno})"


def _same(cls: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(arguments)
    if rest.pop("code", None) != cls.code:
        words = f"{cls.side.strategy} {cls.called!r}"
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
    if found.is_complex():
        raise ValueError(f"{asked}: {what} is complex, must be real")
    given = found.detach().to(like.device, like.dtype)
    if not torch.isfinite(given.square()).all():  # what its norm needs
        raise ValueError(f"{asked}: {what} has numbers that are not finite, or huge")
    return given
