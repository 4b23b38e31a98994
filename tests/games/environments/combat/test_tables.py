"""The tables of Combat: units, places to start, and settings."""

import pytest
import torch
from torch import Tensor

from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.combat.tables import POINT
from games.environments.combat.units import UNITS, UnitType, blow


@pytest.mark.parametrize(
    ("one", "other", "hit_points"),
    [
        ("baneling", "hydralisk", 35),  # 20, and 15 more against light units
        ("baneling", "medivac", 0),  # it flies
        ("hydralisk", "baneling", 30),
        ("roach", "reaper", 16),
        ("reaper", "roach", 6),  # two hits of 4, less one of armor each
        ("reaper", "overlord", 0),
        ("overlord", "reaper", 0),  # no weapon
        ("marine", "marine", 6),
    ],
)
def test_the_unit_table_gives_the_blows_of_the_game(one, other, hit_points):
    assert blow(UNITS[one], UNITS[other]) == hit_points


def test_damage_has_a_floor_of_half_a_hit_point():
    assert blow(UNITS["reaper"], UnitType(1, 1, 1, 1, armor=9)) == 1.0


def starts(name: str) -> Tensor:
    env = Combat(CombatConfig(map=name))
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(4000, env.spec.reset_noise, generator=generator)
    return env.reset(noise).position / POINT


def test_banelings_start_in_the_arms_and_the_stem():
    for name, agents in (("3bane_vs_hM", 3), ("4bane_vs_hM", 4)):
        place = starts(name)
        x, y = place[:, :agents, 0], place[:, :agents, 1]
        assert (x.diff(dim=1) >= 0).all()  # SMAC numbers units of a kind by x
        stem = (x >= 15) & (x <= 17)
        assert torch.where(stem, True, (x <= 14) | (x >= 18)).all()
        assert torch.where(stem, (y >= 0.5) & (y <= 30.5), y >= 30).all()
        assert torch.equal(place[:, agents], torch.tensor([[16.0, 31.0]] * 4000))
    # The fourth is in each of the three places a third of the time: 5 standard errors.
    shares = torch.stack([(x < 14.5).sum(1) == 2, stem.sum(1) == 2]).float().mean(1)
    assert ((shares - 1 / 3).abs() < 5 * (2 / 9 / 4000) ** 0.5).all()


def test_overlord_and_reapers_share_a_corner_and_roaches_are_elsewhere():
    place = starts("1o_2r_vs_4r")
    off = (place[:, 3:] - place[:, :1]).abs().amax(-1)
    assert off == pytest.approx(0.4, abs=1e-3)
    corners = place[:, 0].round().unique(dim=0, return_counts=True)
    assert corners[0].tolist() == [[4, 2], [4, 29], [28, 2], [28, 28]]
    assert (corners[1] / 4000 - 0.25).abs().max() < 5 * (3 / 16 / 4000) ** 0.5
    apart = (place[:, 1] - place[:, 2]).norm(dim=-1)
    assert apart.max() == pytest.approx(1.3, abs=1e-3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("map", "2s_vs_1sc"),
        ("episode_limit", 0),
        ("step_mul", 0),
        ("sight_range", 0.0),
        ("shoot_range", -1.0),
        ("move_amount", 0.0),
    ],
)
def test_rules_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value!r}, must be "):
        CombatConfig(**{field: value})
