"""What work costs: seconds of one core, and memory, foreseen from sizes alone.

The numbers were measured on one core of the machine that made the README's figures:
CPU time, which other processes lengthen little. Another machine may be twice as fast.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any, NamedTuple

from oracles.strategies.config import Recipe
from psro_comm.settings.experiment import ExperimentConfig

BEGINNING = 3.7  # seconds until a program works: imports, first use of everything
# Measured: 1024 worlds x 64 steps x 3 agents are 1.3 GB (Predator-Prey, a team).
_FLOATS_PER_AGENT = 1_700.0  # of a rollout's step, with what learns from it
OWN_GB, WORKER_GB = 0.48, 0.34  # of this process and each worker before any rollout
_GB_PER_GAME = 1.0  # of StarCraft II
_GAMES_A_SECOND = 15.0  # steps of one game; a stand-in's, StarCraft II was not measured
_BLOCK = 128  # worlds of a job of matches
_POINTS, _LOOKS, _SHARE = (6, 12), 128, 0.1  # of learning curves: oracles' `curve.py`
_RADII = 4  # that the aiming of `pgd` tries
_LEARNT_FROM = 896, 5  # worlds of the clean play that a tracking filter is made from


class _Cost(NamedTuple):
    """Microseconds of one batched step, and of each agent of each world in it."""

    call: float
    agent: float


_PLAY: Mapping[str, _Cost] = {  # by environment: the game, the team, a mute channel
    "echo": _Cost(1_100, 3.0),
    "predator_prey": _Cost(1_400, 3.0),
    "traffic_junction": _Cost(1_500, 1.5),
    "combat": _Cost(6_000, 6.5),
}
_OTHER = _Cost(2_000, 4.0)  # an environment that was not measured
_TEAM: Mapping[str, _Cost] = {  # beside play, by the backbone that learns
    "commnet": _Cost(3_000, 16.0),
    "tarmac": _Cost(3_000, 24.0),
    "ndq": _Cost(3_000, 22.0),
}
_MORE: Mapping[str, _Cost] = {  # beside play, by the oracle
    "ppo": _Cost(2_000, 6.0),
    "es": _Cost(500, 4.0),
    "supervised": _Cost(1_000, 34.0),
    "pgd": _Cost(25_000, 25.0),
    "guided": _Cost(8_000, 30.0),
}
_SEATED = 800.0  # microseconds a call of each cell beside others: whom it asks
_FAKES = _Cost(800, 2.0)  # beside that, where the team speaks for the liar


class Work(NamedTuple):
    """A piece of work: environment steps, and what it costs."""

    env_steps: int
    seconds: float
    gigabytes: float = 0.0


def team_work(config: ExperimentConfig) -> Work:
    """Returns the training of a team."""
    training = config.training
    steps = training.updates * training.steps_per_update
    learner = _TEAM.get(config.backbone, _TEAM["tarmac"])
    seconds = _seconds(config, steps, training.num_envs, learner)
    return Work(steps, seconds, _rollout(config, training.num_envs, training.num_steps))


def training_work(config: ExperimentConfig, recipe: Recipe) -> Work:
    """Returns one training of a policy, and the looks at it that make its curve."""
    budget, limit = recipe.budget, config.extent.episode_limit
    width, length, updates = _sizes(budget, limit)
    more = _MORE.get(recipe.oracle, _MORE["ppo"])
    if recipe.kind.startswith("fake"):
        more = _Cost(more.call + _FAKES.call, more.agent + _FAKES.agent)
    steps = updates * width * length
    seconds = _seconds(config, steps, width, more)
    if bred := getattr(budget, "worlds", width) - width:  # liars, beside a filter
        rated = updates * limit * bred
        seconds += _seconds(config, rated, bred, _MORE["es"])
        steps += rated
    afforded = int(_SHARE * budget.env_steps / limit)
    points = max(_POINTS[0], min(_POINTS[1], afforded // _LOOKS + 1))
    worlds = max(8, min(_LOOKS, afforded // points))
    # One before the first update, one after each at which it is time.
    looks = min(points, 1 + updates)
    seconds += _seconds(config, looks * worlds * limit, worlds, _MORE["es"])
    if recipe.kind == "tracking":
        count, parts = _LEARNT_FROM
        seconds += _seconds(config, count * limit, count / parts, _Cost(0, 0))
    learns = hasattr(budget, "ppo") or hasattr(budget, "update_epochs")
    return Work(steps, seconds, _rollout(config, width, length if learns else 1))


def cells_work(config: ExperimentConfig, count: int, episodes: int) -> Work:
    """Returns the play of cells of a payoff table, all side by side."""
    blocks, side_by_side = ceil(episodes / _BLOCK), config.evaluation.num_envs
    worlds = ceil(count * episodes / blocks)
    waves = max(1, blocks * ceil(worlds / side_by_side))
    steps = count * episodes * config.extent.episode_limit
    width = max(1.0, count * episodes / waves)
    seated = _Cost(_SEATED * count / max(1, waves // blocks), 0.0)
    return Work(steps, _seconds(config, steps, width, seated))


def _sizes(budget: Any, limit: int) -> tuple[int, int, int]:
    """Returns worlds side by side, steps of an update, and how many updates."""
    width, length = budget.num_envs, getattr(budget, "num_steps", limit)
    if hasattr(budget, "candidates"):
        width *= budget.candidates
    elif not hasattr(budget, "ppo") and not hasattr(budget, "update_epochs"):
        # It aims once.
        width = _RADII * max(1, min(width, budget.env_steps // (_RADII * limit)))
        return width, length, 1
    worlds = getattr(budget, "worlds", width)  # with those that rate who is bred
    return width, length, max(1, budget.env_steps // (worlds * length))


def _seconds(
    config: ExperimentConfig, steps: float, width: float, more: _Cost
) -> float:
    """Returns the seconds of so many steps, of so many worlds side by side."""
    extent, play = config.extent, _PLAY.get(config.env, _OTHER)
    if extent.most_worlds:  # processes of their own: no team waits for its tensors
        return steps / (_GAMES_A_SECOND * extent.most_worlds)
    agent = (play.agent + more.agent) * extent.num_agents
    return 1e-6 * (steps / width * (play.call + more.call) + steps * agent)


def _rollout(config: ExperimentConfig, worlds: int, steps: int) -> float:
    floats = worlds * steps * config.extent.num_agents * _FLOATS_PER_AGENT
    return float(floats * 4 / 2**30)


def memory(
    config: ExperimentConfig, workers: int, own: float, others: float, *, busy: bool
) -> float:
    """Returns the peak in GB of all processes together.

    Args:
      config: the experiment.
      workers: processes beside this one.
      own: GB of the largest rollout in this process.
      others: GB of the largest rollout that workers may play.
      busy: whether workers are started at all.
    """
    alone = OWN_GB + max(own, 0.0 if workers else others)
    together = OWN_GB + workers * (WORKER_GB + others) if busy and workers else 0.0
    games = (config.extent.most_worlds or 0) if config.env == "smac" else 0
    return max(alone, together) + games * _GB_PER_GAME
