"""The oracle of the white-box attack: it aims, and chooses how far to go by playing."""

import copy
import time
from dataclasses import replace

import torch

from games.engine.matches import finite, play_cells
from games.engine.population import Mixture
from oracles.learning.randomness import Log
from oracles.strategies.attacks.pgd import PGDAttack
from oracles.strategies.config import PGDOracleConfig
from oracles.strategies.task import Task

_RADII = (0.5, 1.0, 2.0, 4.0)


@torch.no_grad()
def aim_pgd(
    policy: PGDAttack, task: Task, budget: PGDOracleConfig, log: Log | None
) -> None:
    """Aims a `PGDAttack` in place at the filters that it will meet: `ORACLES["pgd"]`.

    It gets copies of the opponent's filters with their weights. Then several radii, up
    to that of its settings and the cap, are tried in the same worlds, and what leaves
    the team least is kept: a filter may let small lies through alone.

    Args:
      policy: the attack.
      task: the game, whose opponent is a filter or a mixture of filters.
      budget: environment steps, and most worlds.
      log: receives one line for each setting that is tried.

    Source: projected gradient descent; see `PGDAttack`.
    """
    opponent = task.opponent
    if isinstance(opponent, Mixture):
        filters, weights = opponent.members, opponent.weights.tolist()
    else:
        filters, weights = [opponent], [1.0]
    policy.aim(copy.deepcopy(filters), weights)
    most = min(policy.config.radius, policy.threat.cap or policy.config.radius)
    radii = sorted({*(radius for radius in _RADII if radius < most), most})
    tried = []
    for radius in radii:
        seat = copy.deepcopy(policy)
        seat.config = replace(policy.config, radius=radius)
        tried.append(seat)
    env, team, threat = task.setting.env, task.setting.team, task.setting.threat
    affordable = budget.env_steps // (len(tried) * env.spec.episode_limit)
    worlds = task.fresh_worlds(max(1, min(budget.num_envs, affordable)))
    started = time.monotonic()
    outcome = play_cells(
        *(env, team, [opponent], tried, [(0, seat) for seat in range(len(tried))]),
        *(threat, worlds, task.generators.policy),
    )
    left = finite(outcome, env).returns.mean(1)
    policy.config = tried[int(left.argmin())].config
    if log is None:
        return
    steps = int(outcome.length.sum())
    for number, seat in enumerate(tried):
        log(
            {
                "update": number + 1,
                "env_steps": steps,
                "wall_s": time.monotonic() - started,
                "team/return_mean": float(left[number]),
                "team/success_mean": float(outcome.success[number].mean()),
                "attack/distortion": float(outcome.distortion[number].mean()),
                "attack/radius": seat.config.radius,
            }
        )
