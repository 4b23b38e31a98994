"""Finished runs as tables: the mean over seeds beside the paper's figures.

Several seeds give Student's t interval over seeds; a single one its own interval over
worlds, and the table says which. Nothing here draws or touches the disk.

Source: paper sections 5.2 to 5.5; experiments E1, E4 and E5 (TASKS.md 5.4).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from psro_comm.analysis import Interval, across_seeds, verdict
from psro_comm.experiment_config import (
    BUDGETS,
    ExperimentConfig,
    preset,
)
from psro_comm.fields import difference, from_dict, leaves, to_dict
from psro_comm.findings import RMACRL, VANILLA
from psro_comm.store import RunStore, StoreError
from psro_comm.tables import interval

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"

ATTACKERS = {  # an attacker's name in a report's columns -> in words
    "no-attack": "no attack",
    "meta-equilibrium": "meta-equilibrium attacker",
    "held-out set": "held-out attackers",
    "fresh": "its own fresh attacker",
}
_COMPARED = {  # the same in a report's comparison
    "no attack": "no-attack",
    "meta-equilibrium attacker": "meta-equilibrium",
    "held-out attackers": "held-out set",
    "each one's own fresh attacker": "fresh",
}
_GATE = {
    "return_clean": "return, messages as they are",
    "return_all_muted": "return, all messages zeroed",
    "return_one_muted": "return, one sender's messages zeroed",
    "return_one_noise": "return, noise of a message's own size on one sender",
    "fall_percent_all_muted": "lost when all messages are zeroed, %",
}
_EQUILIBRIUM = "meta-equilibrium"
PAPER: dict[str, dict[Any, str]] = {  # task -> label or (defender, attacker) -> figure
    "predator_prey_p0": {
        "clean: no attack, no filter": "about 38 (inferred)",
        "untrained attacker": "does not hurt",
        "attack, frozen at the paper's threshold": "frozen at 23 (drop 40 %)",
        "filter against the attack it knows": "approaches the clean level",
        "filter against a fresh attacker": "drop about 30 %",
        (RMACRL, _EQUILIBRIUM): "41.75 ± 0.00",
        (VANILLA, _EQUILIBRIUM): "40.74 ± 0.23",
    },
    "predator_prey_p05": {
        "clean: no attack, no filter": "about 30 (inferred)",
        "untrained attacker": "does not hurt",
        "attack, frozen at the paper's threshold": "frozen at 20 (drop 33 %)",
        "filter against the attack it knows": "approaches the clean level",
        "filter against a fresh attacker": "drop about 20 %",
        (RMACRL, _EQUILIBRIUM): "35.38 ± 1.28",
        (VANILLA, _EQUILIBRIUM): "31.91 ± 0.94",
    },
}


class FinishedRun(NamedTuple):
    """What a finished quickstart left."""

    root: Path
    config: dict[str, Any]
    report: dict[str, Any]


def read_finished(root: Path) -> FinishedRun:
    """Reads the report of a run.

    Raises:
      StoreError: there is no run, it is damaged, or it is not finished.
    """
    store = RunStore.read(root)
    if not store.has("report"):
        raise StoreError(f"{root} is not finished: it has no report.json")
    return FinishedRun(root, store.config, store.load_json("report"))


def by_task(runs: Sequence[FinishedRun]) -> dict[str, list[FinishedRun]]:
    """The runs of each task, in order of their seeds.

    Raises:
      ValueError: two runs of a task share their seed, or differ in more than it: their
        mean would be of nothing.
    """
    tasks: dict[str, list[FinishedRun]] = {}
    for run in sorted(runs, key=lambda run: (run.config["task"], run.config["seed"])):
        group = tasks.setdefault(run.config["task"], [])
        for other in group:
            _check_comparable(other, run)
        group.append(run)
    return tasks


def _check_comparable(one: FinishedRun, other: FinishedRun) -> None:
    same = {"seed": 0, "device": ""}
    differing = difference({**one.config, **same}, {**other.config, **same})
    if differing:
        raise ValueError(
            f"{one.root.name} and {other.root.name} differ in more than the seed:"
            f" {'; '.join(differing)}"
        )
    if one.config["seed"] == other.config["seed"]:
        raise ValueError(
            f"{one.root.name} and {other.root.name} have the same seed,"
            f" {one.config['seed']}: they are one sample, not two"
        )


def pooled(found: Sequence[Interval]) -> Interval:
    """Mean over seeds with its t interval; a single one stays what it is.

    Raises:
      ValueError: there is none.
    """
    if not found:
        raise ValueError("nothing to take a mean of")
    if len(found) == 1:
        return found[0]
    return across_seeds([each.estimate for each in found])


def returns_by_attacker(
    reports: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str], Interval]:
    """Return of each defender against each kind of attacker, over the seeds.

    Args:
      reports: of one task.

    Returns:
      By defender and a key of `ATTACKERS`.
    """
    return {
        key: pooled([interval(row["return"]) for row in rows])
        for key, rows in _grouped(reports, "columns", _who).items()
    }


def differences(
    reports: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str], Interval]:
    """R-MACRL's return minus a single filter's in the same worlds, over the seeds.

    Args:
      reports: of one task.

    Returns:
      By the single filter and a key of `ATTACKERS`.
    """
    return {
        key: pooled([interval(line["difference"]) for line in lines])
        for key, lines in _grouped(
            reports, "comparison", lambda n: (n["theirs"], _COMPARED[n["against"]])
        ).items()
    }


def _who(row: Mapping[str, Any]) -> tuple[str, str]:
    attacker = row["attacker"]
    return row["defender"], "fresh" if attacker.startswith("fresh-on-") else attacker


def _grouped(
    reports: Sequence[Mapping[str, Any]],
    part: str,
    key: Callable[[Mapping[str, Any]], Any],
) -> dict[Any, list[Mapping[str, Any]]]:
    """The lines of one part of all reports by what they are about.

    Raises:
      ValueError: a report lacks a line that another one has.
    """
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for report in reports:
        for line in report[part]:
            groups.setdefault(key(line), []).append(line)
    for name, lines in groups.items():
        if len(lines) != len(reports):
            raise ValueError(
                f"{name} is in {len(lines)} of {len(reports)} reports of"
                f" {reports[0]['task']}"
            )
    return groups


def render_task(runs: Sequence[FinishedRun]) -> str:
    """All tables of one task as Markdown.

    Args:
      runs: of one task, as `by_task` groups them.
    """
    reports = [run.report for run in runs]
    task = reports[0]["task"]
    seeds = ", ".join(str(report["seed"]) for report in reports)
    over = (
        f"mean over {len(runs)} seeds ({seeds}) with its 95 % t interval over seeds"
        if len(runs) > 1
        else f"one seed ({seeds}): the 95 % intervals are over worlds only, and say"
        " nothing about other seeds"
    )
    sections = [
        f"## {task}",
        f"Team returns; {over}. Tampering: mean distance of forged from meant messages,"
        " in mean norms of a clean message.",
        _rows_table(reports, "rows", lambda row: row["label"], "What was played"),
        "Each defender against each attacker:",
        _rows_table(reports, "columns", _who, "Defender against attacker"),
        "R-MACRL minus a single filter, in the same worlds (intervals are not widened"
        " for there being several of them):",
        _difference_table(reports),
        "The team, before any attack:",
        _gate_table(reports),
        "Made by:",
        "```\n" + "\n".join(command(run.config) for run in runs) + "\n```",
    ]
    return "\n\n".join(sections)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown; the first column left-aligned, the others right-aligned."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _rows_table(
    reports: Sequence[Mapping[str, Any]],
    part: str,
    key: Callable[[Mapping[str, Any]], Any],
    title: str,
) -> str:
    paper = PAPER.get(reports[0]["task"], {})
    lines = []
    for name, rows in _grouped(reports, part, key).items():
        tampering = sum(row["distortion"] for row in rows) / len(rows)
        label = name if isinstance(name, str) else f"{name[0]}, {ATTACKERS[name[1]]}"
        lines.append(
            (
                label,
                str(pooled([interval(row["return"]) for row in rows])),
                str(len(rows)),
                str(sum(row["episodes"] for row in rows)),
                f"{tampering:.2f}",
                paper.get(name, ""),
            )
        )
    head = (title, "return [95 %]", "seeds", "episodes", "tampering", "paper")
    return _table(head, lines)


def _difference_table(reports: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        (
            f"{ATTACKERS[attacker]}: {RMACRL} minus {theirs}",
            str(found),
            str(len(reports)),
            verdict(found),
        )
        for (theirs, attacker), found in differences(reports).items()
    ]
    return _table(("Against", "difference [95 %]", "seeds", "verdict"), lines)


def _gate_table(reports: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for key, label in _GATE.items():
        found = [interval(r["gate"][key]) for r in reports if key in r["gate"]]
        whole = len(found) == len(reports)  # a share of a return below 0 is left out
        lines.append((label, str(pooled(found)) if whole else "-", str(len(found))))
    return _table(("The team", "[95 %]", "seeds"), lines)


def command(config: Mapping[str, Any]) -> str:
    """The command line that makes a run of this configuration.

    Args:
      config: as a run's `config.json` holds it.
    """
    task, seed = config["task"], config["seed"]
    own = from_dict(ExperimentConfig, config)
    changed = {}
    for budget in BUDGETS:
        base = to_dict(preset(task, budget, seed))
        lines = difference(base, to_dict(own))
        changed[budget] = [line.split(":")[0] for line in lines]
    budget = min(BUDGETS, key=lambda name: len(changed[name]))
    words = [f"--task={task}", f"--budget={budget}", f"--seed={seed}"]
    for leaf in leaves(ExperimentConfig):
        if leaf.name in changed[budget]:
            value: Any = own
            for part in leaf.name.split("."):
                value = getattr(value, part)
            words.append(f"--{leaf.name}={leaf.text(value)}")
    return " ".join(["python -m bin.quickstart", *words])


def inserted(text: str, block: str) -> str:
    """`text` with `block` between its two marks, in place of what was there.

    Raises:
      ValueError: the marks are not there once each, in order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"the text must hold {BEGIN} and {END} once each")
    before, rest = text.split(BEGIN)
    if END not in rest:
        raise ValueError(f"{END} stands before {BEGIN}")
    return f"{before}{BEGIN}\n{block.strip()}\n{END}{rest.split(END)[1]}"
