"""The entropy's weight waits, then follows the target."""

import pytest

from oracles.teams.entropy import Steering


def test_the_weight_of_the_entropy_waits_for_it_to_fall_to_its_target():
    steering = Steering(2.0)
    steering.follow(0.69, target=0.2)
    steering.follow(0.3, target=0.2)
    assert steering == Steering(2.0, reached=False)


def test_the_weight_of_the_entropy_grows_below_its_target_and_shrinks_above():
    steering = Steering(2.0)
    steering.follow(0.16, target=0.2)  # a little below: by what is missing
    assert steering.coef == pytest.approx(2.0 * 0.2 / 0.16)
    steering = Steering(2.0)
    steering.follow(0.0, target=0.2)  # far below: at most by half
    assert steering.coef == pytest.approx(3.0)
    steering.follow(0.3, target=0.2)  # above: slowly
    assert steering.coef == pytest.approx(3.0 / 1.15)
    steering.follow(0.21, target=0.2)
    assert steering.coef == pytest.approx(3.0 / 1.15 * 0.2 / 0.21)
