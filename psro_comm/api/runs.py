"""Reads runs: the game, the team and its gate, policies, mixtures and tables."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from oracles.strategies.freezing import freeze
from oracles.strategies.frozen import Frozen
from psro_comm.api.games import Game, as_path
from psro_comm.api.policies import Policy
from psro_comm.api.tables import Table
from psro_comm.api.teams import Team
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.lab.adopted import require_plugins
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import read_run
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.report import Gate
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.settings.experiment import ExperimentConfig, from_description


def load(path: str | Path) -> "Run":
    """Opens a run for reading; nothing in it is changed.

    Args:
      path: the run's folder, such as `runs/predator_prey_p05-quick-0`.

    Raises:
      StoreError: there is no run, it is damaged, or it was made with a plugin that is
        not loaded (`pc.plugin`). It is a `ValueError`, as `pc.StoreError`.
    """
    return Run(as_path(path, "path"))


class Run:
    """A run that was stored. What it holds is read, and checked, when it is asked for.

    Attributes:
      path: its folder.
      config: everything that decided its numbers.
    """

    def __init__(self, path: Path) -> None:
        """Reads the configuration; see `load`."""
        self._store: RunStore = read_run(path.parent, path.name)
        require_plugins(self._store)
        self.path = path
        self.config: ExperimentConfig = from_description(self._store.config)

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.path.name

    @property
    def task(self) -> str:
        """The task that it is about."""
        return self.config.task

    @property
    def threat(self) -> Threat:
        """What the rules let an attacker know and do."""
        return self.config.threat

    @cached_property
    def team(self) -> Team:
        """The team, with its gate where that was measured.

        Raises:
          StoreError: the run has none, or it is damaged.
        """
        names = [name for name in ("gate", "team-gate") if self._store.has(name)]
        gate = Gate.from_dict(self._store.load_json(names[0])) if names else None
        return Team(self.task, self._store.load_team(), gate)

    @cached_property
    def policies(self) -> Mapping[str, Policy]:
        """All attacks and filters, by name."""
        found = {each: self._store.load_policy(each) for each in self._store.policies()}
        return {name: Policy.pure(name, each) for name, each in found.items()}

    @cached_property
    def mixtures(self) -> Mapping[str, Policy]:
        """R-MACRL's mixtures, `filter` and `attack`; empty if it was not run."""
        if not self._store.has("psro"):
            return {}
        solved = self._store.load_json("psro")
        return {
            side.strategy: self._mixture(side, solved[f"{player}_mixture"])
            for side, player in zip(Side, ("defender", "attacker"), strict=True)
        }

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """All payoff tables by name: returns of filters against attacks."""
        files = sorted(self.path.glob("*.json"))
        found = {}
        for name in (file.stem for file in files):
            data = self._store.load_json(name) if self._store.has(name) else None
            if isinstance(data, dict) and {"defenders", "num_worlds"} <= {*data}:
                found[name] = Table(PayoffTable.from_dict(data), name)
        return found

    def report(self, name: str) -> Any:
        """Returns a JSON artefact as it is, such as `psro` or `iteration-001`.

        Raises:
          StoreError: there is none, or it is damaged.
        """
        return self._store.load_json(name)

    def game(self, budget: str) -> Game:
        """Returns the game that calls play: this run's own, at its own budget."""
        team = self.team.frozen
        return Game(self.config, team, self.path.parent, self._store)

    def _mixture(self, side: Side, weights: Mapping[str, float]) -> Policy:
        nobody = {NO_FILTER: freeze(NoFilter()), NO_ATTACK: freeze(NoAttack())}
        members: dict[str, Frozen] = {}
        for name, weight in weights.items():
            if weight > 0.0:
                known = nobody.get(name)
                policy = self._store.load_policy(name) if known is None else known
                members[f"{self.name}/{name}"] = policy
        values = np.array([weight for weight in weights.values() if weight > 0.0])
        return Policy.of(Mixed(f"psro:{self.name}", members, values), side)

    def __repr__(self) -> str:
        """Returns where it is, its task, and how much it holds."""
        try:
            count = len(self._store.policies())
        except StoreError:
            count = 0
        return f"<run {self.path} of {self.task}, {count} policies>"
