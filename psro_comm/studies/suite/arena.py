"""The tables of the suite: some worlds to choose the worst on, others to measure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.intervals import mean_interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.suite import ANY, Kept, Suite
from psro_comm.names import MUTE, MUTES
from psro_comm.studies.players import find_player
from psro_comm.studies.references import liar_muted
from psro_comm.studies.suite.attackers import (
    CHOICE,
    MEASURE,
    NOBODY,
    Candidate,
    deaf,
    digest,
)
from psro_comm.studies.worst_case import play_pairs, returns_of


class Arena:
    """A maker of the tables of one suite in a lab."""

    def __init__(
        self,
        lab: Lab,
        defenders: Sequence[Mixed],
        runs_dir: Path,
        beside: Collection[str] = (),
    ) -> None:
        """Prepares tables of the defenders, nobody and the better of two mute filters.

        Args:
          lab: the lab of the game.
          defenders: whom to attack.
          runs_dir: folder of all runs.
          beside: names of those on whom nothing is trained.
        """
        self.lab, self.asked, self.runs_dir = lab, defenders, runs_dir
        self.beside = beside
        self.nobody, *mutes = (
            find_player(lab, each, "filter", runs_dir) for each in (NOBODY, *MUTES)
        )
        self.clean = find_player(lab, NOBODY, "attack", runs_dir)
        self.silence = find_player(lab, MUTE, "attack", runs_dir)
        levels = self._levels((self.nobody, *mutes))
        self.mute = max(mutes, key=lambda each: levels[each.name])
        clean, muted = levels[self.nobody.name], levels[self.mute.name]
        # What talking is worth.
        self.talk = max(clean - muted, 0.1 * abs(clean))
        everyone = (*defenders, self.nobody, self.mute)
        self.rows = {each.name: each for each in everyone}

    def _levels(self, filters: Sequence[Mixed]) -> dict[str, float]:
        """Returns what filters keep if nobody lies, on the choosing worlds."""
        table = self.lab.table(
            "suite-levels",
            {name: p for each in filters for name, p in each.policies.items()},
            self.clean.policies,
            self.lab.config.psro.episodes,
            worlds=CHOICE,
        )
        return {f.name: float(returns_of(table, f, self.clean).mean()) for f in filters}

    def name(self, attacks: Iterable[Candidate]) -> str:
        """Returns the name of what these attacks leave of these defenders."""
        players = [*self.rows.values(), *(each.player for each in attacks)]
        return f"suite-{digest(players)}"

    def play(
        self,
        stage: str,
        attacks: Sequence[Candidate],
        before: PayoffTable | None = None,
    ) -> PayoffTable:
        """Plays all defenders against all attacks that may meet them."""
        return play_pairs(
            self.lab.knowing(),
            f"{self.name(attacks)}-{stage}",
            [(d, a.player) for a in attacks for d in self.asked if _meet(d, a)],
            episodes=self.lab.config.psro.episodes,
            worlds=CHOICE,
            old=before,
        )

    def returns(
        self, table: PayoffTable, attacks: Sequence[Candidate]
    ) -> dict[str, dict[str, float]]:
        """Returns the mean return of each defender that was asked for, by attack."""
        return {
            defender.name: {
                each.name: float(returns_of(table, defender, each.player).mean())
                for each in attacks
                if _meet(defender, each)
            }
            for defender in self.asked
            if not deaf(defender)
        }

    def measure(
        self,
        attacks: Sequence[Candidate],
        returns: Mapping[str, Mapping[str, float]],
    ) -> Suite:
        """Measures what the worst attacks leave, on worlds that did not choose them."""
        lab, name = self.lab, self.name(attacks)
        by_name = {each.name: each for each in attacks}
        chosen = {d: _worst(left, by_name) for d, left in returns.items()}
        needed = [
            (self.rows[d], by_name[attack].player)
            for d, pair in chosen.items()
            for attack in pair
        ]
        needed += [(each, self.clean) for each in self.rows.values()]
        episodes = lab.config.evaluation.episodes
        table = play_pairs(
            *(lab.knowing(), f"{name}-measure", needed),
            episodes=episodes,
            worlds=MEASURE,
        )
        silenced = liar_muted(lab, MEASURE, self.runs_dir, episodes)
        floor = returns_of(table, self.mute, self.clean)
        muted = returns_of(silenced, self.nobody, self.silence)
        kept = self._kept(table, chosen, returns, by_name)
        config = lab.config
        return Suite(
            *(name, config.task, config.seed, mean_interval(floor), self.mute.name),
            *(mean_interval(muted), paired_difference(muted, floor)),
            *([kept[each.name] for each in self.asked], []),
            *(config.psro.episodes, episodes),
        )

    def _kept(
        self,
        table: PayoffTable,
        chosen: Mapping[str, tuple[str, str]],
        returns: Mapping[str, Mapping[str, float]],
        attacks: Mapping[str, Candidate],
    ) -> dict[str, Kept]:
        """Returns each defender's result, set beside the others'."""

        def played(defender: str, attack: str) -> np.ndarray:
            return returns_of(table, self.rows[defender], attacks[attack].player)

        def clean(defender: str) -> np.ndarray:
            return returns_of(table, self.rows[defender], self.clean)

        floor = clean(self.mute.name)
        kept = {
            each: Kept(
                each,
                mean_interval(clean(each)),
                mean_interval(played(each, worst)),
                worst,
                mean_interval(played(each, black)),
                black,
                paired_difference(played(each, worst), floor),
                returns[each],
                searched=each not in self.beside,
            )
            for each, (worst, black) in chosen.items()
        }
        # No attack reaches a team that hears nothing: its value is its worst case.
        for each in (row.name for row in self.rows.values() if deaf(row)):
            level, above = clean(each), paired_difference(clean(each), floor)
            same = mean_interval(level)
            kept[each] = Kept(each, same, same, ANY, same, ANY, above, {})

        def least(defender: str) -> np.ndarray:
            if defender not in chosen:
                return clean(defender)
            return played(defender, chosen[defender][0])

        return kept | {each: self._beside(kept, each, least) for each in chosen}

    def _beside(
        self,
        kept: Mapping[str, Kept],
        defender: str,
        least: Callable[[str], np.ndarray],
    ) -> Kept:
        """Returns a result, set beside the best of the other single filters."""
        singles = [
            name
            for name in kept
            if name not in (defender, NOBODY, self.mute.name)
            and len(self.rows[name].policies) < 2
        ]
        if not singles:
            return kept[defender]
        best = max(singles, key=lambda name: kept[name].worst.estimate)
        above = paired_difference(least(defender), least(best))
        return replace(kept[defender], single=best, above_single=above)


def _worst(
    left: Mapping[str, float], attacks: Mapping[str, Candidate]
) -> tuple[str, str]:
    """Returns the attack that leaves least, and the one that does so in the dark."""
    dark = (name for name in left if not attacks[name].knows)
    return min(left, key=left.__getitem__), min(dark, key=left.__getitem__)


def _meet(defender: Mixed, attack: Candidate) -> bool:
    return not deaf(defender) and attack.only in (None, defender.name)
