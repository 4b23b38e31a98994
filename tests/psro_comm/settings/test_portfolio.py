"""Which attacks a search may go on from."""

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
from psro_comm.settings.portfolio import fits, further
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
