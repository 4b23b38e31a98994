"""Makes players of what a call was given: names, policies and plain functions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

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
from psro_comm.studies.players import find_player

Players = Sequence[Player] | Mapping[str, Player]


class Cast:
    """A maker of players in a lab; functions are registered until it is left."""

    def __init__(self, lab: Lab, runs_dir: Path, workers: int) -> None:
        """Keeps where to look; `workers` is how many processes will play."""
        self.lab, self.runs_dir, self.workers = lab, runs_dir, workers
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
        if self.workers:
            raise ValueError(
                f"{side.strategy} {name!r} is a function of this process, and workers is"
                f" {self.workers}: put it into a plugin, or use workers=0"
            )
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
def casting(lab: Lab, runs_dir: Path, workers: int) -> Iterator[Cast]:
    """Yields a cast, and forgets its functions at the end."""
    cast = Cast(lab, runs_dir, workers)
    try:
        yield cast
    finally:
        cast.close()


def _named(given: Players) -> list[tuple[str | None, Player]]:
    if isinstance(given, Mapping):
        return [(str(name), player) for name, player in given.items()]
    return [(None, player) for player in given]


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
