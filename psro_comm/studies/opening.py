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
    """Returns filters and attacks that nobody trains, and a filter trained on these.

    A run that goes on has those that it began with: replacements and recorded messages
    may differ in their last bits on another machine.
    """
    crowd = CROWD if lab.env.spec.num_agents >= 4 else ()
    simple = (*SIMPLE, *crowd)
    if lab.store.has("start"):
        filters, attacks = lab.store.load_json("start")
        return _begun(lab, (*simple, _FIRST), filters), _begun(lab, LIES, attacks)
    runs_dir = lab.store.root.parent
    made = _named(lab, simple, "filter", runs_dir)
    asked = _first(lab)
    (first,) = lab.knowing().respond([asked])
    return {**made, _FIRST: first}, dict(asked.opponents)


def begin_psro(lab: Lab) -> None:
    """Begins, where workers are idle, what R-MACRL starts with and needs no attack."""
    if beginning(lab.config.psro) == RULES and not lab.store.has("start"):
        lab.knowing().ahead([_first(lab)])


def _first(lab: Lab) -> Response:
    """Returns the task of the first filter: to meet the lies that nobody trains."""
    lies = _named(lab.knowing(), LIES, "attack", lab.store.root.parent)
    kind = kinds(lab.config, Side.DEFENDER)[0]
    recipe = trainings(lab.config, Side.DEFENDER)[kind].fresh
    return Response(_FIRST, lies, [1.0 / len(lies)] * len(lies), recipe)


def _begun(
    lab: Lab, names: Sequence[str], start: Sequence[tuple[str, str]]
) -> dict[str, Frozen]:
    """Returns the first policies of a side that a run began with (`psro.given`)."""
    return {
        name: lab.store.load_policy(own)
        for name, (own, _) in zip(names, start, strict=False)
    }


def _named(
    lab: Lab, names: Sequence[str], role: str, runs_dir: Path
) -> dict[str, Frozen]:
    found: dict[str, Frozen] = {}
    for name in names:
        found |= find_player(lab, name, role, runs_dir).policies
    return found
