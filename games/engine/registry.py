"""Registries: what a name stands for, and the settings that it has.

A registry is a literal dict, `name -> Entry`. Our own classes are given as the text of
where they are, so that names and settings (for `--help`, or to refuse a flag) need no
torch.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One entry of a registry: what a name stands for.

    Attributes:
      target: the class or function, or the text `module:name` of where it is.
      config: the frozen dataclass of its settings, whose fields become flags; None
        where it has none.
      argument: the field of `config` that `NAME@x` sets, such as the size in
        `noise@2.5`; None where a name takes no argument.
      learns: whether an oracle can train it, by the settings of `config`.
      only: of a strategy, names of the oracles that can train it; of an oracle, the
        kinds that it can train; empty for all of them.
      white_box: of an attack, whether it must be shown the team: its `knowledge`.
    """

    target: Any
    config: type | None = None
    argument: str | None = None
    learns: bool = False
    only: tuple[str, ...] = ()
    white_box: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the class or function."""
        return self.load()(*args, **kwargs)

    def load(self) -> Any:
        """Returns the class or function, and imports it if that was not done before."""
        if not isinstance(self.target, str):
            return self.target
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)


class Settings(Mapping[str, type]):
    """The settings classes of a registry by name; follows the registry as it grows."""

    def __init__(self, registry: Mapping[str, Entry], *, learns: bool = False) -> None:
        """Takes a registry; with `learns`, only what an oracle can train."""
        self._registry, self._learns = registry, learns

    def __getitem__(self, name: str) -> type:
        """Returns the settings class of an entry."""
        config = self._registry[name].config
        if config is None or name not in {*self}:
            raise KeyError(name)
        return config

    def __iter__(self) -> Iterator[str]:
        """Yields the names of entries that have settings, in the registry's order."""
        for name, entry in self._registry.items():
            if entry.config is not None and (entry.learns or not self._learns):
                yield name

    def __len__(self) -> int:
        """Returns how many entries have settings."""
        return sum(1 for _ in self)
