"""What a name in a registry stands for.

A registry is a literal dict, `name -> Entry`. Our own classes are told by where they
are, so that names and settings (for `--help`, or to refuse a flag) need no torch.
"""

from collections.abc import Iterator, Mapping
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


class Settings(Mapping[str, type]):
    """The settings of a registry's entries that have any, by name, as it grows."""

    def __init__(self, registry: Mapping[str, Entry], *, learns: bool = False) -> None:
        """Takes a registry; with `learns`, only what an oracle can train."""
        self._registry, self._learns = registry, learns

    def __getitem__(self, name: str) -> type:
        """The dataclass."""
        config = self._registry[name].config
        if config is None or name not in {*self}:
            raise KeyError(name)
        return config

    def __iter__(self) -> Iterator[str]:
        """The names of those that have settings, in the registry's order."""
        for name, entry in self._registry.items():
            if entry.config is not None and (entry.learns or not self._learns):
                yield name

    def __len__(self) -> int:
        """How many they are."""
        return sum(1 for _ in self)
