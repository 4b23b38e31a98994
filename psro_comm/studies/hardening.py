"""Hardens a filter in rounds: it is attacked, and learns on from what was found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from games.engine.side import Side
from oracles.strategies.attacks.config import AffineConfig, FakeConfig
from oracles.strategies.config import EvolutionConfig, Recipe, SupervisedConfig
from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab, Response
from psro_comm.studies.suite.attackers import knowing

_NEAR = 0.3  # first standard deviation of a search that starts at something good
_UPDATES = 12  # of the filter in a round


class Hardened(NamedTuple):
    """What the rounds made, by name, in the order in which it was made."""

    filters: Mapping[str, Frozen]
    attacks: Mapping[str, Frozen]


def harden(
    lab: Lab, filter_: Frozen, *, rounds: int, price: float, steps: int = 400_000
) -> Hardened:
    """Attacks a filter that learns from labels, and trains it on, several times.

    The searches evade: each follows the filter's belief. In each round one lets the
    team speak of what it did not quite see, from scratch and on from the last one's,
    and one starts at the mirror. The filter then learns on for a short while, from the
    liars of its oracle and from all attacks found so far.

    Args:
      lab: the lab of the game, whose run keeps what is made.
      filter_: the filter to begin with.
      rounds: how many times.
      price: returns that being flagged for certain costs an attack.
      steps: environment steps of one search.
    """
    lab = knowing(lab)
    filters, attacks = {"filter-0": filter_}, dict[str, Frozen]()
    for number in range(1, rounds + 1):
        defender = {f"filter-{number - 1}": filters[f"filter-{number - 1}"]}
        last = attacks.get(f"fake-{number - 1}")
        orders = {
            name: Response(f"{name}-{number}", defender, [1.0], recipe, start=start)
            for name, (recipe, start) in _searches(last, steps, price).items()
        }
        found = lab.respond([*orders.values()])
        names = (order.name for order in orders.values())
        attacks = {**attacks, **dict(zip(names, found, strict=True))}
        learnt = Response(
            *(f"filter-{number}", attacks, [1.0 / len(attacks)] * len(attacks)),
            _further(lab),
            start=filters[f"filter-{number - 1}"],
        )
        (filters[learnt.name],) = lab.respond([learnt])
    return Hardened(filters, attacks)


def _searches(
    last: Frozen | None, steps: int, price: float
) -> dict[str, tuple[Recipe, Frozen | None]]:
    """Returns what is searched in a round, by name, and where each search starts."""
    far = EvolutionConfig(steps, evasion=price)
    near, side = replace(far, std=_NEAR), Side.ATTACKER
    mirror = Recipe(side, "affine", AffineConfig(start="mirror"), "es", near)
    fake = Recipe(side, "fake_self", FakeConfig(), "es", far)
    found: dict[str, tuple[Recipe, Frozen | None]] = {
        "mirrored": (mirror, None),
        "fake": (fake, None),
    }
    if last is not None:
        found["fake-further"] = fake._replace(budget=near), last
    return found


def _further(lab: Lab) -> Recipe:
    """Returns how the filter learns on: for a shorter time, at half the rate."""
    recipe = lab.config.recipe(Side.DEFENDER)
    budget: SupervisedConfig = recipe.budget
    update = budget.num_envs * lab.config.extent.episode_limit
    shorter = replace(
        budget,
        env_steps=min(budget.env_steps, _UPDATES * update),
        learning_rate=0.5 * budget.learning_rate,
    )
    return recipe._replace(budget=shorter)
