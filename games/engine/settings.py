"""Settings that check themselves: the bounds of fields, and the check of all fields.

A configuration is a frozen dataclass. `integer`, `number` and `choice` make its fields,
each with its bound beside the default; `__post_init__` calls `check`, and then tests
what relates two fields. Every refusal reads `NAME is VALUE, must be ALLOWED`. The name
is the field's own: `psro_comm/settings/fields.py` adds the dotted path before it.
"""

import functools
import math
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any

_LONGEST = 300  # characters of a refused value that are shown


@dataclass(frozen=True)
class Bound:
    """The finite numbers that a field may be.

    Attributes:
      kind: `Integral` or `Real`.
      least, most: the ends if they are allowed values; none for no end.
      above, below: the ends if they are not allowed values; none for no end.
    """

    kind: type
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def allows(self, value: Any) -> bool:
        """Returns whether `value` is such a number; NaN never is."""
        return (
            self._is_number(value)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def words(self, value: Any = 0) -> str:
        """Returns what is allowed, such as `at least 1`; adds `number` if none came."""
        if self.least is not None and self.most is not None:
            ends = [f"{self.least} to {self.most}"]
        else:
            ends = [
                f"{word} {end:g}"
                for word, end in (
                    ("at least", self.least),
                    ("above", self.above),
                    ("at most", self.most),
                    ("below", self.below),
                )
                if end is not None
            ]
        among = "positive" if ends == ["above 0"] else " and ".join(ends)
        if among and self._is_number(value):
            return among
        number = "a whole number" if self.kind is Integral else "a finite number"
        return f"{number}, {among}" if among else number

    def _is_number(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, self.kind):
            return False
        return -math.inf < value < math.inf  # type: ignore[operator]


@dataclass(frozen=True)
class OneOf:
    """The names that a field may be; a registry may still grow."""

    names: Collection[str]

    def allows(self, value: Any) -> bool:
        """Returns whether `value` is one of the names."""
        return value in self.names

    def words(self, value: Any = "") -> str:
        """Returns what is allowed: all names."""
        return f"one of {', '.join(self.names)}"


@dataclass(frozen=True)
class SomeOf:
    """The names that a field may list, at least one and none twice."""

    names: Collection[str]

    def allows(self, value: Any) -> bool:
        """Returns whether `value` lists some of the names."""
        listed = isinstance(value, tuple) and 0 < len(value) == len({*value})
        return listed and {*value} <= {*self.names}

    def words(self, value: Any = ()) -> str:
        """Returns what is allowed: some of the names."""
        return f"some of {', '.join(self.names)}, none twice"


def integer(default: int | None, *, least: int | None = None, most: Any = None) -> Any:
    """Makes a field for a whole number from `least` to `most`, none for no end.

    It may be None as well where its type says so; so may those of `number`.
    """
    return field(default=default, metadata={"bound": Bound(Integral, least, most)})


def number(
    default: float | None,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """Makes a field for a finite number: at least `least`, more than `above`, ..."""
    bound = Bound(Real, least, most, above, below)
    return field(default=default, metadata={"bound": bound})


def choice(default: str | None, names: Collection[str]) -> Any:
    """Makes a field for one of `names`, which may be a registry."""
    return field(default=default, metadata={"choices": names})


def several(default: tuple[str, ...] | None, names: Collection[str]) -> Any:
    """Makes a field for a tuple of some of `names`."""
    return field(default=default, metadata={"several": SomeOf(names)})


def check(config: Any) -> None:
    """Refuses a configuration if a field has a value that is not allowed.

    Raises:
      ValueError: `NAME is VALUE, must be ALLOWED`, of the first such field.
    """
    for name, (rule, or_none) in _rules(config.__class__).items():
        value = getattr(config, name)
        if not (rule.allows(value) or (or_none and value is None)):
            raise refusal(name, value, rule.words(value) + or_none)


def refusal(name: str, value: Any, allowed: str) -> ValueError:
    """Returns the error that says `NAME is VALUE, must be ALLOWED`, in one line."""
    shown = repr(value)
    if len(shown) > _LONGEST or "\n" in shown:  # an array, or a result
        shown = " ".join(shown.split())[:_LONGEST] + " ..."
    return ValueError(f"{name} is {shown}, must be {allowed}")


def allowed(config_class: type) -> Mapping[str, str]:
    """Returns in words what is allowed, for each field that has a bound."""
    rules = _rules(config_class).items()
    return {name: rule.words() + or_none for name, (rule, or_none) in rules}


@functools.cache
def _rules(config_class: type) -> dict[str, tuple[Bound | OneOf | SomeOf, str]]:
    """Returns the bounds of fields that have one; ` or none` where None is allowed."""
    hints = typing.get_type_hints(config_class)
    found = {}
    for each in fields(config_class):
        choices = each.metadata.get("choices")
        rule = each.metadata.get("bound") or each.metadata.get("several")
        rule = OneOf(choices) if choices else rule
        if rule is not None:
            kind = hints[each.name]
            optional = type(None) in typing.get_args(kind)
            found[each.name] = rule, " or none" if optional else ""
    return found
