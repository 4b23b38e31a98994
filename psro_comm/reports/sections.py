"""Makes the parts of a story's report: each a table and what its numbers mean."""

from collections.abc import Callable, Mapping, Sequence

from psro_comm.metagame.defence import FALSE_ALARMS
from psro_comm.metagame.intervals import Interval, verdict
from psro_comm.metagame.iteration import Solved
from psro_comm.metagame.report import Gate, Report
from psro_comm.metagame.rows import Row
from psro_comm.names import (
    ALL_MUTED,
    COMPARED,
    CONDITIONS,
    OWN,
    TALKING,
    VANILLA_LONG,
)
from psro_comm.reports.suite import suite_sections
from psro_comm.reports.text import Section, percent
from psro_comm.reports.verdicts import verdict_lines

_SHOWN_WEIGHT = 5e-4
_ALARMS = (0.01, 0.05, 0.1)  # shares of false alarms, at which a ROC curve is told
_WARNING = (
    " The attack results below mean something only if muting costs the team much."
)
_APART = (
    "Where the verdict sets two of these rows against each other, it combines their"
    " intervals as if the worlds were not the same: too wide rather than too narrow."
)


def sections(report: Report) -> list[Section]:
    """Returns every part of the report, in order; leaves out what it lacks."""
    solved = report.rmacrl
    found = [
        Section("Verdict", bullets=verdict_lines(report)),
        gate_section(report.gate, _WARNING),
        played_section(report),
        detector_section(report.detector),
        columns_section(report),
        successes_section(report),
        comparison_section(report),
        *(suite_sections(report.suite) if report.suite else ()),
        iterations_section(solved) if solved else None,
        mixtures_section(solved) if solved else None,
        budgets_section(report),
    ]
    return [section for section in found if section is not None]


def played_section(report: Report) -> Section:
    """Returns the story's lines: who met whom, and what was left."""
    played = rows_section(report.rows, "What was played", _APART)
    return played._replace(figure="learning")


def gate_section(gate: Gate, warning: str = "") -> Section:
    """Returns what a team earns, and what it loses without its messages."""

    def cell(quantity: str, condition: str) -> str:
        found, show = gate.get(quantity, condition), _shown(quantity)
        return "-" if found is None else show(found)

    rows = [
        (
            label,
            *(cell(part, condition) for part in ("return", "fall_percent", "success")),
        )
        for condition, label in CONDITIONS.items()
        if gate.get("return", condition)
    ]
    worlds = gate.facts.get("episodes", "?")
    notes = [
        f"{worlds} worlds, the same in each row; the noise is as large as a message."
        f"{warning}"
    ]
    if lost := gate.get("fall_points", ALL_MUTED):
        notes.append(f"Muting all takes {lost} points of success.")
    if greedy := gate.get("greedy_return", TALKING):
        notes.append(
            "With its best action instead of a drawn one the team earns"
            f" {greedy}, muted {cell('greedy_return', ALL_MUTED)}."
        )
    head = ("the team alone", "return [95 %]", "loses, %", "success, %")
    return Section("Does the team talk?", (), head, rows, notes)


def rows_section(rows: Sequence[Row], title: str, *notes: str) -> Section:
    """Returns a table of who met whom, and of return, success and distortion."""
    lines = [
        (
            row.label,
            str(row.returns),
            percent(row.success),
            f"{row.distortion:.2f}",
            str(row.episodes),
        )
        for row in rows
    ]
    head = (
        *("who met whom", "return [95 %]", "success, % [95 %]"),
        *("dist.", "worlds"),
    )
    words = (
        "return: of the team, undiscounted, mean over fresh worlds that are the same in"
        " all rows; success: episodes in which the team reached its goal, in per cent.",
        "dist.: distortion, the mean distance of forged from meant messages,"
        " in mean norms of a clean message.",
    )
    return Section(title, (), head, lines, (*words, *notes))


def references_section(rows: Sequence[Row]) -> Section:
    """Returns what any result is to be held against."""
    lines = [(row.label, str(row.returns), percent(row.success)) for row in rows]
    notes = (
        "In the same worlds. Less than the floor is worse than not to listen at all;"
        " what a defender keeps in the worst case is what bin.worst_case searches.",
    )
    head = ("to compare with", "return [95 %]", "success, % [95 %]")
    return Section("References", (), head, lines, notes)


def detector_section(detector: Mapping[str, float] | None) -> Section | None:
    """Returns how well a filter detects and repairs; None if it was not measured."""
    if not detector:
        return None
    rows = [(key.replace("_", " "), f"{value:.4g}") for key, value in detector.items()]
    return Section("The filter's two stages", (), ("on fresh messages", ""), rows)


def roc_section(curves: Mapping[str, Sequence[float]]) -> Section | None:
    """Returns how much is found at few false alarms; None where nothing was forged."""
    if not curves:
        return None
    head = ("messages found, %", *(f"{100 * share:g} % alarms" for share in _ALARMS))
    rows = [
        (name, *(f"{100 * found[FALSE_ALARMS.index(at)]:.1f}" for at in _ALARMS))
        for name, found in curves.items()
    ]
    notes = (
        "Of forged messages, at a threshold at which that share of honest ones is"
        " suspected, too. The fresh attacker was trained on the frozen filter.",
    )
    return Section("What the filters detect", (), head, rows, notes)


def columns_section(report: Report) -> Section | None:
    """Returns a table of each defender's return against common and fresh attackers."""
    cells = {key: str(row.returns) for key, row in report.crossed().items()}
    if not cells:
        return None
    head, rows = _crossed(cells, "return")
    long_ = f" {VANILLA_LONG}: the same with R-MACRL's whole budget;"
    notes = (
        "vanilla-filter: one filter, trained once against one attacker;"
        f"{long_ if VANILLA_LONG in head else ''} R-MACRL: the"
        " defender's mixture of the meta-equilibrium, one filter drawn per episode.",
        "fresh attacker: trained from scratch on the frozen defender; it finds a lower"
        " bound of what a defender can lose, a better attacker may exist.",
    )
    return Section(
        "Each defender against each attacker",
        (),
        head,
        rows,
        notes,
        "worst_case",
    )


def successes_section(report: Report) -> Section | None:
    """Returns a table of how often the team succeeds behind each defender."""
    cells = {key: percent(row.success) for key, row in report.crossed().items()}
    if not cells:
        return None
    head, rows = _crossed(cells, "success, %")
    return Section("How often the team succeeds behind it", (), head, rows)


def _crossed(
    cells: Mapping[tuple[str, str], str], corner: str
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Returns head and rows of a table with a column for each defender."""
    names = list(dict.fromkeys(defender for _, defender in cells))
    rows = [
        (against, *(cells.get((against, name), "-") for name in names))
        for against in dict.fromkeys(against for against, _ in cells)
    ]
    return (corner, *names), rows


def comparison_section(report: Report) -> Section | None:
    """Returns R-MACRL minus each vanilla filter, and what can be told of it."""
    if not report.comparison:
        return None
    rows = []
    for line in report.comparison:
        own = line.against == COMPARED[OWN]
        against = "own fresh attacker" if own else line.against
        word = verdict(line.difference).split(":")[0].split(" by ")[0]
        rows.append((f"{against}, minus {line.theirs}", str(line.difference), word))
    notes = (
        "Paired by world, so that what a world is worth to everybody cancels. cannot"
        " tell: the 95 % interval contains zero.",
    )
    head = ("R-MACRL against ...", "return [95 % interval]", "R-MACRL is")
    return Section("R-MACRL minus the vanilla filters", (), head, rows, notes)


def iterations_section(solved: Solved) -> Section | None:
    """Returns value and quality of each iteration; None if there is none."""
    if not solved.history:
        return None
    rows = [
        (
            str(step.iteration),
            str(step.value),
            f"{step.nash_conv:.1e}",
            f"{step.nash_conv_openspiel:.1e}",
            str(step.attacker_gain),
            str(step.defender_gain),
        )
        for step in solved.history
    ]
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
        "converged: " + ("yes" if solved.converged else "no, it ran out of iterations"),
    )
    return Section("R-MACRL, iteration by iteration", (), head, rows, notes, "payoffs")


def mixtures_section(solved: Solved) -> Section | None:
    """Returns both mixtures of algorithm 1; None if they are not known."""
    rows = [
        (side, name, f"{100 * weight:.1f} %")
        for side in ("defender", "attacker")
        for name, weight in sorted(
            solved.mixture(side).items(), key=lambda pair: -pair[1]
        )
        if weight > _SHOWN_WEIGHT
    ]
    if not rows:
        return None
    notes = (
        "The output of algorithm 1: how often each player plays which of its policies"
        " (filter-000 and attack-000 are untrained; those with no number are what the"
        " populations began with).",
    )
    return Section("Both mixtures", (), ("player", "policy", "weight"), rows, notes)


def budgets_section(report: Report) -> Section | None:
    """Returns how long was trained, and how often."""
    spent = report.budgets
    if not spent:
        return None
    iterations = report.rmacrl.iterations if report.rmacrl else 0
    known = {"attack", "filter", "restarts", "R-MACRL"}
    rows = [
        (f"{side}'s training", f"{spent[side]:,} environment steps")
        for side in ("attack", "filter")
        if side in spent
    ]
    if {"attack", "filter", "restarts"} <= set(spent) and iterations:
        once = (spent["attack"] + spent["filter"]) * spent["restarts"]  # older runs
        whole = spent.get("R-MACRL", once * iterations)
        rows.append(("R-MACRL's trainings, at most", f"{whole:,} environment steps"))
        rows.append(("iterations of R-MACRL", str(iterations)))
    if "restarts" in spent:
        rows.append(("restarts of a best response", str(spent["restarts"])))
    rows += [(k.replace("_", " "), str(v)) for k, v in spent.items() if k not in known]
    rows.append(("seed", str(report.seed)))
    notes = ("Of the restarts the one that does best is kept, on worlds of their own.",)
    return Section("Budgets", (), ("what", "spent"), rows, notes)


def _shown(quantity: str) -> Callable[[Interval], str]:
    return percent if "success" in quantity else str
