"""What each side may train as a best response: recipes, afresh and learning on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from games.engine.side import Side
from oracles.strategies.attacks.config import (
    AffineConfig,
    FakeConfig,
    NetworkConfig,
)
from oracles.strategies.config import (
    EvolutionConfig,
    GuidedConfig,
    Recipe,
    SupervisedConfig,
)
from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.frozen import Frozen
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.psro import OWN, RULES, SCARCE, UNTRAINED, USUAL, PSROConfig

SEARCHED = ("affine", "mirrored", "fake")  # while a team is hardened
UNITS = 4  # of the network that is put on top of an affine lie, or of a fake
_NEAR = 0.3  # first standard deviation of a search that starts at something good
_LONGER = 12  # steps of a filter that learns from labels, in those of `filter_oracle`
_THRESHOLDS = -3.0, 1.0  # logits
_SCOUTS = 400  # as many as a quarter of the steps allow, or fewer
_UPDATES = 12  # of such a filter that learns on


class Training(NamedTuple):
    """How a policy of some kind is trained."""

    fresh: Recipe  # from scratch
    further: Recipe  # on from a policy of the same kind


def trainings(
    config: ExperimentConfig, side: Side, price: float = 0.0
) -> Mapping[str, Training]:
    """Returns all trainings of a side, by the names of `settings.psro`.

    Args:
      config: the experiment.
      side: whose.
      price: returns that being flagged for certain costs an attack that is searched.
    """
    own = stopping_at(config.recipe(side), None)
    found = {OWN: Training(own, own)}
    if side is Side.DEFENDER:
        return found | {"tracking": _tracking(config)}
    return found | searches(config.attack_oracle.env_steps, price)


def searches(steps: int, price: float = 0.0) -> dict[str, Training]:
    """Returns the attacks that are searched for so many steps, by name."""
    far = EvolutionConfig(steps, evasion=price)
    near = replace(far, std=_NEAR)
    affine, fake = AffineConfig(), FakeConfig()
    mirror = replace(affine, start="mirror")
    network = replace(fake, hidden=UNITS)
    hidden = EvolutionConfig(2 * steps, watching=0.5, scouts=_SCOUTS)
    return {
        "affine": Training(_search("affine", affine, far), further(affine, near)),
        "mirrored": Training(_search("affine", mirror, near), further(affine, near)),
        "fake": Training(_search("fake_self", fake, far), further(fake, near)),
        "stealthy": Training(
            _search("fake_self", network, hidden), further(network, near)
        ),
        "guided": _guided(NetworkConfig(), steps),
        "guided-near": _guided(NetworkConfig(radius=1.0), steps),
    }


def kinds(config: ExperimentConfig, side: Side) -> tuple[str, ...]:
    """Returns the kinds of policy that a side trains in R-MACRL."""
    psro = config.psro
    given = psro.attacks if side is Side.ATTACKER else psro.filters
    if given is not None:
        return given
    if psro.paper:
        return (OWN,)
    if side is Side.DEFENDER:
        return ("tracking",)
    return USUAL if is_taught(config) else SCARCE


def is_taught(config: ExperimentConfig) -> bool:
    """Returns whether attacks are taught by gradients: not where games are few."""
    worlds = GuidedConfig().num_envs
    return config.extent.side_by_side(worlds) == worlds


def beginning(psro: PSROConfig) -> str:
    """Returns what the populations of R-MACRL begin with, `rules` or `untrained`."""
    return psro.start or (UNTRAINED if psro.paper else RULES)


def learns_on(psro: PSROConfig) -> bool:
    """Returns whether the first training of each kind learns on from a predecessor."""
    return not psro.paper if psro.warm_start is None else psro.warm_start


def steps_of_an_iteration(config: ExperimentConfig) -> int:
    """Returns the environment steps of both sides' trainings in R-MACRL, at most."""
    recipes = (
        trainings(config, side)[kind].fresh
        for side in Side
        for kind in kinds(config, side)
    )
    return config.psro.restarts * sum(each.budget.env_steps for each in recipes)


def tracked(config: ExperimentConfig) -> ExperimentConfig:
    """Returns the experiment whose defender trains the tracking filter, by labels."""
    own = _tracking(config).fresh
    return replace(
        config,
        filter_kind=own.kind,
        filter=own.config,
        filter_trainer=own.oracle,
        filter_oracle=own.budget,
    )


def further(config: AffineConfig | FakeConfig, near: EvolutionConfig) -> Recipe:
    """Returns a search that begins at an attack that is good already."""
    return _search(_KINDS[type(config)], config, near)


def fits(policy: Frozen, recipe: Recipe) -> bool:
    """Returns whether a policy's weights mean the same to a recipe's.

    An affine lie may begin anywhere. A network on top of it, or of a fake, is new or
    as wide. Whatever the belief above which a filter flags, it is the same belief.
    """
    facts = policy.facts
    unit = getattr(recipe.config, "scale", None)
    if unit is None:
        return _with_threshold(policy, recipe.config).made_by(recipe)
    same = facts["kind"] == recipe.kind and facts.get("scale") == unit
    return same and facts.get("hidden", 0) in (0, recipe.config.hidden)


def thresholds(policy: Frozen) -> Mapping[str, Frozen]:
    """Returns the same filter, flagging at other beliefs; empty if it has no such.

    What a false alarm costs differs from task to task, and so does the best threshold.
    """
    config = policy.facts.get("config", {})
    if "threshold" not in config:
        return {}
    return {
        f"above{logit:g}": policy._replace(
            facts={**policy.facts, "config": {**config, "threshold": logit}}
        )
        for logit in _THRESHOLDS
        if logit != config["threshold"]
    }


def _with_threshold(policy: Frozen, config: Any) -> Frozen:
    """Returns a filter with the threshold of a configuration, if both have one."""
    own = policy.facts.get("config", {})
    if "threshold" not in own or not hasattr(config, "threshold"):
        return policy
    own = {**own, "threshold": config.threshold}
    return policy._replace(facts={**policy.facts, "config": own})


def longer(recipe: Recipe, env_steps: int) -> Recipe:
    """Returns the same recipe with another budget."""
    return recipe._replace(budget=replace(recipe.budget, env_steps=env_steps))


def stopping_at(recipe: Recipe, stop: float | None) -> Recipe:
    """Returns the same recipe with another threshold, if its policy has one."""
    if not hasattr(recipe.config, "stop_return"):
        return recipe
    return recipe._replace(config=replace(recipe.config, stop_return=stop))


def _guided(config: NetworkConfig, steps: int) -> Training:
    """Returns a lie that is taught by gradients, afresh or on from another."""
    own = Recipe(Side.ATTACKER, "network", config, "guided", GuidedConfig(steps))
    return Training(own, own)


_KINDS = {AffineConfig: "affine", FakeConfig: "fake_self"}


def _search(kind: str, config: object, budget: EvolutionConfig) -> Recipe:
    return Recipe(Side.ATTACKER, kind, config, "es", budget)


def _tracking(config: ExperimentConfig) -> Training:
    """Returns how the tracking filter learns, and for how long it learns on."""
    own, side = config.recipe(Side.DEFENDER), Side.DEFENDER
    if (own.kind, own.oracle) != ("tracking", "supervised"):
        policy = own.config if own.kind == "tracking" else TrackingConfig()
        usual = SupervisedConfig()
        worlds = config.extent.side_by_side(usual.num_envs)  # as many as games
        if worlds < usual.num_envs:  # a generation would take longer than all lessons
            usual = replace(
                usual,
                made_up_fraction=0.2,
                fake_fraction=0.35,
                coevolving_fraction=0.0,
                taught_fraction=0.0,
            )
        budget = replace(
            usual,
            env_steps=_LONGER * config.filter_oracle.env_steps,
            num_envs=worlds,
            num_minibatches=min(usual.num_minibatches, worlds),
        )
        own = Recipe(side, "tracking", policy, "supervised", budget)
    update = own.budget.worlds * config.extent.episode_limit
    shorter = replace(
        own.budget,
        env_steps=min(own.budget.env_steps, _UPDATES * update),
        learning_rate=0.5 * own.budget.learning_rate,
    )
    return Training(own, own._replace(budget=shorter))
