"""Puts into words how often messages turn best actions, and where one does."""

from collections.abc import Mapping
from typing import Any

from psro_comm.metagame.intervals import Interval
from psro_comm.names import (
    EVERYBODY,
    REPAIRS,
    SPOILS,
    TURNS,
    UNDEFENDED,
    UNDISTURBED,
    WRONG,
)
from psro_comm.reports.text import Section, percent

_SHARES = {
    TURNS: "turned, %",
    REPAIRS: "turned back, %",
    SPOILS: "spoiled, %",
    WRONG: "wrong behind filter, %",
}
_MEANING = (
    "Judged: each step of each living agent that is not malicious. turned: its best"
    " action is another under attack than clean, from the same state, memories and"
    " luck; turned back: of those, the clean one again behind the filter; spoiled: of"
    " the others, another behind the filter. Intervals: 95 %, between worlds."
)


def first_turned(episode: Mapping[str, Any]) -> tuple[int, str]:
    """Returns the step to show, and why that: the first that the attack turns.

    It is the first at which a benign agent's best action is another under attack than
    clean; where there is none, the first at which anybody lives.
    """
    lived = 0
    for number, step in reversed([*enumerate(episode["steps"])]):
        lived = number if any(agent["alive"] for agent in step["agents"]) else lived
    for number, step in enumerate(episode["steps"]):
        for k, agent in enumerate(step["agents"]):
            benign = agent["alive"] and k not in episode["malicious"]
            if benign and agent["best"][UNDISTURBED] != agent["best"][UNDEFENDED]:
                return number, "the first at which the attack turns a best action"
    return lived, "the first, for the attack turns no best action"


def turning_section(statistic: Mapping[str, Any]) -> Section:
    """Returns how often best actions are turned, and turned back, as a table.

    Args:
      statistic: the result of `count_turned`.
    """
    rows = [
        (
            "all of them" if name == EVERYBODY else f"agent {name}",
            str(found["decisions"]),
            *(percent(Interval(**found[s])) if found[s] else "-" for s in _SHARES),
        )
        for name, found in statistic["agents"].items()
    ]
    notes = (
        f"{statistic['worlds']} worlds; the actions of “{statistic['follow']}” are"
        " played.",
        _MEANING,
    )
    head = ("benign agents", "decisions", *_SHARES.values())
    title = "How often messages turn best actions"
    return Section(title, (), head, rows, notes)
