"""Measures the gate: whether a team plays well and depends on its messages.

An attack on messages means nothing on a team that ignores them. So the gate measures
the return as it is, with every message zeroed, with one sender's zeroed, and with noise
of the message's own size on one sender; all on the same worlds, so that what the team
loses is known more closely than what it earns.

Source: TASKS 1 and RECIPES 2 (the gate before any attack result).
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from absl import logging

from games.engine.channel import Channel
from games.engine.env import CommEnv
from games.engine.matches import play_worlds
from games.engine.strategy import Attack, NoAttack
from games.engine.threat import Threat
from games.engine.worlds import Worlds, make_worlds
from oracles.strategies.attacks.mute import MuteAttack
from oracles.strategies.attacks.noise import NoiseAttack
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.jobs import build_setting
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.message_cutting import cutting
from psro_comm.lab.lab import Lab
from psro_comm.metagame.intervals import (
    Interval,
    as_dict,
    fall_percent,
    normal_interval,
    share_interval,
)
from psro_comm.metagame.report import Gate
from psro_comm.names import ALL_MUTED, MOST_CUT, ONE_MUTED, ONE_NOISE, TALKING

_MOST = 0.8  # of a team's numbers, as NDQ's published runs cut them
_WORLDS, _GAMES = 256, 32  # behind a warning: simulated, or of another process each


class _Played(NamedTuple):
    """The results of one condition in each world."""

    returns: np.ndarray  # [W] float64
    success: np.ndarray  # [W] float64, 0. or 1.


def warn_unless_it_talks(lab: Lab) -> Gate:
    """Returns the gate of a lab's team; warns where attacks on it would mean little.

    It is the one that was measured when the team was trained, in this run or in that
    which lent the team; without one it is measured now, in fewer worlds. The run keeps
    it as `team-gate.json`.
    """
    stores = [lab.store, *([lab.lender] if lab.lender else [])]
    known = [(s, n) for s in stores for n in ("gate", "team-gate") if s.has(n)]
    if known:
        store, name = known[0]
        found = store.load_json(name)
    else:
        found = measured_gate(lab, _WORLDS if lab.env.spec.batched else _GAMES)
    if (lab.store, "gate") not in known:
        lab.store.save_json("team-gate", found)
    gate = Gate.from_dict(found)
    if not gate.talks:
        logging.warning("%s", gate.in_words())
    return gate


def measured_gate(lab: Lab, episodes: int) -> dict[str, Any]:
    """Measures the gate of a lab's team, as JSON data.

    It leaves out shares of a return of 0 or less, which there are none of.
    """
    setting = build_setting(lab.setting())
    report = team_report(setting.env, setting.team, lab.seed("gate"), episodes)
    return {
        key: value
        for key, value in report.items()
        if not (key.startswith("fall_percent") and math.isnan(value["estimate"]))
    }


def team_report(
    env: CommEnv, team: Any, seed: int, episodes: int = 1000
) -> dict[str, Any]:
    """Measures a trained team in all conditions.

    Conditions are `clean`; `all_muted` and `one_muted`, messages zeroed; `one_noise`,
    a random direction of a message's mean norm added; and for teams that can cut their
    messages `most_cut`, 80 % of all numbers cut, those of the smallest means. The one
    sender is drawn for each world. Actions are sampled; `greedy_return` is the same
    with the best action.

    Args:
      env: the environment of the task.
      team: a team with measured messages (`oracles.teams.clean_play.measure_messages`).
      seed: seed of the worlds and policies.
      episodes: number of worlds, the same for every condition; at least 2.

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
    found: dict[str, Interval] = {}
    for name, outcome in sampled.items():
        found[f"return_{name}"] = normal_interval(outcome.returns)
        found[f"greedy_return_{name}"] = normal_interval(greedy[name].returns)
        found[f"success_{name}"] = _share(outcome.success)
        found[f"greedy_success_{name}"] = _share(greedy[name].success)
    clean = sampled[TALKING]
    for name, outcome in sampled.items():
        if name == TALKING:
            continue
        found[f"fall_percent_{name}"] = fall_percent(clean.returns, outcome.returns)
        lost = 100.0 * (clean.success - outcome.success)
        found[f"fall_points_{name}"] = normal_interval(lost)
    return {
        "episodes": episodes,
        "seed": seed,
        "message_norm": float(team.message_norm),
        **{name: as_dict(interval) for name, interval in found.items()},
    }


def _share(won: np.ndarray) -> Interval:
    return share_interval(float(won.mean()), len(won))


def _outcomes(env: CommEnv, team: Any, worlds: Worlds, seed: int) -> dict[str, _Played]:
    """Plays every condition on the same worlds, with the same noise of the policies."""
    num_agents, size = env.spec.num_agents, team.message_size
    everyone = torch.arange(num_agents, device=env.device)
    all_held = worlds._replace(malicious=everyone.expand(len(worlds.malicious), -1))
    conditions: dict[str, tuple[Attack, Worlds]] = {
        TALKING: (NoAttack(), worlds),
        ALL_MUTED: (MuteAttack(Threat(num_malicious=num_agents), size), all_held),
        ONE_MUTED: (MuteAttack(Threat(), size), worlds),
        ONE_NOISE: (NoiseAttack(Threat(), size), worlds),
    }
    outcomes = {}
    for name, (attack, where) in conditions.items():
        if isinstance(attack, Tampering):
            attack = attack.to(env.device).calibrate(team)
        outcomes[name] = _play(env, team, attack, where, seed)
    if isinstance(team, NDQ):
        with cutting(env, team, _MOST, seed):
            outcomes[MOST_CUT] = _play(env, team, NoAttack(), worlds, seed)
    return outcomes


def _play(
    env: CommEnv, team: Any, attack: Attack, worlds: Worlds, seed: int
) -> _Played:
    generator = torch.Generator(env.device).manual_seed(seed)
    outcome = play_worlds(env, team, Channel(attack), worlds, generator)
    returns, success = (
        each.double().cpu().numpy() for each in (outcome.returns, outcome.success)
    )
    return _Played(returns, success)
