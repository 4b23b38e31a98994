"""Attacks that know the team, on Echo, where every value is known by hand."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.matches import play_worlds
from games.engine.play import Outcome
from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import Decision, NoFilter
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.attacks.config import AffineConfig, PGDConfig
from oracles.strategies.best_response import best_response, new_policy
from oracles.strategies.config import EvolutionConfig, PGDOracleConfig, Recipe
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.filters.norm import NormFilter
from oracles.strategies.filters.two_stage import TwoStageFilter
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.setting import Setting
from oracles.teams.backbones import BACKBONES, make_team
from tests.hand_made import CAUGHT, Mouthwash, Parrots

ENV, RULES = Echo(), Threat(malicious=CAUGHT, knowledge="white_box")
SETTING = Setting(ENV, Parrots(2), RULES, CAUGHT)
PGD = Recipe(Side.ATTACKER, "pgd", PGDConfig(), "pgd", PGDOracleConfig(num_envs=16))


def make(kind: str, config: Any = None, setting: Setting = SETTING) -> Any:
    return new_policy(setting, Side.ATTACKER, kind, config)


def played(attack: Any, filter_: Any = None, setting: Setting = SETTING) -> Outcome:
    """Returns of 8 at most; 4 is a coin's."""
    worlds = make_worlds(ENV.spec, 99, 0, 200, CAUGHT)
    channel = Channel(attack, filter_ or NoFilter(), setting.threat)
    luck = torch.Generator().manual_seed(0)
    return play_worlds(ENV, setting.team, channel, worlds, luck)


def mean_return(*args: Any) -> float:
    return float(played(*args).returns.mean())


def test_a_fake_self_that_sees_what_is_there_tells_the_truth():
    outcome = played(make("fake_self"))
    assert outcome.returns.mean() == 8.0
    assert outcome.distortion.max() == 0.0


def test_a_fake_self_that_sees_the_opposite_says_the_opposite():
    attack = make("fake_self")
    with torch.no_grad():  # the speaker's bit is its third number
        attack.stretch[0, 2] = -2.0 / attack.config.scale
    assert mean_return(attack) == 0.0


def test_a_fake_self_that_always_sees_one_says_one_from_the_second_step_on():
    attack = make("fake_self")
    with torch.no_grad():
        attack.stretch[0, 2] = -1.0 / attack.config.scale
        attack.shift[0, 2] = 1.0 / attack.config.scale
    # It remembers what it invented, one step late, as the speaker does what it saw.
    assert abs(mean_return(attack) - 4.0) < 0.5


def test_a_fake_world_is_another_worlds():
    attack = make("fake_world")
    assert abs(mean_return(attack) - 4.0) < 0.5
    assert 0.5 < played(attack).distortion.mean() < 1.5  # half of the bits differ


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_a_truthful_copy_says_what_any_backbone_says(name):
    """NDQ knows agents by their place, and draws its messages."""
    torch.manual_seed(0)
    team = make_team(name, {}, ENV.spec).requires_grad_(False)
    setting = SETTING._replace(team=team)
    told = played(make("fake_self", None, setting), None, setting)
    torch.testing.assert_close(told.distortion, torch.zeros(200), atol=1e-5, rtol=0)
    other = make("fake_self", None, setting)
    with torch.no_grad():
        other.shift.fill_(9.0)
    assert played(other, None, setting).distortion.mean() > 1e-3


class Unsure(Parrots):
    """Plays as well, by scores of 4 apart: a sure team's divergence has no slope."""

    sampled = False

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        return super().act(memory / 500.0, available)


def test_divergence_turns_it_where_it_does_not_make_it_surer():
    unsure = SETTING._replace(team=Unsure(2))
    attack = make("pgd", PGDConfig(loss="divergence"), unsure)
    assert mean_return(attack, None, unsure) < 5.0


@pytest.mark.parametrize(("radius", "left"), [(0.5, 8.0), (2.0, 0.0)])
def test_pgd_turns_the_listener_as_far_as_its_radius_lets_it(radius, left):
    """A message of 1 must be moved by more than its own norm to be read as -1."""
    outcome = played(make("pgd", PGDConfig(radius=radius)))
    assert outcome.returns.mean() == left
    assert outcome.distortion.max() <= radius * (1 + 1e-5)


def test_pgd_climbs_no_further_than_the_cap():
    capped = SETTING._replace(threat=replace(RULES, cap=0.5))
    outcome = played(make("pgd", setting=capped), None, capped)
    assert outcome.distortion.max() <= 0.5 * (1 + 1e-5)


def test_pgd_on_who_hears_nothing_goes_nowhere_in_particular():
    deaf = Mouthwash((0, 1), 0.0)
    assert mean_return(make("pgd").aim([deaf], [1.0]), deaf) > 3.0


def test_aiming_learns_from_play_what_a_filter_lets_through():
    gate = NormFilter.new(SETTING)
    long_ = make("pgd", PGDConfig(radius=8.0, steps=20))
    assert mean_return(long_, gate) > 3.0  # muted, at worst
    aimed = best_response(SETTING, PGD, Mixture([gate], [1.0]), seed=0)
    assert mean_return(aimed, gate) == 0.0
    assert [type(each) for each in aimed.filters] == [NormFilter]


def test_pgd_takes_the_expectation_over_a_mixture_and_not_its_draw():
    open_, shut = NoFilter(), Mouthwash((0,), 1.0)
    aimed = make("pgd").aim([open_, shut], [0.5, 0.5])
    assert mean_return(aimed, open_) == mean_return(make("pgd"), open_) == 0.0


def test_what_pgd_was_aimed_at_is_stored_with_it():
    torch.manual_seed(0)
    filters = [TwoStageFilter.new(SETTING, FilterConfig(hidden=4)), NoFilter()]
    attack = make("pgd").aim(filters, [0.25, 0.75])
    again = thaw(freeze(attack))
    assert again.weights == [0.25, 0.75]
    assert freeze(again).digest() == freeze(attack).digest()
    assert freeze(again.filters[0]).digest() == freeze(filters[0]).digest()


def test_a_drawn_flag_passes_the_gradient_of_its_probability():
    torch.manual_seed(0)
    filter_ = TwoStageFilter.new(SETTING, FilterConfig(hidden=4))
    with torch.no_grad():
        for parameter in filter_.parameters():
            parameter.normal_()
    messages = torch.randn(6, 2, 2, requires_grad=True)
    flag = torch.bernoulli(filter_.suspicion(messages)).detach()
    logit = filter_.detector(filter_._standardise(messages))
    chosen = torch.where(flag > 0, logit.sigmoid().log(), (1 - logit.sigmoid()).log())
    decision = Decision(flag, chosen, flag, torch.ones(6, 2, dtype=torch.bool))
    torch.testing.assert_close(decision.suspicion(), filter_.suspicion(messages))
    ours, theirs = (
        torch.autograd.grad(value.sum(), messages, retain_graph=True)[0]
        for value in (decision.suspicion(), filter_.suspicion(messages))
    )
    torch.testing.assert_close(ours, theirs)


def test_suspicion_is_what_the_filter_thinks_of_forged_messages_alone():
    wash = Mouthwash((0,), 0.0)
    assert played(make("flip"), wash).suspicion.min() == 1.0
    assert played(make("flip"), Mouthwash((1,), 0.0)).suspicion.max() == 0.0
    assert played(make("none"), wash).suspicion.max() == 0.0


def test_a_price_on_suspicion_leads_where_the_return_is_flat():
    """Behind the gate all large lies earn the same: only evasion has a slope."""
    gate = NormFilter.new(SETTING)

    def left(evasion: float) -> Outcome:
        budget = EvolutionConfig(
            env_steps=12_000,
            num_envs=6,
            candidates=12,
            elites=3,
            std=4,
            evasion=evasion,
        )
        recipe = Recipe(Side.ATTACKER, "affine", AffineConfig(), "es", budget)
        found = best_response(SETTING, recipe, Mixture([gate], [1.0]), seed=1)
        return played(found, gate)

    assert left(20.0).suspicion.mean() < left(0.0).suspicion.mean() - 0.2


def test_an_affine_lie_may_begin_at_the_mirror():
    start = make("affine", AffineConfig(start="mirror"))
    mirror = make("mirror")
    torch.testing.assert_close(played(start), played(mirror))
    assert mean_return(start) < 1.0


def test_a_network_adds_to_an_affine_lie_once_it_has_weights():
    torch.manual_seed(0)
    attack = make("affine", AffineConfig(hidden=4))
    assert played(attack).distortion.max() == 0.0
    with torch.no_grad():
        attack.net.weights[-1].normal_()
    assert played(attack).distortion.mean() > 0.1
    torch.testing.assert_close(played(thaw(freeze(attack))), played(attack))
