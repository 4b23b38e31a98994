"""Plays any filters against any attacks, by name."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.rows import CrossPlay, Row
from psro_comm.metagame.teams import TeamLevel
from psro_comm.studies.defenders import Group, by_team, find_defender, words_of
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.players import find_player
from psro_comm.studies.references import references
from psro_comm.studies.worst_case import audit, row


def cross_play(
    lab: Lab, attacks: Sequence[str], filters: Sequence[str], runs_dir: Path
) -> CrossPlay:
    """Plays every named filter against every named attack in the same worlds.

    Filters may bring teams; each team meets the attacks in its own units.

    Args:
      lab: the lab of the game, whose team plays where a filter brings none.
      attacks, filters: names of players, see `psro_comm.studies.player_names`.
      runs_dir: folder of all runs.

    Returns:
      The names of both sides and one row per pair, filters outermost.

    Raises:
      ValueError: an unknown name, or a policy for another team.
    """
    opponents = [find_player(lab, name, "attack", runs_dir) for name in attacks]
    defenders = [find_defender(lab, name, runs_dir) for name in filters]
    return played(lab, opponents, defenders, runs_dir)[0]


def played(
    lab: Lab, opponents: Sequence[Mixed], defenders: Sequence[Mixed], runs_dir: Path
) -> tuple[CrossPlay, PayoffTable]:
    """Returns the same as `cross_play`, of players at hand, and the returns by world.

    Args:
      lab: the lab of the game, whose team plays where a filter brings none.
      opponents, defenders: the attackers and the filters.
      runs_dir: folder of all runs.

    Returns:
      The rows, and the table of the first team that plays.
    """
    warn_unless_it_talks(lab)
    groups = by_team(lab, defenders)
    met = {g.team: _met(g, lab, opponents, runs_dir) for g in groups}
    who: list[object] = [
        (each.name, [p.digest() for p in each.policies.values()], each.weights.tolist())
        for each in (*opponents, *defenders)
    ]
    who += [group.lab.team().digest() for group in groups[1:]]
    key = hashlib.sha256(repr(who).encode())
    name = f"crossplay-{key.hexdigest()[:10]}"
    tables: list[PayoffTable] = []
    rows: dict[tuple[str, str], Row] = {}
    beside: dict[str, list[Row]] = {}
    for group in groups:
        if group.defenders:
            table = audit(group.lab, f"{name}-table", group.defenders, met[group.team])
            tables.append(table)
            rows |= {
                (defender.name, opponent.name): row(
                    table,
                    f"{opponent.name} against {defender.name}",
                    defender,
                    opponent,
                )
                for defender in group.defenders
                for opponent in met[group.team]
            }
        beside[group.team] = references(
            group.lab, f"{name}-table", met[group.team], runs_dir
        )
    config = lab.config
    attacks, filters = (
        [player.name for player in side] for side in (opponents, defenders)
    )
    result = CrossPlay(
        *(name, config.task, config.seed, attacks, filters),
        [rows[filter_, attack] for filter_ in filters for attack in attacks],
        beside[groups[0].team],
        [_level(group, beside[group.team]) for group in groups if len(groups) > 1],
    )
    lab.store.save_json(name, result.to_dict())
    return result, tables[0]


def _met(
    group: Group,
    lab: Lab,
    opponents: Sequence[Mixed],
    runs_dir: Path,
) -> Sequence[Mixed]:
    """Returns the attacks in the units of a group's team."""
    if group.lab is lab:
        return opponents
    names = [each.name for each in opponents]
    return [find_player(group.lab, name, "attack", runs_dir) for name in names]


def _level(group: Group, beside: Sequence[Row]) -> TeamLevel:
    clean, muted = (each.returns for each in beside[:2])
    names = [each.name for each in group.defenders]
    return TeamLevel(group.team, words_of(group.lab.team()), names, clean, muted)
