"""Makes players of what a call was given: names, policies and plain functions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from psro_comm.api.policies import Function, Player, Policy
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.studies.players import find_player

Players = Sequence[Player] | Mapping[str, Player]


class Cast:
    """A maker of players in a lab; functions are registered until it is left."""

    def __init__(self, lab: Lab, runs_dir: Path, only_here: str) -> None:
        """Keeps where to look, and why functions may not play, if they may not."""
        self.lab, self.runs_dir, self.only_here = lab, runs_dir, only_here
        self.temporary: list[tuple[Side, str]] = []

    def players(self, given: Players, side: Side, what: str) -> list[Mixed]:
        """Returns the players of one side.

        Args:
          given: names, policies or functions; a mapping gives them names of its own.
          side: whose they are.
          what: the argument that they came in, for errors.

        Raises:
          ValueError: none, two of one name, one of the other side, or no such player.
        """
        if isinstance(given, str) or callable(given) or not len(given):
            raise refusal(what, given, "a list or dict of at least one player")
        named = _named(given)
        for name, player in named:
            taken = (*strategies(side), "untrained", NO_FILTER, NO_ATTACK)
            if name in taken and player != name:
                raise ValueError(f"{what}: {name!r} is the name of another player")
        found = [self.player(name, player, side) for name, player in named]
        names = [each.name for each in found]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"{what} has {twice[0]!r} twice: give a dict of names")
        return _apart(found)

    def player(self, name: str | None, given: Player, side: Side) -> Mixed:
        """Returns one player, under a name of its own if it is given one."""
        if isinstance(given, str):
            found = find_player(self.lab, given, side.strategy, self.runs_dir)
            return Policy.of(found, side).as_mixed(name)
        if isinstance(given, Policy):
            if given.side != side.strategy:
                raise ValueError(f"{given!r} is no {side.strategy}")
            return given.as_mixed(name)
        return self._function(name or _called(given), given, side)

    def _function(self, name: str, function: Function, side: Side) -> Mixed:
        refuse_functions(f"{side.strategy} {name!r}", self.only_here)
        kind = f"function {name}"
        made = strategy_of(side, kind, function, "own")
        strategies(side)[kind] = Entry(made)
        self.temporary.append((side, kind))
        setting = build_setting(self.lab.setting())
        return Mixed.pure(name, freeze(made.new(setting)))  # type: ignore[attr-defined]

    def close(self) -> None:
        """Forgets the functions."""
        for side, kind in self.temporary:
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


def check_players(given: Any, what: str, workers: int, run: str | Path | None) -> None:
    """Refuses functions of this process, before a run is begun, where they may not be.

    Raises:
      ValueError: `only_here` says why they may not.
    """
    many = given.values() if isinstance(given, Mapping) else given
    listed = (
        many if isinstance(many, Iterable) and not isinstance(many, str) else [many]
    )
    for player in listed:
        if callable(player):
            refuse_functions(f"{what}: {_called(player)!r}", only_here(workers, run))


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


def _named(given: Players) -> list[tuple[str | None, Player]]:
    if isinstance(given, Mapping):
        return [(str(name), player) for name, player in given.items()]
    return [(_called(player) if callable(player) else None, player) for player in given]


def _called(function: Function) -> str:
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
