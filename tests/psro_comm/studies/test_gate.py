"""The gate: its numbers on a team whose every value is known, and its intervals."""

import json
import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from games.environments.echo.env import Echo
from psro_comm.metagame.intervals import fall_percent, interval, share_interval
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


def test_wilsons_interval_by_hand():
    none, half = torch.zeros(10), torch.tensor([0.0, 1.0]).repeat(50)
    z = 1.959964**2
    assert share_interval(none)["high"] == pytest.approx(z / (10 + z))
    assert share_interval(none)["low"] == 0.0
    low, high = (share_interval(half)[key] for key in ("low", "high"))
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)  # Wilson, 50 of 100


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


def normal(rows: int, columns: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64)


def test_intervals_cover_the_mean_as_often_as_they_say():
    hits = 0
    for samples in normal(300, 50):
        found = interval(3.0 + 2.0 * samples)
        hits += found["low"] <= 3.0 <= found["high"]
    assert 0.90 <= hits / 300 <= 0.99


def test_the_interval_of_a_fall_covers_and_profits_from_pairing():
    hits = 0
    for worlds, noise in zip(normal(300, 200), normal(301, 200)[1:], strict=True):
        clean = 40.0 + 10.0 * worlds
        muted = 0.6 * clean + noise
        found = fall_percent(clean, muted)
        hits += found["low"] <= 40.0 <= found["high"]
    assert 0.90 <= hits / 300 <= 0.99
    unpaired = fall_percent(clean, muted.flip(0))
    paired_width = found["high"] - found["low"]
    assert paired_width < (unpaired["high"] - unpaired["low"]) / 3


def test_a_share_of_nothing_is_unknown():
    found = fall_percent(torch.zeros(5), torch.ones(5))
    assert all(math.isnan(value) for value in found.values())
