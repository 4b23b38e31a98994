"""Measures what defenders keep as an attacker may do more: curves over a budget.

At each budget the attack that hurts most is chosen on some worlds and measured on
others, the same at all budgets. Whoever may do more can hold back, so that the worst
attack of a smaller budget counts at all larger ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import NamedTuple

import numpy as np

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.curves import Curve, Point
from psro_comm.metagame.intervals import Interval, mean_interval
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.suite import ANY
from psro_comm.names import NOBODY
from psro_comm.settings.budgets import budgets
from psro_comm.settings.fields import replace
from psro_comm.settings.suite import NOT_TRAINED
from psro_comm.studies.players import find_player
from psro_comm.studies.suite.attackers import (
    CHOICE,
    MEASURE,
    Candidate,
    deaf,
    digest,
    trained_at,
    untrained,
)
from psro_comm.studies.worst_case import play_pairs, returns_of

_BEST = 3  # stored and trained attacks that are tried under every cap and rate


class Found(NamedTuple):
    """What the suite found under the run's own threat, from which curves go on.

    Attributes:
      attacks: all attacks.
      returns: mean return by defender and attack.
      levels: what each defender keeps in the worst case.
    """

    attacks: Sequence[Candidate]
    returns: Mapping[str, Mapping[str, float]]
    levels: Mapping[str, Interval]


class _Spot(NamedTuple):
    """One budget of an axis: the lab whose threat has it, and who is ready to play."""

    axis: str
    budget: float | None
    lab: Lab
    ready: Sequence[Candidate]  # attacks that nobody trains
    fits: bool  # whether attacks that were made for the run's own liars may play

    @property
    def name(self) -> str:
        """Returns words for it that are its own in the run."""
        number = "none" if self.budget is None else f"{self.budget:g}"
        return f"{self.axis} {number}"

    def play(
        self,
        stage: str,
        defender: Mixed,
        attacks: Sequence[Candidate],
        old: PayoffTable | None = None,
    ) -> PayoffTable:
        """Plays a defender against attacks, on the worlds of choosing or measuring."""
        config, measuring = self.lab.config, stage == "measure"
        players = [each.player for each in attacks]
        who, where = digest([defender, *players]), self.name.replace(" ", "-")
        return play_pairs(
            self.lab.knowing(),
            f"suite-{who}-{where}-{stage}",
            [(defender, each) for each in players],
            episodes=(config.evaluation if measuring else config.psro).episodes,
            worlds=MEASURE if measuring else CHOICE,
            old=old,
        )


class Winner(NamedTuple):
    """The attack that leaves a defender least at a budget, where it was chosen."""

    number: int  # of the budget that it uses
    attack: Candidate
    left: float


def measure_curves(
    lab: Lab,
    defenders: Sequence[Mixed],
    found: Found,
    axes: Iterable[str],
    runs_dir: Path,
) -> list[Curve]:
    """Returns a curve for each axis and defender.

    At each budget a defender meets all attacks without training, the best stored and
    trained ones where they fit the number of liars, what is trained on it at that
    budget, and the worst attacks of all smaller budgets.

    Args:
      lab: the lab of the run, whose threat is changed along the axis.
      defenders: whom to attack.
      found: what the suite found under that threat.
      axes: what is budgeted, of `settings.budgets.AXES`.
      runs_dir: folder of all runs.
    """
    curves = []
    for axis in axes:
        spots = _spots(lab, axis, found, runs_dir)
        for defender in defenders:
            if deaf(defender):
                level = found.levels[defender.name]
                curves.append(_flat(axis, spots, defender.name, level))
            else:
                curves.append(_curve(lab, axis, spots, defender, found))
    return curves


def allowing(lab: Lab, axis: str, budget: float | None) -> Lab:
    """Returns the lab with another threat; the same where nobody attacks.

    The run's malicious agents come first, then others by their numbers.
    """
    if budget == 0 or (axis, budget) == ("liars", lab.config.threat.num_malicious):
        return lab
    other = copy(lab)
    changes: dict[str, object] = {axis: budget}
    if axis == "liars":
        held, count = lab.malicious(), int(budget or 0)
        if held is not None:
            others = (k for k in range(lab.env.spec.num_agents) if k not in held)
            held = (*held, *others)[:count]
        changes = {"num_malicious": count, "malicious": held}
    other.config = replace(lab.config, {f"threat.{k}": v for k, v in changes.items()})
    return other


def average(axis: str, along: Sequence[float | None], returns: np.ndarray) -> Interval:
    """Returns the area under a curve over the length of its axis, with its interval.

    Args:
      axis: what is budgeted; a cap's axis is that of its logarithm.
      along: the budgets; None, which is no number, is left out.
      returns: `[budgets, W]`, in the same worlds.
    """
    where = np.array([each for each in along if each is not None], dtype=np.float64)
    counted = returns[[each is not None for each in along]]
    if axis == "cap":
        where = np.log2(where)
    area = np.trapezoid(counted, where, axis=0)
    return mean_interval(area / (where[-1] - where[0]))


def held_back(winners: Sequence[Winner]) -> list[Winner]:
    """Returns, for each budget, the worst of its winner and those of smaller ones."""
    return [
        # Of equals, the one that uses most of its budget.
        min(reversed(winners[: number + 1]), key=lambda winner: winner.left)
        for number in range(len(winners))
    ]


def _spots(lab: Lab, axis: str, found: Found, runs_dir: Path) -> list[_Spot]:
    """Returns the points of an axis."""
    nobody = Candidate(find_player(lab, NOBODY, "attack", runs_dir), knows=False)
    own = [each for each in found.attacks if each.name in NOT_TRAINED]
    spots = []
    for budget in budgets(axis, lab.env.spec.num_agents):
        other = allowing(lab, axis, budget)
        fits = other.config.threat.num_malicious == lab.config.threat.num_malicious
        ready = own if fits else untrained(other, runs_dir)
        if budget == 0:
            ready, fits = [nobody], False
        spots.append(_Spot(axis, budget, other, ready, fits))
    return spots


def _curve(
    lab: Lab, axis: str, spots: Sequence[_Spot], defender: Mixed, found: Found
) -> Curve:
    """Returns the curve of a defender that attacks can hurt."""
    winners = held_back(_search(spots, _attacks(lab, spots, defender, found), defender))
    played = {}
    for number, attack, _ in {winner.number: winner for winner in winners}.values():
        table = spots[number].play("measure", defender, [attack])
        played[number] = returns_of(table, defender, attack.player)
    points = [
        Point(
            spot.budget,
            mean_interval(played[winner.number]),
            winner.attack.name,
            spots[winner.number].budget,
        )
        for spot, winner in zip(spots, winners, strict=True)
    ]
    returns = np.stack([played[winner.number] for winner in winners])
    area = average(axis, [spot.budget for spot in spots], returns)
    return Curve(defender.name, axis, points, area)


def _flat(axis: str, spots: Sequence[_Spot], name: str, level: Interval) -> Curve:
    """Returns the curve of who hears nothing: no attack reaches him."""
    points = [Point(spot.budget, level, ANY, spot.budget) for spot in spots]
    return Curve(name, axis, points, level)


def _attacks(
    lab: Lab, spots: Sequence[_Spot], defender: Mixed, found: Found
) -> list[list[Candidate]]:
    """Returns whom a defender meets at each spot, smaller budgets' winners aside."""
    left = found.returns[defender.name]
    made = [a for a in found.attacks if a.name in left and a.name not in NOT_TRAINED]
    best = sorted(made, key=lambda each: left[each.name])[:_BEST]
    met = []
    for spot in spots:
        fresh: list[Candidate] = []
        # The suite has trained under the run's own threat.
        if spot.lab.config.threat != lab.config.threat:
            fresh = trained_at(spot.lab, spot.name, defender)
        met.append([*spot.ready, *(best if spot.fits else []), *fresh])
    return met


def _search(
    spots: Sequence[_Spot], met: Sequence[Sequence[Candidate]], defender: Mixed
) -> list[Winner]:
    """Returns each spot's worst attack, after those of smaller budgets had their try.

    What was trained for fewer liars fits no other number of them.
    """
    tables = [
        spot.play("choice", defender, attacks)
        for spot, attacks in zip(spots, met, strict=True)
    ]
    winners = [_least(k, tables[k], defender, met[k]) for k in range(len(spots))]
    found = []
    for number, spot in enumerate(spots):
        smaller = [
            winner.attack
            for winner in winners[:number]
            if spot.fits and spots[winner.number].fits
        ]
        everyone = [*{each.name: each for each in (*met[number], *smaller)}.values()]
        table = tables[number]
        if len(everyone) > len(met[number]):
            table = spot.play("choice-further", defender, everyone, table)
        found.append(_least(number, table, defender, everyone))
    return found


def _least(
    number: int, table: PayoffTable, defender: Mixed, attacks: Sequence[Candidate]
) -> Winner:
    """Returns who leaves a defender least in a table."""
    lefts = [float(returns_of(table, defender, a.player).mean()) for a in attacks]
    least = int(np.argmin(lefts))
    return Winner(number, attacks[least], lefts[least])
