"""Says where a suite's search cannot be trusted, in words."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from games.engine.threat import Threat
from psro_comm.disk.metrics import read_metrics
from psro_comm.lab.lab import Lab
from psro_comm.metagame.curves import Curve
from psro_comm.metagame.intervals import paired_difference
from psro_comm.metagame.suite import ANY, Kept
from psro_comm.studies.suite.attackers import Candidate

_STILL = 0.05  # of the harm done: as much in the last part of a training is progress

Left = Callable[[str, str], np.ndarray]
"""Takes the names of a defender and an attack; returns the returns by world."""


def doubts(
    lab: Lab, left: Left, attacks: Sequence[Candidate], kept: Sequence[Kept]
) -> list[str]:
    """Returns the reasons to doubt what was found of each defender.

    A trained attack is weaker than one that nobody trained; one that knows the team and
    the filter leaves more than one that does not; the worst was still improving when
    its budget ended; a critic explains nothing of the returns that it predicts. What
    the worlds cannot tell apart is no reason.

    Args:
      lab: the lab, whose run keeps the metrics of the trainings.
      left: what each attack left of each defender.
      attacks: all attacks.
      kept: what was measured of each defender.
    """
    found = []
    for each in kept:
        if each.attack == ANY or not each.searched:
            continue
        mine = [attack for attack in attacks if attack.name in each.returns]
        found += [
            f"{each.defender}: {words}"
            for words in (
                weak_training(left, each, mine),
                weak_knowledge(left, each, mine),
                unfinished(lab, each, mine),
                blind_critic(lab, each.defender, mine),
            )
            if words
        ]
    return found


def weak_training(left: Left, kept: Kept, attacks: Sequence[Candidate]) -> str | None:
    """Says whether no trained attack hurts as much as one that nobody trained."""
    learnt = _least(kept, [a for a in attacks if a.artefact])
    simple = _least(kept, [a for a in attacks if not a.artefact])
    if not _clearly_less(left, kept, simple, learnt):
        return None
    return (
        f"{simple} leaves {kept.returns[str(simple)]:.2f}, the best attack trained here"
        f" {kept.returns[str(learnt)]:.2f}: training is too weak or too short"
    )


def weak_knowledge(left: Left, kept: Kept, attacks: Sequence[Candidate]) -> str | None:
    """Says whether knowing the team and the filter helped nobody."""
    white = _least(kept, [a for a in attacks if a.knows])
    black = _least(kept, [a for a in attacks if not a.knows])
    if not _clearly_less(left, kept, black, white):
        return None
    return (
        f"{black}, which knows neither team nor filter, leaves"
        f" {kept.returns[str(black)]:.2f}, the best that does, {white},"
        f" {kept.returns[str(white)]:.2f}: too little is made of knowledge"
    )


def unfinished(lab: Lab, kept: Kept, attacks: Sequence[Candidate]) -> str | None:
    """Says whether the worst attack was still improving when its budget ended."""
    (worst,) = (attack for attack in attacks if attack.name == kept.attack)
    if worst.artefact is None:
        return None
    curve = _curve(lab, worst.artefact)
    if len(curve) < 3:  # a fixed list was tried, nothing was searched
        return None
    before, late = curve[-2:]
    if before - late <= _STILL * abs(kept.clean.estimate - late):
        return None
    return (
        f"{kept.attack} was still improving when its budget ended: from {before:.2f} to"
        f" {late:.2f} at the end of its learning curve"
    )


def blind_critic(lab: Lab, defender: str, attacks: Sequence[Candidate]) -> str | None:
    """Says whether the critic of an attack trained here explains nothing."""
    key = "attack/explained_variance"
    for attack in attacks:
        if attack.artefact is None or not attack.name.endswith(f" on {defender}"):
            continue
        rows = [row[key] for row in _rows(lab, attack.artefact) if key in row]
        late = [value for value in rows[-len(rows) // 4 :] if value is not None]
        if late and sum(late) / len(late) < 0.0:
            mean = sum(late) / len(late)
            return f"the critic of {attack.name} explains nothing (variance {mean:.2f})"
    return None


def outdone(kept: Sequence[Kept], curves: Sequence[Curve], threat: Threat) -> list[str]:
    """Says which curves pass below the worst case found, at the run's own threat.

    There an attack that was trained for a smaller budget hurts more than all that were
    trained for this one.
    """
    own = {"cap": threat.cap, "rate": threat.rate, "liars": threat.num_malicious}
    worst = {each.defender: each.worst for each in kept}
    return [
        f"{curve.defender}: {point.attack} of the curve over {curve.axis} leaves"
        f" {point.returns}, the worst case found {worst[curve.defender]}: the search"
        " is too weak or too short"
        for curve in curves
        for point in curve.points
        if point.budget == own[curve.axis]
        and point.returns.high < worst[curve.defender].low
    ]


def _least(kept: Kept, attacks: Sequence[Candidate]) -> str | None:
    names = [attack.name for attack in attacks]
    return min(names, key=kept.returns.__getitem__, default=None)


def _clearly_less(left: Left, kept: Kept, one: str | None, other: str | None) -> bool:
    """Returns whether an attack leaves less than another, in the same worlds."""
    if one is None or other is None:
        return False
    who = kept.defender
    return paired_difference(left(who, one), left(who, other)).high < 0.0


def _curve(lab: Lab, artefact: str) -> list[float]:
    """Returns what an attack left in the same worlds, point by point."""
    found = (row.get("test/return_mean") for row in _rows(lab, artefact))
    return [value for value in found if value is not None]


def _rows(lab: Lab, artefact: str) -> list[dict[str, Any]]:
    return read_metrics(lab.store.root, artefact)
