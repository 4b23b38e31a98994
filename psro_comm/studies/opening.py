"""Begins R-MACRL as its settings say: with rules and a trained filter, or untrained."""

from collections.abc import Sequence
from pathlib import Path

from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from psro_comm.lab.lab import Lab, Response
from psro_comm.names import MUTES
from psro_comm.psro.given import Given
from psro_comm.psro.rmacrl import RMacrl
from psro_comm.settings.portfolio import beginning, kinds, trainings
from psro_comm.settings.psro import RULES
from psro_comm.studies.players import find_player

LIES = ("mirror", "swap", "freeze@8", "replay@4", "flip", "noise@2", "fake_world")
# On some maps a team that hears its mean message alone does better than one in silence.
SIMPLE = (*MUTES, "norm", "clip", "random_mute")
CROWD = ("median",)  # where a liar is not half of those whom another hears
_FIRST = "first-filter"


def open_psro(
    lab: Lab, meta_solver: str | None = None, given: Given | None = None
) -> RMacrl:
    """Returns R-MACRL, ready to be solved.

    Args:
      lab: the run's lab.
      meta_solver: name of the meta-solver; None is the configuration's.
      given: filters and attacks to start from, by name: beside rules, or instead of an
        untrained policy of each side.
    """
    if beginning(lab.config.psro) == RULES:
        filters, attacks = given or ({}, {})
        own_filters, own_attacks = rules(lab)
        given = {**own_filters, **filters}, {**own_attacks, **attacks}
    return RMacrl(lab, meta_solver, given)


def rules(lab: Lab) -> Given:
    """Returns filters and attacks that nobody trains, and a filter trained on these."""
    runs_dir = lab.store.root.parent
    crowd = CROWD if lab.env.spec.num_agents >= 4 else ()
    filters = _named(lab, (*SIMPLE, *crowd), "filter", runs_dir)
    attacks = _named(lab.knowing(), LIES, "attack", runs_dir)
    kind = kinds(lab.config.psro, Side.DEFENDER)[0]
    recipe = trainings(lab.config, Side.DEFENDER)[kind].fresh
    even = [1.0 / len(attacks)] * len(attacks)
    (first,) = lab.knowing().respond([Response(_FIRST, attacks, even, recipe)])
    return {**filters, _FIRST: first}, attacks


def _named(
    lab: Lab, names: Sequence[str], role: str, runs_dir: Path
) -> dict[str, Frozen]:
    found: dict[str, Frozen] = {}
    for name in names:
        found |= find_player(lab, name, role, runs_dir).policies
    return found
