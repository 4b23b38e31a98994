"""The game that a call is about: whose team, under which settings, kept where."""

import contextlib
import dataclasses
import multiprocessing
import random
import typing
from collections.abc import Iterator, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from games.engine.settings import refusal
from oracles.strategies.frozen import Frozen
from oracles.teams.backbones import BACKBONES
from psro_comm.disk.scratch import scratch
from psro_comm.disk.store import RunStore
from psro_comm.lab.lab import Lab, seed_of
from psro_comm.lab.session import Request, choose_workers, open_lab
from psro_comm.settings.experiment import (
    ExperimentConfig,
    describe,
    from_description,
)
from psro_comm.settings.fields import Leaf, leaves, nearest, replace
from psro_comm.settings.tasks import preset

_OWN = ("task", "seed", "device")  # not among `settings`
_TEAM = ("training", "learner", "backbone", "hardening")  # what made a team
_GATE = "team-gate"  # what a run keeps of a team that it did not train
_GATES: dict[str, Any] = {}  # by team: measured once, for all calls that keep nothing
SCRATCH = "scratch"  # the name of a run that is not kept


class Game(NamedTuple):
    """A team and the settings under which it plays."""

    config: ExperimentConfig
    team: Frozen | None  # None: it is to be trained
    runs_dir: Path  # where names of runs are looked up
    lender: RunStore | None = None  # the run that the team is from


def of_team(team: Frozen, budget: str) -> Game:
    """Returns the game of a team that is not in a run, by its task's settings."""
    base = preset(str(team.facts["task"]), budget)
    rules = team.facts.get("env_config")
    if rules is not None:
        base = from_description({**describe(base), base.env: rules})
    return Game(base, team, Path("runs"))


def changed(
    config: ExperimentConfig, settings: Mapping[str, Any] | None
) -> ExperimentConfig:
    """Returns a configuration with other settings, by the names of the flags.

    Args:
      config: the configuration.
      settings: values by dotted name, such as `{"threat.cap": 1.0}`.

    Raises:
      ValueError: an unknown name, or a value that is not allowed.
    """
    known = {leaf.name: leaf for leaf in leaves(ExperimentConfig)}
    given = {}
    for name, value in named_settings(settings).items():
        if name in _OWN:
            words = "left to the argument of that name"
            raise ValueError(f"settings has {name!r}, which is {words}")
        if name not in known:
            near = nearest(name, known)
            raise refusal("settings", name, f"the name of a flag of a setting{near}")
        given[name] = _value(known[name], value)
    made: ExperimentConfig = replace(config, given)
    return made


def beside(settings: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns settings and what the arguments of a call say, those not None.

    Raises:
      ValueError: a setting that is an argument, too, or that trains another team.
    """
    own = {name: value for name, value in arguments.items() if value is not None}
    named = named_settings(settings)
    for name, value in named.items():
        if name in own and own[name] != value:
            raise ValueError(f"settings has {name!r}, which is an argument here")
        if name.split(".")[0] in (*_TEAM, *BACKBONES):
            raise ValueError(f"settings has {name!r}: the team is trained already")
    return {**own, **named}


def named_settings(settings: Any) -> dict[str, Any]:
    """Returns settings by name.

    Raises:
      ValueError: it is no dict, or a name is no text.
    """
    if settings is None:
        return {}
    if not isinstance(settings, Mapping) or not all(
        isinstance(name, str) for name in settings
    ):
        raise refusal("settings", settings, "a dict of values by the names of flags")
    return dict(settings)


def _value(leaf: Leaf, value: Any) -> Any:
    """Returns the value of a setting as its dataclass has it.

    Raises:
      ValueError: a text that means no such value, or one value for a list.
    """
    if hasattr(value, "tolist"):  # numpy's and torch's numbers and arrays
        value = value.tolist()
    many = typing.get_origin(leaf.kind) is tuple
    if isinstance(value, str):
        try:
            return leaf.parse(value)
        except ValueError as error:
            said = str(error)
            raise ValueError(
                said if said.startswith(leaf.name) else f"{leaf.name}: {said}"
            ) from None
    if many and value is not None and not isinstance(value, list | tuple):
        raise refusal(leaf.name, value, "a list")
    return tuple(value) if isinstance(value, list) else value


def reseeded(config: ExperimentConfig, seed: Any) -> ExperimentConfig:
    """Returns the configuration with another seed, and the malicious agents of the old.

    Raises:
      ValueError: the seed is not allowed.
    """
    seed = whole_seed(seed)
    held = config.threat.malicious_agents(
        seed_of(config.seed, "captured"), config.num_agents
    )
    threat = dataclasses.replace(config.threat, malicious=held)
    return dataclasses.replace(config, seed=seed, threat=threat)


@contextlib.contextmanager
def laboratory(game: Game, *, workers: int, run: str | Path | None) -> Iterator[Lab]:
    """Opens a lab of the game: in a folder that is kept, or in one that is not.

    Args:
      game: the game.
      workers: number of processes side by side; 0 for none.
      run: folder of the run that keeps what is made and can go on; None keeps nothing.

    Raises:
      StoreError: the run is in use, or was begun with another configuration.
    """
    count = at_least(0, "workers", workers)
    if count and getattr(multiprocessing.current_process(), "_inheriting", False):
        words = "put it under `if __name__ == '__main__':`"
        raise ValueError(f"a worker runs the script that started it: {words}")
    count = choose_workers(count, game.config.device, game.config.env)
    with contextlib.ExitStack() as stack:
        stack.enter_context(nothing_else_changed())
        if run is None:
            folder, name = stack.enter_context(scratch()), SCRATCH
        else:
            folder, name = as_path(run, "run").parent, as_path(run, "run").name
        request = Request(game.config, folder, name, count)
        lab = stack.enter_context(open_lab(request))
        if game.team is not None:
            lab.adopt_team(game.team)
        lab.lender = game.lender
        team = None if run is not None or game.team is None else game.team.digest()
        if team in _GATES:
            lab.store.save_json(_GATE, _GATES[team])
        yield lab
        if team is not None and lab.store.has(_GATE):
            _GATES[team] = lab.store.load_json(_GATE)


@contextlib.contextmanager
def nothing_else_changed() -> Iterator[None]:
    """Gives back torch's threads and all global generators as they were."""
    threads, drawn = torch.get_num_threads(), np.random.get_state()  # noqa: NPY002
    rest = random.getstate()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.set_num_threads(threads)
        np.random.set_state(drawn)  # noqa: NPY002
        random.setstate(rest)


def whole_seed(seed: Any) -> int:
    """Returns a seed, 0 where it is None.

    Raises:
      ValueError: it is no whole number, or a negative one.
    """
    return at_least(0, "seed", 0 if seed is None else seed)


def at_least(least: int, what: str, given: Any) -> int:
    """Returns a whole number that is large enough.

    Raises:
      ValueError: it is none, or smaller.
    """
    whole = isinstance(given, Integral) and not isinstance(given, bool)
    if not whole or given < least:
        number = "" if whole else "a whole number, "
        raise refusal(what, given, f"{number}at least {least}")
    return int(given)


def as_path(given: Any, what: str) -> Path:
    """Returns a path; `.` is the folder that it means.

    Raises:
      ValueError: it is none.
    """
    if not isinstance(given, str | Path) or not str(given):
        raise refusal(what, given, "the path of a folder")
    path = Path(given)
    return path if path.name and path.name != ".." else path.resolve()
