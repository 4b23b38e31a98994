"""Best responses: new policies of one side, trained against the other's mixture."""

from typing import Any

import torch

from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import Attack, Filter, NoAttack
from oracles.learning.randomness import Log, draw_seed, make_generators
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.config import OracleConfig, Recipe
from oracles.strategies.curve import Curve
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.registry import ORACLES, check_trainer, strategies
from oracles.strategies.setting import Setting
from oracles.strategies.task import Task


def new_policy(
    setting: Setting,
    side: Side,
    kind: str,
    config: Any = None,
    generator: torch.Generator | None = None,
) -> Any:
    """Builds an untrained policy for a game, in the units of its team.

    Args:
      setting: the game.
      side: the side that plays it.
      kind: its name in the side's registry.
      config: its settings; None for the defaults, or for a kind that has no settings.
      generator: draws its weights; None for a kind that has no weights.

    Raises:
      ValueError: no such kind.
    """
    known = strategies(side)
    if kind not in known:
        raise ValueError(f"{side.strategy} is {kind!r}, must be one of {[*known]}")
    with torch.random.fork_rng(devices=[]):
        if generator is not None:
            torch.manual_seed(draw_seed(generator))
        policy = known[kind].load().new(setting, config)
    return policy.to(setting.env.device) if hasattr(policy, "to") else policy


def best_response(
    setting: Setting,
    recipe: Recipe,
    opponent: Any,
    *,
    seed: int,
    log: Log | None = None,
    start: Any = None,
) -> Any:
    """Trains a best response of one side to a (mixed) opponent.

    The attacker's reward is the negative team reward; eq. 1 and eq. 2 add their terms
    in `evaluate`. Part of a filter's episodes is benign (`benign_fraction`), so that
    it also learns to leave a clean team alone.

    Args:
      setting: the game.
      recipe: what to train and how. An attack with a `stop_return` freezes early.
      opponent: the other side's frozen policy or mixture.
      seed: the seed of weights, worlds and policies.
      log: receives a line of metrics before the first update and one of each; some of
        them with the return of whole episodes (`oracles.strategies.curve`).
      start: a policy whose weights the training starts from, instead of fresh ones;
        of its kind, but it may lack a part.

    Returns:
      The trained policy.

    Raises:
      ValueError: the recipe's oracle cannot train its kind of policy.

    Source: paper eq. 1, eq. 2; alg. 1 line 7.
    """
    check_trainer("oracle", recipe.oracle, recipe.side, recipe.kind)
    generators = make_generators(setting.env.device, seed)
    policy = new_policy(
        setting, recipe.side, recipe.kind, recipe.config, generators.policy
    )
    if start is not None:
        # What only one of them has stays: the filters that PGD was aimed at, and a
        # network on top of an affine lie.
        own, given = policy.state_dict(), start.state_dict()
        policy.load_state_dict({name: given.get(name, own[name]) for name in own})
    stop = getattr(recipe.config, "stop_return", None)
    asked = Task(setting, recipe.side, opponent, generators, stop)
    task, benign = asked, getattr(recipe.config, "benign_fraction", None)
    if benign is not None:
        mixed = Mixture([NoAttack(), opponent], [benign, 1.0 - benign])
        task = asked._replace(opponent=mixed)
    curve = None if log is None else Curve(policy, asked, recipe.budget.env_steps, log)
    ORACLES[recipe.oracle].load()(policy, task, recipe.budget, curve)
    if curve is not None:
        curve.end()
    return policy.eval().requires_grad_(False)


def train_attack(
    setting: Setting,
    filter_: Filter,
    config: AttackConfig,
    oracle: OracleConfig,
    **how: Any,
) -> Any:
    """Trains the paper's best response to a filter (eq. 1) as `best_response` does."""
    recipe = Recipe(Side.ATTACKER, "gaussian", config, "ppo", oracle)
    return best_response(setting, recipe, filter_, **how)


def train_filter(
    setting: Setting,
    attack: Attack,
    config: FilterConfig,
    oracle: OracleConfig,
    **how: Any,
) -> Any:
    """Trains the paper's best response to an attack (eq. 2) as `best_response` does."""
    recipe = Recipe(Side.DEFENDER, "two_stage", config, "ppo", oracle)
    return best_response(setting, recipe, attack, **how)
