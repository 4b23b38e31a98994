"""Makes the registered game playable: one joint action is one episode of the task.

Any OpenSpiel code for simultaneous games can then use the policies of a run, an
unsubclassed `PSROSolver` with the learning oracle included. It plays one episode a
call, so it is slow; `RMacrlSolver` plays whole tables at once.
"""

from collections.abc import Mapping

import numpy as np
import torch
from open_spiel.python.algorithms.psro_v2.abstract_meta_trainer import sample_episode
from open_spiel.python.policy import UniformRandomPolicy

from games.engine.play import play_episodes
from games.engine.worlds import make_worlds
from games.openspiel.adversarial_comm import (
    ATTACKER,
    DEFENDER,
    AdversarialCommGame,
    Rollout,
)
from oracles.strategies.freezing import thaw
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting
from psro_comm.lab.lab import Lab


def sampled(rollout: Rollout, episodes: int) -> np.ndarray:
    """Returns both players' mean returns by OpenSpiel's own loop over episodes.

    Args:
      rollout: plays one episode of two policies, each in slot 0.
      episodes: how many are played, one after another.

    Source: open_spiel.python.algorithms.psro_v2, `sample_episodes`.
    """
    game = AdversarialCommGame({"slots": 1})
    for player in (DEFENDER, ATTACKER):
        game.fill(player, "policy")
    game.attach(rollout)
    policies = [UniformRandomPolicy(game)] * 2
    total = np.zeros(2)
    for _ in range(episodes):
        total += sample_episode(game.new_initial_state(), policies).reshape(-1)
    return total / episodes


def attach_play(
    game: AdversarialCommGame,
    lab: Lab,
    filters: Mapping[str, Frozen],
    attacks: Mapping[str, Frozen],
) -> None:
    """Makes `game` play an episode of the lab's task for each joint action.

    Episode k since this call is played in world k, whoever plays.

    Args:
      game: the registered game, whose slots are filled by name, here or later.
      lab: the lab of the task and the team.
      filters, attacks: policies by name; they may grow while the game is used.

    Source: paper section 4 (U by letting policies play and averaging).
    """
    setting = build_setting(lab.setting())
    device = setting.env.device
    generator = torch.Generator(device).manual_seed(lab.seed("registered"))
    played = 0

    def rollout(defender: int, attacker: int) -> float:
        nonlocal played
        worlds = make_worlds(
            setting.env.spec,
            lab.seed("worlds/registered"),
            played,
            1,
            setting.to_draw,
            device,
        )
        played += 1
        attack = thaw(attacks[game.policy_name(ATTACKER, attacker)], device)
        filter_ = thaw(filters[game.policy_name(DEFENDER, defender)], device)
        channel = setting.channel(attack, filter_)
        outcome = play_episodes(setting.env, setting.team, channel, worlds, generator)
        return float(outcome.returns[0])

    game.attach(rollout)
