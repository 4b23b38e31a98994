"""Trains filters that lack a part, and sets them beside the whole one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from games.engine.side import Side
from oracles.strategies.config import Recipe
from psro_comm.lab.lab import Lab, Response
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.defence import Variant
from psro_comm.metagame.intervals import Interval, mean_interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.psro.rmacrl import benign
from psro_comm.studies.defence.lies import LIARS_OF, PARTS, PARTS_OF, families_of
from psro_comm.studies.defence.places import Ground
from psro_comm.studies.suite.curves import allowing
from psro_comm.studies.worst_case import returns_of

WHOLE = "whole"


class Made(NamedTuple):
    """A filter that was trained here.

    Attributes:
      player: the filter, under its name in tables.
      left_out: the family of lies that it has never met; None for no family.
    """

    player: Mixed
    left_out: str | None = None


def whole(lab: Lab, name: str = WHOLE) -> Made:
    """Trains the filter that lacks nothing, against nobody but made-up liars."""
    recipe = lab.config.recipe(Side.DEFENDER)
    (policy,) = lab.respond([_response(WHOLE, recipe)])
    return Made(Mixed.pure(name, policy))


def lacking(lab: Lab, parts: Sequence[str]) -> list[Made]:
    """Trains the filters that lack a part, side by side, each with the same budget.

    Args:
      lab: the lab of the run.
      parts: names of `lies.PARTS` and of families of lies.
    """
    own = lab.config.recipe(Side.DEFENDER)
    more = allowing(lab, "liars", lab.config.threat.num_malicious + 1)
    made = {}
    for maker, others in ((lab, False), (more, True)):
        mine = {p: _recipe(own, p) for p in parts if (p == "liars") is others}
        asked = [_response(f"without-{p}", r) for p, r in mine.items()]
        for part, policy in zip(mine, maker.respond(asked), strict=True):
            words = PARTS.get(part, f"never met {part}")
            left_out = None if part in PARTS else part
            made[part] = Made(Mixed.pure(words, policy), left_out)
    return [made[part] for part in parts]


def _response(name: str, recipe: Recipe) -> Response:
    return Response(f"defence-{name}", benign()[1], [1.0], recipe)


def _recipe(own: Recipe, part: str) -> Recipe:
    """Returns the recipe of a filter without a part."""
    if part in PARTS_OF:
        return own._replace(config=replace(own.config, **PARTS_OF[part]))
    if part == "liars":  # its threat alone is another
        return own
    if part in LIARS_OF:
        changes: Mapping[str, object] = {LIARS_OF[part]: 0.0}
    else:
        left = tuple(each for each in families_of(own.budget) if each != part)
        changes = {"families": left}
    return own._replace(budget=replace(own.budget, **changes))  # type: ignore[arg-type]


def compare(
    ground: Ground, made: Sequence[Made], played: PayoffTable | None
) -> list[Variant]:
    """Returns what filters keep under all lies of a ground, beside the first of them.

    Args:
      ground: who lies, and the players.
      made: the whole filter, and those that lack a part.
      played: a table of the same worlds that has some of the cells.
    """
    table = ground.play([each.player for each in made], played)
    clean, *attacks = ground.lies
    left = [
        {lie.name: returns_of(table, each.player, lie) for lie in (clean, *attacks)}
        for each in made
    ]
    worst = [min(attacks, key=lambda lie: own[lie.name].mean()).name for own in left]
    found = []
    for each, own, least in zip(made, left, worst, strict=True):
        heard = ground.beliefs(each.player)
        found.append(
            Variant(
                WHOLE if each is made[0] else each.player.name,
                *(each.left_out, mean_interval(own[clean.name])),
                paired_difference(own[clean.name], left[0][clean.name]),
                *(least, mean_interval(own[least])),
                paired_difference(own[least], left[0][worst[0]]),
                _intervals(own),
                {lie.name: heard[lie.name]["auroc"] for lie in attacks},
            )
        )
    return found


def _intervals(returns: Mapping[str, np.ndarray]) -> dict[str, Interval]:
    return {name: mean_interval(own) for name, own in returns.items()}
