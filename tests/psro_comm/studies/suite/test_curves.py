"""Curves on Echo: whom a defender meets at each budget, and what it keeps."""

from itertools import pairwise

import numpy as np
import pytest

from psro_comm.lab.lab import Lab
from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.settings.budgets import AXES, budgets
from psro_comm.settings.fields import replace
from psro_comm.settings.suite import AT_POINT
from psro_comm.settings.tasks import preset
from psro_comm.studies.suite.attackers import CHOICE, MEASURE
from psro_comm.studies.suite.curves import Winner, allowing, average, held_back
from psro_comm.studies.suite.search import search

CHANGES = {
    "attack_oracle.env_steps": 1,
    "evaluation.episodes": 60,
    "psro.episodes": 24,
}
NAMES = ["none", "mute"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def worlds():
    """Notes by which worlds each table is played, while the module's tests run."""
    noted, table = {}, Lab.table

    def noting(lab, name, *args, **how):
        noted[name] = how.get("worlds")
        return table(lab, name, *args, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lab, "table", noting)
        yield noted


@pytest.fixture(scope="module")
def opened(runs, worlds):
    """A lab, and what its suite found over all budgets."""
    config = replace(preset("echo", "smoke"), CHANGES)
    with open_lab(Request(config, runs, "s", 0)) as lab:
        yield lab, search(lab, NAMES, runs, AXES)


@pytest.fixture(scope="module")
def curves(opened):
    return {(each.defender, each.axis): each for each in opened[1].curves}


def tables(lab, end):
    """The stored tables whose names end so."""
    stored = lab.store.root.glob(f"suite-*{end}.json")
    return [PayoffTable.from_dict(lab.store.load_json(path.stem)) for path in stored]


def estimates(curve):
    return [point.returns.estimate for point in curve.points]


def test_each_axis_and_defender_has_a_curve_and_the_suite_a_name_for_it(opened):
    lab, found = opened
    assert found.name.endswith("-cap-rate-liars")
    assert lab.store.load_json(found.name)["curves"][0]["points"][0]["budget"] == 0.25
    assert [(each.axis, each.defender) for each in found.curves] == [
        (axis, name) for axis in AXES for name in NAMES
    ]
    for each in found.curves:
        assert [point.budget for point in each.points] == [*budgets(each.axis, 2)]


def test_a_bent_message_costs_what_it_pays_on_echo(curves):
    # Eight steps pay 1 each where the message was not turned into its opposite.
    rate = curves["none", "rate"]
    np.testing.assert_allclose(estimates(rate)[2:], [6, 4, 2, 0], atol=0.3)
    assert rate.points[0].attack == "none"
    assert rate.area.estimate == pytest.approx(4.1, abs=0.3)
    cap = estimates(curves["none", "cap"])
    assert cap[0] > 7.5
    assert cap[3] < 0.5
    assert cap[5] < 0.5
    # One of the two speaks to the other, who alone acts on it.
    nobody, one, both = curves["none", "liars"].points
    assert nobody.returns.estimate > 7.5
    assert one.returns.estimate < 0.5
    assert both.returns.estimate < 0.5


def test_who_hears_nothing_has_a_flat_curve_at_the_floor(opened, curves):
    floor = opened[1].floor
    for axis in AXES:
        mute = curves["mute", axis]
        assert {*(point.returns for point in mute.points), mute.area} == {floor}


def test_whoever_may_do_more_finds_no_less(curves):
    for axis in AXES:
        found = estimates(curves["none", axis])
        assert all(more < less + 0.3 for less, more in pairwise(found))


def test_at_each_budget_attacks_are_trained_and_smaller_ones_tried(opened):
    lab, _ = opened
    policies = {n.partition("-at-")[2]: [] for n in lab.store.policies() if "-at-" in n}
    for name in lab.store.policies():
        if "-at-" in name:
            policies[name.partition("-at-")[2]].append(name.split("-")[2])
    # Under the run's own threat the suite itself has trained.
    caps, rates = ("0.25", "0.5", "1", "2", "4"), ("0.1", "0.25", "0.5", "0.75")
    assert {*policies} == {
        *(f"cap-{k}" for k in caps),
        *(f"rate-{k}" for k in rates),
        "liars-2",
    }
    assert all(sorted(kinds) == sorted(AT_POINT) for kinds in policies.values())
    name = next(n for n in lab.store.policies() if n.endswith("-pgd-at-cap-0.5"))
    assert lab.store.load_policy(name).facts["threat"]["cap"] == 0.5
    name = next(n for n in lab.store.policies() if n.endswith("-affine-at-liars-2"))
    assert lab.store.load_policy(name).facts["threat"]["captured"] == [0, 1]
    (table,) = tables(lab, "-cap-4-choice-further")
    assert "noise" in table.attackers
    fresh = ("affine at", "mirrored at", "pgd at")
    assert sum(name.startswith(fresh) for name in table.attackers) > len(AT_POINT)


def test_what_is_chosen_on_some_worlds_is_measured_on_others(opened, curves, worlds):
    lab, _ = opened
    for end, wanted in (("choice", CHOICE), ("further", CHOICE), ("measure", MEASURE)):
        assert {worlds[name] for name in worlds if name.endswith(end)} == {wanted}
    assert {t.num_worlds for t in tables(lab, "-choice")} == {24}
    (played,) = tables(lab, "-rate-0.5-measure")
    point = curves["none", "rate"].points[3]
    assert (played.attackers, played.num_worlds) == ((point.attack,), 60)
    assert point.returns.estimate == pytest.approx(played.returns.mean())


def test_what_is_made_is_taken_again(opened, runs):
    lab, found = opened
    before = lab.store.policies()
    assert search(lab, NAMES, runs, AXES) == found
    assert lab.store.policies() == before
    plain = search(lab, NAMES, runs)
    assert plain.curves == []
    assert f"{plain.name}-cap-rate-liars" == found.name
    assert lab.store.load_json(found.name)["curves"]


@pytest.mark.parametrize(
    ("changes", "axis", "budget", "threat"),
    [
        ({}, "cap", 0.5, {"cap": 0.5}),
        ({"threat.cap": 1.0}, "cap", None, {"cap": None}),
        ({}, "rate", 0.25, {"rate": 0.25}),
        ({}, "rate", 0.0, {"rate": 1.0}),
        ({}, "liars", 0.0, {"num_malicious": 1, "malicious": (0,)}),
        ({}, "liars", 2.0, {"num_malicious": 2, "malicious": (0, 1)}),
        (
            {"threat.malicious": (1,)},
            "liars",
            2.0,
            {"num_malicious": 2, "malicious": (1, 0)},
        ),
        (
            {"threat.num_malicious": 2, "threat.malicious": (1, 0)},
            "liars",
            1.0,
            {"num_malicious": 1, "malicious": (1,)},
        ),
        (
            {"threat.malicious": None, "threat.redraw_malicious": True},
            "liars",
            2.0,
            {"num_malicious": 2, "malicious": None, "redraw_malicious": True},
        ),
    ],
)
def test_a_point_changes_its_own_budget_alone(runs, changes, axis, budget, threat):
    name = "-".join((axis, str(budget), *map(str, changes))).lower()
    config = replace(preset("echo", "smoke"), {**CHANGES, **changes})
    with open_lab(Request(config, runs, name, 0)) as lab:
        other = allowing(lab, axis, budget)
    plain = {f"threat.{key}": value for key, value in threat.items()}
    assert other.config == replace(config, plain)
    assert lab.config == config


@pytest.mark.parametrize("seed", range(3))
def test_drawn_liars_come_first(runs, seed):
    config = replace(preset("echo", "smoke", seed), {"threat.malicious": None})
    with open_lab(Request(config, runs, f"drawn-{seed}", 0)) as lab:
        (first,) = lab.malicious()
        assert allowing(lab, "liars", 2.0).malicious() == (first, 1 - first)


def test_the_area_is_an_average_over_the_axis():
    falling = np.array([[8.0, 6.0], [4.0, 4.0], [0.0, 2.0]])
    found = average("rate", [0.0, 0.5, 1.0], falling)
    assert found.estimate == pytest.approx(4.0)
    assert found.low == pytest.approx(4.0)  # the same in both worlds
    # Half of the axis is beyond 1; none has no place on it.
    stepped = np.array([[8.0, 8.0], [8.0, 8.0], [0.0, 4.0], [99.0, 99.0]])
    found = average("cap", [0.25, 1.0, 4.0, None], stepped)
    assert found.estimate == pytest.approx((8 + 8) / 4 + (8 + 0 + 8 + 4) / 8)
    assert found.low < found.estimate


def test_who_may_do_more_may_hold_back():
    lefts = [5.0, 3.0, 4.0, 3.0, 1.0]
    winners = [Winner(k, f"a{k}", left) for k, left in enumerate(lefts)]
    assert [each.number for each in held_back(winners)] == [0, 1, 1, 3, 4]
