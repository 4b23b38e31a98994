"""Trains best responses, and names the oracles that a call was given as functions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.engine.side import Side
from oracles.strategies.config import OracleConfig
from oracles.strategies.registry import ORACLES
from psro_comm.api.cast import (
    casting,
    check_players,
    only_here,
    refuse_by_hand,
    refuse_functions,
)
from psro_comm.api.games import beside, laboratory
from psro_comm.api.play import Source, game_of
from psro_comm.api.policies import Player, Policy
from psro_comm.api.results import Result, met_as_record
from psro_comm.metagame.rows import Row, Trained
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.studies.stored_players import TRAINED
from psro_comm.studies.training import trained

Oracle = Callable[[Any, Any, Any, Any], None]
"""An oracle: `(policy, task, budget, log)` improves the policy's weights in place.

`task` is an `oracles.strategies.task.Task`: the setting, the side, the opponent and
generators; `budget` has `env_steps` and `num_envs`; `log` takes a dict of numbers, or
is None.
"""
MetaSolver = Callable[[Any, Any], Any]
"""A meta-solver: `(payoffs [m, n], standard errors [m, n] or None) -> ([m], [n])`."""


@dataclass(frozen=True, eq=False, repr=False)
class BestResponse(Result):
    """A trained best response, and what it does on fresh worlds.

    Attributes:
      policy: what was trained; a call takes it for a player.
      rows: returns with it and without it, 95 %.
      references: what any result lies between.
      detector: how well a filter detects and repairs; None of an attack.
    """

    policy: Policy
    rows: tuple[Row, ...]
    references: tuple[Row, ...]
    detector: Mapping[str, float] | None
    _report: Trained

    @property
    def title(self) -> str:
        """What was trained against whom."""
        return f"{self._report.role} trained against {self._report.against}"

    def records(self) -> list[dict[str, Any]]:
        """Returns a row a pair: return and success, with intervals."""
        return [met_as_record(each) for each in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything but the weights as JSON data."""
        return self._report.to_dict()

    def shown(self) -> tuple[list[str], list[list[str]]]:
        """Returns who met whom, and the return."""
        rows = [[each.label, str(each.returns)] for each in self.rows]
        return ["who met whom", "return [95 %]"], rows


def best_response(
    source: Source,
    side: str,
    against: Player = "none",
    *,
    kind: str | None = None,
    trainer: str | Oracle | None = None,
    settings: Mapping[str, Any] | None = None,
    budget: str = "quick",
    seed: int | None = None,
    workers: int = 0,
    run: str | Path | None = None,
) -> BestResponse:
    """Trains an attack or a filter against one opponent, and measures both.

    Args:
      source: whose team plays: a run, its path, or a `pc.Team`.
      side: who learns, `attack` or `filter`.
      against: the opponent: a name, a `pc.Policy` (mixtures, too) or a function.
      kind: what is trained, a key of `pc.ATTACKS` or `pc.FILTERS`; None is the task's.
      trainer: who trains it, a key of `pc.ORACLES` or an oracle; None is the task's.
      settings: values by the names of flags: `{"attack_oracle.env_steps": 50_000}`.
      budget: of a team: `smoke`, `quick` or `paper`; a run has its own.
      seed: seed of the training; None is the run's own, and 0 of a team.
      workers: processes side by side. Functions play in this process alone.
      run: folder that keeps it; a killed training is made anew. None keeps nothing.

    Raises:
      ValueError: an unknown name, a trainer that cannot train the kind, or a setting
        that is not allowed.
    """
    if side not in TRAINED:
        raise refusal("side", side, "attack or filter")
    learner = Side.of(side)
    with named_oracle(trainer, only_here(workers, run)) as name:
        chosen = {f"{side}_kind": kind, f"{side}_trainer": name}
        game = game_of(source, beside(settings, chosen), seed, budget)
        how: dict[str, Any] = {"workers": workers, "run": run}
        check_players(game, [against], learner.other, "against", **how)
        with (
            laboratory(game, workers=workers, run=run) as lab,
            casting(lab, game.runs_dir, workers, run) as cast,
        ):
            opponent = cast.player(None, against, learner.other)
            found = trained(lab, side, opponent, opponent.name, game.runs_dir)
            policy = lab.store.load_policy(TRAINED[side])
    return BestResponse(
        Policy.pure(TRAINED[side], policy),
        tuple(found.rows),
        tuple(found.references),
        found.detector,
        found,
    )


@contextmanager
def named_oracle(given: str | Oracle | None, why: str) -> Iterator[str | None]:
    """Yields the name of an oracle; a function is registered until this is left.

    Raises:
      ValueError: it is a function, and `why` says that it may be none.
    """
    with _registered(ORACLES, given, why, "oracle", OracleConfig) as name:
        yield name


@contextmanager
def named_meta_solver(given: str | MetaSolver | None, why: str) -> Iterator[str | None]:
    """Yields the name of a meta-solver, in the manner of `named_oracle`.

    What a function answers is checked: it does not fall back on another solver.
    """
    made = given if given is None or isinstance(given, str) else _strict(given)
    with _registered(META_SOLVERS, made, why, "meta-solver", None) as name:
        yield name


def _strict(function: Any) -> Any:
    """Returns a meta-solver that refuses what a function answers, if it is none."""
    if not callable(function):
        return function
    called = getattr(function, "__name__", type(function).__name__)

    @wraps(function, updated=())
    def solver(payoffs: Any, errors: Any = None) -> tuple[np.ndarray, np.ndarray]:
        found = function(payoffs.copy(), None if errors is None else errors.copy())
        try:
            x, y = (np.array(each, dtype=np.float64) for each in found)
        except (TypeError, ValueError):
            words = "two mixtures, [m] and [n]"
            raise refusal(f"what {called!r} returned", found, words) from None
        for mixture, size in zip((x, y), payoffs.shape, strict=True):
            good = mixture.shape == (size,) and bool((mixture >= 0).all())
            if not (good and abs(mixture.sum() - 1.0) < 1e-6):
                words = f"{size} weights that sum to 1"
                raise refusal(f"what {called!r} returned", mixture.tolist(), words)
        return x / x.sum(), y / y.sum()

    return solver


@contextmanager
def _registered(
    registry: dict[str, Entry], given: Any, why: str, what: str, config: type | None
) -> Iterator[str | None]:
    if given is None or isinstance(given, str):
        refuse_by_hand(registry, str(given), f"{what} {given!r}", why)
        yield given
        return
    if not callable(given):
        raise refusal(what, given, f"a name or a function; {', '.join(registry)}")
    name = f"function {getattr(given, '__name__', type(given).__name__)}"
    refuse_functions(f"{what} {name.removeprefix('function ')!r}", why)
    entry = Entry(given, config)
    while registry.setdefault(name, entry) is not entry:
        name += "'"  # both sides may be given functions of one name
    try:
        yield name
    finally:
        del registry[name]
