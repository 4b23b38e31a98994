"""Searches the worst case of frozen defenders with a suite of attacks.

The suite holds (a) attacks that nobody trains, in several sizes, (b) every attack of
every run that a defender comes from, and (c) attacks trained from scratch on each
defender, by two oracles. The attack that leaves a defender least is chosen on some
worlds and measured on others, so that luck in the choice does not enter the number.
"""

import hashlib
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np

from games.engine.side import Side
from oracles.strategies.config import AffineConfig, EvolutionConfig, Recipe
from psro_comm.lab.lab import Lab, stopping_at
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import read_run
from psro_comm.metagame.intervals import mean_interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.suite import Kept, Suite
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.player_names import read_name
from psro_comm.studies.players import find_player
from psro_comm.studies.worst_case import breaker, returns_of

NOT_TRAINED = (
    *("noise", "noise@2", "noise@4", "shaped", "shaped@2", "shaped@5"),
    *("offset", "offset@2", "offset@4", "flip", "flip@3", "mirror", "mirror@2"),
    *("swap", "replay@1", "replay@4", "replay@16", "mute"),
)
NOBODY, MUTE = "none", "mute"  # an attack and a filter each


def search(lab: Lab, names: Sequence[str], runs_dir: Path) -> Suite:
    """Returns what each defender keeps against the attack that hurts it most.

    Args:
      lab: the lab of the game, whose run keeps what is made.
      names: names of the defenders, see `psro_comm.studies.player_names`.
      runs_dir: folder of all runs.

    Raises:
      ValueError: an unknown name, or a policy for another team.
    """
    warn_unless_it_talks(lab)
    asked = [find_player(lab, name, "filter", runs_dir) for name in names]
    reference = [find_player(lab, each, "filter", runs_dir) for each in (NOBODY, MUTE)]
    ready = [find_player(lab, each, "attack", runs_dir) for each in NOT_TRAINED]
    stored, left_out = _stored(lab, names, runs_dir)
    fresh = _trained(lab, asked)
    attacks = {each.name: each for each in (*ready, *stored, *fresh)}
    defenders = {each.name: each for each in (*asked, *reference)}
    name = f"suite-{_digest([*defenders.values(), *attacks.values()])}"
    psro, evaluation = lab.config.psro, lab.config.evaluation
    chosen_on = psro.episodes
    choosing = _play(lab, f"{name}-choice", defenders, attacks, chosen_on)
    returns = {
        each.name: {
            attack: float(returns_of(choosing, each, against).mean())
            for attack, against in attacks.items()
        }
        for each in asked
    }
    worst = {each: min(left, key=left.__getitem__) for each, left in returns.items()}
    needed = {each: attacks[each] for each in worst.values()}
    needed[NOBODY] = find_player(lab, NOBODY, "attack", runs_dir)
    table = _play(lab, f"{name}-measure", defenders, needed, evaluation.episodes)

    def played(defender: str, attack: str) -> np.ndarray:
        return returns_of(table, defenders[defender], needed[attack])

    floor = played(MUTE, NOBODY)
    liar_muted = _liar_muted(lab, name, defenders[NOBODY], attacks[MUTE])
    kept = [
        Kept(
            each,
            mean_interval(played(each, NOBODY)),
            mean_interval(played(each, attack)),
            attack,
            paired_difference(played(each, attack), floor),
            returns[each],
        )
        for each, attack in worst.items()
    ]
    doubtful = doubts(returns, [each.name for each in ready], [e.name for e in fresh])
    result = Suite(
        *(name, lab.config.task, lab.config.seed, mean_interval(floor)),
        *(mean_interval(liar_muted), paired_difference(liar_muted, floor), kept),
        *([*left_out, *doubtful], chosen_on, evaluation.episodes),
    )
    lab.store.save_json(name, result.to_dict())
    return result


def _stored(
    lab: Lab, names: Sequence[str], runs_dir: Path
) -> tuple[list[Mixed], list[str]]:
    """Returns every attack of every run that a defender comes from, each once.

    One that may not play here (another threat, other malicious agents) is left out, and
    the second list says so.
    """
    found: dict[str, Mixed] = {}
    left_out: list[str] = []
    runs = dict.fromkeys(read_name(name, "filter").run for name in names)
    for run in runs:
        if run is None:
            continue
        own = run == lab.store.root.name
        store = lab.store if own else read_run(runs_dir, run)
        for policy in store.policies():
            facts = store.load_policy(policy).facts
            if facts["role"] != "attack" or facts["kind"] == NOBODY:
                continue
            try:
                player = find_player(lab, f"{run}/{policy}", "attack", runs_dir)
            except ValueError as reason:
                left_out.append(f"left out: {reason}")
            else:
                found.setdefault(_digest([player]), player)
    return list(found.values()), left_out


def _trained(lab: Lab, defenders: Sequence[Mixed]) -> list[Mixed]:
    """Trains attacks on each defender that an attack can hurt, all side by side.

    One is the run's own (eq. 1 and PPO, where nothing else is asked for), one an affine
    lie that an evolution strategy finds in as many steps.
    """
    hurt = [each for each in defenders if each.name != MUTE]
    own = lab.config.recipe(Side.ATTACKER)
    budget = EvolutionConfig(env_steps=own.budget.env_steps)
    search = Recipe(Side.ATTACKER, "affine", AffineConfig(), "es", budget)
    # The run's own comes last: where it is of the same kind, its settings count.
    recipes = {f"{each.kind}-{each.oracle}": each for each in (search, own)}
    tasks = {
        f"{name} on {each.name}": breaker(
            lab, f"{name}-{_digest([each])}", each
        )._replace(recipe=stopping_at(recipe, None))
        for each in hurt
        for name, recipe in recipes.items()
    }
    policies = lab.respond(list(tasks.values()))
    return [Mixed.pure(*pair) for pair in zip(tasks, policies, strict=True)]


def _digest(players: Sequence[Mixed]) -> str:
    """Returns a short hash of what players are, whatever their names."""
    who = [
        ([policy.digest() for policy in each.policies.values()], each.weights.tolist())
        for each in players
    ]
    return hashlib.sha256(repr(who).encode()).hexdigest()[:10]


def _play(
    lab: Lab,
    name: str,
    defenders: Mapping[str, Mixed],
    attacks: Mapping[str, Mixed],
    episodes: int,
) -> PayoffTable:
    """Plays all filters against all attacks, in worlds that `name` seeds."""
    filters, forgers = (
        {name: one for each in side.values() for name, one in each.policies.items()}
        for side in (defenders, attacks)
    )
    return lab.table(name, filters, forgers, episodes)


def _liar_muted(lab: Lab, name: str, nobody: Mixed, mute: Mixed) -> np.ndarray:
    """Returns the returns with the liar muted, in the worlds that measure the others.

    Muting him is the defender's doing here, whom neither cap nor rate binds.
    """
    free = copy(lab)
    threat = replace(lab.config.threat, cap=None, rate=1.0)
    free.config = replace(lab.config, threat=threat)
    table = free.table(
        *(f"{name}-liar-muted", nobody.policies, mute.policies),
        lab.config.evaluation.episodes,
        worlds=f"{name}-measure",
    )
    return returns_of(table, nobody, mute)


def doubts(
    returns: Mapping[str, Mapping[str, float]],
    ready: Sequence[str],
    trained: Sequence[str],
) -> list[str]:
    """Returns, in words, for which defenders learning found less than no learning.

    Args:
      returns: mean return by defender and attack.
      ready: names of the attacks that nobody trained.
      trained: names of those that were trained for this.
    """
    found = []
    for defender, left in returns.items():
        if defender == MUTE or not trained:
            continue
        learnt = min(trained, key=left.__getitem__)
        simple = min(ready, key=left.__getitem__)
        if left[simple] < left[learnt]:
            found.append(
                f"{defender}: {simple} leaves {left[simple]:.2f}, the best attack"
                f" trained here {left[learnt]:.2f}: training is too weak or too short"
            )
    return found
