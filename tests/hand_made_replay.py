"""An inspected episode on three tracks, of two agents and two steps, by hand."""

import copy
from typing import Any

from psro_comm.names import BRANCHES, DEFENDED, UNDEFENDED, UNDISTURBED


def sprite(agent: int | None, column: float, label: str = "") -> dict[str, Any]:
    kind = "prey" if agent is None else "agent"
    return {"kind": kind, "row": 0, "column": column, "agent": agent, "label": label}


def scene(column: int) -> dict[str, Any]:
    """Two agents and a prey; agent 1 stands at `column`."""
    return {
        "rows": 1,
        "columns": 4,
        "ground": [],
        "sprites": [sprite(0, 0, "<sees>"), sprite(1, column), sprite(None, 3)],
    }


def speaker() -> dict[str, Any]:
    return {
        "alive": True,
        "scores": {name: [0.5, -0.5] for name in BRANCHES},
        "best": dict.fromkeys(BRANCHES, 0),
        "action": dict.fromkeys(BRANCHES, 0),
        "message": {UNDISTURBED: [2.0], UNDEFENDED: [-4.0], DEFENDED: [1.0]},
        "hears": {"1": [0, 1]},
        "forged": True,
        "flagged": True,
        "bent": 3.0,
        "heard_off": 0.5,
    }


def listener() -> dict[str, Any]:
    turned = {UNDISTURBED: 0, UNDEFENDED: 1, DEFENDED: 0}
    quiet = {"forged": False, "flagged": False, "bent": 0.0, "heard_off": 0.0}
    return {
        **speaker(),
        **quiet,
        "best": turned,
        "action": turned,
        "message": {name: [0.5] for name in BRANCHES},
        "hears": {"0": [0, 1]},
    }


def track(follow: str, rewards: tuple[float, float], column: int) -> dict[str, Any]:
    """One that ends with agent 1 at `column`."""
    steps = [
        {"scene": scene(1), "agents": agents, "reward": reward}
        for agents, reward in zip(
            ([speaker(), listener()], [speaker(), {"alive": False}]),
            rewards,
            strict=True,
        )
    ]
    return {
        "follow": follow,
        "malicious": [0],
        "actions": ["on", "<off>"],
        "return": sum(rewards),
        "success": sum(rewards) > 1.0,
        "steps": steps,
        "end": scene(column),
    }


_SHARE = {"estimate": 0.5, "low": 0.25, "high": 0.75}
_COUNTED = {
    "decisions": 20,
    **{name: _SHARE for name in ("turned", "repaired", "spoiled", "wrong")},
}
_REPLAY = {
    "task": "echo",
    "seed": 0,
    "attack": "a <lie>",
    "filter": "a filter",
    "world": 4,
    "why": "as asked for",
    "statistic": {
        "worlds": 10,
        "follow": UNDEFENDED,
        "agents": {"all": _COUNTED, "1": _COUNTED},
    },
    "tracks": {  # as JSON sorts them
        UNDEFENDED: track(UNDEFENDED, (0.0, 0.25), 1),
        UNDISTURBED: track(UNDISTURBED, (1.0, 1.0), 3),
        DEFENDED: track(DEFENDED, (1.0, 0.5), 2),
    },
}


def make_replay() -> dict[str, Any]:
    """A copy that may be spoilt."""
    return copy.deepcopy(_REPLAY)
