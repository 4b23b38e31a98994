"""Makes one suite of what was measured of defenders, whatever their teams."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.certificate import Certificate
from psro_comm.metagame.curves import Curve
from psro_comm.metagame.intervals import mean_interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.suite import Kept, Suite
from psro_comm.metagame.teams import TeamLevel
from psro_comm.names import NOBODY
from psro_comm.studies.certificate import certify, is_ensemble
from psro_comm.studies.defenders import Group, words_of
from psro_comm.studies.suite.arena import Arena, Level, Measured
from psro_comm.studies.suite.attackers import MEASURE, Candidate, digest
from psro_comm.studies.suite.curves import Found, measure_curves
from psro_comm.studies.suite.doubts import doubts
from psro_comm.studies.worst_case import returns_of


class Searched(NamedTuple):
    """What was found of the defenders that share a team."""

    group: Group
    arena: Arena
    searched: Sequence[Mixed]  # on whom attacks were trained
    attacks: Sequence[Candidate]
    choice: PayoffTable  # of all of them, on the choosing worlds
    measured: Measured
    left_out: Sequence[str]  # stored attacks that may not play here, in words

    def curves(self, suite: Suite, axes: Sequence[str], runs_dir: Path) -> list[Curve]:
        """Returns the curves of the defenders, from what was found of them."""
        levels = {each.defender: each.worst for each in suite.kept}
        base = Found(self.attacks, self.measured.returns, levels)
        return measure_curves(self.group.lab, self.searched, base, axes, runs_dir)

    def doubts(self, suite: Suite) -> list[str]:
        """Returns why what was found of the defenders may be doubted, in words."""
        players = {each.name: each.player for each in self.attacks}

        def left(defender: str, attack: str) -> np.ndarray:
            return returns_of(self.choice, self.arena.rows[defender], players[attack])

        mine = {each.name for each in self.group.defenders}
        kept = [each for each in suite.kept if each.defender in mine]
        return [*self.left_out, *doubts(self.group.lab, left, self.attacks, kept)]


def suite_of(
    lab: Lab, found: Sequence[Searched], names: Sequence[str], beside: Collection[str]
) -> Suite:
    """Returns the results of all defenders, in the same worlds.

    Floor, liar muted and reach are those of the run's own team, whichever team a
    defender brings: one yardstick for all rows.

    Args:
      lab: the lab of the run.
      found: what was measured, the run's own team first.
      names: names of the defenders, in the order of the rows.
      beside: names of those on whom nothing was trained.
    """
    own = found[0].measured
    levels = dict(own.levels)
    for other in found[1:]:
        asked = [each.name for each in other.group.defenders]
        levels |= {name: other.measured.levels[name] for name in asked}
    returns = {n: left for each in found for n, left in each.measured.returns.items()}
    kept = {
        name: _kept(name, level, own.floor, returns.get(name, {}), name not in beside)
        for name, level in levels.items()
    }
    for name, certificate in _certificates(found).items():
        kept[name] = replace(kept[name], certificate=certificate)
    mute = found[0].arena.mute.name
    pure = {name for each in found for name in each.measured.pure}
    singles = [n for n in kept if n in pure and n not in (NOBODY, mute)]
    brought = [d.name for each in found[1:] for d in each.group.defenders]
    compared = {*returns, *brought}
    players = [
        player
        for each in found
        for player in (*each.arena.rows.values(), *(a.player for a in each.attacks))
    ]
    config = lab.config
    return Suite(
        f"suite-{digest(players)}",
        *(config.task, config.seed, mean_interval(own.floor), mute),
        *(mean_interval(own.liar_muted), paired_difference(own.liar_muted, own.floor)),
        [
            _beside(kept, levels, name, singles) if name in compared else kept[name]
            for name in names
        ],
        [],
        *(config.psro.episodes, config.evaluation.episodes),
        teams=_teams(found) if len(found) > 1 else (),
    )


def _kept(
    name: str,
    level: Level,
    floor: np.ndarray,
    returns: Mapping[str, float],
    searched: bool,
) -> Kept:
    clean, worst, black = level
    return Kept(
        name,
        mean_interval(clean),
        *(mean_interval(worst.returns), worst.attack),
        *(mean_interval(black.returns), black.attack),
        paired_difference(worst.returns, floor),
        returns,
        # Nothing need be trained on what no attack reaches.
        searched=searched or not returns,
    )


def _beside(
    kept: Mapping[str, Kept],
    levels: Mapping[str, Level],
    name: str,
    singles: Sequence[str],
) -> Kept:
    """Returns a result, set beside the best of the other single defenders."""
    others = [each for each in singles if each != name]
    if not others:
        return kept[name]
    best = max(others, key=lambda each: kept[each].worst.estimate)
    ours, theirs = levels[name].worst.returns, levels[best].worst.returns
    above = paired_difference(ours, theirs)
    return replace(kept[name], single=best, above_single=above)


def _certificates(found: Sequence[Searched]) -> dict[str, Certificate]:
    """Returns the certificates of ensembles, by the defenders that are nothing else."""
    certificates: dict[str, Certificate] = {}
    for each in found:
        alone = [
            defender.name
            for defender in each.group.defenders
            if {p.facts["kind"] for p in defender.policies.values()} == {NOBODY}
        ]
        if alone and is_ensemble(each.group.lab.team()):
            certificate = certify(each.group.lab, MEASURE)
            certificates |= dict.fromkeys(alone, certificate)
    return certificates


def _teams(found: Sequence[Searched]) -> list[TeamLevel]:
    return [
        TeamLevel(
            each.group.team,
            words_of(each.group.lab.team()),
            [defender.name for defender in each.group.defenders],
            mean_interval(each.measured.clean),
            mean_interval(each.measured.floor),
        )
        for each in found
    ]
