"""The parts of a story's report, each a table and what its numbers mean."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from psro_comm.metagame.intervals import Interval, verdict
from psro_comm.names import CONDITIONS, FRESH
from psro_comm.reports.reading import need, read_interval, worst_case
from psro_comm.reports.text import percent
from psro_comm.reports.verdicts import verdict_lines

_SHOWN_WEIGHT = 5e-4


class Section(NamedTuple):
    """A piece of the report, before it is text or Markdown."""

    title: str
    bullets: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()
    figure: str = ""  # name of the figure that shows it


def sections(report: Mapping[str, Any]) -> list[Section]:
    """Every part of the report, in order; what the report lacks is left out."""
    found = [
        Section("Verdict", bullets=verdict_lines(report)),
        _gate(need(report, "gate")),
        _rows(need(report, "rows")),
        _detector(report),
        _columns(report),
        _successes(report),
        _comparison(report),
        _iterations(report),
        _mixtures(report),
        _budgets(report),
    ]
    return [section for section in found if section is not None]


def _gate(gate: Mapping[str, Any]) -> Section:
    def cell(key: str, show: Callable[[Interval], str] = str) -> str:
        return show(read_interval(gate[key], f"gate's {key}")) if key in gate else "-"

    rows = [
        (
            label,
            cell(f"return_{key}"),
            cell(f"fall_percent_{key}"),
            cell(f"success_{key}", percent),
        )
        for key, label in CONDITIONS.items()
        if f"return_{key}" in gate
    ]
    notes = [
        f"{gate.get('episodes', '?')} worlds, the same in each row; the noise is as"
        " large as a message. The attack results below mean something only if muting"
        " costs the team much."
    ]
    if "fall_points_all_muted" in gate:
        lost = cell("fall_points_all_muted")
        notes.append(f"Muting all takes {lost} points of success.")
    if "greedy_return_clean" in gate:
        notes.append(
            "With its best action instead of a drawn one the team earns"
            f" {cell('greedy_return_clean')}, muted {cell('greedy_return_all_muted')}."
        )
    head = ("the team alone", "return [95 %]", "loses, %", "success, %")
    return Section("Does the team talk?", (), head, rows, notes)


def _rows(rows: Sequence[Mapping[str, Any]]) -> Section:
    lines = [
        (
            need(row, "label"),
            str(read_interval(need(row, "return"), f"return of {row['label']!r}")),
            percent(_read(row, "success")),
            f"{need(row, 'distortion'):.2f}",
            str(need(row, "episodes")),
        )
        for row in rows
    ]
    head = (
        *("who met whom", "return [95 %]", "success, % [95 %]"),
        *("bent", "worlds"),
    )
    notes = (
        "return: of the team, undiscounted, mean over fresh worlds that are the same in"
        " all rows; success: episodes in which the team reached its goal, in per cent.",
        "bent: size of the tampering, mean distance of forged from meant messages"
        " in mean norms of a clean message.",
        "Where the verdict sets two of these rows against each other, it combines their"
        " intervals as if the worlds were not the same: too wide rather than too"
        " narrow.",
    )
    return Section("What was played", (), head, lines, notes, "learning")


def _detector(report: Mapping[str, Any]) -> Section | None:
    if not report.get("detector"):
        return None
    rows = [
        (key.replace("_", " "), f"{value:.4g}")
        for key, value in report["detector"].items()
    ]
    return Section("The filter's two stages", (), ("on fresh messages", ""), rows)


def _columns(report: Mapping[str, Any]) -> Section | None:
    """Returns of each defender in each column of the worst case."""
    cells = {key: str(found) for key, found in worst_case(report).items()}
    if not cells:
        return None
    head, rows = _crossed(cells, "return")
    notes = (
        "vanilla-filter: one filter, trained once against one attacker;"
        " vanilla-filter-long: the same with R-MACRL's whole budget; R-MACRL: the"
        " defender's mixture of the meta-equilibrium, one filter drawn per episode.",
        "fresh attacker: trained from scratch on the frozen defender; it finds a lower"
        " bound of what a defender can lose, a better attacker may exist.",
    )
    return Section(
        "How much each defender keeps",
        (),
        head,
        rows,
        notes,
        "worst_case",
    )


def _successes(report: Mapping[str, Any]) -> Section | None:
    """How often the team succeeds behind each defender."""
    cells = {key: percent(won) for key, won in worst_case(report, "success").items()}
    if not cells:
        return None
    head, rows = _crossed(cells, "success, %")
    return Section("How often the team succeeds behind it", (), head, rows)


def _crossed(
    cells: Mapping[tuple[str, str], str], corner: str
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of a table with a column for each defender."""
    names = list(dict.fromkeys(defender for _, defender in cells))
    rows = [
        (against, *(cells.get((against, name), "-") for name in names))
        for against in dict.fromkeys(against for against, _ in cells)
    ]
    return (corner, *names), rows


def _comparison(report: Mapping[str, Any]) -> Section | None:
    if not report.get("comparison"):
        return None
    rows = []
    for line in report["comparison"]:
        found = read_interval(
            need(line, "difference"), f"difference against {need(line, 'against')!r}"
        )
        against = "own fresh attacker" if line["against"] == FRESH else line["against"]
        word = verdict(found).split(":")[0].split(" by ")[0]
        rows.append((f"{against}, minus {need(line, 'theirs')}", str(found), word))
    notes = (
        "Paired by world, so that what a world is worth to everybody cancels. cannot"
        " tell: the 95 % interval contains zero.",
    )
    head = ("R-MACRL against ...", "return [95 % interval]", "R-MACRL is")
    return Section("R-MACRL minus the single filters", (), head, rows, notes)


def _iterations(report: Mapping[str, Any]) -> Section | None:
    solved = report.get("rmacrl", {})
    if not solved.get("history"):
        return None
    rows = []
    for step in solved["history"]:
        gained = need(step, "oracle_gains_on_fresh_worlds")
        row = [str(need(step, "iteration")), str(_read(step, "value"))]
        row += [f"{need(step, 'nash_conv_in_table'):.1e}"]
        row += [f"{need(step, 'nash_conv_in_table_openspiel'):.1e}"]
        rows.append(
            (*row, str(_read(gained, "attacker")), str(_read(gained, "defender")))
        )
    head = (
        "it.",
        "value [95 %]",
        "NashConv",
        "OpenSpiel",
        "attack gains",
        "filter gains",
    )
    notes = (
        "value: the team's return when both players play their mixture of the payoff"
        " table; NashConv: what both could still gain within the table, ours and"
        " OpenSpiel's own (0 is an equilibrium).",
        "gains: what the newly trained attack and filter gain over the mixtures before"
        " them, on fresh worlds; learnt, so a lower bound of what could be gained.",
        "converged: "
        + ("yes" if solved.get("converged") else "no, it ran out of iterations"),
    )
    return Section("R-MACRL, iteration by iteration", (), head, rows, notes, "payoffs")


def _read(found: Mapping[str, Any], key: str) -> Interval:
    return read_interval(need(found, key), key)


def _mixtures(report: Mapping[str, Any]) -> Section | None:
    solved = report.get("rmacrl", {})
    rows = [
        (side, name, _percent(weight))
        for side in ("defender", "attacker")
        for name, weight in sorted(
            solved.get(f"{side}_mixture", {}).items(), key=lambda pair: -pair[1]
        )
        if weight > _SHOWN_WEIGHT
    ]
    if not rows:
        return None
    notes = (
        "The output of algorithm 1: how often each player plays which of its policies"
        " (filter-000 and attack-000 are untrained).",
    )
    return Section("Both mixtures", (), ("player", "policy", "weight"), rows, notes)


def _budgets(report: Mapping[str, Any]) -> Section | None:
    spent = dict(report.get("budgets", {}))
    if not spent:
        return None
    iterations = report.get("rmacrl", {}).get("iterations")
    known = {"attack", "filter", "restarts"}
    rows = [
        (f"{side}'s training", f"{spent[side]:,} environment steps")
        for side in ("attack", "filter")
        if side in spent
    ]
    if known <= set(spent) and iterations:
        whole = (spent["attack"] + spent["filter"]) * spent["restarts"] * iterations
        rows.append(("R-MACRL, and the long filter", f"{whole:,} environment steps"))
        rows.append(("iterations of R-MACRL", str(iterations)))
    if "restarts" in spent:
        rows.append(("restarts of a best response", str(spent["restarts"])))
    rows += [(k.replace("_", " "), str(v)) for k, v in spent.items() if k not in known]
    rows.append(("seed", str(need(report, "seed"))))
    notes = ("Of the restarts the one that does best is kept, on worlds of their own.",)
    return Section("Budgets", (), ("what", "spent"), rows, notes)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
