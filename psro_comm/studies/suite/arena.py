"""The tables of the suite: some worlds to choose the worst on, others to measure."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.suite import ANY
from psro_comm.names import MUTE, MUTES, NOBODY
from psro_comm.studies.players import find_player
from psro_comm.studies.references import liar_muted
from psro_comm.studies.suite.attackers import (
    CHOICE,
    MEASURE,
    Candidate,
    deaf,
    digest,
)
from psro_comm.studies.worst_case import play_pairs, returns_of


class Met(NamedTuple):
    """The attack that leaves a defender least, and what it leaves in each world."""

    attack: str
    returns: np.ndarray  # [W]


class Level(NamedTuple):
    """What a defender keeps in each world: without attack, and in the worst cases."""

    clean: np.ndarray  # [W]
    worst: Met
    black_box: Met


class Measured(NamedTuple):
    """What was measured of the defenders of a team; arrays have an entry by world.

    Attributes:
      levels: by defender, also of those that nobody asked for and nothing reaches.
      clean: without attack and filter.
      floor: with everybody muted.
      liar_muted: with the malicious agents muted.
      returns: mean return of each defender by attack, on the choosing worlds.
      pure: names of the defenders that are single policies.
    """

    levels: Mapping[str, Level]
    clean: np.ndarray
    floor: np.ndarray
    liar_muted: np.ndarray
    returns: Mapping[str, Mapping[str, float]]
    pure: Sequence[str]


class Arena:
    """A maker of the tables of one suite in a lab."""

    def __init__(self, lab: Lab, defenders: Sequence[Mixed], runs_dir: Path) -> None:
        """Prepares tables of the defenders, nobody and the better of two mute filters.

        Args:
          lab: the lab of the game, whose team plays behind all of them.
          defenders: whom to attack.
          runs_dir: folder of all runs.
        """
        self.lab, self.asked, self.runs_dir = lab, defenders, runs_dir
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
    ) -> Measured:
        """Measures what the worst attacks leave, on worlds that did not choose them."""
        by_name = {each.name: each for each in attacks}
        chosen = {d: _worst(left, by_name) for d, left in returns.items()}
        needed = [
            (self.rows[d], by_name[attack].player)
            for d, pair in chosen.items()
            for attack in pair
        ]
        needed += [(each, self.clean) for each in self.rows.values()]
        table = play_pairs(
            *(self.lab.knowing(), f"{self.name(attacks)}-measure", needed),
            episodes=self.lab.config.evaluation.episodes,
            worlds=MEASURE,
        )
        clean = {n: returns_of(table, row, self.clean) for n, row in self.rows.items()}
        levels = {
            # No attack reaches a team that hears nothing: clean is its worst case.
            name: Level(clean[name], *2 * [Met(ANY, clean[name])])
            for name, row in self.rows.items()
            if deaf(row)
        }
        for name, pair in chosen.items():
            met = (
                Met(a, returns_of(table, self.rows[name], by_name[a].player))
                for a in pair
            )
            levels[name] = Level(clean[name], *met)
        return Measured(
            levels,
            clean[NOBODY],
            clean[self.mute.name],
            self._liar_muted(),
            dict(returns),
            [n for n, row in self.rows.items() if len(row.policies) < 2],
        )

    def _liar_muted(self) -> np.ndarray:
        """Returns what the team keeps with the malicious agents muted, by world."""
        episodes = self.lab.config.evaluation.episodes
        silenced = liar_muted(self.lab, MEASURE, self.runs_dir, episodes)
        return returns_of(silenced, self.nobody, self.silence)


def _worst(
    left: Mapping[str, float], attacks: Mapping[str, Candidate]
) -> tuple[str, str]:
    """Returns the attack that leaves least, and the one that does so in the dark."""
    dark = (name for name in left if not attacks[name].knows)
    return min(left, key=left.__getitem__), min(dark, key=left.__getitem__)


def _meet(defender: Mixed, attack: Candidate) -> bool:
    return not deaf(defender) and attack.only in (None, defender.name)
