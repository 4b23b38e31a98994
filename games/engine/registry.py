"""What a name in a registry stands for.

A registry is a literal dict, `name -> Entry`. Our own classes are told by where they
are, so that names and settings (for `--help`, or to refuse a flag) need no torch.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One line of a registry.

    Attributes:
      target: the class or function, or the text `module:name` of where it is.
      config: the frozen dataclass of its settings, whose fields become flags; None
        where it has none.
      argument: the field of `config` that `NAME@x` sets, such as the size in
        `noise@2.5`; None where a name takes no argument.
      learns: whether an oracle can train it, by the settings of `config`.
    """

    target: Any
    config: type | None = None
    argument: str | None = None
    learns: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the class or function makes of the arguments."""
        return self.load()(*args, **kwargs)

    def load(self) -> Any:
        """The class or function, imported now if it was not before."""
        if not isinstance(self.target, str):
            return self.target
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)


def settings_of(registry: Mapping[str, Entry]) -> dict[str, type]:
    """The settings of each entry that has any, by name."""
    return {name: e.config for name, e in registry.items() if e.config is not None}
