"""The lab: signs of the selection, teams and tables that are not this run's."""

import numpy as np
import pytest

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from oracles.strategies.attacks.mute import MuteAttack
from oracles.strategies.freezing import freeze
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting
from psro_comm.lab.lab import Response
from psro_comm.lab.mixed import Mixed
from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.regret import gains_converged
from psro_comm.psro.responses import Answer, Trial
from psro_comm.psro.rmacrl import RMacrl, benign
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.worst_case import audit, compare

TINY = {
    "training.env_steps": 40_960,
    "psro.episodes": 64,
    "psro.check_episodes": 64,
    "evaluation.episodes": 64,
}


@pytest.fixture(scope="module")
def request_of(tmp_path_factory):
    config = replace(preset("echo", "smoke"), TINY)
    return Request(config, tmp_path_factory.mktemp("runs"), "lab", 0)


@pytest.fixture(scope="module")
def lab(request_of):
    with open_lab(request_of) as lab:
        lab.team()
        yield lab


def mute(lab):
    """An attack that takes half of what Echo pays."""
    setting = build_setting(lab.setting())
    attack = MuteAttack(setting.threat, setting.team.message_size)
    return freeze(attack.calibrate(setting.team))


def response(lab, name, side, opponents):
    return Response(name, opponents, [1.0], lab.config.recipe(side), 2)


def test_of_two_attacks_the_one_that_hurts_more_is_kept(lab):
    lab.store.save_policy("x.r0", freeze(NoAttack()))
    lab.store.save_policy("x.r1", mute(lab))
    filters, _ = benign()
    (kept,) = lab.respond([response(lab, "x", Side.ATTACKER, filters)])
    assert kept.digest() == mute(lab).digest()


def test_of_two_filters_the_one_that_earns_more_is_kept(lab):
    import torch

    from oracles.strategies.best_response import new_policy

    harm = new_policy(
        build_setting(lab.setting()),
        *(Side.DEFENDER, "two_stage"),
        replace(lab.config.filter, {"reconstructor": "random"}),
        torch.Generator().manual_seed(0),
    )
    lab.store.save_policy(
        "y.r0", freeze(harm)
    )  # flags half of the messages and scrambles them
    lab.store.save_policy("y.r1", freeze(NoFilter()))
    _, attacks = benign()
    (kept,) = lab.respond([response(lab, "y", Side.DEFENDER, attacks)])
    assert kept.digest() == freeze(NoFilter()).digest()


def test_a_difference_is_ours_minus_theirs_in_the_same_worlds(lab):
    filters, attacks = benign()
    nobody = Mixed("nobody", filters, np.ones(1))
    peace = Mixed("peace", attacks, np.ones(1))
    muted = Mixed("mute", {"mute": mute(lab)}, np.ones(1))
    table = audit(lab, "difference", [nobody], [peace, muted])
    found = compare(table, (nobody, peace), (nobody, muted))
    assert found.low > 2.0  # of 8: a team that hears earns more than one that does not


def test_gains_on_fresh_worlds_have_the_sign_of_what_is_gained(lab):
    rmacrl = RMacrl(lab)
    rmacrl.filters["filter-001"] = freeze(NoFilter())
    rmacrl.attacks["attack-001"] = mute(lab)
    names = (("no-filter",), ("no-attack",))
    even = np.ones(1), np.ones(1)
    trials = (Trial(names, even, new) for new in ("filter-001", "attack-001"))
    gains = rmacrl.gains(1, Answer([], [], tuple(trials)))
    assert not gains_converged(gains, 0.0)
    assert gains[Side.ATTACKER].low > 2.0  # muting takes half
    assert abs(gains[Side.DEFENDER].estimate) < 0.5  # no filter adds nothing


def test_a_table_of_other_policies_is_not_taken_for_this_one(lab):
    filters, attacks = benign()
    first = lab.table("kept", filters, attacks, 8)
    other = lab.table("kept", filters, {"no-attack": mute(lab)}, 8)
    assert other.mean()[0, 0] < first.mean()[0, 0] - 1.0  # of another by that name
    assert lab.table("kept", filters, attacks, 16).num_worlds == 16
    again = lab.table("kept", filters, attacks, 8)
    assert again.to_dict() == first.to_dict()


def test_a_run_keeps_its_team_whatever_team_is_given(lab):
    team = lab.store.load_team()
    changed = {name: value + 1.0 for name, value in team.tensors.items()}
    with pytest.raises(ValueError, match="another team"):
        lab.adopt_team(team._replace(tensors=changed))


def test_a_team_trained_under_other_rules_is_refused(lab):
    team = lab.store.load_team()
    other = {**team.facts, "env_config": {"episode_limit": 5}}
    with pytest.raises(ValueError, match="trained under"):
        lab.adopt_team(team._replace(facts=other))


def test_a_run_has_one_start(lab):
    with pytest.raises(ValueError, match="other initial policies"):
        RMacrl(lab, given=({"nobody": freeze(NoFilter())}, {"mute": mute(lab)}))


@pytest.mark.parametrize("paper", [True, False])
def test_the_papers_own_version_alone_begins_with_uniform_mixtures(
    request_of, paper, tmp_path
):
    config = replace(request_of.config, {"psro.paper": paper})
    with open_lab(Request(config, tmp_path, "begun", 0)) as lab:
        mixtures = RMacrl(lab).start().mixtures()
    assert all(np.ptp(each) < 1e-9 for each in mixtures) is paper


def test_a_warm_start_begins_the_first_restart_and_no_other(lab):
    import torch

    from oracles.strategies.best_response import new_policy
    from oracles.strategies.jobs import run_training

    setting = build_setting(lab.setting())
    generator = torch.Generator().manual_seed(5)
    recipe = lab.config.recipe(Side.ATTACKER)
    start = freeze(new_policy(setting, *recipe[:3], generator))
    still = replace(recipe.budget, {"env_steps": 1, "ppo.learning_rate": 1e-20})
    asked = response(lab, "warm", Side.ATTACKER, benign()[0])
    recipe = recipe._replace(budget=still)
    jobs = lab._jobs(asked._replace(start=start, recipe=recipe))
    warm, fresh = (run_training(job)[0] for job in jobs)

    def same(policy):
        return all(
            np.allclose(policy.tensors[name], start.tensors[name], atol=1e-6)
            for name in start.tensors
        )

    assert same(warm)
    assert not same(fresh)


def test_a_warm_start_is_the_best_policy_that_can_be_trained(lab):
    rmacrl = RMacrl(lab)
    rmacrl.config = replace(rmacrl.config, {"warm_start": True})
    filters, _ = benign()
    learners = ("one", "other")
    recipe = rmacrl.recipes[Side.ATTACKER]
    facts = {"kind": recipe.kind, "config": recipe.config.to_plain()}
    for name in learners:
        rmacrl.attacks[name] = Frozen({**facts, "name": name}, {})
    rmacrl.attacks["mute"] = mute(lab)
    names = ["no-attack", "mute", *learners]
    table = PayoffTable.empty().grown(filters, names)
    paid = np.array([[9.0, 9.0], [0.0, 0.0], [3.0, 3.0], [5.0, 5.0]])
    table = table.recorded(table.missing(), paid, paid, paid)
    mixtures = (np.ones(1), np.full(4, 0.25))
    filter_, best = rmacrl.warm_starts(mixtures, table)
    assert filter_ is None  # nobody has no weights
    assert best.facts["name"] == "one"  # hurts more than the other; mute cannot learn
