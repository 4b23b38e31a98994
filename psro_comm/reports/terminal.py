"""What the programs print: plain text, intervals beside every number."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psro_comm.metagame.intervals import Interval
from psro_comm.names import CONDITIONS
from psro_comm.reports.text import columns, interval, percent


def render_gate(gate: Mapping[str, Any]) -> str:
    """What a team earns, and what it loses when its messages are taken away."""

    def cell(
        quantity: str, condition: str, show: Callable[[Interval], str] = str
    ) -> str:
        found = gate.get(f"{quantity}_{condition}")
        return show(interval(found)) if found else "-"

    rows = [
        (
            label,
            cell("return", key),
            cell("fall_percent", key),
            cell("success", key, percent),
            cell("fall_points", key),
            cell("greedy_return", key),
            cell("greedy_success", key, percent),
        )
        for key, label in CONDITIONS.items()
        if f"return_{key}" in gate
    ]
    head = (
        *("The team", "return [95 %]", "loses, %", "success, %", "loses, points"),
        *("greedy return", "greedy success, %"),
    )
    return columns(rows, head) + f"\n{gate['episodes']} worlds, the same in each row"


def render_rows(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """Who met whom, and what came of it."""
    lines = [
        (
            row["label"],
            str(interval(row["return"])),
            percent(interval(row["success"])),
            f"{row['distortion']:.2f}",
            str(row["episodes"]),
        )
        for row in rows
    ]
    head = (title, "return [95 %]", "success, % [95 %]", "tampering", "episodes")
    return columns(lines, head) + (
        "\ntampering: mean distance of forged from meant messages,"
        " in mean norms of a clean message"
    )


def render_training(result: Mapping[str, Any]) -> str:
    """What a trained attack or filter does, on fresh worlds."""
    title = f"{result['role']} trained against {result['against']}"
    text = render_rows(result["rows"], title)
    if "detector" in result:
        rows = [
            (key.replace("_", " "), f"{value:.4f}")
            for key, value in result["detector"].items()
            if key != "messages"
        ]
        seen = f"on {result['detector']['messages']:.0f} messages"
        text += "\n\n" + columns(rows, ("The filter's two stages", seen))
    return text


def render_crossplay(result: Mapping[str, Any]) -> str:
    """Every named filter against every named attack."""
    by_pair = {(row["defender"], row["attacker"]): row for row in result["rows"]}
    rows = [
        (
            filter_,
            *(
                str(interval(by_pair[filter_, attack]["return"]))
                for attack in result["attacks"]
            ),
        )
        for filter_ in result["filters"]
    ]
    matrix = columns(rows, ("return [95 %]", *result["attacks"]))
    return matrix + "\n\n" + render_rows(result["rows"], "attack against filter")


def render_solution(summary: Mapping[str, Any]) -> str:
    """Value, quality and both mixtures of an R-MACRL run."""
    rows = [
        (
            f"iteration {step['iteration']}",
            str(interval(step["value"])),
            f"{step['nash_conv_in_table']:.1e}",
            str(interval(step["oracle_gains_on_fresh_worlds"]["attacker"])),
            str(interval(step["oracle_gains_on_fresh_worlds"]["defender"])),
        )
        for step in summary["history"]
    ]
    head = ("R-MACRL", "value [95 %]", "NashConv", "attack gains", "filter gains")
    last = summary["history"][-1]
    lines = [
        columns(rows, head),
        "value: of the payoff table, in returns of the team; gains: what the new best"
        "\nresponses gain over the mixtures before them, on fresh worlds (lower bound)",
        "",
        f"NashConv in the table: {last['nash_conv_in_table']:.2e}"
        f" (OpenSpiel's own: {last['nash_conv_in_table_openspiel']:.2e})",
        f"value of the game: {interval(last['value'])}",
        "converged: " + ("yes" if summary["converged"] else "no, out of iterations"),
    ]
    for side in ("defender", "attacker"):
        mixed = ", ".join(
            f"{name} {weight:.3f}"
            for name, weight in summary[f"{side}_mixture"].items()
            if weight > 5e-4
        )
        lines.append(f"{side}'s mixture: {mixed}")
    return "\n".join(lines)
