"""The gate: its numbers on a team whose every value is known, and its intervals."""

import json
import math
from dataclasses import replace

import pytest

from games.environments.echo.env import Echo
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings import fields
from psro_comm.settings.tasks import preset
from psro_comm.studies import gate
from psro_comm.studies.gate import team_report
from psro_comm.studies.training import train_against
from tests.hand_made import Parrots

EPISODES = 400
RETURN = Echo().config.episode_limit - 1  # a talking team's, at one a paying step


@pytest.fixture(scope="module")
def report() -> dict:
    return team_report(Echo(), Parrots(), seed=3, episodes=EPISODES)


def test_the_returns_of_echo_are_those_known_by_hand(report):
    assert report["return_clean"] == {"estimate": RETURN, "low": RETURN, "high": RETURN}
    assert report["success_clean"]["estimate"] == 1.0
    assert report["greedy_return_clean"]["estimate"] == RETURN
    # Mute, the listener flips a coin; 5 standard errors of 400 * 8 flips.
    half = RETURN / 2
    tolerance = 5 * math.sqrt(RETURN / 4 / EPISODES)
    assert report["return_all_muted"]["estimate"] == pytest.approx(half, abs=tolerance)
    assert report["fall_percent_all_muted"]["estimate"] == pytest.approx(
        50, abs=100 * tolerance / RETURN
    )


def test_success_falls_by_points_and_never_leaves_0_to_1(report):
    # Mute, eight coin flips must all fall right.
    lost = report["fall_points_all_muted"]
    assert lost["estimate"] == pytest.approx(100 * (1 - 2**-8), abs=1.5)
    assert report["success_clean"]["high"] == 1.0
    assert 0.98 < report["success_clean"]["low"] < 1.0
    assert report["greedy_success_clean"]["estimate"] == 1.0


def test_one_sender_counts_for_half_where_only_one_has_something_to_say(report):
    # Muting the listener costs nothing, and it is drawn in half of the worlds.
    found, low, high = report["fall_percent_one_muted"].values()
    assert low < 25 < high
    assert found == pytest.approx(25, abs=8)


def test_noise_has_the_size_of_the_message(report):
    # A message of one number, -1 or 1, is doubled or silenced; and only the speaker's
    # counts, in half of the worlds: 1/2 * 1/2 * 1/2.
    found = report["fall_percent_one_noise"]["estimate"]
    assert found == pytest.approx(12.5, abs=5)


def test_the_report_is_plain_and_repeatable(report):
    again = team_report(Echo(), Parrots(), seed=3, episodes=EPISODES)
    assert json.loads(json.dumps(again, allow_nan=False)) == report
    other = team_report(Echo(), Parrots(), seed=4, episodes=EPISODES)
    assert other["return_all_muted"] != report["return_all_muted"]


def test_the_team_is_left_as_it_was():
    team = Parrots()
    team_report(Echo(), team, seed=0, episodes=2)
    assert team.sampled


def test_the_number_of_worlds_is_that_asked_for_across_waves():
    env = Echo()
    env.spec = replace(env.spec, most_worlds=7)
    short = team_report(env, Parrots(), seed=3, episodes=20)
    assert short["return_clean"]["estimate"] == RETURN
    assert short["episodes"] == 20


def test_a_single_episode_is_refused():
    with pytest.raises(ValueError, match="episodes is 1"):
        team_report(Echo(), Parrots(), seed=0, episodes=1)


@pytest.fixture
def opened(tmp_path):
    """Opens runs of a team that has hardly trained."""

    def opened(run: str, team: str | None = None):
        steps = ("training", "attack_oracle", "filter_oracle")
        tiny = {f"{each}.env_steps": 2304 for each in steps}
        config = fields.replace(preset("echo", "smoke"), tiny)
        return open_lab(Request(config, tmp_path, run, 0, team=team))

    return opened


def test_the_gate_is_measured_once_and_lent_with_the_team(opened, monkeypatch):
    with opened("own") as lab:
        assert lab.lender is None
        found = gate.warn_unless_it_talks(lab)
        assert not found.talks
        assert found.facts["episodes"] == 256
    monkeypatch.setattr(gate, "team_report", None)  # it would fail
    for run, lender in (("own", None), ("heir", "own"), ("heirs-heir", "heir")):
        with opened(run, lender) as lab:
            assert gate.warn_unless_it_talks(lab) == found
            assert not lab.store.has("gate")  # that of a story, on its own worlds


def test_what_the_teams_own_training_measured_comes_first(opened):
    with opened("own") as lab:
        lab.team()
        lab.store.save_json("gate", gate.measured_gate(lab, 3))
        assert gate.warn_unless_it_talks(lab).facts["episodes"] == 3
        assert not lab.store.has("team-gate")
    with opened("heir", "own") as lab:
        assert gate.warn_unless_it_talks(lab).facts["episodes"] == 3


def test_a_matchup_is_told_once_though_its_opponent_is_nobody(opened, tmp_path):
    for side, name in (("attack", "no-filter"), ("filter", "no-attack")):
        with opened(f"{side}-of-nobody") as lab:
            rows = train_against(lab, side, "none", tmp_path).rows
        assert len(rows) == len({row.pair for row in rows}) == 2
        assert all(name in row.pair for row in rows)
