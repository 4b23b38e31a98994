"""Describes a population of policies: ratings, map, layers, cycles, diversity."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.population.diversity import diversity, over_iterations
from psro_comm.metagame.population.embedding import schur_embedding
from psro_comm.metagame.population.layers import cycles, equilibrium_of, nash_layers
from psro_comm.metagame.population.ratings import ratings


def describe(
    game: MetaGame, tables: np.ndarray, steps: Sequence[Iteration] = ()
) -> dict[str, Any]:
    """Describes the policies of a meta-game, and returns what was found as JSON data.

    Args:
      game: the meta-game.
      tables: `[K + 1, m, n]`, its mean payoffs, then resampled ones.
      steps: the run's iterations, if the table is a run's.

    Returns:
      Policies are in the order of the game; intervals are `{estimate, low, high}`.
    """
    mean = game.mean
    x, y = equilibrium_of(mean)
    value = float(x @ mean @ y)
    embedded = schur_embedding(mean, value)
    counted = cycles(mean)
    scale = float(np.abs(mean - value).max())
    sides = game.defenders, game.attackers
    mixtures = [(each.defender_mixture, each.attacker_mixture) for each in steps]
    grown = over_iterations(mean, sides, mixtures) if mixtures else []
    return {
        "value": value,
        "defenders": list(game.defenders),
        "attackers": list(game.attackers),
        "mixtures": {"defenders": x.tolist(), "attackers": y.tolist()},
        "ratings": ratings(tables, x, y, value),
        "embedding": {
            "defenders": embedded.rows.tolist(),
            "attackers": embedded.columns.tolist(),
            "share": embedded.share,
            "kind": embedded.kind,
        },
        "layers": [
            {
                "defenders": [game.defenders[i] for i in layer.rows],
                "attackers": [game.attackers[j] for j in layer.columns],
                "value": _known(layer.value),
                "defenders_secure": _known(layer.secures),
                "attackers_concede": _known(layer.concedes),
            }
            for layer in nash_layers(mean)
        ],
        "cycles": None
        if counted is None
        else {"defenders": counted[0].tolist(), "attackers": counted[1].tolist()},
        "diversity": diversity(mean, x, y, value, scale)._asdict(),
        "diversity_by_iteration": [each._asdict() for each in grown],
    }


def _known(number: float) -> float | None:
    return None if np.isnan(number) else number
