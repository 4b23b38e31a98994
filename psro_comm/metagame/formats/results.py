"""Reads what a simulator of one's own has played since, and adds it to a table."""

import csv
import dataclasses
import io
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from psro_comm.disk.files import read_bytes
from psro_comm.metagame.formats.by_line import Lines, is_by_line, read_lines
from psro_comm.metagame.formats.text import SEPARATORS, decoded, rows_of
from psro_comm.metagame.meta_game import MetaGame


class Moments(NamedTuple):
    """The episodes of a cell: their number, mean, and sum of squares around it."""

    episodes: float
    mean: float
    squares: float

    def joined(self, other: "Moments") -> "Moments":
        """Returns the moments of both together.

        Source: Chan, Golub and LeVeque 1979.
        """
        total = self.episodes + other.episodes
        apart = other.mean - self.mean
        mean = self.mean + apart * other.episodes / total
        between = apart**2 * self.episodes * other.episodes / total
        return Moments(total, mean, self.squares + other.squares + between)


Played = dict[tuple[str, str], Moments]


def read_results(path: Path) -> Played:
    """Reads the episodes of some cells: a line for each, or means with their errors.

    Args:
      path: path of a .csv or .tsv file with the columns `defender`, `attacker`, `mean`;
        with `std_error` and `episodes` a line is a cell, without an episode.

    Raises:
      ValueError: the file is absent or damaged; the reason is named.
    """
    data = read_bytes(path)
    try:
        return _played(_lines(decoded(data)))
    except ValueError as error:
        raise ValueError(f"{path} holds no results: {error}") from error


def _lines(text: str) -> Lines:
    first = text.partition("\n")[0]
    rows, notes = rows_of(text, max(SEPARATORS, key=first.count))
    if not is_by_line(rows[0].cells):
        raise ValueError(
            "its first line must name the columns defender, attacker, mean"
        )
    return read_lines(rows, notes)


def _played(lines: Lines) -> Played:
    mean, given = lines.read["mean"], set(lines.read) - {"mean"}
    if mean.errors is not None or (given and given != {"std_error", "episodes"}):
        raise ValueError("means need both std_error and episodes in columns")
    if not given:
        sampled: dict[tuple[str, str], list[float]] = defaultdict(list)
        for cell, payoff in zip(lines.cells, mean.values, strict=True):
            sampled[cell].append(float(payoff))
        return {
            cell: Moments(
                len(each), float(np.mean(each)), float(np.var(each) * len(each))
            )
            for cell, each in sampled.items()
        }
    found: Played = {}
    columns = (mean, lines.read["std_error"], lines.read["episodes"])
    for cell, *numbers in zip(lines.cells, *(c.values for c in columns), strict=True):
        moments = _moments(cell, *numbers)
        found[cell] = found[cell].joined(moments) if cell in found else moments
    return found


def _moments(
    cell: tuple[str, str], mean: float, error: float, episodes: float
) -> Moments:
    if not (error >= 0 and episodes >= 1 and episodes == round(episodes)):
        raise ValueError(f"{cell} has std_error {error} of {episodes} episodes")
    return Moments(episodes, mean, error**2 * episodes * (episodes - 1))


def with_results(game: MetaGame, results: Iterable[Played]) -> MetaGame:
    """Returns a game whose cells hold the episodes of results as well.

    Raises:
      ValueError: the game has no standard errors or episodes, or a cell is not in it.
    """
    if game.std_error is None or game.episodes is None:
        raise ValueError(
            f"{game.title}: results are added to a table with standard errors and"
            " episodes"
        )
    mean, std_error, episodes = (
        np.array(each) for each in (game.mean, game.std_error, game.episodes)
    )
    added = 0
    for played in results:
        for (defender, attacker), new in played.items():
            if defender not in game.defenders or attacker not in game.attackers:
                raise ValueError(
                    f"results of {(defender, attacker)}: the table has no such cell"
                )
            at = game.defenders.index(defender), game.attackers.index(attacker)
            old = _moments((defender, attacker), mean[at], std_error[at], episodes[at])
            both = old.joined(new)
            mean[at], episodes[at] = both.mean, both.episodes
            std_error[at] = _error(both)
            added += int(new.episodes)
    return dataclasses.replace(
        game,
        mean=mean,
        std_error=std_error,
        episodes=episodes,
        returns=None,
        notes=(*game.notes, f"{added} episodes of results are added"),
    )


def _error(moments: Moments) -> float:
    if moments.episodes < 2:
        return 0.0
    variance = moments.squares / (moments.episodes - 1)
    return float(np.sqrt(variance / moments.episodes))


def to_list(game: MetaGame, more: np.ndarray) -> str:
    """Returns CSV of how many more episodes to play of which cells, the most first.

    Args:
      game: the game, for its names.
      more: `[m, n]` episodes.
    """
    rows: list[tuple[str, str, object]] = [("defender", "attacker", "play")]
    for place in np.argsort(-more, axis=None, kind="stable"):
        i, j = divmod(int(place), len(game.attackers))
        if more[i, j] > 0:
            rows.append((game.defenders[i], game.attackers[j], int(more[i, j])))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
