"""From a file or a run to its analysis: numbers, words and figures."""

from pathlib import Path
from typing import Any

import numpy as np

from psro_comm.analysis_tables import render_analysis, render_refinement
from psro_comm.exchange import read_meta_game
from psro_comm.files import decode_json, encode_json, make_folder, read_bytes
from psro_comm.files import write_atomic as write_file
from psro_comm.game_analysis import analyse
from psro_comm.lab import Lab
from psro_comm.meta_game import MetaGame
from psro_comm.payoffs import PayoffTable
from psro_comm.refinement import refine


def last_table(run: Path) -> Path:
    """The payoff table of a run's last iteration.

    Raises:
      ValueError: the run has none.
    """
    found = sorted(run.glob("payoffs-*.json"))
    if not found:
        raise ValueError(f"{run} has no payoffs-*.json: not a run of run_psro")
    return found[-1]


def history(run: Path) -> list[dict[str, Any]]:
    """The reports of a run's iterations, in order."""
    files = sorted(run.glob("iteration-*.json"))
    return [decode_json(read_bytes(file), file) for file in files]


def analyze(
    source: str | Path,
    out: str | None,
    num_samples: int,
    meta_solver: str,
    figures: bool,
    seed: int,
    lab: Lab | None = None,
    width: float = 1.0,
) -> str:
    """Analyses a table, saves `analysis.json` and figures, and returns the words.

    Args:
      source: a file, or the folder of a run.
      out: folder of the results; beside the table where absent.
      num_samples: resamples.
      meta_solver: whose mixtures are judged.
      figures: whether to draw.
      seed: of the resampling.
      lab: of the run, to play new episodes in.
      width: half-width of the value's interval to reach with them.

    Raises:
      ValueError: no such file or run, or not a meta-game.
    """
    source = Path(source)
    is_run = source.is_dir()
    path = last_table(source) if is_run else source
    game, refined = read_meta_game(path), None
    if lab is not None:
        table = PayoffTable.from_dict(decode_json(read_bytes(path), path))
        table, refined = refine(lab, table, width)
        game = MetaGame.of(table, f"{path.stem}, refined")
    rng = np.random.default_rng(seed)
    report = analyse(game, rng, num_samples=num_samples, meta_solver=meta_solver)
    folder = Path(out) if out else path.parent
    make_folder(folder)
    name = folder / f"analysis-{path.stem}"
    if refined is not None:
        report["refinement"] = refined
    saved = [name.with_suffix(".json")]
    write_file(saved[0], encode_json(report))
    if figures:
        saved += _draw(game, history(source) if is_run else [], name)
    words = render_analysis(report)
    if refined is not None:
        words += "\n\n" + render_refinement(refined)
    return words + f"\n\nSaved: {', '.join(map(str, saved))}"


def _draw(game: MetaGame, steps: list[dict[str, Any]], name: Path) -> list[Path]:
    from psro_comm.game_plots import plot_iterations, plot_meta_game

    drawn = plot_meta_game(game, name.with_name(f"{name.name}-payoffs"))
    if steps:
        drawn += plot_iterations(steps, name.with_name(f"{name.name}-iterations"))
    return drawn
