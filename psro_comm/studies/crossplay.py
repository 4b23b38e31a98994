"""Plays any filters against any attacks, by name."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.rows import CrossPlay
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.players import find_player
from psro_comm.studies.references import references
from psro_comm.studies.worst_case import audit, row


def cross_play(
    lab: Lab, attacks: Sequence[str], filters: Sequence[str], runs_dir: Path
) -> CrossPlay:
    """Plays every named filter against every named attack in the same worlds.

    Args:
      lab: the lab of the game, whose team plays.
      attacks, filters: names of players, see `psro_comm.studies.player_names`.
      runs_dir: folder of all runs.

    Returns:
      The names of both sides and one row per pair, filters outermost.

    Raises:
      ValueError: an unknown name, or a policy for another team.
    """
    opponents = [find_player(lab, name, "attack", runs_dir) for name in attacks]
    defenders = [find_player(lab, name, "filter", runs_dir) for name in filters]
    return played(lab, opponents, defenders, runs_dir)[0]


def played(
    lab: Lab, opponents: Sequence[Mixed], defenders: Sequence[Mixed], runs_dir: Path
) -> tuple[CrossPlay, PayoffTable]:
    """Returns the same as `cross_play`, of players at hand, and the returns by world.

    Args:
      lab: the lab of the game, whose team plays.
      opponents, defenders: the attackers and the filters.
      runs_dir: folder of all runs.
    """
    warn_unless_it_talks(lab)
    who = [
        (name, [policy.digest() for policy in policies.values()], weights.tolist())
        for name, policies, weights in (*opponents, *defenders)
    ]
    key = hashlib.sha256(repr(who).encode())
    name = f"crossplay-{key.hexdigest()[:10]}"
    table = audit(lab, f"{name}-table", defenders, opponents)
    rows = [
        row(table, f"{opponent.name} against {defender.name}", defender, opponent)
        for defender in defenders
        for opponent in opponents
    ]
    config = lab.config
    beside = references(lab, f"{name}-table", opponents, runs_dir)
    attacks, filters = (
        [player.name for player in side] for side in (opponents, defenders)
    )
    result = CrossPlay(name, config.task, config.seed, attacks, filters, rows, beside)
    lab.store.save_json(name, result.to_dict())
    return result, table
