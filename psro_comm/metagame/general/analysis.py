"""Analyses a general-sum game: equilibria of every kind, dominance, regret, alpha-rank.

What is too large for an exact method is left out with the reason, never guessed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from psro_comm.metagame.general.alpha_rank import alpha_rank
from psro_comm.metagame.general.correlated import FINDERS
from psro_comm.metagame.general.dominance import strike_out
from psro_comm.metagame.general.equilibria import all_or_some, pure_equilibria
from psro_comm.metagame.general.logit import logit_branch
from psro_comm.metagame.general.noise import Limits, judged, judged_joint
from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.reduction import as_normal_form
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.general.search import flow
from psro_comm.metagame.solvers.checks import MetaSolverError

SHOWN = 1e-4  # a smaller share of a joint distribution is not listed
_MOST_LISTED = 200  # pure equilibria, and equilibria
_ALPHA_RESAMPLES, _ALPHA_PROFILES = 50, 150  # of each resample, for its intervals


def analyse_game(
    game: NormalFormGame | RoleSymmetricGame,
    rng: np.random.Generator,
    *,
    num_samples: int = 1000,
) -> dict[str, Any]:
    """Analyses a game, and returns what was found as JSON data.

    Args:
      game: a normal form, or a role-symmetric game.
      rng: draws errors of the payoffs, and starts of searches.
      num_samples: number of draws of errors.

    Returns:
      Intervals as `{estimate, low, high}`, limits None without standard errors; a part
      that is too large is `{"left_out": reason}`.
    """
    apart = _attempt(lambda: _apart(game))
    report: dict[str, Any] = {
        "title": game.title,
        "kind": "normal form" if isinstance(game, NormalFormGame) else "role-symmetric",
        "notes": list(game.notes),
        "groups": [
            {"name": name, "players": count, "strategies": list(own)}
            for name, count, own in zip(
                game.groups, game.counts, game.strategies, strict=True
            )
        ],
        "resamples": 0 if game.std_error is None else num_samples,
        "pure_equilibria": pure_equilibria(game, rng, num_samples, _MOST_LISTED),
        "equilibria": _equilibria(game, rng, num_samples),
        "logit": _attempt(lambda: _logit(game, rng, num_samples)),
        "replicator": _attempt(lambda: _replicator(game, rng, num_samples)),
    }
    if isinstance(game, RoleSymmetricGame):
        report["profiles"] = {"known": int(game.known.sum()), "all": game.num_profiles}
    of_players: dict[str, Callable[[NormalFormGame], Any]] = {
        "dominated": _dominated,
        "correlated": lambda g: _joints(g, rng, num_samples, coarse=False),
        "coarse_correlated": lambda g: _joints(g, rng, num_samples, coarse=True),
        "alpha_rank": lambda g: _alpha_rank(g, rng),
    }
    for part, analyse in of_players.items():
        known = isinstance(apart, NormalFormGame)
        report[part] = _attempt(partial(analyse, apart)) if known else apart
    if isinstance(game, RoleSymmetricGame) and "marginals" in report["alpha_rank"]:
        # All players of a role have the same share of each strategy.
        found, firsts = report["alpha_rank"]["marginals"], np.cumsum([0, *game.counts])
        names = [apart.groups[k] for k in firsts[:-1]]
        report["alpha_rank"]["marginals"] = {
            role: found[name] for role, name in zip(game.groups, names, strict=True)
        }
    return report


def _attempt(analyse: Callable[[], Any]) -> Any:
    """Returns what a part says, or why it is left out."""
    try:
        return analyse()
    except (MetaSolverError, ValueError) as error:
        return {"left_out": str(error)}


def _apart(game: NormalFormGame | RoleSymmetricGame) -> NormalFormGame:
    return game if isinstance(game, NormalFormGame) else as_normal_form(game)


def interval(limits: Limits) -> dict[str, float | None]:
    """Returns limits as JSON data; what is not known, NaN, is None."""
    found = [None if n is None or np.isnan(n) else float(n) for n in limits]
    return dict(zip(("estimate", "low", "high"), found, strict=True))


def mixture_of(names: Sequence[str], weights: np.ndarray) -> dict[str, float]:
    """Returns the weights of a mixture by name; those of 0 are left out."""
    return {name: float(w) for name, w in zip(names, weights, strict=True) if w > 0}


def judged_profile(
    game: NormalFormGame | RoleSymmetricGame,
    mixtures: Sequence[np.ndarray],
    rng: np.random.Generator,
    num_samples: int,
) -> dict[str, Any]:
    """Returns mixtures by name with earnings and regrets, as JSON data."""
    payoffs, regrets = judged(game, mixtures, rng, num_samples)
    return {
        "mixtures": {
            name: mixture_of(own, x)
            for name, own, x in zip(game.groups, game.strategies, mixtures, strict=True)
        },
        "payoffs": dict(zip(game.groups, map(interval, payoffs), strict=True)),
        "regrets": dict(zip(game.groups, map(interval, regrets), strict=True)),
    }


def _equilibria(
    game: NormalFormGame | RoleSymmetricGame, rng: np.random.Generator, num_samples: int
) -> dict[str, Any]:
    """Returns the equilibria that were found, and whether they are all."""
    found = all_or_some(game, rng)
    pairs = list(found.mixtures)
    ranges = {}
    if found.is_whole:
        for g, (name, own) in enumerate(zip(game.groups, game.strategies, strict=True)):
            weights = np.array([pair[g] for pair in pairs])
            ranges[name] = {
                s: [float(weights[:, i].min()), float(weights[:, i].max())]
                for i, s in enumerate(own)
            }
    return {
        "method": found.method,
        "whole": found.is_whole,
        "count": len(pairs),
        "components": [list(each) for each in found.components],
        "unique": found.is_whole and len(pairs) == 1,
        "weight_ranges": ranges,
        "unconfirmed": list(found.unconfirmed),
        "found": [
            judged_profile(game, each, rng, num_samples)
            for each in pairs[:_MOST_LISTED]
        ],
    }


def _logit(
    game: NormalFormGame | RoleSymmetricGame, rng: np.random.Generator, num_samples: int
) -> dict[str, Any]:
    if isinstance(game, RoleSymmetricGame) and not game.is_complete:
        raise ValueError("profiles are missing")
    branch = logit_branch(game)
    return {
        "rationality": branch.rationality,
        "at_rationality": judged_profile(game, branch.mixtures, rng, num_samples),
        "limit": judged_profile(game, branch.limit, rng, num_samples),
    }


def _replicator(
    game: NormalFormGame | RoleSymmetricGame, rng: np.random.Generator, num_samples: int
) -> dict[str, Any]:
    """Returns where replicator dynamics go from uniform play, and their average."""
    if isinstance(game, RoleSymmetricGame) and not game.is_complete:
        raise ValueError("profiles are missing")
    start = [np.full(len(own), 1 / len(own)) for own in game.strategies]
    end, average, rests = flow(game, start)
    return {
        "rests": rests,
        "end": judged_profile(game, end, rng, num_samples),
        "average": judged_profile(game, average, rng, num_samples),
    }


def _dominated(game: NormalFormGame) -> list[dict[str, Any]]:
    struck, _ = strike_out(game)
    return [
        {
            "player": game.groups[each.player],
            "strategy": game.strategies[each.player][each.strategy],
            "round": each.round,
            "margin": each.margin,
        }
        for each in struck
    ]


def _joints(
    game: NormalFormGame, rng: np.random.Generator, num_samples: int, *, coarse: bool
) -> dict[str, Any]:
    """Returns what each finder found, by name."""

    def one(name: str) -> dict[str, Any]:
        found = FINDERS[name](game, coarse)
        payoffs, gain = judged_joint(
            game, found, coarse=coarse, rng=rng, num_samples=num_samples
        )
        order = np.argsort(-found.distribution, axis=None, kind="stable")
        cells = np.unravel_index(order, found.distribution.shape)
        return {
            "payoffs": dict(zip(game.groups, map(interval, payoffs), strict=True)),
            "welfare": float(found.payoffs.sum()),
            "gain": interval(gain),
            "profiles": [
                [
                    [own[i] for own, i in zip(game.strategies, cell, strict=True)],
                    float(found.distribution[cell]),
                ]
                for cell in zip(*cells, strict=True)
                if found.distribution[cell] > SHOWN
            ],
        }

    return {name: _attempt(partial(one, name)) for name in FINDERS}


def _alpha_rank(game: NormalFormGame, rng: np.random.Generator) -> dict[str, Any]:
    """Returns alpha-rank's marginals and sinks; intervals where it is quick."""
    found = alpha_rank(game)
    resampled = []
    if game.std_error is not None and found.joint.size <= _ALPHA_PROFILES:
        for _ in range(_ALPHA_RESAMPLES):
            noise = game.std_error * rng.standard_normal(game.payoffs.shape)
            table = NormalFormGame(game.groups, game.strategies, game.payoffs + noise)
            resampled.append(alpha_rank(table).marginals())
    marginals = {}
    for p, (name, own) in enumerate(zip(game.groups, game.strategies, strict=True)):
        shares = found.marginals()[p]
        limits: list[Limits] = [(float(share), None, None) for share in shares]
        if resampled:
            low, high = np.quantile([each[p] for each in resampled], [0.025, 0.975], 0)
            limits = list(zip(shares, low, high, strict=True))
        marginals[name] = {
            s: interval(each) for s, each in zip(own, limits, strict=True)
        }
    return {
        "marginals": marginals,
        "sinks": [
            {
                "share": float(sum(found.joint[cell] for cell in sink)),
                "profiles": [
                    [own[i] for own, i in zip(game.strategies, cell, strict=True)]
                    for cell in sink
                ],
            }
            for sink in found.sinks
        ],
    }
