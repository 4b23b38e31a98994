"""Best responses: train an attack against filters, a filter against attacks."""

import torch

from games.engine.channel import Attack, Filter, NoAttack
from games.engine.population import Mixture
from oracles.learning.randomness import Log, make_generators
from oracles.strategies.attacks import GaussianAttack
from oracles.strategies.config import AttackConfig, FilterConfig, OracleConfig
from oracles.strategies.filters import TwoStageFilter
from oracles.strategies.learner import Learner, Setting


def new_attack(
    setting: Setting, config: AttackConfig, generator: torch.Generator
) -> GaussianAttack:
    """An untrained attack on a team, its weights drawn from `generator`."""
    team, spec = setting.team, setting.env.spec
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_draw_seed(generator))
        attack = GaussianAttack(
            setting.threat,
            team.message_size,
            config=config,
            obs_size=spec.obs_size,
            memory_size=team.memory_size,
            heard_size=team.heard_size,
        )
    attack = attack.to(setting.env.device)
    attack.calibrate(team)
    return attack


def new_filter(
    setting: Setting, config: FilterConfig, generator: torch.Generator
) -> TwoStageFilter:
    """An untrained filter for a team, its weights drawn from `generator`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_draw_seed(generator))
        filter_ = TwoStageFilter(
            config,
            message_size=setting.team.message_size,
            num_agents=setting.env.spec.num_agents,
        )
    filter_ = filter_.to(setting.env.device)
    filter_.calibrate(setting.team)
    return filter_


def _draw_seed(generator: torch.Generator) -> int:
    device = generator.device
    return int(torch.randint(2**31, (1,), generator=generator, device=device))


def train_attack(
    setting: Setting,
    filter_: Filter,
    config: AttackConfig,
    oracle: OracleConfig,
    *,
    seed: int,
    log: Log | None = None,
    start: GaussianAttack | None = None,
) -> GaussianAttack:
    """Trains a best response to a (mixed) filter.

    The reward is the negative team reward; eq. 1 adds its price in `evaluate`.

    Args:
      setting: the game.
      filter_: the opponent, frozen.
      config: the attack's settings; with `stop_return` it freezes early.
      oracle: budget and learner.
      seed: of weights, worlds and policies.
      log: receives one line of metrics per update.
      start: whose weights it learns on from, instead of fresh ones.

    Returns:
      The trained attack.

    Source: paper eq. 1; alg. 1 line 7.
    """
    generators = make_generators(setting.env.device, seed)
    attack = new_attack(setting, config, generators.policy)
    if start is not None:
        attack.load_state_dict(start.state_dict())
    learner = Learner(attack, setting, oracle, generators, "attack")
    learner.train(attack, filter_, sign=-1.0, stop=config.stop_return, log=log)
    return attack.eval().requires_grad_(False)


def train_filter(
    setting: Setting,
    attack: Attack,
    config: FilterConfig,
    oracle: OracleConfig,
    *,
    seed: int,
    log: Log | None = None,
    start: TwoStageFilter | None = None,
) -> TwoStageFilter:
    """Trains a best response to a (mixed) attack.

    Part of the episodes is benign, so that the filter also learns to leave a clean
    team alone.

    Args:
      setting: the game.
      attack: the opponent, frozen but active.
      config: the filter's settings.
      oracle: budget and learner.
      seed: of weights, worlds and policies.
      log: receives one line of metrics per update.
      start: whose weights it learns on from, instead of fresh ones.

    Returns:
      The trained filter.

    Source: paper eq. 2; alg. 1 line 7.
    """
    generators = make_generators(setting.env.device, seed)
    filter_ = new_filter(setting, config, generators.policy)
    if start is not None:
        filter_.load_state_dict(start.state_dict())
    benign = config.benign_fraction
    opponent = Mixture([NoAttack(), attack], [benign, 1.0 - benign])
    learner = Learner(filter_, setting, oracle, generators, "filter")
    learner.train(opponent, filter_, sign=1.0, stop=None, log=log)
    return filter_.eval().requires_grad_(False)
