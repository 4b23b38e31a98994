"""The game that a call is about: whose team, under which settings, kept where."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from games.engine.settings import refusal
from oracles.strategies.frozen import Frozen
from psro_comm.disk.scratch import scratch
from psro_comm.disk.store import RunStore
from psro_comm.lab.lab import Lab, seed_of
from psro_comm.lab.session import Request, choose_workers, open_lab
from psro_comm.settings.experiment import (
    ExperimentConfig,
    describe,
    from_description,
)
from psro_comm.settings.fields import leaves, nearest, replace
from psro_comm.settings.tasks import preset

_OWN = ("task", "seed", "device")  # not among `settings`
_SCRATCH = "scratch"


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


def changed(config: ExperimentConfig, settings: Mapping[str, Any]) -> ExperimentConfig:
    """Returns a configuration with other settings, by the names of the flags.

    Args:
      config: the configuration.
      settings: values by dotted name, such as `{"threat.cap": 1.0}`.

    Raises:
      ValueError: an unknown name, or a value that is not allowed.
    """
    known = {leaf.name: leaf for leaf in leaves(ExperimentConfig)}
    given = {}
    for name, value in settings.items():
        if name not in known or name in _OWN:
            near = nearest(name, known)
            raise refusal("settings", name, f"the name of a flag of a setting{near}")
        leaf = known[name]
        if isinstance(value, str):
            value = leaf.parse(value)
        given[name] = tuple(value) if isinstance(value, list) else value
    made: ExperimentConfig = replace(config, given)
    return made


def reseeded(config: ExperimentConfig, seed: int) -> ExperimentConfig:
    """Returns the configuration with another seed, and the malicious agents of the old.

    Raises:
      ValueError: the seed is not allowed.
    """
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
    count = choose_workers(workers, game.config.device, game.config.env)
    with contextlib.ExitStack() as stack:
        if run is None:
            folder, name = stack.enter_context(scratch()), _SCRATCH
        else:
            folder, name = Path(run).parent, Path(run).name
        request = Request(game.config, folder, name, count)
        lab = stack.enter_context(open_lab(request))
        if game.team is not None:
            lab.adopt_team(game.team)
        lab.lender = game.lender
        yield lab
