"""What is no number never passes for a result: it ends the work, and is named."""

import math

import pytest
import torch

from games.engine.channel import Channel
from games.engine.matches import play_cells, play_worlds
from games.engine.play import collect
from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from games.environments.registry import ENVS
from oracles.strategies.attacks.config import AffineConfig, AttackConfig, PGDConfig
from oracles.strategies.best_response import best_response
from oracles.strategies.config import (
    EvolutionConfig,
    OracleConfig,
    PGDOracleConfig,
    Recipe,
)
from oracles.strategies.setting import Setting
from oracles.teams.clean_play import clean_stream
from psro_comm.lab.session import Request, open_lab
from psro_comm.psro.rmacrl import benign
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.gate import measured_gate
from tests.hand_made import CAUGHT, Parrots

STEP = 4  # at which it breaks, in one world of three
KINDS = [("reward", math.nan), ("reward", math.inf), ("obs", math.nan)]
TOLD = {
    "reward": "a reward is",
    "obs": "an observation is",
    "state": "its state is nan",
    "agent_reward": "the reward of an agent is nan",
}
BREAKS = pytest.mark.parametrize(("what", "value"), KINDS)


class Broken(Echo):
    """Echo that pays or shows something else at one step."""

    what, value = "reward", math.nan

    def transition(self, state, action, noise):
        state, signal = super().transition(state, action, noise)
        if self.what in signal._fields:
            signal = self.spoilt(state, signal)
        return state, signal

    def observe(self, state):
        seen = super().observe(state)
        return self.spoilt(state, seen) if self.what in seen._fields else seen

    def spoilt(self, state, told):
        good = getattr(told, self.what)
        here = (state.time == STEP).view(-1, *[1] * (good.dim() - 1))
        return told._replace(**{self.what: torch.where(here, self.value, good)})


def broken(what, value):
    env = Broken()
    env.what, env.value = what, value
    return env


@BREAKS
def test_a_return_that_is_no_number_names_its_world(what, value):
    env = broken(what, value)
    worlds = make_worlds(env.spec, 0, 0, 3, CAUGHT)
    luck = torch.Generator().manual_seed(0)
    with pytest.raises(FloatingPointError, match="echo: the return in world 0 is"):
        play_worlds(env, Parrots(), Channel(), worlds, luck)
    sides = [NoFilter()], [NoAttack()], [(0, 0)], Threat()
    outcome = play_cells(env, Parrots(), *sides, worlds, luck)
    assert not outcome.returns.isfinite().any()


@BREAKS
def test_nothing_is_learned_from_what_is_no_number(what, value):
    env = broken(what, value)
    setting = Setting(
        env, Parrots(1), Threat(malicious=CAUGHT, knowledge="white_box"), CAUGHT
    )
    search = EvolutionConfig(env_steps=500, num_envs=4, candidates=4, elites=2)
    for recipe in (
        Recipe(Side.ATTACKER, "affine", AffineConfig(), "es", search),
        Recipe(Side.ATTACKER, "gaussian", AttackConfig(), "ppo", OracleConfig()),
        Recipe(Side.ATTACKER, "pgd", PGDConfig(), "pgd", PGDOracleConfig(200)),
    ):
        with pytest.raises(FloatingPointError, match=r"broken|training stopped"):
            best_response(setting, recipe, NoFilter(), seed=0)


@pytest.mark.parametrize(
    ("what", "value"), [*KINDS, ("state", math.nan), ("agent_reward", math.nan)]
)
def test_what_is_no_number_is_named(what, value):
    stream = clean_stream(broken(what, value), Parrots(), 2, 0, 0)
    with pytest.raises(FloatingPointError, match=f"broken: {TOLD[what]}"):
        collect(stream.play(), 6)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab of Echo, in which another can be put in its place."""
    changes = {"training.env_steps": 4096, "evaluation.episodes": 4}
    request = Request(replace(preset("echo", "smoke"), changes), tmp_path, "run", 0)
    with open_lab(request) as lab:
        yield lab


@BREAKS
def test_a_training_a_cell_and_a_gate_are_named(lab, monkeypatch, what, value):
    lab.team()
    monkeypatch.setitem(
        ENVS, "echo", ENVS["echo"]._replace(target=lambda *_, **__: broken(what, value))
    )
    filters, attacks = benign()
    with pytest.raises(ValueError, match=r"of cell \('no-filter', 'no-attack'\) in w"):
        lab.table("payoffs-001", filters, attacks, 4)
    assert not lab.store.has("payoffs-001")
    with pytest.raises(FloatingPointError, match="echo: the return in world 0 is"):
        measured_gate(lab, 4)
    from psro_comm.lab.mixed import Mixed
    from psro_comm.studies.worst_case import breaker

    nobody = Mixed.pure("no-filter", filters["no-filter"])
    with pytest.raises(FloatingPointError, match=r"^fresh-on-nobody.* broken|stopped"):
        lab.respond([breaker(lab, "fresh-on-nobody", nobody)])


def test_a_teams_training_is_named(lab):
    lab.env = broken("reward", math.nan)
    with pytest.raises(FloatingPointError, match=r"^team: "):
        lab.team()
    assert not lab.store.has("team")
