"""What R-MACRL begins with: rules and a filter trained on these, or what was given."""

import pytest

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from oracles.strategies.freezing import freeze
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.opening import LIES, SIMPLE, open_psro, rules

TINY = {"training.env_steps": 4096, "filter_oracle.env_steps": 256}


@pytest.fixture
def lab(tmp_path):
    config = replace(preset("echo", "smoke"), TINY)
    with open_lab(Request(config, tmp_path, "o", 0)) as lab:
        yield lab


def test_rules_are_untrained_and_one_filter_has_learnt_from_all_lies(lab):
    asked, own = [], type(lab).respond

    def watched(self, responses):
        asked.extend(responses)
        return own(self, responses)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(lab), "respond", watched)
        filters, attacks = rules(lab)
    assert [*filters] == [*SIMPLE, "first-filter"]  # two agents have no median
    assert [*attacks] == [*LIES]
    (first,) = asked
    assert {*first.opponents} == {*LIES}
    assert first.weights == pytest.approx([1.0 / len(LIES)] * len(LIES))
    assert (first.recipe.side, first.recipe.kind) == (Side.DEFENDER, "tracking")
    assert first.start is None
    again = rules(lab)
    for one, other in zip((filters, attacks), again, strict=True):
        assert [p.digest() for p in one.values()] == [
            p.digest() for p in other.values()
        ]


def test_given_policies_join_the_rules_and_stand_for_the_untrained(lab):
    given = {"f": freeze(NoFilter())}, {"a": freeze(NoAttack())}
    rmacrl = open_psro(lab, given=given)
    names = [name.replace("@", "-").replace("=", "-") for name in SIMPLE]
    assert [*rmacrl.filters] == ["no-filter", *names, "first-filter", "f"]
    assert {*rmacrl.attacks} > {"no-attack", "mirror", "freeze-8", "a"}


def test_the_papers_own_begins_with_what_is_given_alone(lab):
    lab.config = replace(lab.config, {"psro.paper": True})
    given = {"f": freeze(NoFilter())}, {"a": freeze(NoAttack())}
    rmacrl = open_psro(lab, given=given)
    assert [*rmacrl.filters] == ["no-filter", "f"]
    assert [*rmacrl.attacks] == ["no-attack", "a"]
    assert rmacrl.tables is lab  # its attackers know what the run's threat says


def test_a_run_goes_on_from_what_it_began_with_on_another_machine(lab, monkeypatch):
    begun = open_psro(lab)

    def other(*asked):
        raise AssertionError("made anew")

    monkeypatch.setattr("psro_comm.studies.opening.find_player", other)
    again = open_psro(lab)
    for one, two in zip(begun.populations, again.populations, strict=True):
        assert [*one] == [*two]
        assert [p.digest() for p in one.values()] == [p.digest() for p in two.values()]
