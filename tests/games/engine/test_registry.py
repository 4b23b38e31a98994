"""Every line of every registry leads to what it names."""

import pytest

from games.engine.registry import Entry, Settings
from games.environments.registry import ENVS
from games.environments.scenes import STAGES
from oracles.teams.backbones import BACKBONES
from oracles.teams.teachers import GUIDES, TEACHERS
from oracles.teams.trainings import TRAININGS
from psro_comm.metagame.solvers import META_SOLVERS

ENTRIES = {
    **{f"ENVS {name}": entry for name, entry in ENVS.items()},
    **{f"STAGES {name}": entry for name, entry in STAGES.items()},
    **{f"BACKBONES {name}": entry for name, entry in BACKBONES.items()},
    **{f"TEACHERS {name}": entry for name, entry in TEACHERS.items()},
    **{f"GUIDES {name}": entry for name, entry in GUIDES.items()},
    **{f"TRAININGS {name}": entry for name, entry in TRAININGS.items()},
    **{f"META_SOLVERS {name}": entry for name, entry in META_SOLVERS.items()},
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_leads_to_what_it_names(entry):
    found = entry.load()
    assert callable(found)
    module, _, name = entry.target.partition(":")
    assert (found.__module__, found.__qualname__) == (module, name)


def test_an_entry_is_called_as_what_it_stands_for():
    joined = Entry("os.path:join")
    assert joined("a", "b") == joined.load()("a", "b")
    assert Entry(dict)(a=1) == {"a": 1}


@pytest.mark.parametrize("name", [*TEACHERS, *GUIDES])
def test_a_teacher_and_a_guide_belong_to_an_environment(name):
    assert name in ENVS


def test_the_settings_of_a_registry_grow_with_it():
    registry = {
        "plain": Entry(dict),
        "fixed": Entry(dict, Sized),
        "taught": Entry(dict, Sized, learns=True),
    }
    every, taught = Settings(registry), Settings(registry, learns=True)
    assert dict(every) == {"fixed": Sized, "taught": Sized}
    assert dict(taught) == {"taught": Sized}
    registry["late"] = Entry(dict, Sized, learns=True)
    assert (len(every), len(taught)) == (3, 2)
    for absent in ("plain", "fixed", "other"):
        with pytest.raises(KeyError):
            taught[absent]


class Sized:
    """Settings of nothing."""
