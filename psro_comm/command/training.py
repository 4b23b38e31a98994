"""Trains a single best response: the common part of `train_attack`, `train_filter`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_side
from psro_comm.lab.session import open_lab

if TYPE_CHECKING:
    from psro_comm.disk.store import RunStore
    from psro_comm.metagame.rows import Trained

flags.disclaim_key_flags()  # what is defined here is the programs' own

Tell = Callable[["RunStore", "Trained", str], object]
_OTHER = {"attack": "filter", "filter": "attack"}


def define_training(side: str) -> None:
    """Defines the flags of a program that trains one side, all but `--against`."""
    both = (*command_line.trained(side), *command_line.untrained(_OTHER[side]))
    command_line.define("threat", "evaluation", *both)


def train(side: str, against: str, tell: Tell) -> None:
    """Trains one side and measures it, as the flags say; `--dry_run` prints the plan.

    Args:
      side: `attack` or `filter`.
      against: the opponent's name, in the words of `studies/player_names.py`.
      tell: tells the result, with the command that made it, while the run is open.
    """
    request = command_line.request(side, {_OTHER[side]: [against]})
    if command_line.FLAGS.dry_run:
        print(plan_side(request, side))
        return
    from psro_comm.studies.training import train_against

    with open_lab(request) as lab:
        result = train_against(lab, side, against, request.runs_dir)
        tell(lab.store, result, again(f"train_{side}", request))
