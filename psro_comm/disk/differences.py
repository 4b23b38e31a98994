"""Compares two configurations as JSON data, older ones included."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from psro_comm.disk.access import StoreError

UNSET = "(unset)"
_RENAMED = {  # settings whose names changed, by the group that they are in
    "threat": {"captured": "malicious", "redraw_captured": "redraw_malicious"}
}


def renamed(old: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a stored configuration, as JSON data, with today's names of settings."""
    found = dict(old)
    for group, names in _RENAMED.items():
        if isinstance(found.get(group), Mapping):
            found[group] = {names.get(k, k): v for k, v in found[group].items()}
    return found


def completed(
    old: Mapping[str, Any], new: Mapping[str, Any], played: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns an older configuration with the fields that were added after it.

    Args:
      old, new: the configurations as JSON data.
      played: values that were in force before a field existed, by its dotted name.

    Returns:
      `old`, and of `played` what `new` has and `old` lacks.
    """
    found = {key: old[key] for key in old}
    for dotted, value in played.items():
        head, _, rest = dotted.partition(".")
        if head not in new:
            continue
        if not rest:
            found.setdefault(head, value)
        elif isinstance(new[head], Mapping) and isinstance(old.get(head, {}), Mapping):
            inner = completed(found.get(head, {}), new[head], {rest: value})
            if inner:
                found[head] = inner
    return found


class Change(NamedTuple):
    """One value in which two configurations differ."""

    key: str  # dotted
    old: Any
    new: Any

    def __str__(self) -> str:
        """Returns a line like `a.b: 3 -> 5`."""
        return f"{self.key}: {self.old} -> {self.new}"


def changes(old: Any, new: Any, key: str = "") -> list[Change]:
    """Returns where two configurations differ, in the order of the keys."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for name in sorted(old.keys() | new.keys()):
            dotted = f"{key}.{name}" if key else name
            found += changes(old.get(name, UNSET), new.get(name, UNSET), dotted)
        return found
    return [] if old == new else [Change(key, old, new)]


def difference(old: Any, new: Any) -> list[str]:
    """Returns where two configurations differ: lines like `a.b: 3 -> 5`."""
    return [str(change) for change in changes(old, new)]


class Growth(NamedTuple):
    """What of a finished run's configuration may grow, and what is kept then.

    Attributes:
      settings: dotted names of numbers that may be raised.
      kept: pattern of the names of artefacts that none of them changes; the others are
        made again, unless it is known of what they were made.
      why_not: why others cannot be raised, by dotted name.
    """

    settings: Collection[str] = ()
    kept: str = ""
    why_not: Mapping[str, str] = {}

    def _allows(self, change: Change) -> bool:
        return change.key in self.settings and _rises(change)

    def checked(self, root: Path, old: Any, new: Any) -> list[Change]:
        """Returns the changes from a run's configuration to a larger one.

        Raises:
          StoreError: it cannot go on with them; each is named.
        """
        changed = changes(old, new)
        refused = [self._refusal(each) for each in changed if not self._allows(each)]
        if refused:
            raise StoreError(
                f"{root} was begun with another configuration: {'; '.join(refused)};"
                " use its values or another run"
            )
        return changed

    def _refusal(self, change: Change) -> str:
        if change.key in self.settings:
            return f"{change} (it can only grow)"
        if change.key in self.why_not and _rises(change):
            return f"{change} (it cannot grow: {self.why_not[change.key]})"
        return str(change)


def _rises(change: Change) -> bool:
    numbers = change.old, change.new
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
    return plain and change.old < change.new
