"""The ceilings on Echo: a coin without its speaker, all without its listener."""

import pytest

from oracles.strategies.config import EvolutionConfig
from oracles.strategies.filters import replacing
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.ceilings import ceilings

WAYS = ("zero", "team mean", "own mean", "constant")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    config = replace(preset("echo", "smoke"), {"attack_oracle.env_steps": 64})
    budget = EvolutionConfig(20_000)
    with (
        pytest.MonkeyPatch.context() as patch,
        open_lab(Request(config, tmp_path_factory.mktemp("runs"), "a", 0)) as lab,
    ):
        patch.setattr(replacing, "_BUDGET", budget)
        return {row.label: row for row in ceilings(lab, 300)}


def test_every_agent_is_replaced_in_every_way_in_the_same_worlds(found):
    replaced = [f"agent {agent} replaced by {way}" for agent in (0, 1) for way in WAYS]
    assert list(found) == ["clean", *replaced]
    assert {row.episodes for row in found.values()} == {300}
    name = "always_replace@1@replace=own_mean"
    assert found["agent 1 replaced by own mean"].defender == name


@pytest.mark.parametrize("way", WAYS)
def test_who_replaces_the_speaker_has_a_coin_left_and_the_listener_all(found, way):
    clean = found["clean"].returns
    assert clean.estimate > 7.5
    coin = found[f"agent 0 replaced by {way}"].returns
    assert coin.low < 4.0 < coin.high or abs(coin.estimate - 4.0) < 0.3
    idle = found[f"agent 1 replaced by {way}"].returns
    assert abs(idle.estimate - clean.estimate) < 0.2
