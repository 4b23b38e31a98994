"""The suite on Echo: what it finds, on which worlds, and what it doubts."""

import numpy as np
import pytest

from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import MUTES
from psro_comm.settings.fields import replace
from psro_comm.settings.suite import NOT_TRAINED
from psro_comm.settings.tasks import preset
from psro_comm.studies.players import find_player
from psro_comm.studies.suite.attackers import stored
from psro_comm.studies.suite.search import search, search_players
from psro_comm.studies.training import train_against

NAMES = ["none", "mute", "norm@9", "f", "mute@replace=own_mean"]
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
        found = search(lab, NAMES, runs)
        again = search(lab, NAMES, runs)
        assert again == found
        stored = [
            lab.store.load_json(f"{found.name}-{k}")
            for k in ("choice-further", "measure")
        ]
        stored.append(lab.store.load_json("suite-levels"))
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
    assert kept["mute"].worst == found.floor
    assert (kept["mute"].attack, kept["mute"].above_floor.high) == ("any", 0.0)
    # Another way to hear nobody is met by nobody either.
    other = kept["mute@replace=own_mean"]
    assert (other.attack, other.returns) == ("any", {})
    assert other.worst == other.clean
    # A coin flip at each of the eight steps that pay.
    assert found.floor.low < 4.0 < found.floor.high
    assert abs(found.reach.estimate) < 0.5
    assert found.reached(kept["none"]) is None


def test_the_floor_is_what_a_team_does_better_with_silence_or_its_mean(tables):
    found, *_, levels = tables
    clean = dict(zip(levels.defenders, levels.mean()[:, 0], strict=True))
    assert found.mute == max(MUTES, key=clean.__getitem__)


def test_the_headline_is_the_attack_that_left_least_on_other_worlds(tables):
    found, choice, measure, _ = tables
    assert (choice.num_worlds, measure.num_worlds) == (CHOICE, EPISODES)
    for each in found.kept:
        if each.attack == "any":
            continue
        assert min(each.returns, key=each.returns.__getitem__) == each.attack
    met = (found.kept[0].attack,)
    worlds = [
        table.select(("none",), met).returns.ravel() for table in (choice, measure)
    ]
    assert not np.array_equal(worlds[0], worlds[1][:CHOICE])
    played = measure.select(("f",), (found.kept[3].attack,)).returns
    assert found.kept[3].worst.estimate == pytest.approx(played.mean())


SCRATCH = (
    *("affine", "mirrored", "fake network", "pgd", "guided", "guided-near"),
    "gaussian-ppo",
)
EVADING = ("mirrored evading", "stealthy", "stealthy 2", "stealthy 3")
WARM = ("affine+", "network+", "fake network+", "gaussian-ppo+")


def test_it_holds_untrained_stored_and_trained_attacks_each_once(found):
    attacks = [*found.kept[3].returns]
    assert attacks[: len(NOT_TRAINED)] == [*NOT_TRAINED]
    assert attacks[len(NOT_TRAINED)] == "f/attack-007"
    rest = attacks[len(NOT_TRAINED) + 1 :]
    for defender in ("none", "norm@9", "f"):
        mine = [each for each in rest if each.endswith(f" on {defender}")]
        evading = () if defender == "none" else EVADING
        wanted = {f"{each} on {defender}" for each in (*SCRATCH, *evading, *WARM)}
        # What was aimed at one defender by its gradient meets no other.
        assert {*mine} == wanted - ({f"pgd on {defender}"} - {"pgd on f"})
    assert len(rest) == len({*rest})
    assert not any(each.endswith("on mute") for each in rest)


def test_the_black_box_is_the_worst_that_knows_neither_team_nor_filter(found):
    white = ("fake", "pgd", "guided", "mirrored evading", "stealth")
    for each in found.kept:
        if each.attack == "any":
            continue
        plain = {a: left for a, left in each.returns.items() if not a.startswith(white)}
        assert each.black_box_attack == min(plain, key=plain.__getitem__)
        if each.black_box_attack == each.attack:  # others may leave as little
            assert each.black_box == each.worst


def test_stored_attacks_of_another_threat_are_left_out_and_named(runs):
    changes = {**CHANGES, "threat.cap": 0.5, "attack_oracle.env_steps": 1}
    config = replace(preset("echo", "smoke"), changes)
    with open_lab(Request(config, runs, "capped", 0, team="a")) as lab:
        capped = search(lab, ["f"], runs)
    assert not any(each.startswith("f/") for each in capped.kept[0].returns)
    # The cap is the attacker's: the liar is muted whole, a coin flip on Echo.
    assert capped.liar_muted.high < 5.5
    assert abs(capped.reach.estimate) < 0.6
    reasons = [each for each in capped.warnings if each.startswith("left out")]
    assert len(reasons) == 2
    assert "'f/attack-007' was made under another threat (cap None)" in reasons[0]


def test_a_run_whose_own_attack_is_affine_trains_it_by_its_own_settings(runs):
    changes = {**CHANGES, "attack_kind": "affine", "attack_trainer": "es"}
    own = {"attack.scale": 2.0, "attack_oracle.env_steps": 1}
    config = replace(preset("echo", "smoke"), {**changes, **own})
    with open_lab(Request(config, runs, "affine", 0, team="a")) as lab:
        kept = search(lab, ["none"], runs).kept[0].returns
        (name,) = (n for n in lab.store.policies() if n.endswith("-affine-es"))
        assert lab.store.load_policy(name).facts["scale"] == 2.0
    assert {"affine-es on none", "affine on none", "affine-es+ on none"} <= {*kept}


def test_what_an_earlier_suite_left_in_a_run_is_no_stored_attack(runs):
    config = replace(preset("echo", "smoke"), CHANGES)
    with open_lab(Request(config, runs, "s", 0)) as lab:
        assert any(name.startswith("suite-") for name in lab.store.policies())
        found, left_out = stored(lab, ["s/x"], runs)
    assert (found, left_out) == ([], [])


def test_yardsticks_meet_what_was_trained_on_others_and_nothing_is_trained_twice(runs):
    config = replace(preset("echo", "smoke"), CHANGES)
    names = ["none", "norm@9", "f"]
    with open_lab(Request(config, runs, "b", 0, team="a")) as lab:
        players = [find_player(lab, name, "filter", runs) for name in names]
        found = search_players(
            lab, players, names, runs, met=["f"], beside=["none", "norm@9"]
        )
    kept = {each.defender: each for each in found.kept}
    assert [each.searched for each in found.kept] == [False, False, True]
    assert all(" on f" in name for name in kept["f"].returns if " on " in name)
    assert {"affine on f", "stealthy on f", "fake network+ on f"} < {
        *kept["norm@9"].returns
    }
    assert "pgd on f" not in kept["none"].returns  # it was aimed at another
    assert "gaussian-ppo on f" not in kept["f"].returns  # the run has its own
    assert not any(words.startswith(("none", "norm")) for words in found.warnings)
