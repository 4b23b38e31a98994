"""From a file or a run to its analysis: numbers, words and figures."""

from pathlib import Path
from typing import Any

import numpy as np

from games.envs import make_env
from psro_comm.analysis_tables import render_analysis, render_refinement
from psro_comm.exchange import read_meta_game
from psro_comm.experiment_config import ExperimentConfig
from psro_comm.files import decode_json, encode_json, make_folder, read_bytes
from psro_comm.files import write_atomic as write_file
from psro_comm.game_analysis import analyse
from psro_comm.lab import Lab
from psro_comm.meta_game import MetaGame
from psro_comm.metrics import format_duration
from psro_comm.payoffs import PayoffTable
from psro_comm.plan import PLAY
from psro_comm.refinement import checked_width, foreseen, refine


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
    path = table_of(source)
    game, refined = read_meta_game(path), None
    if lab is not None:
        table = PayoffTable.from_dict(decode_json(read_bytes(path), path))
        table, refined = refine(lab, table, width)
        game = MetaGame.of(table, f"{path.stem}, refined")
    rng = np.random.default_rng(seed)
    report = analyse(game, rng, num_samples=num_samples, meta_solver=meta_solver)
    name = _saved_as(path, out)
    make_folder(name.parent)
    if refined is not None:
        report["refinement"] = refined
    saved = [name.with_suffix(".json")]
    write_file(saved[0], encode_json(report))
    if figures:
        saved += _draw(game, history(source) if source.is_dir() else [], name)
    words = render_analysis(report)
    if refined is not None:
        words += "\n\n" + render_refinement(refined)
    return words + f"\n\nSaved: {', '.join(map(str, saved))}"


def outline(
    source: str | Path,
    out: str | None,
    num_samples: int,
    *,
    refined: tuple[ExperimentConfig, float] | None = None,
) -> str:
    """What `analyze` would do, without doing it.

    Args:
      source, out, num_samples: as there.
      refined: with `--refine`, the run's configuration and the half-width to reach.

    Raises:
      ValueError: no such file or run, or not a meta-game.
    """
    path = table_of(Path(source))
    game = read_meta_game(path)
    rows, cols = game.mean.shape
    words = (
        f"analysis of {path}, {rows} by {cols}, with {num_samples} resamples;"
        f" seconds; to {_saved_as(path, out)}.json"
    )
    if refined is None:
        return words
    config, width = refined
    table = PayoffTable.from_dict(decode_json(read_bytes(path), path))
    episodes = foreseen(table, checked_width(width), np.random.default_rng(0))
    limit = make_env(config.env, config.env_config).spec.episode_limit
    steps = episodes * limit
    return (
        f"{words}\n  before it, about {episodes:,} new episodes of {config.task} until"
        f" the value is known to {width:g}: {steps:,} env steps, about"
        f" {format_duration(steps / PLAY)}"
    )


def table_of(source: Path) -> Path:
    """The file itself, or the last table of a run's folder.

    Raises:
      ValueError: as `last_table`.
    """
    return last_table(source) if source.is_dir() else source


def _saved_as(path: Path, out: str | None) -> Path:
    """Where the analysis of a table goes, without a suffix."""
    return (Path(out) if out else path.parent) / f"analysis-{path.stem}"


def _draw(game: MetaGame, steps: list[dict[str, Any]], name: Path) -> list[Path]:
    from psro_comm.game_plots import plot_iterations, plot_meta_game

    drawn = plot_meta_game(game, name.with_name(f"{name.name}-payoffs"))
    if steps:
        drawn += plot_iterations(steps, name.with_name(f"{name.name}-iterations"))
    return drawn
