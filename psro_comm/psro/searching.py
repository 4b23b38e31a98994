"""Best responses that are searched: several kinds side by side, of which the best join.

The attacker answers first, the defender then answers the game with the new attacks in
it. Whoever trains nothing better than the population holds already adds nothing: what
was trained is recorded all the same.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab, Response
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers import nash, solve
from psro_comm.names import NO_ATTACK
from psro_comm.psro.responses import Answer, Trial, by_merit, supported, worth_of_talk
from psro_comm.psro.solver import Mixtures, Names
from psro_comm.settings.portfolio import (
    Training,
    fits,
    kinds,
    learns_on,
    thresholds,
    trainings,
)

_TELLING = 8  # attacks
_PRICE = 0.6  # of an attack's being flagged for certain, in what talking is worth

Populations = Sequence[dict[str, Frozen]]  # by `Side`, which answers add to


class _Game(NamedTuple):
    """The meta-game that a side answers."""

    number: int  # of the iteration
    names: Names
    mixtures: Mixtures
    table: PayoffTable


class Searcher:
    """An answerer of meta-games by the trainings that `PSROConfig` names."""

    def __init__(self, lab: Lab, populations: Populations, meta_solver: str) -> None:
        """Keeps the populations; attackers are shown all there is to know."""
        self.lab, self.populations = lab.knowing(), populations
        self.meta_solver = meta_solver
        self.config = lab.config.psro

    def answer(
        self, number: int, names: Names, mixtures: Mixtures, table: PayoffTable
    ) -> Answer:
        """Trains both sides' answers, and adds those that join to the populations.

        Args:
          number: the iteration's number.
          names: names of both populations.
          mixtures: mixtures over them.
          table: their payoffs.

        Source: paper alg. 1, lines 6 to 8.
        """
        game = _Game(number, names, mixtures, table)
        grown, tested = self._attack(game)
        filters, defended, table = self._defend(grown, guaranteed(table, names[0]))
        # The worst attack and the best filter are tested even if they did not join.
        trials = (
            Trial(grown.names, grown.mixtures, defended),
            Trial(names, mixtures, tested),
        )
        attacks = grown.names[Side.ATTACKER][len(names[Side.ATTACKER]) :]
        return Answer(filters, [*attacks], trials, table)

    def _attack(self, game: _Game) -> tuple[_Game, str]:
        """Returns the meta-game with the attacks that join, and the worst of all."""
        side = Side.ATTACKER
        price = _PRICE * worth_of_talk(game.table)
        made = self._train(side, game, trainings(self.lab.config, side, price))
        met, weights = self._supported(Side.DEFENDER, game)
        cells = {(filter_, attack) for filter_ in met for attack in made}
        table = self._played(game, "attacked", attacks=made, cells=cells)
        earned = weights @ table.select([*met], table.attackers).mean()
        left = dict(zip(table.attackers, earned, strict=True))
        ranked = sorted(made, key=left.__getitem__)
        bound = min(left[name] for name in game.names[side])
        joining = [name for name in ranked if left[name] < bound]
        self.populations[side].update({name: made[name] for name in joining})
        names = game.names[0], (*game.names[1], *joining)
        table = table.select(*names)
        if joining:  # what all filters keep of those alone is of interest
            new = {name: made[name] for name in joining}
            table = self._played(game, "joined", attacks=new, old=table)
        solved = solve(self.meta_solver, table.mean(), table.std_error())
        return _Game(game.number, names, (solved.x, solved.y), table), ranked[0]

    def _defend(self, game: _Game, before: float) -> tuple[list[str], str, PayoffTable]:
        """Returns the filter that joins, the best of all, and everyone's payoffs.

        The best is the one with which the population guarantees most. A filter that
        learns on comes first, at little cost. Fresh ones are trained too where it does
        not bring back what was guaranteed `before` the new attacks.
        """
        known = trainings(self.lab.config, Side.DEFENDER)
        made = self._train(Side.DEFENDER, game, known, fresh=False)
        table = self._played(game, f"defended-{len(made)}", made)
        old, against = [*game.names[Side.DEFENDER]], table.attackers
        met, weights = self._supported(Side.ATTACKER, game)

        def earned(name: str) -> float:
            return float(table.select([name], [*met]).mean()[0] @ weights)

        def worth(name: str) -> tuple[float, float]:
            known = table.select([*old, name], against)
            return guaranteed(known, known.defenders), earned(name)

        noise = float(table.std_error().max())
        if not made or max(map(worth, made))[0] < before - noise:
            made |= self._train(Side.DEFENDER, game, known, fresh=True)
            table = self._played(game, f"defended-{len(made)}", made, old=table)
        best = max(made, key=worth)
        if others := self._thresholds(best, made[best]):
            made |= others
            against = telling(table, best, met)
            table = self._played(
                *(game, f"defended-{len(made)}", made),
                old=table,
                cells={(name, attack) for name in others for attack in against},
            )
            best = max([best, *others], key=worth)
        joining = [best] if earned(best) > max(map(earned, old)) else []
        self.populations[Side.DEFENDER].update({name: made[name] for name in joining})
        return joining, best, table.select([*old, *joining], table.attackers)

    def _thresholds(self, name: str, policy: Frozen) -> dict[str, Frozen]:
        """Returns a filter with other thresholds, by name, which the run keeps."""
        found = {f"{name}.{each}": p for each, p in thresholds(policy).items()}
        for each, other in found.items():
            if not self.lab.store.has(each):
                self.lab.store.save_policy(each, other)
        return found

    def _played(
        self,
        game: _Game,
        stage: str,
        filters: Mapping[str, Frozen] = {},
        attacks: Mapping[str, Frozen] = {},
        old: PayoffTable | None = None,
        cells: Collection[tuple[str, str]] | None = None,
    ) -> PayoffTable:
        """Returns the payoffs of the meta-game with new policies in it.

        Args:
          game: the meta-game.
          stage: names the table, with the iteration.
          filters, attacks: the new policies, by name.
          old: a table that has some of the payoffs; None is the game's.
          cells: those that are played, if not all that are missing.
        """
        return self.lab.table(
            f"payoffs-{game.number:03d}.{stage}",
            {**self._named(Side.DEFENDER, game.names[0]), **filters},
            {**self._named(Side.ATTACKER, game.names[1]), **attacks},
            self.config.episodes,
            old=old or game.table,
            worlds="payoffs",
            cells=cells,
        )

    def _train(
        self,
        side: Side,
        game: _Game,
        known: Mapping[str, Training],
        fresh: bool | None = None,
    ) -> dict[str, Frozen]:
        """Trains all kinds of a side's answers, by name, side by side.

        Args:
          side: the side that answers.
          game: what it answers.
          known: its trainings, by kind.
          fresh: whether only those from scratch, or only those that learn on; None is
            both.
        """
        opponents, weights = self._opponents(side, game)
        merit = by_merit(game.table, game.mixtures)[side]
        asked = []
        for kind in kinds(self.lab.config, side):
            training = known[kind]
            policies = (self.populations[side][name] for name in merit)
            alike = (p for p in policies if fits(p, training.further))
            start = next(alike, None) if learns_on(self.config) else None
            for number in range(self.config.restarts):
                further = start is not None and number == 0
                if fresh is further:
                    continue
                asked.append(
                    Response(
                        f"{side.strategy}-{game.number:03d}.{kind}.r{number}",
                        opponents,
                        weights.tolist(),
                        training.further if further else training.fresh,
                        start=start if further else None,
                    )
                )
        made = self.lab.respond(asked)
        return {each.name: policy for each, policy in zip(asked, made, strict=True)}

    def _opponents(
        self, side: Side, game: _Game
    ) -> tuple[dict[str, Frozen], np.ndarray]:
        """Returns whom a side trains against, and how often it meets each.

        A filter meets every attack at least now and then.
        """
        if side is Side.ATTACKER:
            return self._supported(Side.DEFENDER, game)
        names, y = game.names[1], game.mixtures[1]
        everyone = np.array([name != NO_ATTACK for name in names], dtype=np.float64)
        spread = self.config.spread if everyone.any() else 0.0
        mixture = (1.0 - spread) * y + spread * everyone / max(everyone.sum(), 1.0)
        met = supported(names, mixture)
        return self._named(Side.ATTACKER, met), mixture[mixture > 0.0]

    def _supported(
        self, side: Side, game: _Game
    ) -> tuple[dict[str, Frozen], np.ndarray]:
        """Returns the policies of a side that are played, and their weights."""
        mixture = game.mixtures[side]
        met = supported(game.names[side], mixture)
        return self._named(side, met), mixture[mixture > 0.0]

    def _named(self, side: Side, names: Sequence[str]) -> dict[str, Frozen]:
        return {name: self.populations[side][name] for name in names}


def telling(table: PayoffTable, name: str, met: Collection[str]) -> tuple[str, ...]:
    """Returns the attacks by which filters of one belief are told apart.

    Args:
      table: payoffs.
      name: a filter; its likes are hurt by about the same attacks.
      met: attacks that are played.

    Returns:
      Those, and the ones that leave the filter least, in the table's order.
    """
    left = table.select([name], table.attackers).mean()[0]
    worst = {table.attackers[j] for j in np.argsort(left, kind="stable")[:_TELLING]}
    return tuple(each for each in table.attackers if each in worst or each in met)


def guaranteed(table: PayoffTable, defenders: Sequence[str]) -> float:
    """Returns D(F): the most that these filters keep whatever attack of the table."""
    matrix = table.select(defenders, table.attackers).mean()
    x, _ = nash(matrix)
    return float((x @ matrix).min())
