"""The gate: is this a team that plays well and really talks?

No attack on messages means anything on a team that ignores them. So beside the return
stand the returns with every message zeroed, with one sender's zeroed, and with noise of
the message's own size on one sender; all on the same worlds, so that what the team
loses is known more closely than what it earns.

Source: TASKS 1 and RECIPES 2 (the gate before any attack result).
"""

import math
from typing import Any

import torch
from torch import Tensor

from games.channel import Attack, NoAttack, NoFilter
from games.env import CommEnv
from games.matches import play_worlds
from games.play import Outcome
from games.worlds import Worlds, make_worlds
from oracles.backbones.ndq import NDQ
from oracles.message_cutting import cutting
from oracles.tampering import MuteAttack, NoiseAttack, Threat

Estimate = dict[str, float]  # estimate, low, high: a mean and its 95 % interval

_NORMAL = 1.959964  # two-sided 95 % quantile
_MOST = 0.8  # of a team's numbers, as NDQ's published runs cut them


def team_report(
    env: CommEnv, team: Any, seed: int, episodes: int = 1000
) -> dict[str, Any]:
    """Measures a trained team, talking and muted.

    Conditions are `clean`; `all_muted` and `one_muted`, messages zeroed; `one_noise`,
    a random direction of a message's mean norm added; and for teams that can cut their
    messages `most_cut`, 80 % of all numbers cut, those of the smallest means. The one
    sender is drawn for each world. Actions are sampled; `greedy_return` is the same
    with the best action.

    Args:
      env: the task.
      team: with its messages measured (`oracles.clean_play.measure_messages`).
      seed: of the worlds and policies.
      episodes: worlds, the same for every condition; at least 2.

    Returns:
      `{quantity}_{condition}` -> estimate, low and high, 95 % intervals over worlds,
      for the quantities `return`, `greedy_return`, `success`, `greedy_success`; what
      the condition takes, paired by world: `fall_percent_*` of the clean return,
      `fall_points_*` of a hundred episodes; and plain `episodes`, `seed`,
      `message_norm`.

    Raises:
      ValueError: fewer than two episodes.
    """
    if episodes < 2:
        raise ValueError(f"episodes is {episodes}, must be at least 2")
    worlds = make_worlds(env.spec, seed, 0, episodes, 1, env.device)
    sampled = _outcomes(env, team, worlds, seed)
    was_sampled = team.sampled
    try:
        team.sampled = False
        greedy = _outcomes(env, team, worlds, seed)
    finally:
        team.sampled = was_sampled
    report: dict[str, Any] = {}
    for name, outcome in sampled.items():
        report[f"return_{name}"] = interval(outcome.returns)
        report[f"greedy_return_{name}"] = interval(greedy[name].returns)
        report[f"success_{name}"] = share_interval(outcome.success)
        report[f"greedy_success_{name}"] = share_interval(greedy[name].success)
    clean = sampled["clean"]
    for name, outcome in sampled.items():
        if name == "clean":
            continue
        report[f"fall_percent_{name}"] = fall_percent(clean.returns, outcome.returns)
        lost = clean.success.double() - outcome.success.double()
        report[f"fall_points_{name}"] = interval(100.0 * lost)
    facts = {"message_norm": float(team.message_norm)}
    return {"episodes": episodes, "seed": seed, **facts, **report}


def interval(samples: Tensor) -> Estimate:
    """The mean of `samples` [W] and its 95 % interval (normal, W being large)."""
    samples = samples.double()
    half = _NORMAL * float(samples.std()) / math.sqrt(len(samples))
    return _estimate(float(samples.mean()), half)


def share_interval(samples: Tensor) -> Estimate:
    """The mean of `samples` [W] in [0, 1] and Wilson's 95 % interval.

        (p + z^2 / 2W -+ z sqrt(p (1 - p) / W + z^2 / 4W^2)) / (1 + z^2 / W)

    Of 0 and 1 it is a share; numbers between vary less, so that it is then too wide.

    Source: Wilson 1927, J. Amer. Statist. Assoc. 22.
    """
    count, share = len(samples), float(samples.double().mean())
    extra = _NORMAL**2 / count
    spread = math.sqrt(share * (1.0 - share) / count + extra / (4.0 * count))
    middle, scale = share + extra / 2.0, 1.0 + extra
    low, high = (middle + sign * _NORMAL * spread for sign in (-1.0, 1.0))
    return {
        "estimate": share,
        "low": max(0.0, low / scale),
        "high": min(1.0, high / scale),
    }


def fall_percent(clean: Tensor, other: Tensor) -> Estimate:
    """What is lost of the clean return, in percent of it, paired by world.

        100 (1 - R),  R = mean(other) / mean(clean),
        Var(R) = Var(other - R clean) / (W mean(clean)^2)

    Args:
      clean, other: `[W]` returns in the same worlds.

    Returns:
      NaN where the clean mean is 0 or less: a share of nothing says nothing.

    Source: Cochran 1977, Sampling Techniques, chapter 6 (the ratio estimator).
    """
    clean, other = clean.double(), other.double()
    base = float(clean.mean())
    if base <= 0.0:
        return _estimate(math.nan, math.nan)
    ratio = float(other.mean()) / base
    spread = float((other - ratio * clean).std())
    half = _NORMAL * spread / (math.sqrt(len(clean)) * base)
    return _estimate(100.0 * (1.0 - ratio), 100.0 * half)


def _estimate(mean: float, half_width: float) -> Estimate:
    return {"estimate": mean, "low": mean - half_width, "high": mean + half_width}


def _outcomes(env: CommEnv, team: Any, worlds: Worlds, seed: int) -> dict[str, Outcome]:
    """Every condition on the same worlds and the same noise of the policies."""
    num_agents, size = env.spec.num_agents, team.message_size
    everyone = torch.arange(num_agents, device=env.device)
    all_held = worlds._replace(captured=everyone.expand(len(worlds.captured), -1))
    conditions: dict[str, tuple[Attack, Worlds]] = {
        "clean": (NoAttack(), worlds),
        "all_muted": (MuteAttack(Threat(num_malicious=num_agents), size), all_held),
        "one_muted": (MuteAttack(Threat(), size), worlds),
        "one_noise": (NoiseAttack(Threat(), size), worlds),
    }
    outcomes = {}
    for name, (attack, where) in conditions.items():
        if isinstance(attack, torch.nn.Module):
            attack = attack.to(env.device).calibrate(team)
        outcomes[name] = _play(env, team, attack, where, seed)
    if isinstance(team, NDQ):
        with cutting(env, team, _MOST, seed):
            outcomes["most_cut"] = _play(env, team, NoAttack(), worlds, seed)
    return outcomes


def _play(
    env: CommEnv, team: Any, attack: Attack, worlds: Worlds, seed: int
) -> Outcome:
    generator = torch.Generator(env.device).manual_seed(seed)
    return play_worlds(env, team, attack, NoFilter(), worlds, generator)
