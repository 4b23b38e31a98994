"""Defenders that bring a team: one table, the same worlds, each with its own team."""

import numpy as np
import pytest

from oracles.strategies.jobs import freeze_team
from oracles.teams.backbones import make_team
from oracles.teams.clean_play import measure_messages
from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.rows import CrossPlay
from psro_comm.metagame.suite import Suite
from psro_comm.metagame.teams import TeamLevel
from psro_comm.reports.suite import render_suite
from psro_comm.reports.terminal import render_crossplay
from psro_comm.settings.experiment import describe
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.crossplay import cross_play
from psro_comm.studies.defenders import find_defender
from psro_comm.studies.players import find_player
from psro_comm.studies.stored_players import check_players
from psro_comm.studies.suite.search import search

CONFIG = replace(
    preset("echo", "smoke"),
    {
        "training.env_steps": 32_000,
        "attack_oracle.env_steps": 1,
        "evaluation.episodes": 100,
        "psro.episodes": 24,
        "psro.restarts": 1,
    },
)


def store_untrained(lab, seed):
    """Gives a lab a team that was never trained: it knows nothing."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes = replace(lab.config, {"commnet.message_size": 5}).backbone_config
        team = make_team("commnet", sizes, lab.env.spec)
    measure_messages(lab.env, team, 0)
    plain = describe(lab.config)
    facts = {
        "task": "echo",
        "env_config": plain["echo"],
        "backbone_config": {**plain["commnet"], "message_size": 5},
    }
    lab.adopt_team(freeze_team(team.eval(), "commnet", facts))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A trained team, another that knows nothing, and a filter of each."""
    root = tmp_path_factory.mktemp("runs")
    with open_lab(Request(CONFIG, root, "talks", 0)) as lab:
        lab.team()
    for name, filtered in (("dull", False), ("gated", True)):
        with open_lab(Request(CONFIG, root, name, 0)) as lab:
            store_untrained(lab, 1)
            if filtered:
                norm = find_player(lab, "norm@2", "filter", root).policies["norm@2"]
                lab.store.save_policy("trained-filter", norm)
    return root


@pytest.fixture
def lab(runs):
    with open_lab(Request(CONFIG, runs, "table", 0, team="talks")) as lab:
        yield lab


def test_a_run_brings_its_team_and_the_same_team_is_none_of_its_own(lab, runs):
    dull, gated, own = (
        find_defender(lab, name, runs) for name in ("dull", "gated", "talks")
    )
    assert dull.team.facts["backbone_config"]["message_size"] == 5
    assert [p.facts["kind"] for p in dull.policies.values()] == ["none"]
    assert [p.facts["kind"] for p in gated.policies.values()] == ["norm"]
    assert dull.team.digest() == gated.team.digest()
    assert own.team is None
    behind = find_defender(lab, "dull+norm@2", runs)
    assert (behind.name, behind.team.digest()) == ("dull+norm@2", dull.team.digest())
    # In the units of its own team: five numbers.
    size = next(iter(behind.policies.values())).tensors["replacement"].shape
    assert size[-1] == 5
    assert find_defender(lab, "norm", runs).team is None


def test_a_table_has_rows_with_different_teams_in_the_same_worlds(lab, runs):
    filters = ["none", "dull", "talks", "dull+mute"]
    result = cross_play(lab, ["none", "mirror"], filters, runs)
    kept = {row.pair: row.returns for row in result.rows}
    assert kept["none", "none"].low > 7.5
    assert kept["talks", "none"] == kept["none", "none"]
    assert kept["dull", "none"].high < 5.5
    assert kept["talks", "mirror"].high < 1.0
    assert 3.0 < kept["dull+mute", "mirror"].estimate < 5.0
    first, second = result.teams
    assert (first.name, list(first.defenders)) == ("table", ["none", "talks"])
    assert (second.name, list(second.defenders)) == ("dull", ["dull", "dull+mute"])
    assert first.clean.low > 7.5
    assert second.clean.estimate == pytest.approx(kept["dull", "none"].estimate, abs=1)
    text = render_crossplay(result)
    assert "WHICH TEAM EACH DEFENDER PLAYS WITH" in text
    assert "dull, dull+mute" in text
    assert isinstance(result, CrossPlay)


def test_one_team_alone_is_told_as_before(lab, runs):
    result = cross_play(lab, ["none"], ["none", "talks"], runs)
    assert result.teams == []
    assert "WHICH TEAM" not in render_crossplay(result)


def test_the_suite_attacks_each_defender_behind_its_own_team(lab, runs):
    found = search(lab, ["none", "dull", "gated", "mute"], runs, ["liars"])
    kept = {each.defender: each for each in found.kept}
    assert [*kept] == ["none", "dull", "gated", "mute"]
    assert kept["none"].worst.high < 1.0
    assert "affine on dull" in kept["dull"].returns
    assert "affine on dull" in kept["gated"].returns  # they share a team
    assert "affine on dull" not in kept["none"].returns
    assert kept["none"].clean.low > 7.5 > kept["dull"].clean.high
    # One yardstick for all rows: the run's own team, muted.
    assert kept["mute"].worst == found.floor
    below = kept["none"].worst.estimate - found.floor.estimate
    assert kept["none"].above_floor.estimate == pytest.approx(below)
    assert [each.name for each in found.teams] == ["table", "dull"]
    assert found.team_of("gated") == "dull"
    assert [curve.defender for curve in found.curves] == [*kept]
    again = Suite.from_dict(found.to_dict())
    assert again.to_dict() == found.to_dict()
    assert again.teams == tuple(found.teams)
    assert search(lab, ["none", "dull", "gated", "mute"], runs, ["liars"]) == found
    text = render_suite(found)
    assert "WHICH TEAM EACH DEFENDER PLAYS WITH" in text
    rows = (each.split() for each in text.splitlines())
    (row,) = (row for row in rows if row[:2] == ["gated", "dull"])
    assert str(kept["gated"].clean) in " ".join(row)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dull+gated", "was made for another team|may not|'gated'"),
        ("nowhere+none", "run 'nowhere' does not exist"),
        ("dull+noise", "'noise' is an attack, not a filter"),
        ("other+none", "was made for predator_prey_p05, this is about echo"),
        ("longer", "was trained under"),
    ],
)
def test_who_may_not_play_is_refused_by_name(lab, runs, name, words):
    if name == "dull+gated":  # the same team under two names: no reason to refuse
        assert find_defender(lab, name, runs).team is not None
        return
    rules = {"other": "predator_prey_p05", "longer": "echo"}
    run = name.partition("+")[0]
    if run in rules and not (runs / run).exists():
        config = preset(rules[run], "smoke")
        if run == "longer":
            config = replace(config, {"echo.episode_limit": 4})
        config = replace(config, {"training.env_steps": 1})
        with open_lab(Request(config, runs, run, 0)) as other:
            other.team()
    with pytest.raises((ValueError, OSError), match=words):
        find_defender(lab, name, runs)


def test_only_programs_that_play_teams_take_their_names(runs):
    request = Request(CONFIG, runs, "x", 0, team="talks")
    check_players(request, {"filter": ["dull", "dull+mute"]}, teams=True)
    with pytest.raises(ValueError, match=r"'dull\+mute' names a team"):
        check_players(request, {"filter": ["dull+mute"]})
    with pytest.raises(ValueError, match="has no policy 'trained-filter'"):
        check_players(request, {"filter": ["dull"]})


def test_a_team_is_read_as_it_was_written():
    interval = {"estimate": 1.0, "low": 0.0, "high": 2.0}
    plain = {
        "name": "t",
        "made": "commnet",
        "defenders": ["a"],
        "clean": interval,
        "muted": interval,
    }
    assert TeamLevel.from_dict(plain).to_dict() == plain
    with pytest.raises(ValueError, match="'clean' of t is absent"):
        TeamLevel.from_dict({k: v for k, v in plain.items() if k != "clean"})
    assert np.isfinite(TeamLevel.from_dict(plain).clean.low)
