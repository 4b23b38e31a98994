"""Cutting silences the share of numbers that it is asked to, and only for a while."""

import pytest
import torch

from games.engine.play import collect
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.echo.env import Echo
from oracles.teams.backbones.config import NDQConfig
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.clean_play import clean_stream
from oracles.teams.message_cutting import cut_level, cutting
from psro_comm.studies.gate import team_report
from tests.hand_made import Parrots

ENV = Combat(CombatConfig())


@pytest.fixture
def team() -> NDQ:
    torch.manual_seed(0)
    spec = ENV.spec
    return NDQ(
        NDQConfig(memory_size=16),
        obs_size=spec.obs_size,
        num_actions=spec.num_actions,
        num_agents=spec.num_agents,
    ).eval()


@pytest.mark.parametrize("fraction", [0.2, 0.8])
def test_the_share_of_the_livings_numbers_that_is_cut_is_the_one_asked_for(
    team, fraction
):
    with torch.no_grad(), cutting(ENV, team, fraction, seed=1):
        stream = clean_stream(ENV, team, 256, 2, 0)  # other worlds than the level's
        steps = collect(stream.play(), ENV.spec.episode_limit)
    said = steps.wire.sent[steps.timestep.alive]
    # The cut itself changes a little who goes where, and so what is said.
    assert float((said == 0).float().mean()) == pytest.approx(fraction, abs=0.06)


def test_what_is_cut_are_the_smallest_means(team):
    with torch.no_grad():
        low, high = (cut_level(ENV, team, f, seed=1) for f in (0.2, 0.8))
    assert 0 < low < high


def test_the_team_speaks_as_before_afterwards_even_if_play_fails(team):
    team.cut_below.fill_(0.125)

    def play_and_fail() -> None:
        with cutting(ENV, team, 0.8, seed=1):
            assert team.cut_below != 0.125
            raise RuntimeError

    with torch.no_grad(), pytest.raises(RuntimeError):
        play_and_fail()
    assert team.cut_below == 0.125


def test_the_gate_has_the_cut_for_teams_that_can_cut_alone(team):
    with torch.no_grad():
        report = team_report(ENV, team, seed=0, episodes=64)
    assert report["return_most_cut"] != report["return_clean"]
    assert report["return_most_cut"] != report["return_all_muted"]
    assert "fall_points_most_cut" in report
    assert "return_most_cut" not in team_report(Echo(), Parrots(), 0, 16)
