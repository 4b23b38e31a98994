"""Makes players of what a call was given: names, policies and plain functions."""

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.engine.side import Side
from oracles.strategies.freezing import freeze
from oracles.strategies.functions import strategy_of
from oracles.strategies.jobs import build_setting
from oracles.strategies.registry import strategies
from psro_comm.api.games import SCRATCH, Game, as_path
from psro_comm.api.policies import Function, Player, Policy
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import Request
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.settings.plugins import by_hand
from psro_comm.studies.player_names import read_name
from psro_comm.studies.players import find_player
from psro_comm.studies.stored_players import check_players as check_names

Players = Sequence[Player] | Mapping[str, Player]
_TAKEN = ("untrained", NO_FILTER, NO_ATTACK)  # names beside those of registries


class Cast:
    """A maker of players in a lab; functions are registered until it is left.

    Attributes:
      functions: the classes of functions that take part, by kind.
    """

    def __init__(self, lab: Lab, runs_dir: Path, only_here: str) -> None:
        """Keeps where to look, and why functions may not play, if they may not."""
        self.lab, self.runs_dir, self.only_here = lab, runs_dir, only_here
        self.functions: dict[str, type] = {}
        self._registered: list[tuple[Side, str]] = []

    def players(self, given: Players, side: Side, what: str) -> list[Mixed]:
        """Returns the players of one side.

        Args:
          given: names, policies or functions; a mapping gives them names of its own.
          side: whose they are.
          what: the argument that they came in, for errors.

        Raises:
          ValueError: as `check_players`.
        """
        named = _named(given, side, what)
        found = [self.player(name, player, side) for name, player in named]
        return _apart(found)

    def player(self, name: str | None, given: Player, side: Side) -> Mixed:
        """Returns one player, under a name of its own if it is given one."""
        if isinstance(given, str):
            found = find_player(self.lab, given, side.strategy, self.runs_dir)
            return Policy.of(found, side).as_mixed(name)
        if isinstance(given, Policy):
            return self._again(given, side).as_mixed(name)
        return self._function(name or _called(given), given, side)

    def _again(self, given: Policy, side: Side) -> Policy:
        """Returns a policy whose functions, of an earlier call, are known once more."""
        if given.side != side.strategy:
            raise ValueError(f"{given!r} is no {side.strategy}")
        kinds = {old: self._register(side, old, each) for old, each in _known(given)}
        members = {}
        for name, frozen in given.members.items():
            kind = kinds.get(frozen.facts["kind"], frozen.facts["kind"])
            members[name] = frozen._replace(facts={**frozen.facts, "kind": kind})
        return dataclasses.replace(given, members=members)

    def _function(self, name: str, function: Function, side: Side) -> Mixed:
        refuse_functions(f"{side.strategy} {name!r}", self.only_here)
        kind = f"function {name}"
        knowledge = self.lab.config.threat.knowledge
        made = strategy_of(side, kind, function, knowledge, name)
        kind = self._register(side, kind, made)
        setting = build_setting(self.lab.setting())
        return Mixed.pure(name, freeze(strategies(side)[kind].load().new(setting)))

    def _register(self, side: Side, kind: str, made: type) -> str:
        """Registers a function's class; returns its kind, another if that is taken."""
        while strategies(side).setdefault(kind, Entry(made)).target is not made:
            kind += "'"
            made = type(kind, (made,), {"kind": kind})
        self._registered.append((side, kind))
        self.functions[kind] = made
        return kind

    def close(self) -> None:
        """Forgets the functions."""
        for side, kind in self._registered:
            strategies(side).pop(kind, None)


@contextmanager
def casting(
    lab: Lab, runs_dir: Path, workers: int, run: str | Path | None
) -> Iterator[Cast]:
    """Yields a cast, and forgets its functions at the end."""
    cast = Cast(lab, runs_dir, only_here(workers, run))
    try:
        yield cast
    finally:
        cast.close()


def check_players(
    game: Game,
    given: Any,
    side: Side,
    what: str,
    *,
    workers: int,
    run: str | Path | None,
) -> None:
    """Refuses, before a run is begun, players that cannot take part.

    Raises:
      ValueError: something that is no player; a function of this process, where
        `only_here` says why it may not be; an attack of another threat or team.
      StoreError: a name that is neither of our list nor a run's.
    """
    why = only_here(workers, run)
    here = SCRATCH if run is None else as_path(run, "run").name
    request = Request(game.config, game.runs_dir, here, workers)
    for name, player in _named(given, side, what):
        if callable(player):
            refuse_functions(f"{what}: {name!r}", why)
        elif isinstance(player, Policy):
            for made in player.functions.values():
                refuse_functions(f"{what}: {made.called!r}", why)  # type: ignore[attr-defined]
        else:
            check_names(request, {side.strategy: [player]})
            kind = read_name(player, side.strategy).kind
            refuse_by_hand(strategies(side), kind, f"{what}: {player!r}", why)


def only_here(workers: int, run: str | Path | None) -> str:
    """Returns why a function of this process would not do; nothing if it would."""
    if workers:
        return f"workers is {workers}"
    return "" if run is None else f"{str(run)!r} is kept for others"


def refuse_functions(what: str, why: str) -> None:
    """Refuses a function of this process where others must have it, too.

    Raises:
      ValueError: `why` says that they must.
    """
    if why:
        raise ValueError(
            f"{what} is a function of this process, and {why}: put it into a plugin"
        )


def refuse_by_hand(
    registry: Mapping[str, Entry], name: str, what: str, why: str
) -> None:
    """Refuses, in the manner of `refuse_functions`, what this process registered."""
    if name in registry and by_hand(registry[name]):
        refuse_functions(what, why)


def _known(given: Policy) -> list[tuple[str, type]]:
    used = {frozen.facts["kind"] for frozen in given.members.values()}
    return [(kind, made) for kind, made in given.functions.items() if kind in used]


def _named(given: Any, side: Side, what: str) -> list[tuple[str, Player]]:
    """Returns the players of one side by name.

    Raises:
      ValueError: no list or dict, an empty one, something in it that is no player, or
        a name that is another player's.
    """
    if not isinstance(given, Sequence | Mapping) or isinstance(given, str) or not given:
        shown = given if isinstance(given, str) or not given else type(given).__name__
        raise refusal(what, shown, "a list or dict of at least one player")
    named = [*given.items()] if isinstance(given, Mapping) else [("", p) for p in given]
    found: list[tuple[str, Player]] = []
    for key, player in named:
        if not isinstance(player, str | Policy) and not callable(player):
            words = "a name, a pc.Policy or a function of a view"
            raise ValueError(f"{what} has a {type(player).__name__}, must be {words}")
        if isinstance(given, Mapping) and not str(key):
            raise refusal(f"a name of {what}", key, "a text")
        name = str(key) or _called(player)
        if name in (*strategies(side), *_TAKEN) and player != name:
            raise ValueError(f"{what}: {name!r} is the name of another player")
        if name in (each for each, _ in found):
            raise ValueError(f"{what} has {name!r} twice: give a dict of names")
        found.append((name, player))
    return found


def _called(player: Player) -> str:
    """Returns what a player is called that was given no name."""
    if isinstance(player, str | Policy):
        return player if isinstance(player, str) else player.name
    function = player.func if isinstance(player, functools.partial) else player
    name = getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else str(name)


def _apart(players: Sequence[Mixed]) -> list[Mixed]:
    """Returns the players, whose members of one name are one policy."""
    seen: dict[str, str] = {}
    found = []
    for player in players:
        own = {
            name: seen.get(name, policy.digest()) == policy.digest()
            for name, policy in player.policies.items()
        }
        members = {
            name if own[name] else f"{player.name}: {name}": policy
            for name, policy in player.policies.items()
        }
        seen |= {name: policy.digest() for name, policy in members.items()}
        found.append(player._replace(policies=members))
    return found
