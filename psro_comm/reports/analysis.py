"""Analyses the table of a file or a run, and saves numbers, words and figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from psro_comm.disk.files import decode_json, encode_json, make_folder
from psro_comm.disk.files import write_atomic as write_file
from psro_comm.disk.tables import history, read_verified, saved_as, table_of
from psro_comm.metagame.analysis import analyse
from psro_comm.metagame.formats.files import DEFAULT, read_meta_game
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.reading import read_interval
from psro_comm.reports.text import columns

if TYPE_CHECKING:  # the lab loads torch
    from psro_comm.lab.lab import Lab


def analyze(
    source: str | Path,
    out: str | None,
    num_samples: int,
    meta_solver: str,
    figures: bool,
    seed: int,
    lab: "Lab | None" = None,
    width: float = 1.0,
    options: Options = DEFAULT,
) -> str:
    """Analyses a table, saves `analysis.json` and figures, and returns the words.

    Args:
      source: a file, or the folder of a run.
      out: folder of the results; None is beside the table.
      num_samples: number of resamples.
      meta_solver: name of the solver whose mixtures are judged.
      figures: whether to draw figures.
      seed: seed of the resamples.
      lab: the run's lab, to play new episodes in; None plays none.
      width: half-width of the value's interval to reach with them, in returns.
      options: how to read what is ambiguous in a file.

    Raises:
      ValueError: no such file or run, or not a meta-game.
    """
    source = Path(source)
    path = table_of(source)
    game, refined = read_meta_game(path, options), None
    if lab is not None:
        table = PayoffTable.from_dict(decode_json(read_verified(path), path))
        from psro_comm.studies.refinement import refine

        table, refined = refine(lab, table, width)
        game = MetaGame.of(table, f"{path.stem}, refined")
    rng = np.random.default_rng(seed)
    report = analyse(game, rng, num_samples=num_samples, meta_solver=meta_solver)
    name = saved_as(path, out)
    make_folder(name.parent)
    if refined is not None:
        report["refinement"] = refined
    saved = [name.with_suffix(".json")]
    write_file(saved[0], encode_json(report))
    if figures:
        found = history(source) if source.is_dir() else []
        saved += _draw(game, [Iteration.from_dict(each) for each in found], name)
    words = render_analysis(report)
    if refined is not None:
        words += "\n\n" + render_refinement(refined)
    return words + f"\n\nSaved: {', '.join(map(str, saved))}"


def _draw(game: MetaGame, steps: list[Iteration], name: Path) -> list[Path]:
    # Words alone need no matplotlib, which takes a second to load.
    from psro_comm.reports.figures.analysis import plot_iterations
    from psro_comm.reports.figures.heat_map import plot_meta_game

    drawn = plot_meta_game(game, name.with_name(f"{name.name}-payoffs"))
    if steps:
        drawn += plot_iterations(steps, name.with_name(f"{name.name}-iterations"))
    return drawn


_MOST_CELLS = 8


def render_analysis(report: Mapping[str, Any]) -> str:
    """Returns in words the value, then both sides, then the value's uncertainty."""
    lines = [
        f"{report['title']}: {report['resamples']} resamples of {report['resampled']}",
        *(f"note: {note}" for note in report["notes"]),
        "",
        f"value of the game          {_text(report['value'])}",
        f"NashConv of the mixtures   {_bounded(report['nash_conv'])}",
        f"cyclic share of payoffs    {_text(report['cyclic_share'])}"
        " (the rest is explained by ratings)",
        *_security(report["security"]),
        "",
        _side(report["defenders"], f"Defender ({report['meta_solver']})"),
        "",
        _side(report["attackers"], f"Attacker ({report['meta_solver']})"),
        "",
        "regret: what the best policy earns more against the other side's mixture;"
        "\nNash weight, support and dominated: over resamples, each solved anew",
    ]
    lines += [f"failed: {failure}" for failure in report["meta_solver_failures"]]
    noisy = [cell for cell in report["cells"] if cell["share_of_value_variance"] > 0]
    if noisy:
        lines += ["", _cells(noisy[:_MOST_CELLS])]
    return "\n".join(lines)


def _text(found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        return f"{found['estimate']:.4g}"
    return str(read_interval(found))


def _bounded(found: Mapping[str, Any]) -> str:
    here = f"{found['estimate']:.2e} in the table"
    if found["high"] is None:
        return here
    return f"{here}, at most {found['high']:.4g} in the true one (95 %, one-sided)"


def _security(found: Mapping[str, Any]) -> list[str]:
    lines = [f"best single defender       {found['policy']}: {_text(found['pure'])}"]
    if "robust_guarantee" in found:
        lines.append(
            f"robust mixture guarantees  {found['robust_guarantee']:.4g}"
            f" ({found['robust_confidence']:.0%} region of the whole table)"
        )
    return lines


def _side(policies: Sequence[Mapping[str, Any]], title: str) -> str:
    rows = [
        (
            policy["name"],
            f"{policy['weight']:.3f}",
            _text(policy["nash_weight"]),
            f"{policy['support_frequency']:.0%}",
            _text(policy["regret"]),
            f"{policy['dominated_frequency']:.0%}",
        )
        for policy in policies
    ]
    head = (title, "weight", "Nash weight", "in support", "regret", "dominated")
    return columns(rows, head)


def _cells(cells: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            f"{cell['defender']} / {cell['attacker']}",
            f"{cell['share_of_value_variance']:.1%}",
            f"{cell['mean']:.4g}",
            f"{cell['std_error']:.2g}",
            str(cell.get("episodes", "")),
        )
        for cell in cells
    ]
    head = ("Where the value's variance comes from", "share", "mean", "s.e.", "n")
    return columns(rows, head)


def render_refinement(found: Mapping[str, Any]) -> str:
    """Returns in words what new episodes brought, and what even ones would cost."""
    reached = "reached" if found["reached"] else "NOT reached"
    return (
        f"refined in {found['rounds']} rounds: half-width {found['half_width']:.4g},"
        f" target {found['target_half_width']:g} {reached}\n"
        f"{found['episodes']} episodes ({found['episodes_before']} before); spent"
        f" evenly the same width takes {found['episodes_evenly']}:"
        f" {found['saved_share']:.0%} saved"
    )
