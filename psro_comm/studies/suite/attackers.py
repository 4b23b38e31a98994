"""The attacks of the suite: without training, stored, and trained on one defender.

Source: the idea of AutoAttack (Croce and Hein, 2020): a fixed, diverse list without
parameters to tune, of which the minimum counts.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from oracles.strategies.config import Recipe
from oracles.strategies.frozen import Frozen
from oracles.strategies.registry import ATTACKS
from psro_comm.lab.lab import Lab, Response
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import read_run
from psro_comm.names import MUTE, NOBODY
from psro_comm.settings.portfolio import fits
from psro_comm.settings.suite import (
    AT_POINT,
    NOT_TRAINED,
    fresh_attacks,
    warm_attacks,
)
from psro_comm.studies.player_names import read_name
from psro_comm.studies.players import find_player

CHOICE, MEASURE = "suite-choice", "suite-measure"  # worlds to choose on, and others
_OURS = "suite-"  # what the suite itself left in a run


class Candidate(NamedTuple):
    """An attack of the suite.

    Attributes:
      player: the attack, under the name that tables show.
      knows: whether it needed the team's weights or the filter's verdicts, which the
        paper's attacker (assumption 2) has not.
      artefact: the name of its training in this run; None where there was none.
      only: the defender that it may meet, for it was aimed at him; None is all.
    """

    player: Mixed
    knows: bool
    artefact: str | None = None
    only: str | None = None

    @property
    def name(self) -> str:
        """Returns its name in tables."""
        return self.player.name

    @property
    def policy(self) -> Frozen:
        """Returns its only policy."""
        (policy,) = self.player.policies.values()
        return policy


class Order(NamedTuple):
    """An attack that is to be trained on a defender."""

    defender: Mixed
    name: str
    recipe: Recipe
    start: Frozen | None = None

    @property
    def artefact(self) -> str:
        """Returns the name under which a run keeps it, a function of all its inputs."""
        words = self.name.replace(" ", "-").replace("+", "-further")
        start = "" if self.start is None else f"-{self.start.digest()[:6]}"
        return f"{_OURS}{digest([self.defender])}-{words}{start}"

    def response(self) -> Response:
        """Returns what a lab makes."""
        against = self.defender.policies, self.defender.weights.tolist()
        return Response(self.artefact, *against, self.recipe, start=self.start)

    def candidate(self, policy: Frozen) -> Candidate:
        """Returns the attack once it is made."""
        asks = getattr(self.recipe.budget, "evasion", 0.0) > 0.0
        kind, target = self.recipe.kind, self.defender.name
        return Candidate(
            Mixed.pure(f"{self.name} on {target}", policy),
            asks or _knows(kind),
            self.artefact,
            target if kind == "pgd" else None,
        )


def deaf(defender: Mixed) -> bool:
    """Returns whether nobody is heard behind a defender, so that no attack reaches it.

    Its filter mutes everybody, or the team that it brings never hears.
    """
    team = defender.team
    if team is not None and not team.facts["backbone_config"].get("talks", True):
        return True
    return all(each.facts["kind"] == MUTE for each in defender.policies.values())


def _flags(defender: Mixed) -> bool:
    return any(p.facts["kind"] != NOBODY for p in defender.policies.values())


def untrained(lab: Lab, runs_dir: Path) -> list[Candidate]:
    """Returns the attacks that nobody trains."""
    return [
        Candidate(find_player(lab, name, "attack", runs_dir), _knows(name))
        for name in NOT_TRAINED
    ]


def further_ones(lab: Lab, names: Iterable[str], runs_dir: Path) -> list[Candidate]:
    """Returns attacks that a user names, to take part beside the suite's own."""
    players = (find_player(lab.knowing(), n, "attack", runs_dir) for n in names)
    return [candidate_of(each) for each in players]


def made_again(
    lab: Lab, given: Iterable[Candidate], runs_dir: Path
) -> tuple[list[Candidate], list[str]]:
    """Returns attacks of the same names on the lab's team, and which it cannot meet."""
    found: list[Candidate] = []
    left_out: list[str] = []
    for name in (each.name for each in given):
        try:
            found += further_ones(lab, [name], runs_dir)
        except ValueError as reason:
            left_out.append(f"left out: {reason}")
    return found, left_out


def candidate_of(player: Mixed) -> Candidate:
    """Returns an attack that was made elsewhere: it knows what its kinds may know."""
    kinds = [policy.facts["kind"] for policy in player.policies.values()]
    return Candidate(player, any(ATTACKS[kind].white_box for kind in kinds))


def _knows(name: str) -> bool:
    return ATTACKS[name.partition("@")[0]].white_box


def stored(
    lab: Lab, names: Iterable[str], runs_dir: Path
) -> tuple[list[Candidate], list[str]]:
    """Returns every attack of every run that a defender comes from, each once.

    One that may not play here (another threat, other malicious agents) is left out, and
    the second list says so.
    """
    found: dict[str, Candidate] = {}
    left_out: list[str] = []
    for run in dict.fromkeys(read_name(name, "filter").home for name in names):
        if run is None:
            continue
        store = lab.store if run == lab.store.root.name else read_run(runs_dir, run)
        for policy in store.policies():
            facts = store.load_policy(policy).facts
            other = facts["role"] != "attack" or facts["kind"] == NOBODY
            if other or policy.startswith(_OURS):
                continue
            try:
                player = find_player(
                    lab.knowing(), f"{run}/{policy}", "attack", runs_dir
                )
            except ValueError as reason:
                left_out.append(f"left out: {reason}")
            else:
                candidate = Candidate(player, _knows(facts["kind"]))
                found.setdefault(digest([player]), candidate)
    return list(found.values()), left_out


def trained(
    lab: Lab, defenders: Sequence[Mixed], price: float, met: Collection[str] = ()
) -> list[Candidate]:
    """Trains attacks from scratch on each defender that can be hurt, side by side.

    Args:
      lab: the lab of the run.
      defenders: whom to attack, each with a list of its own.
      price: returns that being flagged for certain costs an attack that evades.
      met: names of defenders on whom the run has trained its own kind of attack.
    """
    own = lab.config.attack_kind
    return _train(
        lab,
        [
            Order(defender, name, recipe)
            for defender in defenders
            if not deaf(defender)
            for name, recipe in fresh_attacks(
                lab.config, price, flags=_flags(defender)
            ).items()
            if recipe.kind != own or defender.name not in met
        ],
    )


def trained_at(lab: Lab, point: str, defender: Mixed) -> list[Candidate]:
    """Trains a few attacks on a defender under the threat of a point of a curve.

    Args:
      lab: the lab of the run, with that threat.
      point: words for it that no other point of the run has: part of all names.
      defender: whom to attack.
    """
    recipes = fresh_attacks(lab.config)
    return _train(
        lab, [Order(defender, f"{name} at {point}", recipes[name]) for name in AT_POINT]
    )


def warmed(
    lab: Lab,
    defenders: Sequence[Mixed],
    known: Sequence[Candidate],
    returns: Mapping[str, Mapping[str, float]],
) -> list[Candidate]:
    """Trains on, on each defender, the best attacks known of the kinds that can.

    Args:
      lab: the lab of the run.
      defenders: whom to attack.
      known: all attacks so far.
      returns: mean return by defender and attack.
    """
    orders = []
    for defender in defenders:
        if deaf(defender):
            continue
        left = returns[defender.name]
        ranked = sorted(
            (each for each in known if each.name in left),
            key=lambda each: left[each.name],
        )
        for name, recipe in warm_attacks(lab.config).items():
            pure = (each for each in ranked if len(each.player.policies) == 1)
            alike = (each.policy for each in pure if fits(each.policy, recipe))
            start = next(alike, None)
            if start is not None:
                orders.append(Order(defender, name, recipe, start))
    return _train(lab, orders)


def digest(players: Sequence[Mixed]) -> str:
    """Returns a short hash of what players are, whatever their names."""
    who: list[object] = [
        ([policy.digest() for policy in each.policies.values()], each.weights.tolist())
        for each in players
    ]
    who += [each.team.digest() for each in players if each.team is not None]
    return hashlib.sha256(repr(who).encode()).hexdigest()[:10]


def _train(lab: Lab, orders: Sequence[Order]) -> list[Candidate]:
    """Trains all that is asked for, side by side; white boxes under their threat."""
    made: dict[str, Frozen] = {}
    for maker, white in ((lab, False), (lab.knowing(), True)):
        mine = (order for order in orders if _knows(order.recipe.kind) is white)
        own = {order.artefact: order for order in mine}.values()
        policies = maker.respond([order.response() for order in own])
        made |= {o.artefact: p for o, p in zip(own, policies, strict=True)}
    return [order.candidate(made[order.artefact]) for order in orders]
