"""How well suspicion tells the forged from the benign: ROC curves by hand."""

import numpy as np
import pytest
import torch

from games.engine.strategy import NoAttack
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.strategies.setting import Setting
from psro_comm.metagame.defence import FALSE_ALARMS
from psro_comm.studies.detector import auroc, roc, roc_of
from tests.hand_made import CAUGHT, Attacker, Mouthwash, Parrots


def told(bad: list[float], good: list[float], *rates: float) -> list[float]:
    score = torch.tensor([*bad, *good])
    return roc(score, torch.arange(len(score)) < len(bad), rates)


def test_a_curve_is_what_thresholds_find():
    bad, good = [0.9, 0.6, 0.2, 0.2], [0.7, 0.3, 0.1, 0.0]
    assert told(bad, good, 0.0, 0.25, 0.5, 0.75, 1.0) == [0.25, 0.5, 1.0, 1.0, 1.0]
    assert told(bad, good, 0.375) == [0.75]  # half way between two thresholds


@pytest.mark.parametrize(
    ("bad", "good", "found"),
    [([1.0, 0.9], [0.1, 0.2], [1.0, 1.0]), ([0.1], [0.2, 0.3], [0.0, 0.0])],
)
def test_a_perfect_filter_finds_all_and_a_wrong_one_none(bad, good, found):
    assert told(bad, good, 0.0, 0.5) == found


def test_who_suspects_all_alike_is_on_the_diagonal():
    assert told([0.5] * 3, [0.5] * 7, 0.0, 0.3, 1.0) == [0.0, 0.3, 1.0]


def test_without_both_kinds_there_is_no_curve():
    assert told([], [0.1], 0.5) == told([0.1], [], 0.5) == []


def test_the_area_under_it_is_the_auroc():
    luck = torch.Generator().manual_seed(0)
    positive = torch.rand(4000, generator=luck) < 0.3
    score = (torch.rand(4000, generator=luck) + 0.4 * positive).round(decimals=2)
    rates = np.linspace(0.0, 1.0, 2001)
    area = np.trapezoid(roc(score, positive, list(rates)), rates)
    assert abs(area - auroc(score, positive)) < 0.01


@pytest.mark.parametrize(
    ("attack", "found"), [(Attacker(5.0), 1.0), (NoAttack(), None)]
)
def test_a_filter_that_flags_whoever_lies_finds_all_of_it(attack, found):
    setting = Setting(Echo(), Parrots(), Threat(), CAUGHT)
    luck = torch.Generator().manual_seed(0)
    curve = roc_of(setting, Mouthwash(CAUGHT, 0.0), attack, luck, num_envs=4)
    assert curve == ([] if found is None else [found] * len(FALSE_ALARMS))
