"""Reads and changes nested frozen dataclasses as lists of leaves with dotted names.

This half of the configuration's code knows no flags: `leaves` lists the values,
`to_dict` is the way to JSON, `replace` changes some of them.

A `variant` is a field that holds one of several dataclasses; another field says which.
Its leaves have the name of that dataclass in front, not the field's.
"""

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from games.engine.settings import allowed, refusal

_TRUE, _FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A field that holds a value and no further fields.

    Attributes:
      name: dotted name, such as `ppo.clip_coef`.
      kind: int, float, bool, str, or a tuple of one of them.
      optional: whether None is allowed, written `none` on the command line.
      choices: the allowed values; empty for no limit.
      allowed: the allowed values in words; empty for no bound.
      help: the flag's help text, one line.
    """

    name: str
    kind: Any
    optional: bool
    choices: tuple[str, ...]
    allowed: str
    help: str

    def parse(self, text: str) -> Any:
        """Returns the value that `text` means.

        Raises:
          ValueError: it means none; the allowed ones are named.
        """
        if self.optional and text.lower() == "none":
            return None
        if typing.get_origin(self.kind) is tuple:
            item = typing.get_args(self.kind)[0]
            return tuple(_scalar(item, part) for part in text.split(",") if part)
        value = _scalar(self.kind, text)
        if self.choices and value not in self.choices:
            near = nearest(str(value), self.choices)
            raise refusal(self.name, value, self.allowed + near)
        return value

    def text(self, value: Any) -> str:
        """Returns what to write on the command line for `value`."""
        if isinstance(value, tuple):
            return ",".join(map(str, value))
        return "none" if value is None else str(value)


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns `; did you mean 'x'?`, or nothing where no known word is near."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def variant(
    of: str, kinds: Mapping[str, type], *, own_name: bool = False
) -> dict[str, Any]:
    """Returns the metadata of a field that holds one of several dataclasses.

    None in such a field stands for the defaults of the chosen dataclass.

    Args:
      of: an earlier field, whose value says which dataclass it holds: a key of `kinds`.
      kinds: the dataclasses by name.
      own_name: whether leaves have the field's name in front all the same; a field that
        several dataclasses have is then one leaf.
    """
    return {"of": of, "kinds": kinds, "own_name": own_name}


def _head(field: Any, kind: str) -> str:
    """Returns the name that the leaves of a variant begin with."""
    return str(field.name) if field.metadata["own_name"] else kind


def fill_variants(config: Any) -> None:
    """Sets variants that are None to defaults; for `__post_init__` of their dataclass.

    Raises:
      ValueError: a variant holds another dataclass than the one that was chosen.
    """
    for field in dataclasses.fields(config):
        if "kinds" not in field.metadata:
            continue
        chosen, value = (
            getattr(config, field.metadata["of"]),
            getattr(config, field.name),
        )
        kind = field.metadata["kinds"][chosen]
        if value is None:
            object.__setattr__(config, field.name, kind())
        elif not isinstance(value, kind):
            raise ValueError(
                f"{field.name} is a {type(value).__name__}, must be the"
                f" {kind.__name__} of {chosen!r}"
            )


def to_dict(config: Any) -> dict[str, Any]:
    """Returns the configuration as plain JSON data; tuples become lists."""
    found = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            value = to_dict(value)
        name = field.name
        if "kinds" in field.metadata:
            name = _head(field, getattr(config, field.metadata["of"]))
        found[name] = list(value) if isinstance(value, tuple) else value
    return found


def leaves(config_class: type, prefix: str = "") -> Iterator[Leaf]:
    """Yields the leaves of a dataclass of dataclasses, in the order of the source."""
    hints, bounds = _hints(config_class), allowed(config_class)
    for field in dataclasses.fields(config_class):
        kind, name = hints[field.name], prefix + field.name
        if "kinds" in field.metadata:
            found = {
                leaf.name: leaf
                for key, one in field.metadata["kinds"].items()
                for leaf in leaves(one, f"{prefix}{_head(field, key)}.")
            }
            yield from found.values()
            continue
        if dataclasses.is_dataclass(kind):
            yield from leaves(typing.cast(type, kind), f"{name}.")
            continue
        options = [arg for arg in typing.get_args(kind) if arg is not type(None)]
        optional = typing.get_origin(kind) in (types.UnionType, typing.Union)
        choices = tuple(field.metadata.get("choices", ()))
        described = field.metadata.get("help") or _documented(config_class, field.name)
        bound = bounds.get(field.name, "")
        kind = options[0] if optional else kind
        yield Leaf(name, kind, optional, choices, bound, described)


def value_at(config: Any, dotted: str) -> Any:
    """Returns the value of a leaf; for a variant that was not chosen, the default."""
    head, _, rest = dotted.partition(".")
    if not rest:
        return getattr(config, head)
    for field in dataclasses.fields(config):
        for kind, one in field.metadata.get("kinds", {}).items():
            names = {leaf.name for leaf in leaves(one)}
            if head != _head(field, kind) or rest not in names:
                continue
            chosen = getattr(config, field.metadata["of"]) == kind
            held = getattr(config, field.name) if chosen else one()
            return value_at(held, rest)
    return value_at(getattr(config, head), rest)


def _scalar(kind: type, text: str) -> Any:
    if kind is float and not math.isfinite(float(text)):
        raise ValueError(f"not a finite number: {text}")
    if kind is not bool:
        return kind(text)
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"neither true nor false: {text!r}")


def _hints(config_class: type) -> dict[str, Any]:
    hints = typing.get_type_hints(config_class)
    return {field.name: hints[field.name] for field in dataclasses.fields(config_class)}


def _documented(config_class: type, name: str) -> str:
    """Returns the entry of a field in the `Attributes` of its class, or of a base."""
    lines = [
        line
        for each in config_class.__mro__[:-1]
        for line in (each.__doc__ or "").splitlines()
    ]
    for start, line in enumerate(lines):
        match = re.match(rf"(\s*)(?:\w+, )*{name}(?:, \w+)*: (.*)", line)
        if match:
            deeper = re.compile(rf"{match[1]}\s+\S")
            rest = lines[start + 1 :]
            end = next((i for i, r in enumerate(rest) if not deeper.match(r)), None)
            return " ".join([match[2], *(r.strip() for r in rest[:end])])
    return ""


def replace(config: Any, changes: Mapping[str, Any], prefix: str = "") -> Any:
    """Returns `config` with other values at some dotted names.

    A newly chosen variant begins with its own defaults.

    Raises:
      ValueError: a dataclass refuses its new values (its name is in front), or a value
        belongs to a variant that was not chosen.
    """
    values: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        name, old = prefix + field.name, getattr(config, field.name)
        if "kinds" in field.metadata:
            of, kinds = field.metadata["of"], field.metadata["kinds"]
            chosen = values[of]
            _refuse_idle(changes, prefix, field, chosen)
            if chosen != getattr(config, of):
                old = kinds[chosen]()
            name = prefix + _head(field, chosen)
        if dataclasses.is_dataclass(old):
            old = replace(old, changes, f"{name}.")
        values[field.name] = changes.get(name, old)
    return _construct(type(config), values, prefix)


def _refuse_idle(
    changes: Mapping[str, Any], prefix: str, field: Any, chosen: str
) -> None:
    """Refuses a value of a variant that was not chosen."""
    names = {
        kind: {leaf.name for leaf in leaves(one, f"{prefix}{_head(field, kind)}.")}
        for kind, one in field.metadata["kinds"].items()
    }
    idle = set().union(*names.values()) - names[chosen]
    for name in changes:
        if name in idle:
            of = f"{prefix}{field.metadata['of']}"
            raise ValueError(f"{name} has no effect: {of} is {chosen!r}")


def _construct(config_class: type, values: Mapping[str, Any], prefix: str) -> Any:
    try:
        return config_class(**values)
    except ValueError as error:
        head = re.split(r"[ .]", str(error), maxsplit=1)[0]
        named = head in (field.name for field in dataclasses.fields(config_class))
        where = prefix if named or not prefix else f"{prefix.rstrip('.')}: "
        raise ValueError(f"{where}{error}") from error
