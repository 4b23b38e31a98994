"""Games of known value, with best responses, on which PSRO is validated."""

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

Policy = np.ndarray  # its meaning depends on the game


class KnownGame(Protocol):
    """A zero-sum game whose best responses and value can be computed."""

    value: float

    def start(self) -> tuple[Policy, Policy]:
        """Returns the first policy of each side."""

    def respond(
        self,
        player: int,
        others: Sequence[Policy],
        weights: np.ndarray,
        seed: int,
        start: Policy | None = None,
    ) -> Policy:
        """Returns a best response of `player` to the other side's mixture.

        `start` is a policy to learn on from.
        """

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """Returns noisy payoffs to the defender, `[worlds]`."""

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """Returns the exact payoff to the defender if the other side responds best."""


class HiddenMatrix:
    """A matrix game that PSRO sees cell by cell, with noise."""

    def __init__(self, matrix: np.ndarray, noise: float = 0.0) -> None:
        """Computes the value; `noise` is the standard deviation of one world."""
        x, y = META_SOLVERS["nash"](matrix)
        self.matrix, self.noise, self.value = matrix, noise, float(x @ matrix @ y)

    def start(self) -> tuple[Policy, Policy]:
        """Returns row 0 and column 0."""
        return np.array(0), np.array(0)

    def respond(
        self,
        player: int,
        others: Sequence[Policy],
        weights: np.ndarray,
        seed: int,
        start: Policy | None = None,
    ) -> Policy:
        """Returns the exact best response."""
        played = np.array([int(other) for other in others])
        if player == DEFENDER:
            return np.array((self.matrix[:, played] @ weights).argmax())
        return np.array((weights @ self.matrix[played]).argmin())

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """Returns the entry of the matrix, plus normal noise."""
        rng = np.random.default_rng(seed)
        entry = self.matrix[int(defender), int(attacker)]
        return entry + self.noise * rng.standard_normal(worlds)

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """Returns the payoff against the best column or row."""
        played = np.array([int(policy) for policy in own])
        if player == DEFENDER:
            return float((weights @ self.matrix[played]).min())
        return float((self.matrix[:, played] @ weights).max())


class SquaredDistance:
    """The game u = -|x - y|^2 for points x, y of the cube [-1, 1]^d.

    The defender seeks, the attacker keeps away. The value is -d: the defender plays the
    middle, the attacker a random one of two opposite corners. Payoffs are noisy.
    """

    def __init__(self, dimension: int = 3, noise: float = 0.5) -> None:
        """Computes the value; `noise` is the standard deviation of one world."""
        self.dimension, self.noise, self.value = dimension, noise, -float(dimension)

    def start(self) -> tuple[Policy, Policy]:
        """Returns a point off the middle, and a corner."""
        return np.full(self.dimension, 0.5), np.ones(self.dimension)

    def respond(
        self,
        player: int,
        others: Sequence[Policy],
        weights: np.ndarray,
        seed: int,
        start: Policy | None = None,
    ) -> Policy:
        """Returns the attackers' mean, or the corner farthest from the defenders'."""
        mean = weights @ np.stack(others)
        return mean if player == DEFENDER else np.where(mean > 0, -1.0, 1.0)

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """Returns minus the squared distance, plus normal noise."""
        rng = np.random.default_rng(seed)
        paid = -float(((defender - attacker) ** 2).sum())
        return paid + self.noise * rng.standard_normal(worlds)

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """Returns -E|x - y|^2 = -|E x - y|^2 - tr Var x, at its best y."""
        points = np.stack(own)
        mean = weights @ points
        spread = float(weights @ ((points - mean) ** 2).sum(axis=1))
        if player == DEFENDER:
            return -spread - float(((1 + np.abs(mean)) ** 2).sum())
        return -spread  # the defender sits at the attackers' mean


class Signalling:
    """The game of adversarial signalling, with oracles that learn by `ppo_update`."""

    def __init__(
        self,
        config: SignallingConfig | None = None,
        oracle: TableOracleConfig | None = None,
    ) -> None:
        """Computes the value; an absent `config` or `oracle` gets its defaults."""
        self.config = config or SignallingConfig()
        self.oracle = oracle or TableOracleConfig()
        self.value = game_value(self.config)

    def start(self) -> tuple[Policy, Policy]:
        """Returns uniform play of both sides."""
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
        """Returns a best response that is learned from episodes."""
        mixture = list(weights)
        return train(self.config, player, others, mixture, self.oracle, seed, start)

    def play(
        self, defender: Policy, attacker: Policy, worlds: int, seed: int
    ) -> np.ndarray:
        """Returns the payoffs of sampled episodes."""
        generator = torch.Generator().manual_seed(seed)
        sides = [
            torch.from_numpy(side).float().expand(worlds, -1, -1)
            for side in (defender, attacker)
        ]
        return play(self.config, sides[0], sides[1], generator)[1].double().numpy()

    def secured(self, player: int, own: Sequence[Policy], weights: np.ndarray) -> float:
        """Returns the payoff by the game's formulas."""
        if player == DEFENDER:
            return best_attack(self.config, as_defence(self.config, own, list(weights)))
        return best_defence(self.config, np.einsum("p,psf->sf", weights, np.stack(own)))


def hidden_matrix(seed: int) -> KnownGame:
    """Returns a matrix game of 12 rows and 13 columns, drawn from the seed."""
    matrix = np.random.default_rng(seed).standard_normal((12, 13))
    return HiddenMatrix(matrix, noise=0.5)


def cube(_: int) -> KnownGame:
    """Returns the game of squared distances in a cube, the same for every seed."""
    return SquaredDistance()


def signalling(_: int) -> KnownGame:
    """Returns adversarial signalling, the same for every seed."""
    return Signalling()


def signalling_weak(_: int) -> KnownGame:
    """Returns adversarial signalling with oracles that learn little."""
    return Signalling(oracle=TableOracleConfig(updates=20, episodes=256))
