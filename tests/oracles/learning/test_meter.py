"""The meter reads whole episodes, and says when there are none."""

import math

import pytest
import torch

from games.engine.play import Step
from oracles.learning.meter import Meter

CPU = torch.device("cpu")


def steps_of(reward, done, success=None) -> Step:
    """Steps of which a meter reads three parts."""
    success = torch.zeros_like(done) if success is None else success
    parts = dict.fromkeys(Step._fields)
    return Step(**parts | {"reward": reward, "done": done, "success": success})


def test_a_meter_reads_the_returns_of_the_episodes_that_ended():
    meter = Meter(2, CPU)
    reward = torch.tensor([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    done = torch.tensor([[False, False], [True, False], [False, False]])
    won = ~done  # meaningful where done, and nowhere else
    assert meter.read(steps_of(reward, done, won)) == (3.0, 0.0, 1)
    done = torch.tensor([[True, True], [False, False], [False, True]])
    won = torch.tensor([[True, False], [True, True], [True, False]])
    # 4 + 1 of the first; 70 + 10 and 20 + 40 of the second.
    assert meter.read(steps_of(reward, done, won)) == pytest.approx((145 / 3, 1 / 3, 3))


def test_a_meter_has_nothing_to_say_before_an_episode_ends():
    ended = Meter(2, CPU).read(steps_of(torch.ones(3, 2), torch.zeros(3, 2) > 0))
    assert math.isnan(ended.mean_return)
    assert math.isnan(ended.success)
    assert ended.episodes == 0
