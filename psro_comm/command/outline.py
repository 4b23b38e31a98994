"""Describes what `analyze_payoffs` would do: the text of its `--dry_run`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from psro_comm.command.plan import PLAY
from psro_comm.disk.tables import saved_as, table_of
from psro_comm.lab.progress import format_duration
from psro_comm.metagame.allocation import checked_width, known, wanted
from psro_comm.metagame.formats.files import DEFAULT
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.general.files import ONLY_ZERO_SUM, read_game
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.settings.experiment import ExperimentConfig


def outline(
    source: str | Path,
    out: str | None,
    num_samples: int,
    options: Options = DEFAULT,
    reduction: Mapping[str, int] | None = None,
    *,
    refined: tuple[ExperimentConfig | None, float] | None = None,
) -> str:
    """Returns in words what `analyze` would do; reads the table, but solves nothing.

    Args:
      source, out, num_samples, options, reduction: as for `analyze`.
      refined: with `--refine` the half-width to reach, and the configuration of the
        run that plays; None for a file, whose episodes are only listed.

    Raises:
      ValueError: no such file or run, or no game.
    """
    path = table_of(Path(source))
    game = read_game(path, options, reduction)
    if isinstance(game, MetaGame):
        shape: Sequence[int] = game.mean.shape
    else:
        shape = [len(names) for names in game.strategies]
    sides = " by ".join(map(str, shape))
    words = (
        f"analysis of {path}, {sides}, with {num_samples} resamples;"
        f" seconds; to {saved_as(path, out)}.json"
    )
    if refined is None:
        return words
    if not isinstance(game, MetaGame):
        raise ValueError(f"--refine has no effect on {path}: {ONLY_ZERO_SUM}")
    config, width = refined
    now = known(game, np.random.default_rng(0))
    episodes = int(wanted(now, checked_width(width)).sum())
    if config is None:
        return f"{words}\n  and a list of the first of about {episodes:,} new episodes"
    limit = config.extent.episode_limit
    steps = episodes * limit
    return (
        f"{words}\n  before it, about {episodes:,} new episodes of {config.task} until"
        f" the value is known to {width:g}: {steps:,} env steps, about"
        f" {format_duration(steps / PLAY)}"
    )
