"""Compares two configurations as JSON data, older ones included."""

from collections.abc import Mapping
from typing import Any

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


def difference(old: Any, new: Any, key: str = "") -> list[str]:
    """Returns where two configurations differ: lines like `a.b: 3 -> 5`."""
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for name in sorted(old.keys() | new.keys()):
            dotted = f"{key}.{name}" if key else name
            lines += difference(old.get(name, UNSET), new.get(name, UNSET), dotted)
        return lines
    return [] if old == new else [f"{key}: {old} -> {new}"]
