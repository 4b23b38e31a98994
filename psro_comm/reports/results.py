"""Writes finished runs as tables: means over seeds beside the paper's figures.

Several seeds give Student's t interval over seeds; a single one its own interval over
worlds, and the table says which.

Source: paper sections 4.2 to 4.5; experiments E1, E4 and E5 (TASKS.md 5.4).
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from psro_comm.disk.files import encode_json, make_folder, read_bytes, write_atomic
from psro_comm.disk.store import RunStore
from psro_comm.metagame.intervals import verdict
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.report import Report
from psro_comm.metagame.rows import Row
from psro_comm.names import AGAINST, ALL_MUTED, CONDITIONS, MOST_CUT, RMACRL, TALKING
from psro_comm.reports.brief import render_brief
from psro_comm.reports.figures.heat_map import plot_payoffs
from psro_comm.reports.figures.learning import Curves, plot_learning, plot_malicious
from psro_comm.reports.figures.story import plot_worst_case
from psro_comm.reports.seeds import (
    FinishedRun,
    Variant,
    command,
    differences,
    grouped,
    pooled,
)
from psro_comm.reports.story import learning_curves
from psro_comm.reports.tables.marl_eval import as_marl_eval, means_met
from psro_comm.reports.text import markdown_table, percent
from psro_comm.settings.tasks.task import Figures

MARK = "results"  # tables are between <!-- results:begin --> and <!-- results:end -->

_GATE = {
    **{f"return_{key}": f"return, {label}" for key, label in CONDITIONS.items()},
    f"fall_percent_{ALL_MUTED}": "lost when all messages are zeroed, %",
    **{
        f"success_{key}": f"success, {CONDITIONS[key]}, %"
        for key in (TALKING, ALL_MUTED, MOST_CUT)
    },
    f"fall_points_{ALL_MUTED}": "points of success lost when all messages are zeroed",
}


def write_results(
    variants: Mapping[Variant, Sequence[FinishedRun]],
    out: Path,
    made_by: str,
    readme: Path | None = None,
    mark: str = MARK,
) -> list[Path]:
    """Writes `results.md`, its data and three figures for each variant into `out`.

    The data are `results.json`, the runs as `FinishedRun.to_dict` gives them, and
    `marl_eval.json`, the returns for other people's plots. A task with several numbers
    of malicious agents gets one figure more.

    Args:
      variants: finished runs, as `by_variant` groups them.
      out: folder of the files, created if absent.
      made_by: the command that makes this, which the page names.
      readme: file that gets two small tables, between two comments.
      mark: name in those comments.

    Returns:
      The files written.

    Raises:
      ValueError: the runs do not fit together, or `readme` lacks its marks; nothing was
        written then.
      StoreError: the disk refuses.
    """
    pages = {out / "results.md": "# Results\n\n" + render_results(variants, made_by)}
    if readme is not None:
        folder = Path(os.path.relpath(out, readme.parent)).as_posix() + "/"
        block = render_summary(variants, made_by, folder)
        pages[readme] = inserted(read_bytes(readme).decode(), block, mark)
    plain = [run.to_dict() for runs in variants.values() for run in runs]
    kept = encode_json({"made_by": made_by, "runs": plain}, indent=None)
    met = {
        str(each): means_met([run.report for run in runs])
        for each, runs in variants.items()
    }
    files = {"results.json": kept, "marl_eval.json": encode_json(as_marl_eval(met))}
    make_folder(out)
    written = []
    for variant, runs in variants.items():
        written += _draw(str(variant), runs, out)
    for task, numbers in _by_number(variants).items():
        curves = {n: [_curves(run) for run in runs] for n, runs in numbers.items()}
        written += plot_malicious(curves, out / f"{task}-malicious", task)
    for name, data in files.items():
        write_atomic(out / name, data)
    for path, text in pages.items():
        write_atomic(path, (text.rstrip("\n") + "\n").encode())
    return [*written, *(out / name for name in files), *pages]


def _by_number(
    variants: Mapping[Variant, Sequence[FinishedRun]],
) -> dict[str, dict[int, Sequence[FinishedRun]]]:
    """Returns runs by number of malicious agents, for tasks with several numbers."""
    tasks: dict[str, dict[int, Sequence[FinishedRun]]] = {}
    for (task, number), runs in variants.items():
        tasks.setdefault(task, {})[number] = runs
    return {task: numbers for task, numbers in tasks.items() if len(numbers) > 1}


def _curves(run: FinishedRun) -> Curves:
    return learning_curves(RunStore.read(run.root), run.report)


def _figures(task: str) -> dict[str, str]:
    """Returns names of a variant's figures, without suffix, and what they show."""
    return {
        f"{task}-learning": "Team return while attack and filter train",
        f"{task}-worst-case": "Each defender against each attacker",
        f"{task}-payoffs": "R-MACRL's payoff table, first seed",
    }


def _draw(task: str, runs: Sequence[FinishedRun], out: Path) -> list[Path]:
    learning, worst_case, payoffs = (out / name for name in _figures(task))
    seeds = ", ".join(str(run.report.seed) for run in runs)
    title = f"{task}, seed{'s' if len(runs) > 1 else ''} {seeds}"
    written = plot_learning([_curves(run) for run in runs], learning, title)
    written += plot_worst_case([run.report for run in runs], worst_case, title)
    first = runs[0].report
    last = f"payoffs-{first.rmacrl.iterations if first.rmacrl else 0:03d}"
    table = PayoffTable.from_dict(RunStore.read(runs[0].root).load_json(last))
    title = f"{task}, seed {first.seed}"
    return [*written, *plot_payoffs(table, payoffs, title)]


def render_results(
    variants: Mapping[Variant, Sequence[FinishedRun]], made_by: str
) -> str:
    """Returns tables and figures of all variants as Markdown.

    Args:
      variants: finished runs, as `by_variant` groups them.
      made_by: the command that makes this, which the text names.
    """
    sections = []
    for variant, runs in variants.items():
        figures = _figures(str(variant))
        links = [f"![{text}]({name}.png)" for name, text in figures.items()]
        sections += [render_task(runs), *links]
    for task, numbers in _by_number(variants).items():
        words = " and ".join(str(number) for number in sorted(numbers))
        sections.append(
            f"![{task}: success while attacks and a filter train, with {words}"
            f" malicious agents]({task}-malicious.png)"
        )
    return "\n\n".join([*sections, f"Tables and figures made by `{made_by}`."])


def render_summary(
    variants: Mapping[Variant, Sequence[FinishedRun]], made_by: str, folder: str
) -> str:
    """Returns two small tables as Markdown, and where the others are.

    Args:
      variants: finished runs, as `by_variant` groups them.
      made_by: the command that makes this, which the text names.
      folder: folder of `results.md`, empty or with a slash at its end.
    """
    rest = (
        f"All tables and figures: [{folder}results.md]({folder}results.md), made by"
        f" `{made_by}`."
    )
    return f"{render_brief(variants)}\n\n{rest}"


def render_task(runs: Sequence[FinishedRun]) -> str:
    """Returns all tables of one variant as Markdown.

    Args:
      runs: runs of one variant, as `by_variant` groups them.
    """
    reports = [run.report for run in runs]
    variant = Variant.of(runs[0])
    many = "" if variant.malicious == 1 else f", {variant.malicious} malicious agents"
    seeds = ", ".join(str(report.seed) for report in reports)
    over = (
        f"mean over {len(runs)} seeds ({seeds}) with its 95 % t interval over seeds"
        if len(runs) > 1
        else f"one seed ({seeds}): the 95 % intervals are over worlds only, and say"
        " nothing about other seeds"
    )
    sections = [
        f"## {variant}",
        f"Team returns{many}; {over}. Distortion: mean distance of forged from meant"
        " messages, in mean norms of a clean message.",
        _rows_table(
            reports,
            variant.paper(),
            lambda report: report.rows,
            lambda row: row.label,
            "What was played",
        ),
        "Each defender against each attacker:",
        _rows_table(
            reports,
            variant.paper(),
            lambda report: report.columns,
            lambda row: row.against,
            "Defender against attacker",
        ),
        "R-MACRL minus a vanilla filter, in the same worlds (intervals are not widened"
        " for there being several of them; a star: that seed's own interval over worlds"
        " leaves out zero):",
        _difference_table(reports),
        "The team, before any attack:",
        _gate_table(reports),
        "Made by:",
        "```\n" + "\n".join(command(run.config) for run in runs) + "\n```",
    ]
    return "\n\n".join(sections)


def _rows_table(
    reports: Sequence[Report],
    paper: Figures,
    part: Callable[[Report], Sequence[Row]],
    key: Callable[[Row], str | tuple[str, str]],
    title: str,
) -> str:
    lines = []
    for name, rows in grouped(reports, part, key).items():
        distortion = sum(row.distortion for row in rows) / len(rows)
        label = name if isinstance(name, str) else f"{name[0]}, {AGAINST[name[1]]}"
        lines.append(
            (
                label,
                str(pooled([row.returns for row in rows])),
                percent(pooled([row.success for row in rows])),
                str(len(rows)),
                str(sum(row.episodes for row in rows)),
                f"{distortion:.2f}",
                paper.get(name, ""),
            )
        )
    head = (
        *(title, "return [95 %]", "success, % [95 %]"),
        *("seeds", "episodes", "distortion", "paper"),
    )
    return markdown_table(lines, head)


def _difference_table(reports: Sequence[Report]) -> str:
    lines = [
        (
            f"{AGAINST[attacker]}: {RMACRL} minus {theirs}",
            str(pooled(found)),
            verdict(pooled(found)),
            *(f"{one.estimate:.2f}{'' if one.contains_zero else '*'}" for one in found),
        )
        for (theirs, attacker), found in differences(reports).items()
    ]
    seeds = (f"seed {report.seed}" for report in reports)
    return markdown_table(lines, ("Against", "difference [95 %]", "verdict", *seeds))


def _gate_table(reports: Sequence[Report]) -> str:
    lines = []
    for key, label in _GATE.items():
        found = [r.gate.found[key] for r in reports if key in r.gate.found]
        if len(found) < len(reports):  # a share of a return below 0 is left out
            continue
        show = percent if key.startswith("success") else str
        lines.append((label, show(pooled(found)), str(len(found))))
    return markdown_table(lines, ("The team", "[95 %]", "seeds"))


def inserted(text: str, block: str, mark: str = MARK) -> str:
    """Returns `text` with `block` between its two marks, instead of the old content.

    Raises:
      ValueError: the marks are not there once each, in order.
    """
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"the text must hold {begin} and {end} once each")
    before, rest = text.split(begin)
    if end not in rest:
        raise ValueError(f"{end} stands before {begin}")
    return f"{before}{begin}\n{block.strip()}\n{end}{rest.split(end)[1]}"
