"""Trains a single best response against a named opponent, and measures it."""

from pathlib import Path

import torch

from games.engine.side import Side
from oracles.strategies.freezing import thaw
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting
from psro_comm.lab.lab import Lab, Response
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.rows import Row, Trained
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.psro.rmacrl import benign
from psro_comm.studies.detector import filter_report
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.players import find_player
from psro_comm.studies.references import references
from psro_comm.studies.stored_players import TRAINED
from psro_comm.studies.worst_case import audit, row


def train_against(lab: Lab, role: str, against: str, runs_dir: Path) -> Trained:
    """Trains an attack or a filter against one player, and measures both.

    Args:
      lab: the lab of the run that keeps the policy.
      role: the side that learns, `attack` or `filter`.
      against: name of the opponent, see `psro_comm.studies.player_names`.
      runs_dir: folder of all runs.

    Returns:
      The content of `report.json`: rows of returns and, for a filter, its detector.

    Raises:
      ValueError: the run already holds a policy trained against another opponent.
    """
    other = "filter" if role == "attack" else "attack"
    opponent = find_player(lab, against, other, runs_dir)
    return trained(lab, role, opponent, against, runs_dir)


def trained(
    lab: Lab, role: str, opponent: Mixed, against: str, runs_dir: Path
) -> Trained:
    """Returns the same as `train_against`, of an opponent at hand.

    Args:
      lab: the lab of the run that keeps the policy.
      role: the side that learns, `attack` or `filter`.
      opponent: whom it learns against.
      against: his name.
      runs_dir: folder of all runs.
    """
    store = lab.store
    asked = {"role": role, "against": against}
    begun = store.load_json("trained") if store.has("trained") else asked
    if begun != asked:
        raise ValueError(
            f"{store.root} trains the {begun['role']} against {begun['against']!r},"
            f" not the {role} against {against!r}: use another --run"
        )
    store.save_json("trained", asked)
    warn_unless_it_talks(lab)
    config = lab.config
    attacking = role == "attack"
    (policy,) = lab.respond(
        [
            Response(
                TRAINED[role],
                opponent.policies,
                opponent.weights.tolist(),
                config.recipe(Side.of(role)),
            )
        ]
    )
    rows = _rows(lab, role, opponent, policy)
    seen = None if attacking else _detector(lab, opponent, policy)
    rival = Mixed.pure(TRAINED[role], policy) if attacking else opponent
    beside = references(lab, "trained-audit", [rival], runs_dir)
    result = Trained(config.task, config.seed, role, against, rows, beside, seen)
    store.save_json("report", result.to_dict())
    return result


def _rows(lab: Lab, role: str, opponent: Mixed, policy: Frozen) -> list[Row]:
    """Returns results with and without the trained policy, on fresh worlds."""
    filters, attacks = benign()
    defenders = [Mixed.pure(NO_FILTER, filters[NO_FILTER])]
    rivals = [Mixed.pure(NO_ATTACK, attacks[NO_ATTACK])]
    name = TRAINED[role]
    trained = Mixed.pure(name, policy)
    ours, theirs = (rivals, defenders) if role == "attack" else (defenders, rivals)
    ours.append(trained)
    if not _same(opponent, theirs[0]):  # nobody, whom the table has already
        theirs.append(opponent)
    pairs = {
        (defender.name, rival.name): (defender, rival)
        for defender in defenders
        for rival in rivals
    }
    table = audit(lab, "trained-audit", defenders, rivals)
    return [
        row(table, f"{rival} against {defender}", *pair)
        for (defender, rival), pair in pairs.items()
    ]


def _same(one: Mixed, other: Mixed) -> bool:
    """Returns whether two players are the same single policy."""
    ours, theirs = (
        [policy.digest() for policy in each.policies.values()] for each in (one, other)
    )
    return len(ours) == 1 and ours == theirs


def _detector(lab: Lab, opponent: Mixed, policy: Frozen) -> dict[str, float]:
    """Measures how well the filter detects and repairs what its opponent forges."""
    setting = build_setting(lab.setting())
    device = setting.env.device
    return filter_report(
        setting,
        thaw(policy, device),
        opponent.thaw(device),
        torch.Generator(device).manual_seed(lab.seed("report")),
    )
