"""Measures how fast a team trains, against the time that is promised for it."""

import torch

from games.environments.registry import make_env
from oracles.teams.backbones import make_team
from oracles.teams.backbones.config import NDQConfig
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.config import NDQTrainingConfig
from oracles.teams.teachers import TEACHERS
from oracles.teams.train_ndq import train_ndq
from psro_comm.benchmarks.timing import Line, Timed, rates

_IN_TIME = NDQTrainingConfig().env_steps / 600  # steps/s: the training in 10 minutes


def lines(device: str, rounds: int) -> list[Line]:
    """Measures NDQ on 3bane_vs_hM: the preset's whole training takes ten minutes."""
    rate = rates({"ndq": ndq(device)}, rounds)["ndq"]
    label = "NDQ's training on 3bane_vs_hM, against 10 minutes"
    return [Line(label, rate, _IN_TIME, "steps/s", 1.0)]


def ndq(device: str, updates: int = 2) -> Timed:
    """Returns work that counts the environment steps of a short training.

    Half of the training is imitation.
    """
    env = make_env("combat", {"map": "3bane_vs_hM"}, device=device)
    teacher, own = TEACHERS["combat"](env), NDQTrainingConfig()
    steps = updates * own.steps_per_update
    config = NDQTrainingConfig(env_steps=steps, imitation_fraction=0.5)

    def work() -> int:
        torch.manual_seed(0)
        team = make_team("ndq", NDQConfig(), env.spec).to(device)
        assert isinstance(team, NDQ)
        train_ndq(env, team, config, seed=0, teacher=teacher)
        return steps

    return work
