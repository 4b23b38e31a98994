"""How an iteration of PSRO answers its mixtures: options, each with its evidence.

The answers are made by whoever trains policies: the lab, or a game of known value. What
the options bring there: BUILD.md 6.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from psro_comm.analysis import Interval, mixture_returns, paired_difference
from psro_comm.payoffs import PayoffTable

Names = tuple[tuple[str, ...], tuple[str, ...]]  # defender first
Mixtures = tuple[np.ndarray, np.ndarray]
Gains = tuple[list[Interval], list[Interval]]
SIDES = ("filter", "attack")
_SUPPORT = 1e-8


@dataclass(frozen=True)
class ResponseConfig:
    """Options of an iteration's best responses.

    Attributes:
      count: best responses of each side in an iteration; all of them join.
      rectified: each answers only those opponents against whom one of the own
        supported policies does no worse than the value.
      warm_start: begin from the own policy that does best against the mixture.
      reject: a best response joins only if it gains more than the tolerance on fresh
        episodes.
      anytime: rounds in which a no-regret learner moves the mixture against the best
        response in training; 0 for a mixture that stands still.
    """

    count: int = 1
    rectified: bool = False
    warm_start: bool = False
    reject: bool = False
    anytime: int = 0

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name, least in (("count", 1), ("anytime", 0)):
            if getattr(self, name) < least:
                raise ValueError(
                    f"{name} is {getattr(self, name)}, must be at least {least}"
                )


class Task(NamedTuple):
    """One training."""

    name: str  # of the new policy
    player: int
    opponents: tuple[str, ...]
    weights: np.ndarray  # of the opponents
    start: str | None = None  # policy whose weights it starts from
    share: float = 1.0  # of the budget of one best response


Train = Callable[[Sequence[Task]], None]
Play = Callable[[str, Sequence[str], Sequence[str]], PayoffTable]


class Responder:
    """Turns both mixtures into new policies.

    Attributes:
      answered: the mixtures that the latest policies answer.
      gains: what each of them gains on fresh episodes, defender's first.
      new: their names, whether they join or not.
      fresh: the table that measured the gains.
    """

    answered: Mixtures
    gains: Gains
    new: Names
    fresh: PayoffTable

    def __init__(
        self, config: ResponseConfig, train: Train, play: Play, tolerance: float
    ) -> None:
        """Takes who trains tasks, and who plays a table on fresh worlds by its name."""
        self._config, self._train, self._play = config, train, play
        self._tolerance = tolerance

    def __call__(
        self, iteration: int, names: Names, mixtures: Mixtures, payoffs: np.ndarray
    ) -> tuple[list[str], list[str]]:
        """Trains, measures, and says who joins.

        Args:
          iteration: its number, for names.
          names: both populations.
          mixtures: over them.
          payoffs: `[m, n]` the table that the mixtures come from.
        """
        if self._config.anytime:
            mixtures, tasks = self._move(iteration, names, mixtures, payoffs)
        else:
            tasks = self._tasks(iteration, names, mixtures, payoffs)
            self._train(tasks)
        first, second = (
            tuple(task.name for task in tasks if task.player == player)
            for player in (0, 1)
        )
        self.answered, self.new = mixtures, (first, second)
        self.fresh = self._play(
            f"check-{iteration:03d}",
            [*supported(names[0], mixtures[0]), *first],
            [*supported(names[1], mixtures[1]), *second],
        )
        self.gains = oracle_gains(self.fresh, names, mixtures, self.new)
        joined = [
            [
                name
                for name, gain in zip(new, gains, strict=True)
                if not self._config.reject or gain.estimate > self._tolerance
            ]
            for new, gains in zip(self.new, self.gains, strict=True)
        ]
        return joined[0], joined[1]

    def _tasks(
        self, iteration: int, names: Names, mixtures: Mixtures, payoffs: np.ndarray
    ) -> list[Task]:
        tasks = []
        for player, side in enumerate(SIDES):
            own = payoffs if player == 0 else -payoffs.T  # [own, other]
            x, y = mixtures[player], mixtures[1 - player]
            targets = [y] + [np.full(y.size, 1 / y.size)] * (self._config.count - 1)
            if self._config.rectified:
                targets = rectified(own, x, y, self._config.count)
            start = names[player][int((own @ y).argmax())]
            for number, weights in enumerate(targets):
                tasks.append(
                    Task(
                        f"{side}-{iteration:03d}" + (f".{number}" if number else ""),
                        player,
                        names[1 - player],
                        weights,
                        start if self._config.warm_start else None,
                    )
                )
        return tasks

    def _move(
        self, iteration: int, names: Names, mixtures: Mixtures, payoffs: np.ndarray
    ) -> tuple[Mixtures, list[Task]]:
        """Both restricted games: each population against the other side's learner.

        Source: McAleer et al. 2022, Anytime PSRO, algorithm 2.
        """
        rounds = self._config.anytime
        spread = float(np.ptp(payoffs)) or 1.0
        moving = [0.9 * mix + 0.1 / mix.size for mix in mixtures]
        total = [np.zeros(mix.size) for mix in mixtures]
        starts: list[str | None] = [None, None]
        tasks: list[Task] = []
        for number in range(rounds):
            last = number == rounds - 1
            tasks = [
                Task(
                    f"{side}-{iteration:03d}" + ("" if last else f".part{number}"),
                    player,
                    names[1 - player],
                    moving[1 - player],
                    starts[player],
                    1.0 / rounds,
                )
                for player, side in enumerate(SIDES)
            ]
            self._train(tasks)
            starts = [task.name for task in tasks]
            for player in (0, 1):
                total[player] += moving[player] / rounds
                sides: list[Sequence[str]] = [[tasks[0].name], [tasks[1].name]]
                sides[player] = names[player]
                name = f"{SIDES[player]}-{iteration:03d}.part{number}.row"
                paid = self._play(name, *sides).mean().ravel()
                sign = 1.0 if player == 0 else -1.0
                rate = np.sqrt(8 * np.log(max(paid.size, 2)) / rounds) / spread
                moved = moving[player] * np.exp(rate * sign * (paid - paid.mean()))
                moving[player] = moved / moved.sum()
        return (total[0], total[1]), tasks


def supported(names: Sequence[str], mixture: np.ndarray) -> list[str]:
    """Policies of positive weight."""
    return [name for name, w in zip(names, mixture, strict=True) if w > 0.0]


def rectified(
    own: np.ndarray, x: np.ndarray, y: np.ndarray, count: int
) -> list[np.ndarray]:
    """Mixtures of the opponents that a supported policy does not lose to.

        y_i ~ y [U_i. >= x' U y]    for the i of largest x_i

    Args:
      own: `[m, n]` payoff to the side that learns.
      x: `[m]` its mixture.
      y: `[n]` the opponent's.
      count: at most so many, equal ones once.

    Source: Balduzzi et al. 2019, Open-ended learning in symmetric zero-sum games,
      algorithm 4; "does not lose" is "pays the value at least" here, the game not
      being symmetric.
    """
    value = x @ own @ y
    found: list[np.ndarray] = []
    for i in np.argsort(-x, kind="stable")[:count]:
        kept = y * (own[i] >= value - 1e-9 * np.ptp(own))
        target = kept / kept.sum() if x[i] > _SUPPORT and kept.sum() > _SUPPORT else y
        if not any(np.allclose(target, other) for other in found):
            found.append(target)
    return found


def oracle_gains(
    fresh: PayoffTable, names: Names, mixtures: Mixtures, new: Names
) -> Gains:
    """What each new policy gains over both mixtures, paired by world.

    Args:
      fresh: supported and new policies of both sides on worlds of their own.
      names: both populations.
      mixtures: over them.
      new: names of the new policies.
    """
    x, y = (mix[mix > 0.0] for mix in mixtures)
    rows, cols = (supported(*each) for each in zip(names, mixtures, strict=True))
    one = np.ones(1)
    old = mixture_returns(fresh.select(rows, cols), x, y)
    defended = [mixture_returns(fresh.select([n], cols), one, y) for n in new[0]]
    attacked = [mixture_returns(fresh.select(rows, [n]), x, one) for n in new[1]]
    return (
        [paired_difference(paid, old) for paid in defended],
        [paired_difference(old, paid) for paid in attacked],
    )
