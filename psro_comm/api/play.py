"""Plays attacks against filters, in the same worlds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from games.engine.settings import refusal
from games.engine.side import Side
from psro_comm.api.cast import Players, casting, check_players
from psro_comm.api.games import Game, beside, changed, laboratory, reseeded
from psro_comm.api.results import Result, flat, met_as_record
from psro_comm.api.runs import Run, load
from psro_comm.api.tables import Table
from psro_comm.api.teams import Team
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.intervals import Interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.rows import CrossPlay, Row
from psro_comm.studies.crossplay import played
from psro_comm.studies.worst_case import returns_of

Source = Run | Team | str | Path
"""Whose team plays: a run, the path of its folder, or a team."""


def game_of(
    source: Source,
    settings: Mapping[str, Any] | None,
    seed: int | None = None,
    budget: str = "quick",
) -> Game:
    """Returns the game of a source, with other settings.

    Args:
      source: a run, the path of its folder, or a team.
      settings: values by the names of flags.
      seed: another seed than the run's, for the same malicious agents; None is the
        run's own, 0 of a team.
      budget: of a team: `smoke`, `quick` or `paper`. A run has its own.

    Raises:
      ValueError: no such run, or a setting that is not allowed.
    """
    if isinstance(source, str | Path):
        source = load(source)
    if not isinstance(source, Run | Team):
        words = "a run, the path of its folder, or a team"
        raise ValueError(f"source is a {type(source).__name__}, must be {words}")
    found = source.game(budget)
    config = changed(found.config, settings)
    if seed is not None:
        config = reseeded(config, seed)
    return found._replace(config=config)


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Result):
    """The returns of all filters against all attacks, in the same worlds.

    Attributes:
      attacks, filters: names of the players.
      rows: one result a pair, filters outermost, with 95 % intervals.
      references: what any result lies between: no attack, everybody muted, the liar
        muted, the norm gate.
      worlds: W, number of worlds.
    """

    attacks: tuple[str, ...]
    filters: tuple[str, ...]
    rows: tuple[Row, ...]
    references: tuple[Row, ...]
    worlds: int
    _table: PayoffTable
    _players: Mapping[str, Mapping[str, Mixed]]

    @classmethod
    def of(
        cls,
        found: CrossPlay,
        table: PayoffTable,
        defenders: Sequence[Mixed],
        opponents: Sequence[Mixed],
    ) -> "Evaluation":
        """Returns the evaluation of a played table."""
        players = {
            "filter": {each.name: each for each in defenders},
            "attack": {each.name: each for each in opponents},
        }
        names = tuple(players["attack"]), tuple(players["filter"])
        lines = tuple(found.rows), tuple(found.references)
        return cls(*names, *lines, table.num_worlds, table, players)

    @property
    def title(self) -> str:
        """What was played."""
        return f"return of filters against attacks, {self.worlds} worlds, 95 %"

    def row(self, filter: str, attack: str) -> Row:
        """Returns the result of one pair.

        Raises:
          ValueError: nobody of that name was played.
        """
        self._player("filter", filter), self._player("attack", attack)
        return next(each for each in self.rows if each.pair == (filter, attack))

    def returns(self, filter: str, attack: str) -> np.ndarray:
        """Returns the return in each world, `[W]`; of mixtures the expected one."""
        defender = self._player("filter", filter)
        return returns_of(self._table, defender, self._player("attack", attack))

    def difference(self, ours: tuple[str, str], theirs: tuple[str, str]) -> Interval:
        """Returns how much more one pair earns than another, paired by world, 95 %.

        Args:
          ours, theirs: a filter and an attack each.
        """
        return paired_difference(self.returns(*ours), self.returns(*theirs))

    def differences(self) -> list[dict[str, Any]]:
        """Returns all filters less the first, and all attacks less the first, paired.

        Each is a record: `ours`, `theirs`, the side that differs, the player that both
        met, and the difference with its interval.
        """
        found = []
        for side, names, met in (
            ("filter", self.filters, self.attacks),
            ("attack", self.attacks, self.filters),
        ):
            for name, other in product(names[1:], met):
                pairs = [(name, other), (names[0], other)]
                if side == "attack":
                    pairs = [(other, each) for each, _ in pairs]
                gain = self.difference(*pairs)
                words = {"side": side, "ours": name, "theirs": names[0], "met": other}
                found.append({**words, **flat("difference", gain)})
        return found

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a pair: return, success and distortion, with intervals."""
        return [met_as_record(each) for each in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON data."""
        return {
            "attacks": list(self.attacks),
            "filters": list(self.filters),
            "worlds": self.worlds,
            "rows": [each.to_dict() for each in self.rows],
            "references": [each.to_dict() for each in self.references],
            "differences": self.differences(),
        }

    def table(self) -> Table:
        """Returns the returns by world as a payoff table, mixtures as one row each."""
        cells = np.array(
            [[self.returns(f, a) for a in self.attacks] for f in self.filters]
        )
        none = np.zeros_like(cells)
        return Table(
            PayoffTable(self.filters, self.attacks, cells, none, none), "played"
        )

    def shown(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Returns the matrix of returns, and the references below it."""
        rows = [
            [name, *(str(self.row(name, attack).returns) for attack in self.attacks)]
            for name in self.filters
        ]
        blank = [""] * (len(self.attacks) - 1)
        rows += [[f"({r.label})", str(r.returns), *blank] for r in self.references[:3]]
        return ["return [95 %]", *self.attacks], rows

    def _player(self, side: str, name: str) -> Mixed:
        known = self._players[side]
        if name not in known:
            raise refusal(side, name, f"one of {', '.join(known)}")
        return known[name]


def evaluate(
    source: Source,
    attacks: Players = ("none", "noise"),
    filters: Players = ("none",),
    *,
    worlds: int = 1000,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    workers: int = 0,
    run: str | Path | None = None,
) -> Evaluation:
    """Plays every filter against every attack in the same worlds.

    Args:
      source: whose team plays: a run (`pc.load`), its path, or a `pc.Team`.
      attacks, filters: the players: a list, or a dict by names of your own. Each is a
        name of docs/commands.md (`noise@2`, `RUN/POLICY`, `psro:RUN`; runs are looked
        up beside the source), a `pc.Policy`, or a function of a view: an attack
        `pc.AttackView -> delta [B,K,D]`, a filter `pc.FilterView -> flags [B,N]` or
        `-> (flags, repaired [B,N,D])`.
      worlds: number of worlds, each played once by each pair; at least 2.
      settings: values by the names of flags, such as `{"threat.cap": 1.0}`.
      seed: seed of the worlds; None is the run's own, and 0 of a team.
      workers: processes side by side. Functions play in this process alone.
      run: folder that keeps what is played, without functions; None keeps nothing.

    Returns:
      Returns with 95 % intervals over worlds, and paired differences.

    Raises:
      ValueError: no such player, one made for another team or threat, or a function
        whose answer has another shape, or is not finite.
    """
    if worlds is None:
        raise refusal("worlds", worlds, "a whole number, at least 2")
    game = game_of(source, beside(settings, {"evaluation.episodes": worlds}), seed)
    check_players(game, attacks, Side.ATTACKER, "attacks", workers=workers, run=run)
    check_players(game, filters, Side.DEFENDER, "filters", workers=workers, run=run)
    with (
        laboratory(game, workers=workers, run=run) as lab,
        casting(lab, game.runs_dir, workers, run) as cast,
    ):
        opponents = cast.players(attacks, Side.ATTACKER, "attacks")
        defenders = cast.players(filters, Side.DEFENDER, "filters")
        found, table = played(lab, opponents, defenders, game.runs_dir)
    return Evaluation.of(found, table, defenders, opponents)
