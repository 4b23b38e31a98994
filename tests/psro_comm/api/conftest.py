"""A team that was made elsewhere, and all plugins of `examples/`."""

import pytest

import psro_comm as pc
from games.environments.registry import make_env
from psro_comm.settings import plugins
from tests.paths import ROOT


def plugged(*names):
    """Loads plugins of `examples/`, and returns the names of their modules."""
    return [pc.plugin(ROOT / f"examples/{name}.py").name for name in names]


@pytest.fixture(scope="module")
def every_plugin():
    """All plugins, until the file of tests ends."""
    found = plugged(*(path.stem for path in (ROOT / "examples").glob("my_*.py")))
    yield found
    for name in found:
        plugins.unload(name)


@pytest.fixture(scope="module")
def parrots(every_plugin):
    """A team of value 8 on Echo, whose listener repeats what it hears."""
    return pc.Team.from_module(pc.TEAMS["parrots"](make_env("echo")), "echo")
