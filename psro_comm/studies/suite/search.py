"""Searches the worst case of frozen defenders with a suite of attacks.

The suite holds (a) attacks that nobody trains, in several sizes, (b) every attack of
every run that a defender comes from, and (c) attacks trained on each defender, from
scratch and on from the best that is known. The attack that leaves a defender least is
chosen on some worlds and measured on others, so that luck in the choice does not enter
the number. `psro_comm.studies.suite.attackers` has the attacks.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from absl import logging

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.suite import Suite
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.players import find_player
from psro_comm.studies.suite.arena import Arena
from psro_comm.studies.suite.attackers import (
    Candidate,
    digest,
    further_ones,
    stored,
    trained,
    untrained,
    warmed,
)
from psro_comm.studies.suite.curves import Found, measure_curves
from psro_comm.studies.suite.doubts import doubts, outdone
from psro_comm.studies.worst_case import returns_of

_PRICE = 0.6  # of being flagged for certain, in what the team gains by talking


def search(
    lab: Lab,
    names: Sequence[str],
    runs_dir: Path,
    axes: Sequence[str] = (),
    attacks: Sequence[str] = (),
) -> Suite:
    """Returns what each defender keeps against the attack that hurts it most.

    Args:
      lab: the lab of the game, whose run keeps what is made.
      names: names of the defenders, see `psro_comm.studies.player_names`.
      runs_dir: folder of all runs.
      axes: the budgets over which curves are measured too, of `settings.budgets.AXES`.
      attacks: names of attacks that take part beside those of the suite.

    Raises:
      ValueError: an unknown name, or a policy for another team.
    """
    warn_unless_it_talks(lab)
    defenders = [find_player(lab, name, "filter", runs_dir) for name in names]
    more = further_ones(lab, attacks, runs_dir)
    return search_players(lab, defenders, names, runs_dir, axes, more=more)


def search_players(
    lab: Lab,
    defenders: Sequence[Mixed],
    sources: Iterable[str],
    runs_dir: Path,
    axes: Sequence[str] = (),
    met: Collection[str] = (),
    beside: Collection[str] = (),
    more: Sequence[Candidate] = (),
) -> Suite:
    """Returns the same as `search`, of players at hand.

    Args:
      lab: the lab of the game, whose run keeps what is made.
      defenders: whom to attack.
      sources: names of players, of whose runs every attack takes part.
      runs_dir: folder of all runs.
      axes: the budgets over which curves are measured too.
      met: names of the defenders on whom the run has trained its own kind of attack.
      beside: names of the defenders on whom nothing is trained: yardsticks, which meet
        what was trained on the others.
      more: attacks that take part beside those of the suite.
    """
    arena = Arena(lab, defenders, runs_dir, beside)
    searched = [each for each in defenders if each.name not in beside]
    ready = untrained(lab, runs_dir)
    old, left_out = stored(lab, sources, runs_dir)
    same = {digest([each.player]) for each in ready}  # R-MACRL may begin with them
    old = [each for each in old if digest([each.player]) not in same]
    old += more
    logging.info("suite: %d attacks without training, %d stored", len(ready), len(old))
    fresh = trained(lab, searched, _PRICE * arena.talk, met)
    known = [*ready, *old, *fresh]
    choice = arena.play("choice", known)
    returns = arena.returns(choice, known)
    further = warmed(lab, searched, known, returns)
    everyone = [*known, *further]
    choice = arena.play("choice-further", everyone, choice)
    returns = arena.returns(choice, everyone)
    found = arena.measure(everyone, returns)
    by_name = {each.name: each.player for each in everyone}

    def left(defender: str, attack: str) -> np.ndarray:
        return returns_of(choice, arena.rows[defender], by_name[attack])

    levels = {each.defender: each.worst for each in found.kept}
    base = Found(everyone, returns, levels)
    curves = measure_curves(lab, searched, base, axes, runs_dir)
    warnings = [
        *left_out,
        *doubts(lab, left, everyone, found.kept),
        *outdone(found.kept, curves, lab.config.threat),
    ]
    name = "-".join((found.name, *axes))
    found = replace(found, name=name, curves=curves, warnings=warnings)
    lab.store.save_json(found.name, found.to_dict())
    return found
