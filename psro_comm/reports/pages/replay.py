"""Replays an inspected episode on a page: each track's board, and what is said there.

The page holds the data; `replay_script` shows them. Without a script, a table says how
each track ended.
"""

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from psro_comm.names import BRANCHES, DEFENDED, UNDEFENDED, UNDISTURBED
from psro_comm.reports.pages.frame import note, table

TITLES = {
    UNDISTURBED: "no attack",
    UNDEFENDED: "attacked, no filter",
    DEFENDED: "attacked, behind the filter",
}
_MOST = 1_500_000  # bytes of an episode's data; of a longer one messages are left out
_SHARE = 100  # steps from no number to the largest of a clean message

_BODY = """<div class="replay" hidden>
<script type="application/json">{data}</script>
<div class="row" role="group" aria-label="Replay">
<button type="button" class="play">Play</button>
<button type="button" class="back">Step back</button>
<button type="button" class="on">Step on</button>
<label class="far">Step <input class="at" type="range" min="0" max="0" value="0">
</label></div>
<p><output class="said" aria-live="polite"></output></p>
<div class="boards" tabindex="0" role="group"
 aria-label="The boards; arrow keys, Home and End go from step to step"></div>
<div class="row"><label>Messages and decisions <select class="which"></select></label>
</div>
<div class="wide" tabindex="0" role="group" aria-label="Agents at this step">
<table class="talk"></table></div>
{messages}
</div>
<noscript>{without}</noscript>"""

_MESSAGES = """<div class="row"><label>What is heard by <select class="who"></select>
</label></div>
<div class="wide" tabindex="0" role="group" aria-label="Messages heard at this step">
<table class="heard"></table></div>"""

_NOTE = (
    "The same world and the same luck on each track, which plays the actions of its own"
    " condition: what the attack makes of the world is seen in the second, what the"
    " filter saves of it in the third. An exclamation mark: malicious. A ring: its"
    " message was flagged by the filter. Bent: how far the message was from what it"
    " meant; heard off: how far what the others heard was, both in mean norms of a"
    " clean message. Best action: with no attack, under it, and under it behind the"
    " filter, from the same state; bold where it is another than clean, in brackets the"
    " one that is taken, if not the best."
)


def replay(found: Mapping[str, Any], shown: int = 0, track: str = UNDEFENDED) -> str:
    """Returns the replay of an episode, as HTML.

    Args:
      found: an episode, of `studies.inspection.tracks`.
      shown: number of the step that it starts at.
      track: condition whose messages it shows first.
    """
    tracks = {n: found["tracks"][n] for n in BRANCHES if n in found["tracks"]}
    data = _packed(found, shown, track, messages=True)
    left_out = len(data) > _MOST
    if left_out:
        data = _packed(found, shown, track, messages=False)
    body = _BODY.format(
        data=data,
        messages="" if left_out else _MESSAGES,
        without=note("The replay needs JavaScript; the file makes no request."),
    )
    about = (
        f"World {found['world']}: {found['why']}. Attack: {found['attack']}; filter:"
        f" {found['filter']}."
    )
    rows = [
        (
            TITLES[name],
            f"{each['return']:.2f}",
            "yes" if each["success"] else "no",
            str(len(each["steps"])),
        )
        for name, each in tracks.items()
    ]
    head = ("how it ends", "return", "success", "steps")
    notes = note(_NOTE)
    if left_out:
        notes += note("Too much is said in it for a page: messages are left out.")
    return f"<p>{html.escape(about)}</p>{table(head, rows, 'Ends')}{body}{notes}"


def _packed(found: Mapping[str, Any], shown: int, track: str, *, messages: bool) -> str:
    """Returns the data of a replay, short, as JSON that may stand in a page."""
    tracks = found["tracks"]
    first = next(iter(tracks.values()))
    unit = _largest(tracks.values()) / _SHARE
    scene = first["end"]
    packed = {
        "conditions": [name for name in BRANCHES if name in tracks],
        "titles": [TITLES[name] for name in BRANCHES],
        "rows": scene["rows"],
        "columns": scene["columns"],
        "ground": scene["ground"],
        "malicious": first["malicious"],
        "actions": first["actions"],
        "unit": unit,
        "start": shown,
        "track": track,
        "tracks": {
            name: {
                "success": each["success"],
                "scenes": [
                    _sprites(scene) for scene in (*_scenes(each["steps"]), each["end"])
                ],
                "rewards": [round(step["reward"], 4) for step in each["steps"]],
                "agents": [
                    [_agent(agent, unit, messages) for agent in step["agents"]]
                    for step in each["steps"]
                ],
            }
            for name, each in tracks.items()
        },
    }
    # A closing tag inside the data would end the script.
    return json.dumps(packed, separators=(",", ":")).replace("<", "\\u003c")


def _scenes(steps: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [step["scene"] for step in steps]


def _largest(tracks: Any) -> float:
    """Returns the largest number of a clean message; 1 where nothing is said."""
    sizes = [
        abs(number)
        for track in tracks
        for step in track["steps"]
        for agent in step["agents"]
        if agent["alive"]
        for number in agent["message"][UNDISTURBED]
    ]
    return max(sizes, default=0.0) or 1.0


def _sprites(scene: Mapping[str, Any]) -> list[list[Any]]:
    return [
        [s["kind"], round(s["row"], 3), round(s["column"], 3), s["agent"], s["label"]]
        for s in scene["sprites"]
    ]


def _agent(agent: Mapping[str, Any], unit: float, messages: bool) -> Any:
    """Returns what the page shows of an agent; None of the dead."""
    if not agent["alive"]:
        return None
    kept = {
        "best": [agent["best"][name] for name in BRANCHES],
        "action": [agent["action"][name] for name in BRANCHES],
        "forged": int(agent["forged"]),
        "flagged": int(agent["flagged"]),
        "bent": round(agent["bent"], 2),
        "off": round(agent["heard_off"], 2),
    }
    if messages:
        said = [
            [round(number / unit) for number in agent["message"][name]]
            for name in BRANCHES
        ]
        while len(said) > 1 and said[-1] == said[-2]:
            said.pop()  # as the one before
        kept["said"] = said
        kept["hears"] = [[int(k), *part] for k, part in agent["hears"].items()]
    return kept
