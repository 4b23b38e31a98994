"""Derives absl flags from a configuration of nested frozen dataclasses.

A default is written once, in the field. `define_flags` makes a flag of a leaf, with
dots (`--ppo.clip_coef=0.1`, `--noppo.normalize_advantage`), `from_flags` puts what the
user set over a preset. The way to and from JSON is in `psro_comm.settings.fields`.
"""

from collections.abc import Collection
from typing import Any, TypeVar

from absl import flags

from psro_comm.settings.fields import Leaf, leaves, replace, value_at

flags.disclaim_key_flags()  # our flags are the key flags of the binaries

C = TypeVar("C")


def define_flags(
    config_class: type,
    defaults: Any,
    flag_values: flags.FlagValues = flags.FLAGS,
    names: Collection[str] | None = None,
) -> None:
    """Defines a flag for every leaf of `config_class`, or for some of them.

    A flag that the user does not set is None.

    A binary that wants them in its `--help` adopts this module's key flags
    (`flags.adopt_module_key_flags`).

    Args:
      config_class: a dataclass; its fields are values or dataclasses.
      defaults: an instance, for the defaults shown in the help.
      flag_values: the flags to which these are added.
      names: the leaves that get a flag; None is all of them.
    """
    for leaf in leaves(config_class):
        if names is not None and leaf.name not in names:
            continue
        default = leaf.text(value_at(defaults, leaf.name))
        allowed = f"{leaf.allowed}; " if leaf.allowed else ""
        text = f"{leaf.help} ({allowed}default: {default})".strip()
        if leaf.kind is bool and not leaf.optional:
            flags.DEFINE_boolean(leaf.name, None, text, flag_values=flag_values)
        else:
            serializer = flags.ArgumentSerializer[str]()
            flags.DEFINE(
                _LeafParser(leaf), leaf.name, None, text, flag_values, serializer
            )


def from_flags(
    preset: C,
    flag_values: flags.FlagValues = flags.FLAGS,
    skip: Collection[str] = (),
) -> C:
    """Returns `preset` with the values of those flags that the user set.

    Args:
      preset: the configuration whose values the flags replace.
      flag_values: the flags to which `define_flags` added its own.
      skip: names of leaves whose flags belong to something else.

    Raises:
      ValueError: a dataclass refuses its new values; its name is in front.
    """
    changes: dict[str, Any] = {}
    for leaf in leaves(type(preset)):
        if leaf.name in skip or leaf.name not in flag_values:
            continue
        given = flag_values[leaf.name].value
        if given is not None:
            is_bool = isinstance(given, bool)
            changes[leaf.name] = given if is_bool else leaf.parse(given)
    return replace(preset, changes)


class _LeafParser(flags.ArgumentParser):
    """A parser that checks a flag's text and keeps it, for flag files to repeat."""

    def __init__(self, leaf: Leaf) -> None:
        self._leaf = leaf

    def parse(self, argument: str) -> str:
        self._leaf.parse(argument)
        return argument

    def flag_type(self) -> str:
        return getattr(self._leaf.kind, "__name__", str(self._leaf.kind))
