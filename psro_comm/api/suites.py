"""Searches what filters keep in the worst case: of a team, or of players not ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from games.engine.settings import refusal
from games.engine.side import Side
from psro_comm.api.cast import Players as Given
from psro_comm.api.cast import casting, check_players
from psro_comm.api.games import (
    at_least,
    beside,
    laboratory,
    nothing_else_changed,
    whole_seed,
)
from psro_comm.api.outside import WorstCase, refuse_idle, worst_case_of
from psro_comm.api.play import Source, game_of
from psro_comm.api.results import Result, flat
from psro_comm.metagame.suite import Kept, Suite
from psro_comm.psro.outside import Players
from psro_comm.reports.suite import render_suite
from psro_comm.settings.budgets import AXES
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.suite.attackers import candidate_of
from psro_comm.studies.suite.search import search_players


@dataclass(frozen=True, eq=False, repr=False)
class SuiteResult(Result):
    """What each filter keeps against the attack of a suite that hurts it most.

    Attributes:
      suite: everything that was found: floor, every filter's result, warnings, curves.
    """

    suite: Suite

    @property
    def title(self) -> str:
        """What was measured, and the floor."""
        found = self.suite
        return (
            f"what filters keep in the worst case, {found.measured_on} worlds, 95 %;"
            f" everybody muted {found.floor}, the liar muted {found.liar_muted}"
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the numbers doubtful, in words."""
        return tuple(self.suite.warnings)

    def kept(self, filter: str) -> Kept:
        """Returns the result of one filter.

        Raises:
          ValueError: nobody of that name was searched.
        """
        known = {each.defender: each for each in self.suite.kept}
        if filter not in known:
            raise refusal("filter", filter, f"one of {', '.join(known)}")
        return known[filter]

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a filter: clean, worst case, what it is above the floor."""
        return [
            {
                "filter": each.defender,
                **flat("clean", each.clean),
                **flat("worst", each.worst),
                "attack": each.attack,
                **flat("above_floor", each.above_floor),
                "holds": each.holds,
            }
            for each in self.suite.kept
        ]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON data."""
        return self.suite.to_dict()

    def shown(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Returns what each keeps."""
        words = {True: "holds", False: "does not hold", None: "cannot tell"}
        rows = [
            [k.defender, str(k.clean), str(k.worst), k.attack, words[k.holds]]
            for k in self.suite.kept
        ]
        return ["filter", "clean", "worst case", "by", "verdict"], rows

    def __str__(self) -> str:
        """Returns it in words."""
        return render_suite(self.suite)


def worst_case(
    source: Source | Players,
    defenders: Given | Mapping[str, Mapping[str, float]],
    *,
    attacks: Given = (),
    curves: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    budget: str = "quick",
    seed: int | None = None,
    worlds: int | None = None,
    workers: int = 0,
    run: str | Path | None = None,
    tries: int = 1,
) -> SuiteResult | WorstCase:
    """Searches the attack that leaves each filter least, with a suite of attacks.

    Args:
      source: whose team plays: a run, its path, or a `pc.Team`; or `pc.Players`.
      defenders: the filters: as in `pc.evaluate`; of players their ids, or mixtures by
        name: `{"mixed": {"filter-1": 0.4, "filter-2": 0.6}}`.
      attacks: attacks that take part beside those of the suite, as in `pc.evaluate`.
      curves: budgets of the attacker over which curves are measured, of `cap`, `rate`
        and `liars`.
      settings: values by the names of flags: `{"attack_oracle.env_steps": 50_000}`.
      budget: of a team: `smoke`, `quick` or `paper`; a run has its own.
      seed: seed of trainings and worlds; None is the source's own, 0 of a team.
      worlds: worlds in which the chosen attack is measured, other than those that chose
        it; None is the budget's, 256 of players.
      workers: processes side by side. Functions play in this process alone.
      run: folder that keeps everything, and goes on after a kill; None keeps nothing.
      tries: of players alone: how often `respond` is asked for an attack on each.

    Returns:
      What each keeps, in returns with 95 % intervals over worlds: a lower bound on the
      harm, for a better attack may exist.

    Raises:
      ValueError: an unknown name, or a setting that is not allowed.
    """
    if isinstance(source, Players):
        idle = {"attacks": attacks, "curves": curves, "settings": settings}
        refuse_idle({**idle, "workers": workers, "run": run}, "players")
        ids: Any = defenders
        with nothing_else_changed():
            return worst_case_of(
                source,
                ids,
                worlds=at_least(2, "worlds", 256 if worlds is None else worlds),
                tries=at_least(1, "tries", tries),
                seed=whole_seed(seed),
            )
    if tries != 1:
        raise ValueError("tries has no effect on a team: leave it out")
    unknown = [axis for axis in curves if axis not in AXES]
    if unknown:
        raise refusal("curves", unknown[0], f"some of {', '.join(AXES)}")
    asked = beside(settings, {"evaluation.episodes": worlds})
    game = game_of(source, asked, seed, budget)
    how: dict[str, Any] = {"workers": workers, "run": run}
    check_players(game, defenders, Side.DEFENDER, "defenders", **how)
    if attacks != ():
        check_players(game, attacks, Side.ATTACKER, "attacks", **how)
    with (
        laboratory(game, workers=workers, run=run) as lab,
        casting(lab, game.runs_dir, workers, run) as cast,
    ):
        warn_unless_it_talks(lab)
        filters: Any = defenders
        found = cast.players(filters, Side.DEFENDER, "defenders")
        met = cast.players(attacks, Side.ATTACKER, "attacks") if len(attacks) else []
        asked_for = filters.values() if isinstance(filters, Mapping) else filters
        sources = [each for each in asked_for if isinstance(each, str)]
        suite = search_players(
            lab,
            found,
            sources,
            game.runs_dir,
            tuple(axis for axis in AXES if axis in curves),
            more=[candidate_of(each) for each in met],
        )
    return SuiteResult(suite)
