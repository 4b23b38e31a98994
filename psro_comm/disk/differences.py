"""Where two configurations, as JSON data, differ."""

from collections.abc import Mapping
from typing import Any

UNSET = "(unset)"
_RENAMED = {  # settings whose names changed, by the group that they are in
    "threat": {"captured": "malicious", "redraw_captured": "redraw_malicious"}
}


def renamed(old: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration, as JSON data, with today's names of its settings."""
    found = dict(old)
    for group, names in _RENAMED.items():
        if isinstance(found.get(group), Mapping):
            found[group] = {names.get(k, k): v for k, v in found[group].items()}
    return found


def completed(
    old: Mapping[str, Any], new: Mapping[str, Any], played: Mapping[str, Any]
) -> dict[str, Any]:
    """An older configuration with the fields that it is too old to hold.

    Args:
      old, new: as JSON data.
      played: by dotted name, what was played before that field was.

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
    """Where two configurations, as JSON data, differ: lines like `a.b: 3 -> 5`."""
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for name in sorted(old.keys() | new.keys()):
            dotted = f"{key}.{name}" if key else name
            lines += difference(old.get(name, UNSET), new.get(name, UNSET), dotted)
        return lines
    return [] if old == new else [f"{key}: {old} -> {new}"]
