"""The adapter's subclass of SMAC on NDQ's maps: it works on the stand-in."""

import gc

import pytest

pytest.importorskip("pysc2")
pytest.importorskip("smac.env.starcraft2", reason="oxwhirl's smac is not installed")

from games.smac.config import NDQ_MAPS, SmacConfig
from games.smac.fight import make_fight
from tests.starcraft_standin.installation import alive, install


@pytest.fixture
def fight(tmp_path, monkeypatch):
    """Builds a game on the stand-in, which is closed afterwards."""
    sc2 = install(tmp_path)
    monkeypatch.setenv("SC2PATH", str(sc2))
    made = []

    def make(name, **config):
        made.append(make_fight(SmacConfig(map=name, **config)))
        return made[-1], sc2

    yield make
    for env in made:
        env.close()
    assert not alive(sc2)


@pytest.mark.parametrize("name", NDQ_MAPS)
def test_its_maps_outlive_a_garbage_collection(name, fight):
    env, _ = fight(name)
    gc.collect()
    env.reset()
    assert len(env.get_obs()) == NDQ_MAPS[name].agents
