"""One best response by hand: train it against a named opponent, then measure it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from oracles.filter_report import filter_report
from oracles.jobs import build_setting
from oracles.policies import thaw, thaw_mixture
from psro_comm.lab import Lab, Response
from psro_comm.opponents import TRAINED, find_player
from psro_comm.rmacrl import benign
from psro_comm.worst_case import Defender, Opponent, audit, row


def train_against(lab: Lab, role: str, against: str, runs_dir: Path) -> dict[str, Any]:
    """Trains an attack or a filter against one player, and measures both.

    Args:
      lab: of the run that keeps the policy.
      role: `attack` or `filter`, the side that learns.
      against: the opponent, in the words of `psro_comm.opponents`.
      runs_dir: where other runs are.

    Returns:
      What `report.json` keeps: rows of returns and, for a filter, its detector.

    Raises:
      ValueError: the run already holds a policy trained against somebody else.
    """
    other = "filter" if role == "attack" else "attack"
    opponent = find_player(lab, against, other, runs_dir)
    store = lab.store
    asked = {"role": role, "against": against}
    begun = store.load_json("trained") if store.has("trained") else asked
    if begun != asked:
        raise ValueError(
            f"{store.root} trains the {begun['role']} against {begun['against']!r},"
            f" not the {role} against {against!r}: use another --run"
        )
    store.save_json("trained", asked)
    config = lab.config
    attacking = role == "attack"
    (policy,) = lab.respond(
        [
            Response(
                TRAINED[role],
                opponent.policies,
                opponent.weights.tolist(),
                config.attack if attacking else config.filter,
                config.attack_oracle if attacking else config.filter_oracle,
            )
        ]
    )
    filters, attacks = benign()
    nobody = Defender("no-filter", filters, np.ones(1))
    peace = Opponent("no-attack", attacks, np.ones(1))
    if attacking:
        defenders = [nobody, Defender(against, opponent.policies, opponent.weights)]
        ours = Opponent(TRAINED[role], {TRAINED[role]: policy}, np.ones(1))
        rivals = [peace, ours]
    else:
        defenders = [nobody, Defender.pure(TRAINED[role], policy)]
        rivals = [peace, Opponent(against, opponent.policies, opponent.weights)]
    table = audit(lab, "audit", defenders, rivals)
    rows = [
        row(table, f"{rival.name} against {defender.name}", defender, rival)
        for defender in defenders
        for rival in rivals
    ]
    result: dict[str, Any] = {
        "task": config.task,
        "seed": config.seed,
        "role": role,
        "against": against,
        "rows": rows,
    }
    if not attacking:
        setting = build_setting(lab.setting())
        generator = torch.Generator(setting.env.device).manual_seed(lab.seed("report"))
        result["detector"] = filter_report(
            setting,
            thaw(policy, setting.env.device),
            thaw_mixture(
                list(opponent.policies.values()),
                opponent.weights.tolist(),
                setting.env.device,
            ),
            generator,
        )
    store.save_json("report", result)
    store.set_status("done", 1.0)
    return result
