"""Runs learning dynamics whose time averages approach Nash in zero-sum games.

Each plays the normalised game (payoffs in [1, 2]) against itself for a fixed number of
steps and returns the average of what it played, so units do not matter, and a small
edge takes more steps than it has: payoffs too far from the rest are refused. Only
`multiplicative_weights` states a bound.
"""

from collections.abc import Iterator

import numpy as np
from open_spiel.python.algorithms import (
    projected_replicator_dynamics as openspiel_prd,
)
from open_spiel.python.algorithms import regret_matching as openspiel_rm
from open_spiel.python.egt import dynamics as openspiel_dynamics
from scipy.special import softmax

from psro_comm.metagame.solvers.checks import checked, gap, normalised, on_simplex
from psro_comm.metagame.solvers.scale import of_one_scale

FICTITIOUS_ROUNDS = 20_000
WEIGHTS_ROUNDS = 5_000
MATCHING_ROUNDS = 2_000
REPLICATOR_STEPS, REPLICATOR_DT = 1_000, 0.5
RRD_STEPS, RRD_DT, RRD_REGRET = 2_000, 0.1, 0.05
PRD_STEPS, PRD_DT, PRD_FLOOR = 4_000, 0.05, 1e-6

_Mixtures = tuple[np.ndarray, np.ndarray]


@of_one_scale
def fictitious_play(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    rounds: int = FICTITIOUS_ROUNDS,
) -> _Mixtures:
    """Returns the averages of fictitious play: each answers the other's past average.

        i_t = argmax_i (U ybar_t)_i,   j_t = argmin_j (xbar_t' U)_j

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.
      rounds: T, the number of rounds; each side's first policy counts as the opening.

    Returns:
      The averages `[m]` and `[n]`. They converge, at a rate that ties make slow.

    Source: Brown 1951; Robinson 1951 for convergence.
    """
    scaled = normalised(checked(payoffs))
    x, y = (np.eye(size)[0] for size in scaled.shape)
    earns, concedes = scaled[:, 0].copy(), scaled[0].copy()  # U sum(y), sum(x)' U
    for _ in range(rounds):
        i, j = int(earns.argmax()), int(concedes.argmin())
        x[i] += 1
        y[j] += 1
        earns += scaled[:, j]
        concedes += scaled[i]
    return on_simplex(x), on_simplex(y)


@of_one_scale
def replicator(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    steps: int = REPLICATOR_STEPS,
    dt: float = REPLICATOR_DT,
) -> _Mixtures:
    """Returns the time average of the replicator dynamics from uniform play.

        dx_i / dt = x_i ((U y)_i - x' U y),   dy_j / dt = y_j (x' U y - (x' U)_j)

    The state itself circles around the equilibrium; its average comes closer as 1 / t.
    Fourth-order Runge-Kutta, because Euler's steps spiral outwards.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.
      steps: number of steps of the integration.
      dt: length of one step, over the spread of the payoffs.

    Source: Taylor and Jonker 1978; Hofbauer, Sorin, Viossat 2009 for the average;
      OpenSpiel's `egt.dynamics.replicator`.
    """
    *_, averages = _replicated(normalised(checked(payoffs)), steps, dt)
    return averages


@of_one_scale
def regularised_replicator(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    regret: float = RRD_REGRET,
    dt: float = RRD_DT,
) -> _Mixtures:
    """Returns the replicator dynamics' average as soon as it is near an equilibrium.

    It starts from uniform play and stops when NashConv is at most `regret`: mixtures
    that leave a little to gain are full of support, and a best response to them meets
    more of the other side than one to an equilibrium.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.
      regret: lambda, the NashConv that is left, over the spread of the payoffs.
      dt: length of one step, over the spread of the payoffs.

    Source: Wang and Wellman 2023, Regularization for strategy exploration in empirical
      game-theoretic analysis; there the state is returned, which circles in zero-sum
      games, here its average.
    """
    scaled = normalised(checked(payoffs))
    for x, y in _replicated(scaled, RRD_STEPS, dt):
        if gap(scaled, x, y) <= regret:
            break
    return x, y


def _replicated(scaled: np.ndarray, steps: int, dt: float) -> Iterator[_Mixtures]:
    """Yields the averages of what was played up to each step, uniform play first."""
    m, n = scaled.shape

    def slope(state: np.ndarray) -> np.ndarray:
        x, y = state[:m], state[m:]
        return np.concatenate(
            [
                openspiel_dynamics.replicator(x, scaled @ y),
                openspiel_dynamics.replicator(y, -(x @ scaled)),
            ]
        )

    state = np.concatenate([np.full(m, 1 / m), np.full(n, 1 / n)])
    total = np.zeros_like(state)
    for _ in range(steps):
        total += state
        yield on_simplex(total[:m]), on_simplex(total[m:])
        k1 = slope(state)
        k2 = slope(state + dt / 2 * k1)
        k3 = slope(state + dt / 2 * k2)
        k4 = slope(state + dt * k3)
        state = np.clip(state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), 0.0, None)
        state[:m] /= state[:m].sum()
        state[m:] /= state[m:].sum()


@of_one_scale
def projected_replicator(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    steps: int = PRD_STEPS,
    dt: float = PRD_DT,
    floor: float = PRD_FLOOR,
) -> _Mixtures:
    """Returns the time average of replicator dynamics that keep every policy alive.

    After each Euler step the state is projected onto {x : x_i >= floor, sum(x) = 1}.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.
      steps: number of steps; OpenSpiel's own 100,000 of 1e-3 take 5 seconds.
      dt: length of one step, over the spread of the payoffs.
      floor: least probability of a policy.

    Source: Lanctot et al. 2017, A unified game-theoretic approach (PSRO), section 3.2;
      OpenSpiel's implementation.
    """
    scaled = normalised(checked(payoffs))
    x, y = openspiel_prd.projected_replicator_dynamics(
        [scaled, -scaled],
        prd_iterations=steps,
        prd_dt=dt,
        prd_gamma=min(floor, 1 / max(scaled.shape)),
    )
    return on_simplex(x), on_simplex(y)


@of_one_scale
def regret_matching(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    rounds: int = MATCHING_ROUNDS,
) -> _Mixtures:
    """Returns the average play of two players who mix by their positive regrets.

        x_{t+1,i} ~ max(0, sum_{s <= t} (U y_s)_i - x_s' U y_s)

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.
      rounds: number of rounds.

    Source: Hart and Mas-Colell 2000, section 1; OpenSpiel's implementation.
    """
    scaled = normalised(checked(payoffs))
    x, y = openspiel_rm.regret_matching([scaled, -scaled], iterations=rounds)
    return on_simplex(x), on_simplex(y)


@of_one_scale
def multiplicative_weights(
    payoffs: np.ndarray,
    std_errors: np.ndarray | None = None,
    *,
    rounds: int = WEIGHTS_ROUNDS,
) -> _Mixtures:
    """Returns the average play of two players who weigh by exp(rate * total payoff).

        x_{t+1,i} ~ exp(eta sum_{s <= t} (U y_s)_i),   eta = sqrt(8 log m / T)

    The average regret of each side is at most sqrt(log m / 2T) of the spread, so
    NashConv is at most sqrt(log m / 2T) + sqrt(log n / 2T): whatever the game.

    Args:
      payoffs: `[m, n]` payoff to the defender.
      std_errors: not used.
      rounds: T, the number of rounds.

    Source: Freund and Schapire 1999, Adaptive game playing using multiplicative
      weights; the rate of Cesa-Bianchi and Lugosi 2006, theorem 2.2.
    """
    scaled = normalised(checked(payoffs))
    rates = [np.sqrt(8 * np.log(size) / rounds) for size in scaled.shape]
    total_x, total_y = (np.zeros(size) for size in scaled.shape)
    earned, conceded = (np.zeros(size) for size in scaled.shape)
    for _ in range(rounds):
        x, y = softmax(rates[0] * earned), softmax(-rates[1] * conceded)
        total_x += x
        total_y += y
        earned += scaled @ y
        conceded += x @ scaled
    return on_simplex(total_x), on_simplex(total_y)
