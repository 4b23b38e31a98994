"""Reads the names by which a user asks for an attack or a filter, without torch.

NAME, NAME@x      an entry of ATTACKS or FILTERS, such as none, noise@2.5, mute
NAME@FIELD=x      ... with any other of its settings: always_replace@0@replace=zero
untrained         the policy that this run would train, as it is drawn
RUN/POLICY                                   one policy of another run
RUN                                          the policy that train_attack or
train_filter left in it
psro:RUN                                     the mixture that R-MACRL put out
psro:RUN@SHARE    the mixture of its filters that keeps most among those that earn SHARE
of the return without attack and without filter (`metagame/solvers/frontier.py`)
RUN+FILTER                                   the team of another run behind a filter

Where defenders may bring teams (`studies/defenders.py`), a RUN brings its own, and one
without filters is its team alone.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from games.engine.registry import Entry
from games.engine.side import Side
from oracles.strategies.registry import strategies
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.lab.session import Request, read_run
from psro_comm.settings.fields import leaves, nearest, replace


class Name(NamedTuple):
    """The parts of a player's name."""

    kind: str  # of a registry, or untrained, policy or mixture
    settings: Mapping[str, Any] = {}  # that the name gives, beside the kind's others
    run: str | None = None  # of a policy or a mixture
    policy: str | None = None  # None is what train_attack or train_filter left
    team: str | None = None  # the run whose team plays behind the filter

    @property
    def home(self) -> str | None:
        """The run whose team it plays with, if it comes from a run."""
        return self.team or self.run


def read_name(name: str, role: str) -> Name:
    """Splits a name into its parts, which the module's docstring lists.

    Raises:
      ValueError: it names no player, or one of the other side.
    """
    team, plus, filter_ = name.partition("+")
    if plus and role == "filter":
        return read_name(filter_, role)._replace(team=team)
    if name.startswith("psro:"):
        run, at, share = name.removeprefix("psro:").partition("@")
        return Name("mixture", {"share": _share(name, share, role)} if at else {}, run)
    kind, *arguments = name.split("@")
    side = Side.of(role)
    known = strategies(side)
    if kind not in (*known, "untrained"):
        if kind in strategies(side.other):
            other = side.other.strategy
            raise ValueError(f"{name!r} is {_A[other]} {other}, not {_A[role]} {role}")
        run, _, policy = name.partition("/")
        return Name("policy", run=run, policy=policy or None)
    entry = known.get(kind, Entry(None))
    given: dict[str, Any] = {}
    for argument in arguments:
        given |= _argument(name, entry, argument, side)
    return Name(kind, given)


_A = {"attack": "an", "filter": "a"}


def _share(name: str, text: str, role: str) -> float:
    """Returns the share of the clean return that a mixture of filters is to earn."""
    if role != "filter":
        raise ValueError(f"{name!r}: only a mixture of filters has a share after @")
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0.0 < share <= 1.0:
        words = "above 0 and at most 1, of the clean return"
        raise ValueError(f"{name!r}: share is {text!r}, must be a number, {words}")
    return share


def _argument(name: str, entry: Entry, argument: str, side: Side) -> dict[str, Any]:
    """Returns the setting that a part of a name gives: `2.5`, or `replace=zero`."""
    field, named, text = argument.rpartition("=")
    field = field if named else str(entry.argument or "")
    known = {leaf.name: leaf for leaf in leaves(entry.config)} if entry.config else {}
    if not field or not known:
        takers = [kind for kind, each in strategies(side).items() if each.argument]
        who = f"only {', '.join(takers)}" if takers else f"no {side.strategy}"
        raise ValueError(f"{name!r}: {who} may have an argument after @")
    if field not in known:
        raise ValueError(
            f"{name!r}: {field!r} is no setting, must be one of {', '.join(known)}"
        )
    leaf = known[field]
    try:
        given = {field: leaf.parse(text)}
        replace(entry.config(), given)  # type: ignore[misc]  # refuses what it may not be
        return given
    except ValueError:
        noun = {int: "an integer, ", float: "a number, "}.get(leaf.kind, "")
        raise ValueError(
            f"{name!r}: {field} is {text!r}, must be {noun}{leaf.allowed}"
        ) from None


def run_of(request: Request, name: str, role: str, run: str) -> RunStore:
    """Opens the run that a player's name means; it may be a misspelt player of ours.

    Raises:
      StoreError: it does not exist; the nearest of our players is named.
    """
    try:
        return read_run(request.runs_dir, run)
    except StoreError as error:
        near = nearest(name, strategies(Side.of(role))) if name == run else ""
        raise StoreError(f"{error}{near}") from None


def with_team_of(request: Request, named: Mapping[str, Sequence[str]]) -> Request:
    """Returns the request, with the team of the first named run where it has none.

    Args:
      request: what the command line asks for.
      named: names of players by side, `attack` or `filter`.

    Raises:
      ValueError: a name that names no player.
      StoreError: the run does not exist.
    """
    runs = [
        run
        for role, names in named.items()
        for name in names
        if (run := read_name(name, role).home) not in (None, request.run)
        and run_of(request, name, role, run)
    ]
    if request.team is not None or not runs:
        return request
    return request._replace(team=runs[0])
