"""Games of known value, with best responses: what PSRO is validated on."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch

from games.openspiel.signalling import (
    ATTACKER,
    DEFENDER,
    SignallingConfig,
    best_attack,
    best_defence,
    game_value,
)
from oracles.signalling import Table, TableOracleConfig, as_defence, play, train
from psro_comm.metagame.solvers import META_SOLVERS

Policy = np.ndarray  # what a policy is, is the game's own business


class KnownGame(Protocol):
    """A zero-sum game whose best responses and value can be computed."""

    value: float

    def start(self) -> tuple[Policy, Policy]:
        """The first policy of each side."""

    def respond(
        self,
        player: int,
        others: Sequence[Policy],
        weights: np.ndarray,
        seed: int,
        start: Policy | None = None,
    ) -> Policy:
        """A best response of `player` to the other side's mixture.

        `start` is a policy to learn on from.
        """

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """`[worlds]` noisy payoffs to the defender."""

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """Exact payoff to the defender of a mixture against its best response."""


class HiddenMatrix:
    """Rows against columns of a matrix that PSRO sees cell by cell, with noise."""

    def __init__(self, matrix: np.ndarray, noise: float = 0.0) -> None:
        """`noise` is the standard deviation of one world."""
        x, y = META_SOLVERS["nash"](matrix)
        self.matrix, self.noise, self.value = matrix, noise, float(x @ matrix @ y)

    def start(self) -> tuple[Policy, Policy]:
        """Row 0, column 0."""
        return np.array(0), np.array(0)

    def respond(
        self,
        player: int,
        others: Sequence[Policy],
        weights: np.ndarray,
        seed: int,
        start: Policy | None = None,
    ) -> Policy:
        """The exact best response."""
        played = np.array([int(other) for other in others])
        if player == DEFENDER:
            return np.array((self.matrix[:, played] @ weights).argmax())
        return np.array((weights @ self.matrix[played]).argmin())

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """The entry, and normal noise."""
        rng = np.random.default_rng(seed)
        entry = self.matrix[int(defender), int(attacker)]
        return entry + self.noise * rng.standard_normal(worlds)

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """Against the best column, or row."""
        played = np.array([int(policy) for policy in own])
        if player == DEFENDER:
            return float((weights @ self.matrix[played]).min())
        return float((self.matrix[:, played] @ weights).max())


class SquaredDistance:
    """u = -|x - y|^2 for x, y in the cube [-1, 1]^d: the defender hides nowhere.

    The attacker keeps away, so that the value is -d: the defender in the middle, the
    attacker on a random pair of opposite corners. Payoffs are noisy.
    """

    def __init__(self, dimension: int = 3, noise: float = 0.5) -> None:
        """`noise` is the standard deviation of one world."""
        self.dimension, self.noise, self.value = dimension, noise, -float(dimension)

    def start(self) -> tuple[Policy, Policy]:
        """A point off the middle, and a corner."""
        return np.full(self.dimension, 0.5), np.ones(self.dimension)

    def respond(
        self,
        player: int,
        others: Sequence[Policy],
        weights: np.ndarray,
        seed: int,
        start: Policy | None = None,
    ) -> Policy:
        """The mean of the attackers; the corner farthest from the defenders' mean."""
        mean = weights @ np.stack(others)
        return mean if player == DEFENDER else np.where(mean > 0, -1.0, 1.0)

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """Minus the squared distance, and normal noise."""
        rng = np.random.default_rng(seed)
        paid = -float(((defender - attacker) ** 2).sum())
        return paid + self.noise * rng.standard_normal(worlds)

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """E|x - y|^2 = |E x - y|^2 + tr Var x, at its best y."""
        points = np.stack(own)
        mean = weights @ points
        spread = float(weights @ ((points - mean) ** 2).sum(axis=1))
        if player == DEFENDER:
            return -spread - float(((1 + np.abs(mean)) ** 2).sum())
        return -spread  # the defender sits at the attackers' mean


class Signalling:
    """Adversarial signalling with oracles that learn through `ppo_update`."""

    def __init__(
        self,
        config: SignallingConfig | None = None,
        oracle: TableOracleConfig | None = None,
    ) -> None:
        """Takes the defaults of both where absent."""
        self.config = config or SignallingConfig()
        self.oracle = oracle or TableOracleConfig()
        self.value = game_value(self.config)

    def start(self) -> tuple[Policy, Policy]:
        """Uniform play of both."""
        return Table(self.config, DEFENDER).numpy(), Table(
            self.config, ATTACKER
        ).numpy()

    def respond(
        self,
        player: int,
        others: Sequence[Policy],
        weights: np.ndarray,
        seed: int,
        start: Policy | None = None,
    ) -> Policy:
        """Learned from episodes."""
        mixture = list(weights)
        return train(self.config, player, others, mixture, self.oracle, seed, start)

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """Sampled episodes."""
        generator = torch.Generator().manual_seed(seed)
        sides = [
            torch.from_numpy(side).float().expand(worlds, -1, -1)
            for side in (defender, attacker)
        ]
        return play(self.config, sides[0], sides[1], generator)[1].double().numpy()

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """By the game's formulas."""
        if player == DEFENDER:
            return best_attack(self.config, as_defence(self.config, own, list(weights)))
        return best_defence(self.config, np.einsum("p,psf->sf", weights, np.stack(own)))


def hidden_matrix(seed: int) -> KnownGame:
    """12 rows against 13 columns, drawn from the seed."""
    matrix = np.random.default_rng(seed).standard_normal((12, 13))
    return HiddenMatrix(matrix, noise=0.5)


def cube(_: int) -> KnownGame:
    """Hide and seek in the cube, the same for every seed."""
    return SquaredDistance()


def signalling(_: int) -> KnownGame:
    """Adversarial signalling, the same for every seed."""
    return Signalling()


def signalling_weak(_: int) -> KnownGame:
    """The same with oracles that learn little."""
    return Signalling(oracle=TableOracleConfig(updates=20, episodes=256))
