"""Makes the named artefacts of a run, each at most once.

An artefact (the team, a policy, a table of matches) is a pure function of the
configuration, of its own name (which seeds it) and of earlier artefacts. What the store
has is loaded, what it lacks is made and saved. So the same command again continues a
killed run, and no solver's or generator's state is ever stored.
"""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from games.engine.side import Side
from games.environments.registry import make_env
from oracles.strategies.config import Recipe
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import (
    MatchJob,
    SettingData,
    TrainingJob,
    run_matches,
)
from psro_comm.disk.metrics import MetricsWriter
from psro_comm.disk.store import RunStore
from psro_comm.lab.inputs import Inputs, made_of, who
from psro_comm.lab.pretraining import pretrain, require_fitting
from psro_comm.lab.trainings import Trainings
from psro_comm.lab.workers import Workers
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.settings.experiment import ExperimentConfig, describe

_WORLDS_PER_BLOCK = 128


class Response(NamedTuple):
    """A best response that is to be made: what to train against which mixture."""

    name: str
    opponents: Mapping[str, Frozen]
    weights: Sequence[float]
    recipe: Recipe
    restarts: int = 1
    untrained: bool = False
    start: Frozen | None = None  # the first restart learns on from it


def seed_of(run_seed: int, name: str) -> int:
    """Returns the seed of the artefact `name` of a run."""
    entropy = [run_seed, *name.encode()]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


class Lab:
    """A maker of the artefacts of one run, which it keeps in the run's store."""

    def __init__(
        self,
        config: ExperimentConfig,
        store: RunStore,
        metrics: MetricsWriter,
        workers: Workers,
    ) -> None:
        """Begins or continues the run in `store`."""
        self.config, self.store = config, store
        self.metrics, self.workers = metrics, workers
        self.inputs = Inputs(store)
        self.env = make_env(config.env, config.env_config, device=config.device)
        self.trainings = Trainings(store, metrics, workers)
        self.lender: RunStore | None = None  # the run whose team this one uses
        self._team: Frozen | None = None
        self.mark = ""  # ends the names of another team's tables

    def seed(self, name: str) -> int:
        """Returns the seed of an artefact, made from the run's seed and its name."""
        return seed_of(self.config.seed, name)

    def malicious(self) -> tuple[int, ...] | None:
        """Returns the run's malicious agents; None where each episode draws others."""
        seed, agents = self.seed("captured"), self.env.spec.num_agents
        return self.config.threat.malicious_agents(seed, agents)

    def team(self) -> Frozen:
        """Returns the trained team; a killed training continues from its checkpoint."""
        if self._team is None:
            if not self.store.has("team") and self.config.hardening.start:
                from psro_comm.lab.hardening import harden  # needs this file

                harden(self)
            if not self.store.has("team"):
                seed = self.seed("team")
                pretrain(self.config, self.env, self.store, self.metrics, seed)
            self._team = self.store.load_team()
        return self._team

    def adopt_team(self, given: Frozen) -> None:
        """Uses a team that another run trained.

        Raises:
          ValueError: it was trained on another task or under other rules, or the run
            has another team already.
        """
        require_fitting(given, self.config, self.env)
        if not self.store.has("team"):
            self.store.save_team(given)
        elif self.team().digest() != given.digest():
            raise ValueError(f"{self.store.root} has another team: use another --run")

    def playing(self, team: Frozen) -> "Lab":
        """Returns the lab `borrowing` a team, or itself if that is its own."""
        return self if team.digest() == self.team().digest() else self.borrowing(team)

    def borrowing(self, team: Frozen) -> "Lab":
        """Returns the lab with another team, in the same worlds.

        Raises:
          ValueError: it was trained on another task or under other rules.
        """
        require_fitting(team, self.config, self.env)
        other = copy(self)
        other._team, other.mark = team, f"-{team.digest()[:8]}"
        return other

    def knowing(self) -> "Lab":
        """Returns the lab with a threat that shows attacks all there is to know."""
        other, threat = copy(self), replace(self.config.threat, knowledge="white_box")
        other.config = replace(self.config, threat=threat)
        return other

    def setting(self) -> SettingData:
        """Returns the game of this run as plain data."""
        config = self.config
        plain = describe(config)
        return SettingData(
            config.env,
            plain[config.env],
            self.team(),
            config.threat,
            self.malicious(),
            config.device,
        )

    def respond(self, responses: Sequence[Response]) -> list[Frozen]:
        """Makes best responses, all trainings side by side, and returns their policies.

        With restarts, the one that does best on fresh worlds is kept; each training is
        saved as soon as it ends.

        Source: paper alg. 1, line 7.
        """
        jobs = [job for response in responses for job in self._jobs(response)]
        self.train(self._missing(jobs))
        return [self._select(response) for response in responses]

    def ahead(self, responses: Sequence[Response]) -> None:
        """Begins best responses that are wanted later, where workers are idle."""
        jobs = [job for response in responses for job in self._jobs(response)]
        self.trainings.begin(self._missing(jobs))

    def _missing(self, jobs: Sequence[TrainingJob]) -> list[TrainingJob]:
        return [job for job in jobs if not self.inputs.has(job.name, *made_of(job))]

    def train(self, jobs: Sequence[TrainingJob]) -> None:
        """Trains and saves policies, side by side where there are workers."""
        self.trainings.finish(jobs)

    def _jobs(self, response: Response) -> list[TrainingJob]:
        name, restarts = response.name, response.restarts
        names = [f"{name}.r{k}" for k in range(restarts)] if restarts > 1 else [name]
        return [
            TrainingJob(
                name,
                self.setting(),
                tuple(response.opponents.values()),
                tuple(float(w) for w in response.weights),
                response.recipe,
                self.seed(name),
                response.untrained,
                response.start if number == 0 else None,
            )
            for number, name in enumerate(names)
        ]

    def _select(self, response: Response) -> Frozen:
        """Returns the best restart against the mixture, on worlds of its own."""
        name = response.name
        jobs = self._jobs(response)
        names = [job.name for job in jobs]
        if self.inputs.has(name, *made_of(jobs[0])):
            return self.store.load_policy(name)
        candidates = {each: self.store.load_policy(each) for each in names}
        side = response.recipe.side
        populations = {side: candidates, side.other: response.opponents}
        table = self.table(
            f"{name}.selection",
            populations[Side.DEFENDER],
            populations[Side.ATTACKER],
            self.config.psro.episodes,
        ).mean()
        weights = np.asarray(response.weights, dtype=np.float64)
        scores = table @ weights if side is Side.DEFENDER else weights @ table
        policy = candidates[names[int((side.sign * scores).argmax())]]
        self.store.save_policy(name, policy)
        return policy

    def table(
        self,
        name: str,
        filters: Mapping[str, Frozen],
        attacks: Mapping[str, Frozen],
        episodes: int,
        *,
        old: PayoffTable | None = None,
        worlds: str | None = None,
        cells: Collection[tuple[str, str]] | None = None,
    ) -> PayoffTable:
        """Returns the payoff table of filters against attacks, with the cells of `old`.

        All missing cells are played in one batched rollout, in blocks of worlds that
        each hold all of them, so that neither the number of workers nor the order of
        the blocks changes a number.

        Args:
          name: the artefact's name.
          filters, attacks: policies by name, rows and columns.
          episodes: W, the number of worlds of each cell.
          old: an earlier table of some of these policies, on the same worlds.
          worlds: the name that seeds the worlds; `name` where absent.
          cells: the cells that are played, if not all; the others stay NaN.

        Source: paper alg. 1, lines 2 and 10.
        """
        worlds, name = worlds or name, f"{name}{self.mark}"
        asked = None if cells is None else sorted(cells)
        if self.inputs.has(name, *who(filters, attacks), episodes, worlds, asked):
            return PayoffTable.from_dict(self.store.load_json(name))
        table = (old or PayoffTable.empty()).grown(filters, attacks)
        missing = [c for c in table.missing() if cells is None or c in cells]
        if missing:
            played = self.play(name, filters, attacks, missing, episodes, worlds)
            table = table.recorded(missing, *played)
        self.store.save_json(name, table.to_dict())
        return table

    def play(
        self,
        name: str,
        filters: Mapping[str, Frozen],
        attacks: Mapping[str, Frozen],
        cells: Sequence[tuple[str, str]],
        episodes: int,
        worlds: str | None = None,
    ) -> list[np.ndarray]:
        """Plays `cells` in worlds 0 to `episodes`: three arrays `[cells, worlds]`."""
        rows, columns = list(filters), list(attacks)
        index = tuple((rows.index(d), columns.index(a)) for d, a in cells)
        jobs = [
            MatchJob(
                self.setting(),
                tuple(filters.values()),
                tuple(attacks.values()),
                index,
                self.seed(f"worlds/{worlds or name}"),
                first,
                min(_WORLDS_PER_BLOCK, episodes - first),
                self.config.evaluation.num_envs,
                self.seed(f"{name}/{first}"),
            )
            for first in range(0, episodes, _WORLDS_PER_BLOCK)
        ]
        self.store.set_status(name, 0.0)
        blocks = self.workers.map(
            run_matches,
            jobs,
            names=[f"{name} from world {j.first_world}" for j in jobs],
        )
        return [
            np.concatenate([block[key] for block in blocks], axis=1)
            for key in ("returns", "success", "distortion")
        ]
