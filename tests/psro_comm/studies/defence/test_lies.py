"""What a filter has learnt from, and what may be taken away from it."""

import pytest

from oracles.strategies.config import SupervisedConfig
from oracles.strategies.liars import LIARS
from oracles.strategies.registry import ATTACKS
from psro_comm.settings.fields import replace
from psro_comm.settings.portfolio import tracked
from psro_comm.settings.tasks import preset
from psro_comm.studies.defence.lies import (
    FAKE,
    FAMILIES,
    LIES,
    Lessons,
    checked_parts,
    lessons_of,
)
from psro_comm.studies.player_names import read_name

ALL = tracked(preset("echo", "smoke"))


def test_every_lie_is_an_attack_and_every_family_is_met_once():
    assert {read_name(lie, "attack").kind for lie in LIES} <= {*ATTACKS}
    assert [*FAMILIES.values()] == [*LIARS, FAKE]
    assert len({*LIES}) == len(LIES)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, ("yes", "yes", "alike", "alike")),
        ({"families": ("noise",)}, ("no", "yes", "no", "alike")),
        ({"made_up_fraction": 0.0}, ("no", "yes", "no", "alike")),
        ({"fake_fraction": 0.0}, ("yes", "yes", "alike", "alike")),
        (
            {"fake_fraction": 0.0, "coevolving_fraction": 0.0},
            ("yes", "no", "alike", "no"),
        ),
    ],
)
def test_what_was_taught_is_seen_and_its_kin_alike(changes, seen):
    lessons = Lessons.of(SupervisedConfig(**changes))
    lies = "made_up@mirror", FAKE, "flip", "fake_world"
    assert tuple(map(lessons.has_seen, lies)) == seen


def test_rules_learn_nothing_and_of_others_it_is_not_known(tmp_path):
    assert lessons_of("norm@2", tmp_path) == Lessons(frozenset())
    assert lessons_of("psro:a", tmp_path) is None
    assert lessons_of("a/filter-001", tmp_path) is None


def test_families_are_all_that_are_taught_in_our_order():
    assert checked_parts([], ALL) == ()
    assert checked_parts(["context", "memory"], ALL) == ("memory", "context")
    assert checked_parts(["families"], ALL) == tuple(LIARS)
    few = replace(ALL, {"filter_oracle.families": ("noise", "mirror")})
    asked = ["families", "noise", "fakes"]
    assert checked_parts(asked, few) == ("fakes", "mirror", "noise")


@pytest.mark.parametrize(
    ("given", "changes", "why"),
    [
        ("memory,ears", {}, "must name some of memory, context, made_up, fakes, bred,"),
        ("memory,memory", {}, "none twice"),
        ("mirror", {"filter_oracle.families": ("noise",)}, "but mirror is not taught"),
        ("noise", {"filter_oracle.families": ("noise",)}, "nothing would be left"),
        ("memory", {"filter.memory": False}, "but --nofilter.memory is given"),
        ("gate", {"filter.gate": 0.0}, "but --filter.gate=0 is given"),
        ("bred", {"filter_oracle.coevolving_fraction": 0.0}, "not taught anyway"),
        (
            "made_up",
            {
                "filter_oracle.fake_fraction": 0.0,
                "filter_oracle.coevolving_fraction": 0.0,
                "filter_oracle.taught_fraction": 0.0,
            },
            "nobody else teaches",
        ),
        (
            "liars",
            {"threat.num_malicious": 2, "threat.malicious": None},
            "but all 2 agents are malicious already",
        ),
    ],
)
def test_what_cannot_be_taken_away_is_refused_in_one_line(given, changes, why):
    with pytest.raises(ValueError, match=f"^--ablate is '{given}', .*{why}"):
        checked_parts(given.split(","), replace(ALL, changes))


def test_the_study_trains_the_tracking_filter_as_long_as_psro_would():
    steps = preset("echo", "smoke").filter_oracle.env_steps
    assert (ALL.filter_kind, ALL.filter_trainer) == ("tracking", "supervised")
    assert ALL.filter_oracle.env_steps == 12 * steps
    assert tracked(ALL) == ALL
