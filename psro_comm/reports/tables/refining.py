"""Refines a table: in a run's lab, or by lists for a simulator of one's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from psro_comm.disk.files import decode_json, read_bytes, sha256
from psro_comm.disk.files import write_atomic as write_file
from psro_comm.disk.tables import read_verified
from psro_comm.metagame.allocation import checked_width, known, next_round, wanted
from psro_comm.metagame.formats.files import write_meta_game
from psro_comm.metagame.formats.results import read_results, to_list, with_results
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.text import Section

if TYPE_CHECKING:  # the lab loads torch
    from psro_comm.lab.lab import Lab


class Refining(NamedTuple):
    """How a table is to be refined.

    Attributes:
      width: half-width of the value's interval to reach, in returns; None is as it is.
      lab: the run's lab, to play new episodes in; None asks for them in a list.
      results: files of episodes that were played since.
    """

    width: float | None = None
    lab: "Lab | None" = None
    results: Sequence[Path] = ()


def refined(
    game: MetaGame, path: Path, name: Path, how: Refining, seed: int
) -> tuple[MetaGame, dict[str, Any] | None, list[Path]]:
    """Returns a game with new episodes, what they brought, and the files written.

    Args:
      game: the game of the table.
      path: file of the table.
      name: path of the analysis, without a suffix.
      how: how to refine it.
      seed: seed of the resamples.

    Raises:
      ValueError: a width that is not positive, or a game without episodes.
    """
    if how.lab is not None and how.width is not None:
        from psro_comm.studies.refinement import refine

        table = PayoffTable.from_dict(decode_json(read_verified(path), path))
        table, found = refine(how.lab, table, how.width)
        return MetaGame.of(table, f"{path.stem}, refined"), found, []
    files = []
    if how.results:
        _check_distinct([path, *how.results])
        game = with_results(game, map(read_results, how.results))
        files.append(name.with_name(f"{name.name}-merged.csv"))
        write_meta_game(files[0], game)
    if how.width is None:
        return game, None, files
    width = checked_width(how.width)
    now = known(game, np.random.default_rng(seed))
    more = next_round(now, width)
    found = {
        "target_half_width": width,
        "half_width": now.half_width,
        "reached": now.half_width <= width,
        "episodes": int(now.episodes.sum()),
        "play": int(more.sum()),
        "play_in_all": int(wanted(now, width).sum()),
    }
    if more.any():
        files.append(name.with_name(f"{name.name}-play.csv"))
        write_file(files[-1], to_list(game, more).encode())
        found["list"] = files[-1].name
    return game, found, files


def _check_distinct(paths: Sequence[Path]) -> None:
    """Refuses a table or results that are there twice: they would count twice."""
    seen: dict[str, Path] = {}
    for path in paths:
        digest = sha256(read_bytes(path))
        if digest in seen:
            raise ValueError(
                f"--results: {path} holds what {seen[digest]} does: it would count"
                " twice"
            )
        seen[digest] = path


def refinement_section(found: Mapping[str, Any]) -> Section:
    """Returns in words what new episodes brought, or which ones are to be played."""
    reached = "reached" if found["reached"] else "NOT reached"
    bullets = [
        f"half-width {found['half_width']:.4g}, target {found['target_half_width']:g}"
        f" {reached}",
    ]
    if "play" not in found:
        bullets.append(
            f"{found['episodes']} episodes ({found['episodes_before']} before); spent"
            f" evenly the same width takes {found['episodes_evenly']}:"
            f" {found['saved_share']:.0%} saved"
        )
        return Section(f"refined in {found['rounds']} rounds", bullets=bullets)
    if found["play"]:
        bullets.append(
            f"{found['episodes']} episodes now; play {found['play']} more (about"
            f" {found['play_in_all']} in all) of the cells in {found['list']}, and give"
            " their returns in --results=FILE,...: lines of defender,attacker,mean"
        )
    return Section("refinement", bullets=bullets)
