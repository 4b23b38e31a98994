"""Adapts OpenSpiel's PSRO solver to algorithm 1: its oracle and its payoff table.

A few small overrides of `PSROSolver` and one callable oracle are all it needs;
training, playing and storing happen in the lab.
"""

import contextlib
import io
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms import exploitability
from open_spiel.python.algorithms.psro_v2 import psro_v2

from games.openspiel.adversarial_comm import (
    ATTACKER,
    DEFENDER,
    AdversarialCommGame,
    SlotPolicy,
    as_matrix_game,
)
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.solvers import Solved, as_openspiel, solve, uniform

Names = tuple[tuple[str, ...], tuple[str, ...]]  # of both populations, defender first
Mixtures = tuple[np.ndarray, np.ndarray]  # over them
New = tuple[Sequence[str], Sequence[str]]  # names of new policies of both sides
Respond = Callable[[Names, Mixtures, PayoffTable], New]
Estimate = Callable[[Sequence[str], Sequence[str], PayoffTable], PayoffTable]


def opponent_mixture(parameters: Mapping[str, Any]) -> np.ndarray:
    """Returns the opponent's marginal, from any of the shapes that OpenSpiel gives it.

    It is a list of marginals, a joint matrix, or a flattened joint (OPENSPIEL.md 1).
    """
    player = parameters["current_player"]
    probabilities = parameters["probabilities_of_playing_policies"]
    if isinstance(probabilities, list):
        return np.asarray(probabilities[1 - player], dtype=np.float64)
    sizes = [len(population) for population in parameters["total_policies"]]
    joint = np.asarray(probabilities, dtype=np.float64).reshape(sizes)
    return joint.sum(axis=player) / joint.sum()


class BestResponseOracle:
    """An OpenSpiel oracle that trains both players' best responses.

    Both sides of one iteration respond to the same meta-strategies, so they can be
    trained side by side.

    Source: paper alg. 1, lines 6 to 8.
    """

    def __init__(self, respond: Callable[[Names, Mixtures], New]) -> None:
        """Keeps `respond(names, mixtures) -> names of new policies`, for both sides."""
        self._respond = respond

    def __call__(
        self,
        game: AdversarialCommGame,
        training_parameters: Sequence[Sequence[Mapping[str, Any]]],
        strategy_sampler: Any = None,
        using_joint_strategies: bool = False,
    ) -> list[list[SlotPolicy]]:
        """Returns one list of new policies per player."""
        defence, attack = (player[0] for player in training_parameters)
        names = tuple(
            tuple(policy.name for policy in population)
            for population in defence["total_policies"]
        )
        mixtures = (opponent_mixture(attack), opponent_mixture(defence))
        new_filters, new_attacks = self._respond((names[0], names[1]), mixtures)
        return [
            [SlotPolicy(game.fill(DEFENDER, name), name) for name in new_filters],
            [SlotPolicy(game.fill(ATTACKER, name), name) for name in new_attacks],
        ]


class RMacrlSolver(psro_v2.PSROSolver):
    """OpenSpiel's PSRO with whole initial populations and a payoff table of its own.

    Attributes:
      table: returns by world of every cell played so far.
      asked: name of the meta-solver that was asked for.
      solved: the last mixtures; another solver may have replaced the one asked for.
    """

    solved: Solved

    def __init__(
        self,
        game: AdversarialCommGame,
        respond: Respond,
        estimate: Estimate,
        initial: tuple[Sequence[str], Sequence[str]],
        meta_solver: str,
        seed: int,
        *,
        uniform_first: bool = True,
    ) -> None:
        """Estimates the first table and its mixtures.

        Args:
          game: the registered game; its slots are filled here.
          respond: `(names, mixtures, table) -> names of new policies`, both sides'.
          estimate: `(filters, attacks, table) -> table` without missing cells.
          initial: names of both initial populations.
          meta_solver: a key of META_SOLVERS.
          seed: seed of OpenSpiel's own draws.
          uniform_first: whether the first mixtures are uniform, as the paper's are,
            whatever solves later tables. A population that begins with policies of
            which most are bad has no use for answers to them all.

        Source: paper alg. 1, lines 1 to 4.
        """
        # The base constructor already estimates cells: attributes come first.
        self._estimate, self._seed, self.asked = estimate, seed, meta_solver
        self.table = PayoffTable.empty()
        oracle = BestResponseOracle(
            lambda names, mixtures: respond(names, mixtures, self.table)
        )
        self._reseed()
        policies = [
            [SlotPolicy(game.fill(player, name), name) for name in initial[player]]
            for player in (DEFENDER, ATTACKER)
        ]
        own = as_openspiel(self._solve, lambda solver: solver.table.std_error())
        with contextlib.redirect_stdout(io.StringIO()):  # it calls print
            super().__init__(
                game,
                oracle,
                sims_per_entry=1,
                initial_policies=policies,
                training_strategy_selector="probabilistic",
                meta_strategy_method=as_openspiel(uniform) if uniform_first else own,
                sample_from_marginals=True,
                symmetric_game=False,
            )
        self._meta_strategy_method = own

    def iteration(self, seed: int | None = None) -> None:
        """Makes both best responses, the missing payoffs and both mixtures.

        Source: paper alg. 1, lines 6 to 11.
        """
        self._reseed()
        super().iteration(seed=None)

    def _solve(
        self, payoffs: np.ndarray, std_errors: np.ndarray | None = None
    ) -> Mixtures:
        self.solved = solve(self.asked, payoffs, std_errors)
        return self.solved.x, self.solved.y

    def names(self) -> Names:
        """Returns the names of both populations, defender first."""
        first, second = (
            tuple(policy.name for policy in population)
            for population in self.get_policies()
        )
        return first, second

    def mixtures(self) -> Mixtures:
        """Returns both meta-strategies, defender first."""
        x, y = self.get_meta_strategies()
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)

    def update_empirical_gamestate(self, seed: int | None = None) -> Any:
        """Estimates every missing cell at once, then lets OpenSpiel read them."""
        filters, attacks = (
            [policy.name for policy in old + new]
            for old, new in zip(self._policies, self._new_policies, strict=True)
        )
        self.table = self._estimate(filters, attacks, self.table)
        return super().update_empirical_gamestate(seed=None)

    def sample_episodes(
        self, policies: Sequence[SlotPolicy], num_episodes: int
    ) -> list[float]:
        """Returns the mean returns of one cell, which are those of the payoff table."""
        filter_, attack = policies
        mean = self.table.cell(filter_.name, attack.name).mean
        return [mean, -mean]

    def _initialize_policy(
        self, initial_policies: Sequence[Sequence[SlotPolicy]]
    ) -> None:
        """Takes whole populations; OpenSpiel's own takes one policy a player."""
        self._policies: list[list[SlotPolicy]] = [[] for _ in range(self._num_players)]
        self._new_policies = [list(population) for population in initial_policies]

    def _reseed(self) -> None:
        # OpenSpiel draws from both global generators; no other code may.
        iteration = getattr(self, "_iterations", 0)
        entropy = np.random.SeedSequence([self._seed, iteration]).generate_state(2)
        np.random.seed(entropy[0])  # noqa: NPY002
        random.seed(int(entropy[1]))


def new_game(slots: int) -> AdversarialCommGame:
    """Returns the registered game with `slots` empty slots for each player."""
    game = pyspiel.load_game("python_adversarial_comm", {"slots": slots})
    if not isinstance(game, AdversarialCommGame):
        raise TypeError(f"pyspiel loaded {type(game).__name__}")
    return game


def openspiel_nash_conv(table: PayoffTable, x: np.ndarray, y: np.ndarray) -> float:
    """Returns NashConv of both mixtures in the table, by OpenSpiel's own function."""
    game = as_matrix_game(table.mean(), table.defenders, table.attackers)

    class Mixed:
        """A meta-strategy as an OpenSpiel policy of the one-shot game."""

        def action_probabilities(
            self, state: Any, player: int | None = None
        ) -> dict[int, float]:
            return dict(enumerate((x, y)[player or 0]))

        def __call__(self, state: Any, player: int | None = None) -> dict[int, float]:
            return self.action_probabilities(state, player)

    return float(exploitability.nash_conv(game, Mixed()))
