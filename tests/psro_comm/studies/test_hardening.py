"""Rounds of attack and defence on Echo: who learns from whom, and from where."""

import pytest

from games.engine.side import Side
from oracles.strategies.best_response import new_policy
from oracles.strategies.freezing import freeze
from oracles.strategies.jobs import build_setting
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.hardening import harden

LEARNS = {
    "training.env_steps": 4096,
    "filter_kind": "tracking",
    "filter.hidden": 4,
    "filter_trainer": "supervised",
    "filter_oracle.env_steps": 600,
    "filter_oracle.num_envs": 16,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    config = replace(preset("echo", "smoke"), LEARNS)
    asked = []
    with open_lab(Request(config, tmp_path_factory.mktemp("runs"), "h", 0)) as lab:
        setting, recipe = build_setting(lab.setting()), lab.config.recipe(Side(0))
        first = freeze(new_policy(setting, *recipe[:3]))
        own = type(lab).respond

        def watched(self, responses):
            asked.extend(responses)
            return own(self, responses)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(lab), "respond", watched)
            found = harden(lab, first, rounds=2, price=5.0, steps=2000)
        stored = {name: lab.store.load_policy(name) for name in lab.store.policies()}
    return found, {each.name: each for each in asked}, stored


def test_each_round_attacks_the_last_filter_and_teaches_by_all_attacks(made):
    found, asked, _ = made
    searched = ["mirrored-1", "fake-1", "mirrored-2", "fake-2", "fake-further-2"]
    assert [*found.attacks] == searched
    assert [*found.filters] == ["filter-0", "filter-1", "filter-2"]
    for name in searched:
        (defender,) = asked[name].opponents.values()
        number = int(name[-1])
        assert defender.digest() == found.filters[f"filter-{number - 1}"].digest()
        assert asked[name].recipe.budget.evasion == 5.0
    assert asked["fake-further-2"].start is found.attacks["fake-1"]
    assert asked["fake-2"].start is None
    for number, teachers in ((1, searched[:2]), (2, searched)):
        learnt = asked[f"filter-{number}"]
        assert [*learnt.opponents] == teachers
        assert learnt.start is found.filters[f"filter-{number - 1}"]


def test_all_that_is_made_differs_and_is_kept(made):
    found, _, stored = made
    both = {**found.filters, **found.attacks}
    assert len({each.digest() for each in both.values()}) == len(both)
    for name, policy in both.items():
        assert name == "filter-0" or stored[name].digest() == policy.digest()
