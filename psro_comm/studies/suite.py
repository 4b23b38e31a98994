"""Searches the worst case of frozen defenders with a suite of attacks.

The suite holds (a) attacks that nobody trains, in several sizes, (b) every attack of
every run that a defender comes from, and (c) attacks trained on each defender, from
scratch and on from the best that is known. The attack that leaves a defender least is
chosen on some worlds and measured on others, so that luck in the choice does not enter
the number. `psro_comm.studies.attackers` has the attacks.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
from absl import logging

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.intervals import mean_interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.suite import Kept, Suite
from psro_comm.studies.attackers import (
    ANY,
    CHOICE,
    MEASURE,
    MUTE,
    NOBODY,
    Candidate,
    digest,
    knowing,
    stored,
    trained,
    untrained,
    warmed,
)
from psro_comm.studies.curves import Found, measure_curves
from psro_comm.studies.doubts import doubts, outdone
from psro_comm.studies.players import find_player
from psro_comm.studies.worst_case import play_pairs, returns_of

_PRICE = 0.6  # of being flagged for certain, in what the team gains by talking


def search(
    lab: Lab, names: Sequence[str], runs_dir: Path, axes: Sequence[str] = ()
) -> Suite:
    """Returns what each defender keeps against the attack that hurts it most.

    Args:
      lab: the lab of the game, whose run keeps what is made.
      names: names of the defenders, see `psro_comm.studies.player_names`.
      runs_dir: folder of all runs.
      axes: the budgets over which curves are measured too, of `settings.budgets.AXES`.

    Raises:
      ValueError: an unknown name, or a policy for another team.
    """
    defenders = [find_player(lab, name, "filter", runs_dir) for name in names]
    return search_players(lab, defenders, names, runs_dir, axes)


def search_players(
    lab: Lab,
    defenders: Sequence[Mixed],
    sources: Iterable[str],
    runs_dir: Path,
    axes: Sequence[str] = (),
) -> Suite:
    """Returns the same as `search`, of players at hand.

    Args:
      lab: the lab of the game, whose run keeps what is made.
      defenders: whom to attack.
      sources: names of players, of whose runs every attack takes part.
      runs_dir: folder of all runs.
      axes: the budgets over which curves are measured too.
    """
    arena = _Arena(lab, defenders, runs_dir)
    ready = untrained(lab, runs_dir)
    old, left_out = stored(lab, sources, runs_dir)
    logging.info("suite: %d attacks without training, %d stored", len(ready), len(old))
    fresh = trained(lab, defenders, _PRICE * arena.talk())
    known = [*ready, *old, *fresh]
    choice = arena.play("choice", known)
    returns = arena.returns(choice, known)
    further = warmed(lab, defenders, known, returns)
    everyone = [*known, *further]
    choice = arena.play("choice-further", everyone, choice)
    returns = arena.returns(choice, everyone)
    found = arena.measure(everyone, returns)
    by_name = {each.name: each.player for each in everyone}

    def left(defender: str, attack: str) -> np.ndarray:
        return returns_of(choice, arena.rows[defender], by_name[attack])

    base = Found(everyone, returns, found.floor)
    curves = measure_curves(lab, defenders, base, axes, runs_dir)
    warnings = [
        *left_out,
        *doubts(lab, left, everyone, found.kept),
        *outdone(found.kept, curves, lab.config.threat),
    ]
    name = "-".join((found.name, *axes))
    found = replace(found, name=name, curves=curves, warnings=warnings)
    lab.store.save_json(found.name, found.to_dict())
    return found


class _Arena:
    """The tables of a suite: some worlds to choose the worst on, others to measure."""

    def __init__(self, lab: Lab, defenders: Sequence[Mixed], runs_dir: Path) -> None:
        """Prepares tables of the defenders, nobody and the mute filter."""
        self.lab, self.asked = lab, defenders
        both = [find_player(lab, each, "filter", runs_dir) for each in (NOBODY, MUTE)]
        self.nobody, self.mute = both
        self.clean = find_player(lab, NOBODY, "attack", runs_dir)
        self.silence = find_player(lab, MUTE, "attack", runs_dir)
        self.rows = {each.name: each for each in (*defenders, *both)}

    def talk(self) -> float:
        """Returns what talking is worth: the clean return less that of a mute team."""
        table = self.lab.table(
            "suite-levels",
            {**self.nobody.policies, **self.mute.policies},
            self.clean.policies,
            self.lab.config.psro.episodes,
            worlds=CHOICE,
        )
        clean, muted = (
            float(returns_of(table, each, self.clean).mean())
            for each in (self.nobody, self.mute)
        )
        return max(clean - muted, 0.1 * abs(clean))

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
            knowing(self.lab),
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
            if defender.name != MUTE
        }

    def measure(
        self,
        attacks: Sequence[Candidate],
        returns: Mapping[str, Mapping[str, float]],
    ) -> Suite:
        """Measures what the worst attacks leave, on worlds that did not choose them."""
        lab, name = self.lab, self.name(attacks)
        by_name = {each.name: each for each in attacks}
        worst = {d: min(left, key=left.__getitem__) for d, left in returns.items()}
        black = {
            d: min((a for a in left if not by_name[a].knows), key=left.__getitem__)
            for d, left in returns.items()
        }
        needed = [
            (self.rows[d], by_name[a].player)
            for found in (worst, black)
            for d, a in found.items()
        ]
        needed += [(each, self.clean) for each in self.rows.values()]
        table = play_pairs(
            knowing(lab),
            f"{name}-measure",
            needed,
            episodes=lab.config.evaluation.episodes,
            worlds=MEASURE,
        )

        def played(defender: str, attack: Mixed) -> np.ndarray:
            return returns_of(table, self.rows[defender], attack)

        floor = played(MUTE, self.clean)
        muted = self._liar_muted(name)
        hurt = {
            each: Kept(
                each,
                mean_interval(played(each, self.clean)),
                mean_interval(played(each, by_name[attack].player)),
                attack,
                mean_interval(played(each, by_name[black[each]].player)),
                black[each],
                paired_difference(played(each, by_name[attack].player), floor),
                returns[each],
            )
            for each, attack in worst.items()
        }
        # No attack reaches a team that hears nothing: its value is its worst case.
        level, equal = mean_interval(floor), paired_difference(floor, floor)
        same = Kept(MUTE, level, level, ANY, level, ANY, equal, {})
        kept = [hurt.get(each.name, same) for each in self.asked]
        config = lab.config
        return Suite(
            *(name, config.task, config.seed, mean_interval(floor)),
            *(mean_interval(muted), paired_difference(muted, floor), kept, []),
            *(config.psro.episodes, config.evaluation.episodes),
        )

    def _liar_muted(self, name: str) -> np.ndarray:
        """Returns the returns with the liar muted, in the worlds of the measurement.

        Muting him is the defender's doing here, whom neither cap nor rate binds.
        """
        free = copy(self.lab)
        threat = replace(self.lab.config.threat, cap=None, rate=1.0)
        free.config = replace(self.lab.config, threat=threat)
        table = free.table(
            *(f"{name}-liar-muted", self.nobody.policies, self.silence.policies),
            self.lab.config.evaluation.episodes,
            worlds=MEASURE,
        )
        return returns_of(table, self.nobody, self.silence)


def _meet(defender: Mixed, attack: Candidate) -> bool:
    return defender.name != MUTE and attack.only in (None, defender.name)
