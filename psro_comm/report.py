"""The report of a story: its verdict first, in words, then every number behind it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psro_comm.analysis import Interval
from psro_comm.files import write_atomic
from psro_comm.tables import (
    columns,
    interval,
    render_gate,
    render_rows,
    render_solution,
)

_ENOUGH_TALK = 40.0  # per cent of the return that a talking team loses when muted


def render(report: Mapping[str, Any]) -> str:
    """The whole report as plain text.

    Args:
      report: what `psro_comm.story.Story.tell` returns.
    """
    return "\n\n".join(
        [
            f"R-MACRL on {report['task']}, seed {report['seed']}"
            f" (malicious agents: {_captured(report)})",
            "VERDICT\n" + "\n".join(f"  * {line}" for line in verdict_lines(report)),
            render_gate(report["gate"]),
            render_rows(report["rows"], "What was played"),
            _comparison(report),
            render_solution(report["rmacrl"]),
            _budgets(report),
        ]
    )


def verdict_lines(report: Mapping[str, Any]) -> list[str]:
    """The story in sentences, each with the interval that it rests on."""
    rows = {row["label"]: interval(row["return"]) for row in report["rows"]}
    lines = [_talk(report["gate"])]
    clean = rows["clean: no attack, no filter"]
    attacked = rows["attack, full strength"]
    noise = rows["noise as large as the attack's"]
    lines.append(
        f"Bending one agent's messages takes the return from {clean} to {attacked};"
        f" random noise of the same size to {noise}."
    )
    known = rows["filter against the attack it knows"]
    fresh = rows["filter against a fresh attacker"]
    lines.append(
        f"A single filter brings it back to {known}; a fresh attacker, trained on that"
        f" frozen filter, takes it down to {fresh}."
    )
    lines += [_compared(line) for line in report["comparison"]]
    found = report["exploitability_found"]["R-MACRL"]
    lines.append(
        "A fresh attacker takes"
        f" {interval(found)} more from R-MACRL than its own meta-equilibrium says:"
        " exploitability found by learning, a lower bound."
    )
    return lines


def _talk(gate: Mapping[str, Any]) -> str:
    clean, muted = interval(gate["return_clean"]), interval(gate["return_all_muted"])
    if "fall_percent_all_muted" not in gate:
        return f"The team earns {clean}: too little to say whether it talks."
    fall = interval(gate["fall_percent_all_muted"])
    if fall.low >= _ENOUGH_TALK:
        word = "The team really talks"
    elif fall.low > 0.0:
        word = "The team talks, but could do without"
    else:
        word = "The team hardly talks, so what follows means little"
    return f"{word}: it earns {clean}, and {muted} when muted, a loss"
        f" of {fall} %."


def _compared(line: Mapping[str, Any]) -> str:
    found = interval(line["difference"])
    versus = {
        "vanilla-filter": "the single filter",
        "vanilla-filter-long": "a single filter with R-MACRL's whole budget",
    }[line["theirs"]]
    against = _COLUMNS.get(line["against"], line["against"])
    if found.contains_zero:
        outcome = f"cannot tell from {versus}: difference {found} contains zero"
    elif found.low > 0.0:
        outcome = f"better than {versus} by {found}"
    else:
        loss = Interval(-found.estimate, -found.high, -found.low)
        outcome = f"worse than {versus} by {loss}"
    return f"R-MACRL {against}: {outcome}."


_COLUMNS = {
    "meta-equilibrium attacker": "against the meta-equilibrium attacker (as table 3)",
    "held-out attackers": "against attackers that nobody was trained on",
    "no attack": "without any attack",
    "each one's own fresh attacker": "in the worst case, each against its own"
    " fresh attacker",
}


def _comparison(report: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{line['against']}: {line['ours']} minus {line['theirs']}",
            str(interval(line["difference"])),
            line["verdict"],
        )
        for line in report["comparison"]
    ]
    head = ("Difference in the same worlds", "return [95 % interval]", "verdict")
    return columns(rows, head)


def _budgets(report: Mapping[str, Any]) -> str:
    spent = report["budgets"]
    return (
        f"budgets: {spent['attack']:,} environment steps an attack,"
        f" {spent['filter']:,} a filter, {spent['restarts']} restarts of each best"
        " response, the best on worlds of their own kept; all returns above are on"
        " fresh worlds, common to all rows"
    )


def _captured(report: Mapping[str, Any]) -> str:
    held = report["captured"]
    return held if isinstance(held, str) else ", ".join(map(str, held))


def save_report(root: Path, report: Mapping[str, Any]) -> list[Path]:
    """Writes `report.txt` into a run's folder; returns what was written."""
    path = root / "report.txt"
    write_atomic(path, (render(report) + "\n").encode())
    return [root / "report.json", path]
