"""Nested frozen dataclasses seen as a list of leaves with dotted names.

The half of the configuration machinery that knows no flags: `leaves` lists the values,
`to_dict` and `from_dict` are the way to and from JSON, `replace` changes some of them.
"""

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

C = TypeVar("C")

_UNSET = "(unset)"
_TRUE, _FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")


@dataclasses.dataclass(frozen=True)
class Leaf:
    """One field that holds a value and no further fields.

    Attributes:
      name: dotted, such as `ppo.clip_coef`.
      kind: int, float, bool, str, or a tuple of one of them.
      optional: None is allowed, written `none` on the command line.
      choices: the allowed values; empty for no limit.
      help: one line.
    """

    name: str
    kind: Any
    optional: bool
    choices: tuple[str, ...]
    help: str

    def parse(self, text: str) -> Any:
        """The value that `text` means.

        Raises:
          ValueError: it means none; the allowed ones are named.
        """
        if self.optional and text.lower() == "none":
            return None
        if typing.get_origin(self.kind) is tuple:
            item = typing.get_args(self.kind)[0]
            return tuple(_scalar(item, part) for part in text.split(",") if part)
        return self.check(_scalar(self.kind, text))

    def check(self, value: Any) -> Any:
        """`value` as JSON gave it, turned into the field's type.

        Raises:
          ValueError: it is of another type, or not among the choices.
        """
        if value is None and self.optional:
            return None
        if typing.get_origin(self.kind) is tuple and isinstance(value, list | tuple):
            item = typing.get_args(self.kind)[0]
            return tuple(_typed(self.name, item, part) for part in value)
        value = _typed(self.name, self.kind, value)
        if self.choices and value not in self.choices:
            raise ValueError(
                f"{self.name} must be one of {', '.join(self.choices)}, not {value!r}"
                + nearest(str(value), self.choices)
            )
        return value

    def text(self, value: Any) -> str:
        """What to write on the command line for `value`."""
        if isinstance(value, tuple):
            return ",".join(map(str, value))
        return "none" if value is None else str(value)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing where no known word is near."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def to_dict(config: Any) -> dict[str, Any]:
    """The configuration as plain JSON data; tuples become lists."""
    plain = dataclasses.asdict(config)
    return {key: _plain(value) for key, value in plain.items()}


def from_dict(config_class: type[C], data: Mapping[str, Any], prefix: str = "") -> C:
    """The inverse of `to_dict`.

    Raises:
      ValueError: an unknown or missing key, with the nearest known one, or a bad value.
    """
    own = {leaf.name: leaf for leaf in leaves(config_class, prefix)}
    kinds = _hints(config_class)
    unknown, missing = sorted(data.keys() - kinds.keys()), kinds.keys() - data.keys()
    if unknown:
        close = nearest(unknown[0], kinds)
        raise ValueError(f"unknown key {prefix}{unknown[0]}{close}")
    if missing:
        raise ValueError(f"missing key {prefix}{sorted(missing)[0]}")
    values = {}
    for key, kind in kinds.items():
        name = prefix + key
        if name in own:
            values[key] = own[name].check(data[key])
        elif isinstance(data[key], Mapping):
            values[key] = from_dict(kind, data[key], f"{name}.")
        else:
            raise ValueError(f"{name} must be an object, not {data[key]!r}")
    return _construct(config_class, values, prefix)


def leaves(config_class: type, prefix: str = "") -> Iterator[Leaf]:
    """Yields the leaves of a dataclass of dataclasses, in the order of the text."""
    hints = _hints(config_class)
    for field in dataclasses.fields(config_class):
        kind, name = hints[field.name], prefix + field.name
        if dataclasses.is_dataclass(kind):
            yield from leaves(typing.cast(type, kind), f"{name}.")
            continue
        options = [arg for arg in typing.get_args(kind) if arg is not type(None)]
        optional = typing.get_origin(kind) in (types.UnionType, typing.Union)
        choices = tuple(field.metadata.get("choices", ()))
        described = field.metadata.get("help") or _documented(config_class, field.name)
        yield Leaf(name, options[0] if optional else kind, optional, choices, described)


def difference(old: Any, new: Any, key: str = "") -> list[str]:
    """Where two configurations, as JSON data, differ: lines like `a.b: 3 -> 5`."""
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for name in sorted(old.keys() | new.keys()):
            dotted = f"{key}.{name}" if key else name
            lines += difference(old.get(name, _UNSET), new.get(name, _UNSET), dotted)
        return lines
    return [] if old == new else [f"{key}: {old} -> {new}"]


def _scalar(kind: type, text: str) -> Any:
    if kind is float and not math.isfinite(float(text)):
        raise ValueError(f"not a finite number: {text}")
    if kind is not bool:
        return kind(text)
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"neither true nor false: {text!r}")


def _typed(name: str, kind: type, value: Any) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        wanted = getattr(kind, "__name__", kind)
        raise ValueError(f"{name} must be of type {wanted}, not {value!r}")
    return value


def _hints(config_class: type) -> dict[str, Any]:
    hints = typing.get_type_hints(config_class)
    return {field.name: hints[field.name] for field in dataclasses.fields(config_class)}


def _documented(config_class: type, name: str) -> str:
    """The entry of a field in the `Attributes` of its class's docstring."""
    lines = (config_class.__doc__ or "").splitlines()
    for start, line in enumerate(lines):
        match = re.match(rf"(\s*)(?:\w+, )*{name}(?:, \w+)*: (.*)", line)
        if match:
            deeper = re.compile(rf"{match[1]}\s+\S")
            rest = lines[start + 1 :]
            end = next((i for i, r in enumerate(rest) if not deeper.match(r)), None)
            return " ".join([match[2], *(r.strip() for r in rest[:end])])
    return ""


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def replace(config: Any, changes: Mapping[str, Any], prefix: str = "") -> Any:
    """`config` with other values at some dotted names.

    Raises:
      ValueError: a dataclass refuses its new values; its name is in front.
    """
    values = {}
    for field in dataclasses.fields(config):
        name, old = prefix + field.name, getattr(config, field.name)
        if dataclasses.is_dataclass(old):
            old = replace(old, changes, f"{name}.")
        values[field.name] = changes.get(name, old)
    return _construct(type(config), values, prefix)


def _construct(config_class: type, values: Mapping[str, Any], prefix: str) -> Any:
    try:
        return config_class(**values)
    except ValueError as error:
        where = prefix.rstrip(".")
        raise ValueError(f"{where}: {error}" if where else str(error)) from error
