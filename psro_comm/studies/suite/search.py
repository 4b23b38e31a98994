"""Searches the worst case of frozen defenders with a suite of attacks.

The suite holds (a) attacks that nobody trains, in several sizes, (b) every attack of
every run that a defender comes from, and (c) attacks trained on each defender, from
scratch and on from the best that is known. The attack that leaves a defender least is
chosen on some worlds and measured on others, so that luck in the choice does not enter
the number. `psro_comm.studies.suite.attackers` has the attacks.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from absl import logging

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.suite import Suite
from psro_comm.studies.defenders import Group, by_team, find_defender
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.suite.arena import Arena
from psro_comm.studies.suite.attackers import (
    Candidate,
    digest,
    further_ones,
    made_again,
    stored,
    trained,
    untrained,
    warmed,
)
from psro_comm.studies.suite.doubts import outdone
from psro_comm.studies.suite.results import Searched, suite_of

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
    defenders = [find_defender(lab, name, runs_dir) for name in names]
    more = further_ones(lab, attacks, runs_dir)
    return search_players(lab, defenders, names, runs_dir, axes, more=more)


def search_players(
    lab: Lab,
    defenders: Sequence[Mixed],
    sources: Sequence[str],
    runs_dir: Path,
    axes: Sequence[str] = (),
    met: Collection[str] = (),
    beside: Collection[str] = (),
    more: Sequence[Candidate] = (),
) -> Suite:
    """Returns the same as `search`, of players at hand.

    Args:
      lab: the lab of the game, whose run keeps what is made.
      defenders: whom to attack; some may bring a team of their own.
      sources: names of players, of whose runs every attack takes part.
      runs_dir: folder of all runs.
      axes: the budgets over which curves are measured too.
      met: names of the defenders on whom the run has trained its own kind of attack.
      beside: names of the defenders on whom nothing is trained: yardsticks, which meet
        what was trained on the others.
      more: attacks that take part beside those of the suite.
    """
    elsewhere = {each.name for each in defenders if each.team is not None}
    found = []
    for group in by_team(lab, defenders):
        own = group.lab is lab
        mine = [each.name for each in group.defenders]
        near = [n for n in sources if n not in elsewhere] if own else mine
        searched = [each for each in group.defenders if each.name not in beside]
        some = (more, []) if own else made_again(group.lab, more, runs_dir)
        found.append(_searched(group, searched, near, runs_dir, met, some))
    names = [each.name for each in defenders]
    suite = suite_of(lab, found, names, beside)
    curves = [curve for each in found for curve in each.curves(suite, axes, runs_dir)]
    curves.sort(key=lambda curve: (axes.index(curve.axis), names.index(curve.defender)))
    warnings = [words for each in found for words in each.doubts(suite)]
    warnings += outdone(suite.kept, curves, lab.config.threat)
    name = "-".join((suite.name, *axes))
    suite = replace(suite, name=name, curves=curves, warnings=warnings)
    lab.store.save_json(suite.name, suite.to_dict())
    return suite


def _searched(
    group: Group,
    searched: Sequence[Mixed],
    names: Sequence[str],
    runs_dir: Path,
    met: Collection[str],
    more: tuple[Sequence[Candidate], Sequence[str]],
) -> Searched:
    """Searches the worst case of the defenders that share a team.

    Args:
      group: the defenders, and the lab in which their team plays.
      searched: those of them on whom attacks are trained.
      names: names of players, of whose runs every attack takes part.
      runs_dir, met: as in `search_players`.
      more: attacks that take part beside those of the suite; others that cannot.
    """
    lab = group.lab
    arena = Arena(lab, group.defenders, runs_dir)
    ready = untrained(lab, runs_dir)
    old, left_out = stored(lab, names, runs_dir)
    same = {digest([each.player]) for each in ready}  # R-MACRL may begin with them
    old = [each for each in old if digest([each.player]) not in same]
    old += more[0]
    logging.info("suite: %d attacks without training, %d stored", len(ready), len(old))
    fresh = trained(lab, searched, _PRICE * arena.talk, met)
    known = [*ready, *old, *fresh]
    choice = arena.play("choice", known)
    returns = arena.returns(choice, known)
    further = warmed(lab, searched, known, returns)
    everyone = [*known, *further]
    choice = arena.play("choice-further", everyone, choice)
    measured = arena.measure(everyone, arena.returns(choice, everyone))
    return Searched(
        group, arena, searched, everyone, choice, measured, [*left_out, *more[1]]
    )
