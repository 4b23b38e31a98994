"""The suite on Echo: what it finds, on which worlds, and what it doubts."""

import numpy as np
import pytest

from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.suite import NOT_TRAINED, doubts, search
from psro_comm.studies.training import train_against

EPISODES, CHOICE = 100, 40
CHANGES = {
    "attack_oracle.env_steps": 4096,
    "evaluation.episodes": EPISODES,
    "psro.episodes": CHOICE,
    "psro.restarts": 1,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run with a team and an attack, and one with a filter and that attack, twice."""
    root = tmp_path_factory.mktemp("runs")
    config = replace(preset("echo", "smoke"), CHANGES)
    with open_lab(Request(config, root, "a", 0)) as lab:
        train_against(lab, "attack", "none", root)
        attack = lab.store.load_policy("trained-attack")
    with open_lab(Request(config, root, "f", 0, team="a")) as lab:
        train_against(lab, "filter", "a", root)
        for name in ("attack-007", "attack-008"):
            lab.store.save_policy(name, attack)
    return root


@pytest.fixture(scope="module")
def tables(runs):
    """What the suite found, and both of its payoff tables."""
    config = replace(preset("echo", "smoke"), CHANGES)
    with open_lab(Request(config, runs, "s", 0, team="a")) as lab:
        found = search(lab, ["none", "mute", "norm@9", "f"], runs)
        again = search(lab, ["none", "mute", "norm@9", "f"], runs)
        assert again == found
        stored = [
            lab.store.load_json(f"{found.name}-{k}") for k in ("choice", "measure")
        ]
    return found, *(PayoffTable.from_dict(table) for table in stored)


@pytest.fixture(scope="module")
def found(tables):
    return tables[0]


def test_it_finds_the_exact_worst_case_of_who_can_be_fooled(found):
    kept = {each.defender: each for each in found.kept}
    for name in ("none", "norm@9"):
        assert kept[name].clean.estimate > 7.5
        assert kept[name].worst.estimate < 0.3
        assert kept[name].above_floor.high < -3
    assert kept["mute"].above_floor.contains_zero
    # A coin flip at each of the eight steps that pay.
    assert found.floor.low < 4.0 < found.floor.high
    assert found.reach.contains_zero
    assert found.reached(kept["none"]) is None


def test_the_headline_is_the_attack_that_left_least_on_other_worlds(tables):
    found, choice, measure = tables
    assert (choice.num_worlds, measure.num_worlds) == (CHOICE, EPISODES)
    for each in found.kept:
        assert min(each.returns, key=each.returns.__getitem__) == each.attack
    met = (found.kept[1].attack,)
    worlds = [
        table.select(("mute",), met).returns.ravel() for table in (choice, measure)
    ]
    assert not np.array_equal(worlds[0], worlds[1][:CHOICE])
    played = measure.select(("f",), (found.kept[3].attack,)).returns
    assert found.kept[3].worst.estimate == pytest.approx(played.mean())


def test_it_holds_untrained_stored_and_fresh_attacks_each_once(found):
    attacks = [*found.kept[0].returns]
    assert attacks[: len(NOT_TRAINED)] == [*NOT_TRAINED]
    assert attacks[len(NOT_TRAINED) :] == [
        "f/attack-007",
        *(
            f"{kind} on {defender}"
            for defender in ("none", "norm@9", "f")
            for kind in ("affine-es", "gaussian-ppo")
        ),
    ]


def test_stored_attacks_of_another_threat_are_left_out_and_named(runs):
    changes = {**CHANGES, "threat.cap": 0.5, "attack_oracle.env_steps": 1}
    config = replace(preset("echo", "smoke"), changes)
    with open_lab(Request(config, runs, "capped", 0, team="a")) as lab:
        capped = search(lab, ["f"], runs)
    assert not any(each.startswith("f/") for each in capped.kept[0].returns)
    # The cap is the attacker's: the liar is muted whole, a coin flip on Echo.
    assert capped.liar_muted.high < 5.5
    assert capped.reach.contains_zero
    reasons = [each for each in capped.warnings if each.startswith("left out")]
    assert len(reasons) == 2
    assert "'f/attack-007' was made under another threat (cap None)" in reasons[0]


def test_a_run_whose_own_attack_is_affine_trains_it_by_its_own_settings(runs):
    changes = {**CHANGES, "attack_kind": "affine", "attack_trainer": "es"}
    own = {"attack.scale": 2.0, "attack_oracle.env_steps": 1}
    config = replace(preset("echo", "smoke"), {**changes, **own})
    with open_lab(Request(config, runs, "affine", 0, team="a")) as lab:
        kept = search(lab, ["none"], runs).kept[0].returns
        (policy,) = lab.store.policies()
        assert lab.store.load_policy(policy).facts["scale"] == 2.0
    assert [*kept][len(NOT_TRAINED) :] == ["affine-es on none"]


def test_a_training_that_finds_less_than_no_training_is_doubted():
    returns = {
        "weak": {"flip": 1.0, "swap": 3.0, "trained": 2.0, "other": 1.5},
        "fine": {"flip": 1.0, "swap": 3.0, "trained": 0.5, "other": 1.5},
        "mute": {"flip": 1.0, "swap": 3.0, "trained": 2.0, "other": 2.0},
    }
    (only,) = doubts(returns, ["flip", "swap"], ["trained", "other"])
    assert only.startswith("weak: flip leaves 1.00, the best attack trained here 1.50")
    assert doubts(returns, ["flip"], []) == []
