"""Players by name: every entry of the registries, and what is refused before work."""

import numpy as np
import pytest

from games.engine.side import Side
from oracles.strategies.registry import ATTACKS, FILTERS
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.player_names import read_name
from psro_comm.studies.players import find_player
from psro_comm.studies.stored_players import check_players
from psro_comm.studies.worst_case import audit

NAMED = [("attack", name) for name in [*ATTACKS, "untrained"]]
NAMED += [("filter", name) for name in [*FILTERS, "untrained"] if name != "median"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    config = replace(
        preset("echo", "smoke"),
        {
            "training.env_steps": 4096,
            "evaluation.episodes": 16,
            "threat.knowledge": "white_box",
        },
    )
    runs_dir = tmp_path_factory.mktemp("runs")
    with open_lab(Request(config, runs_dir, "players", 0)) as lab:
        yield lab


def test_an_attack_that_must_be_shown_the_team_says_so_before_any_work(tmp_path):
    request = Request(preset("echo", "smoke"), tmp_path, "a", 0)
    for name in ("fake_world", "pgd"):
        with pytest.raises(
            ValueError,
            match=f"knowledge is 'own', must be white_box for the attack '{name}'",
        ):
            check_players(request, {"attack": ["none", name]})
    changes = {"attack_kind": "pgd", "attack_trainer": "pgd"}
    with pytest.raises(ValueError, match="must be white_box for the attack 'pgd'"):
        replace(request.config, changes)
    white = {"threat.knowledge": "white_box"}
    shown = replace(request.config, {**changes, **white})
    check_players(request._replace(config=shown), {"attack": ["fake_world"]})


@pytest.mark.parametrize(("role", "name"), NAMED)
def test_an_entry_of_a_registry_is_a_player_by_its_name(lab, role, name):
    runs_dir = lab.store.root.parent
    player = find_player(lab, name, role, runs_dir)
    assert list(player.policies) == [name]
    nobody = find_player(lab, "none", Side.of(role).other.strategy, runs_dir)
    sides = (player, nobody) if role == "filter" else (nobody, player)
    shown = lab.knowing()  # all there is to know, as some attacks need
    table = audit(shown, f"{role}-{name}", *([side] for side in sides))
    assert np.isfinite(table.mean()).all()


@pytest.mark.parametrize(
    ("role", "registry"), [("attack", ATTACKS), ("filter", FILTERS)]
)
def test_what_takes_an_argument_takes_it_after_an_at(role, registry):
    for name, entry in registry.items():
        if entry.argument is None:
            with pytest.raises(ValueError, match=f"'{name}@2': .* an argument after @"):
                read_name(f"{name}@2", role)
        else:
            said = "mirror" if name == "made_up" else "2"
            wanted = ("mirror",) if name == "made_up" else 2
            given = read_name(f"{name}@{said}", role).settings
            assert given == {entry.argument: wanted}
            assert read_name(name, role).settings == {}
    assert read_name("noise@.5", "attack").settings == {"size": 0.5}


def test_an_argument_counts_for_the_kind_that_the_run_trains_as_well(lab, monkeypatch):
    wide = ATTACKS["gaussian"]._replace(argument="noise_scale")
    monkeypatch.setitem(ATTACKS, "gaussian", wide)
    before, lab.config = lab.config, replace(lab.config, {"attack.hidden": 7})
    try:
        player = find_player(lab, "gaussian@9", "attack", lab.store.root.parent)
    finally:
        lab.config = before
    config = player.policies["gaussian@9"].facts["config"]
    assert (config["noise_scale"], config["hidden"]) == (9, 7)


@pytest.mark.parametrize(
    ("name", "role", "words"),
    [
        ("noise@0", "attack", "'noise@0': size is '0', must be a number, positive"),
        ("noise@nan", "attack", "size is 'nan', must be a number, positive"),
        ("noise@loud", "attack", "size is 'loud', must be a number, positive"),
        ("replay@0", "attack", "steps is '0', must be an integer, at least 1"),
        ("replay@1.5", "attack", "steps is '1.5', must be an integer, at least 1"),
        ("swap@2", "attack", "'swap@2': only noise, .* may have an argument after @"),
        ("noise@", "attack", "'noise@'"),
        ("untrained@2", "filter", "'untrained@2': only norm, .* may have an argument"),
        ("mute@zero", "filter", "only norm, .* may have an argument after @"),
        ("mute@replace=it", "filter", "replace is 'it', must be one of zero, team"),
        ("mute@limit=2", "filter", "'limit' is no setting, must be one of replace$"),
        ("norm@replace=zero@0", "filter", "limit is '0', must be a number, positive"),
        ("none@a=2", "filter", "'none@a=2': only norm, .* may have an argument"),
        ("noise", "filter", "'noise' is an attack, not a filter"),
        ("two_stage", "attack", "'two_stage' is a filter, not an attack"),
    ],
)
def test_a_name_that_makes_no_sense_is_refused_by_name(name, role, words):
    with pytest.raises(ValueError, match=words):
        read_name(name, role)


@pytest.mark.parametrize("text", ["", "half", "0", "1.01", "nan", "0.9@0.8"])
def test_the_share_of_a_mixture_is_a_share(text):
    with pytest.raises(ValueError, match=r"share is .+, must be a number, above 0"):
        read_name(f"psro:run@{text}", "filter")


def test_a_mixture_may_be_asked_to_earn_a_share():
    assert read_name("psro:run@0.97", "filter").settings == {"share": 0.97}
    assert read_name("psro:run", "filter").settings == {}
    with pytest.raises(ValueError, match="'psro:run@1': only a mixture of filters"):
        read_name("psro:run@1", "attack")


def test_a_name_may_give_several_settings():
    name = "always_replace@1@replace=team_mean"
    assert read_name(name, "filter").settings == {"agent": 1, "replace": "team_mean"}
    assert read_name("mute@replace=zero", "filter").settings == {"replace": "zero"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("median", "the team is of 2 agents, must be at least 4"),
        ("always_replace@2", "agent is 2, must be 0 to 1"),
    ],
)
def test_a_filter_that_does_not_fit_the_team_is_refused_before_any_work(
    lab, name, words
):
    request = Request(lab.config, lab.store.root.parent, "never", 0)
    with pytest.raises(ValueError, match=f"^'{name}': {words}$"):
        check_players(request, {"filter": ["always_replace@1", name]})
    with pytest.raises(ValueError, match=f"^{words}$"):
        find_player(lab, name, "filter", lab.store.root.parent)


@pytest.mark.parametrize(
    ("theirs", "ours", "word"),
    [
        ({}, {}, None),
        ({"cap": 2.0}, {}, "cap 2.0"),
        ({"rate": 0.5}, {}, "rate 0.5"),
        (
            {"knowledge": "white_box"},
            {"threat.knowledge": "own"},
            "knowledge white_box",
        ),
        ({"knowledge": "own"}, {}, None),  # who was shown less may play as well
    ],
)
def test_all_attackers_of_a_table_obey_one_threat(lab, theirs, ours, word):
    name = "-".join(["noisy", *theirs, *(key.replace(".", "-") for key in ours)])
    noise = find_player(lab, "noise", "attack", lab.store.root).policies["noise"]
    threat = {**noise.facts["threat"], **theirs}
    if not lab.store.has(name):
        facts = {**noise.facts, "threat": threat}
        lab.store.save_policy(name, noise._replace(facts=facts))
    before, lab.config = lab.config, replace(lab.config, ours)
    try:
        ask = (f"{lab.store.root.name}/{name}", "attack", lab.store.root.parent)
        if word is None:
            assert find_player(lab, *ask).policies
        else:
            with pytest.raises(ValueError, match=rf"another threat \({word}\)"):
                find_player(lab, *ask)
    finally:
        lab.config = before
