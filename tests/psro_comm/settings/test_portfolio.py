"""What each side trains, and which attacks a search may go on from."""

from dataclasses import replace
from typing import Any

import pytest

from games.engine.side import Side
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.strategies.attacks.config import AffineConfig, FakeConfig
from oracles.strategies.best_response import new_policy
from oracles.strategies.config import EvolutionConfig
from oracles.strategies.freezing import freeze
from oracles.strategies.frozen import Frozen
from oracles.strategies.setting import Setting
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.portfolio import fits, further, kinds, trainings
from psro_comm.settings.suite import fresh_attacks
from psro_comm.settings.tasks import preset
from tests.hand_made import CAUGHT, Parrots

RULES = Threat(malicious=CAUGHT, knowledge="white_box")
LIES = {"affine": AffineConfig(), "fake_self": FakeConfig()}


def policy(kind: str, **changes: Any) -> Frozen:
    setting = Setting(Echo(), Parrots(2), RULES, CAUGHT)
    config = replace(LIES[kind], **changes)
    return freeze(new_policy(setting, Side.ATTACKER, kind, config))


@pytest.mark.parametrize("kind", LIES)
@pytest.mark.parametrize("hidden", [0, 4])
def test_a_search_goes_on_from_a_lie_of_its_kind_and_unit(kind, hidden):
    recipe = further(replace(LIES[kind], hidden=hidden), EvolutionConfig())
    assert recipe.kind == kind
    (other,) = {*LIES} - {kind}
    assert fits(policy(kind), recipe)
    assert not fits(policy(other), recipe)
    assert not fits(policy(kind, scale=9.0), recipe)
    assert fits(policy(kind, hidden=4), recipe) == (hidden == 4)
    assert not fits(policy(kind, hidden=5), recipe)


@pytest.mark.parametrize(
    ("games", "worlds", "parts", "bred"), [(None, 256, 2, 33 * 8), (1, 1, 1, 0)]
)
def test_a_filter_learns_in_as_many_worlds_as_there_are_games(
    monkeypatch, games, worlds, parts, bred
):
    config = preset("3bane_vs_hM", "quick")
    extent = replace(config.extent, most_worlds=games)
    monkeypatch.setattr(ExperimentConfig, "extent", extent)
    for recipe in trainings(config, Side.DEFENDER)["tracking"]:
        assert recipe.budget.num_envs == worlds
        assert recipe.budget.num_minibatches == parts
    assert recipe.budget.env_steps == 12 * (worlds + bred) * extent.episode_limit


@pytest.mark.parametrize(("games", "taught"), [(None, True), (1, False)])
def test_where_games_are_few_no_attack_is_taught_by_gradients(
    monkeypatch, games, taught
):
    config = preset("3bane_vs_hM", "quick")
    extent = replace(config.extent, most_worlds=games)
    monkeypatch.setattr(ExperimentConfig, "extent", extent)
    assert ("guided" in kinds(config, Side.ATTACKER)) is taught
    assert ("guided" in fresh_attacks(config)) is taught
    asked = replace(config, psro=replace(config.psro, attacks=("fake",)))
    assert kinds(asked, Side.ATTACKER) == ("fake",)
