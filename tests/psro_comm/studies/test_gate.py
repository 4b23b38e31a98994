"""The gate: its numbers on a team whose every value is known, and its intervals."""

import json
import math
from dataclasses import replace

import pytest

from games.environments.echo.env import Echo
from psro_comm.studies.gate import team_report
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
