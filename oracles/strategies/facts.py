"""Checks the facts of a frozen policy or team, which a stranger may have written.

Needs no torch. What follows from a fact (the shapes of weights) is checked where the
policy is built: `freezing.thaw`, `jobs.thaw_team`.
"""

import math
from collections.abc import Mapping
from typing import Any

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.engine.side import Side
from games.engine.threat import Threat
from oracles.strategies.registry import strategies
from oracles.teams.backbones import BACKBONES

_MOST = 1 << 20  # of what is counted
_MOST_NUMBERS = 1 << 22  # that all agents say at a step
_COUNTS = (
    *("message_size", "num_agents", "heard_size", "memory_size", "obs_size", "width"),
    *("num_malicious", "episode_limit"),
)
_LISTS = ("shape", "sizes")  # of counts
_ROLES = {"attack": Side.ATTACKER, "filter": Side.DEFENDER}


def check_facts(facts: Mapping[str, Any]) -> None:
    """Refuses facts that describe no attack, filter or team.

    Raises:
      ValueError: `NAME is VALUE, must be ALLOWED`, of the first such fact.
    """
    role = facts.get("role")
    if role == "team":
        _check_team(facts)
        return
    if not isinstance(role, str) or role not in _ROLES:
        raise refusal("role", role, f"one of {', '.join((*_ROLES, 'team'))}")
    known = strategies(_ROLES[role])
    kind = facts.get("kind")
    if not isinstance(kind, str) or kind not in known:
        raise refusal("kind", kind, f"one of {', '.join(known)}")
    for name, value in facts.items():
        _check_fact(name, value)
    said = facts.get("message_size", 0) * facts.get("num_agents", 0)
    if said > _MOST_NUMBERS:
        raise refusal("message_size", facts["message_size"], "smaller for that many")
    if "threat" in facts:
        threat = _object("threat", facts["threat"])
        captured = threat.get("captured", threat.get("malicious"))
        if captured is not None:
            _check_counts("threat.captured", captured)
        _built("threat", Threat, threat)
    _check_settings(facts, known[kind])


def _check_team(facts: Mapping[str, Any]) -> None:
    backbone = facts.get("backbone")
    if not isinstance(backbone, str) or backbone not in BACKBONES:
        raise refusal("backbone", backbone, f"one of {', '.join(BACKBONES)}")
    plain = _object("backbone_config", facts.get("backbone_config"))
    _built("backbone_config", BACKBONES[backbone].config, plain)
    if not isinstance(facts.get("task"), str):
        raise refusal("task", facts.get("task"), "the name of a task")


def _check_fact(name: str, value: Any) -> None:
    """Refuses a fact of the wrong type; settings are checked by their own class."""
    if name in _COUNTS:
        _check_count(name, value)
    elif name in _LISTS:
        _check_counts(name, value)
    elif name == "places" and value is not None:
        for row in _list(name, value):
            _check_counts(name, row)
    elif name == "weights":
        for weight in _list(name, value):
            if not _is_number(weight):
                raise refusal(name, value, "a list of finite numbers")
    elif name == "filters":
        for each in _list(name, value):
            check_facts(_object(name, each))


def _check_settings(facts: Mapping[str, Any], entry: Entry) -> None:
    """Refuses settings that the class of an entry's settings refuses."""
    if entry.config is None:
        return
    if "config" in facts:
        _built("config", entry.config, _object("config", facts["config"]))
        return
    names = entry.config.__dataclass_fields__  # type: ignore[attr-defined]
    told = {name: facts[name] for name in names if name in facts}
    if isinstance(told.get("families"), list):
        told["families"] = tuple(told["families"])
    _built("", entry.config, told)


def _built(name: str, made: Any, plain: Mapping[str, Any]) -> None:
    read = getattr(made, "from_plain", lambda plain: made(**plain))
    try:
        read(plain)
    except (ValueError, TypeError) as error:
        words = str(error).removeprefix(f"{made.__name__}.__init__() ")
        raise ValueError(f"{name}: {words}" if name else words) from None


def _object(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise refusal(name, value, "an object")
    return value


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise refusal(name, value, "a list")
    return value


def _check_counts(name: str, value: Any) -> None:
    for count in _list(name, value):
        _check_count(name, count)


def _check_count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise refusal(name, value, f"a whole number, 0 to {_MOST}")


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)
