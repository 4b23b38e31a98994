"""Stock OpenSpiel code on the registered game, with real policies and our oracle."""

import numpy as np
import pytest
from open_spiel.python.algorithms.psro_v2 import psro_v2

from games.openspiel.adversarial_comm import ATTACKER, DEFENDER, SlotPolicy
from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.solvers import as_openspiel, nash
from psro_comm.names import NO_ATTACK, NO_FILTER
from psro_comm.psro.registered import attach_play
from psro_comm.psro.rmacrl import RMacrl
from psro_comm.psro.solver import BestResponseOracle, new_game
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset

TINY = {
    "training.env_steps": 40_960,
    "attack_oracle.env_steps": 30_720,
    "filter_oracle.env_steps": 4_096,
    "psro.episodes": 8,
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    config = replace(preset("echo", "smoke"), TINY)
    request = Request(config, tmp_path_factory.mktemp("runs"), "registered", 0)
    with open_lab(request) as lab:
        yield lab


def test_an_unsubclassed_psro_solver_runs_with_our_learning_oracle(lab):
    rmacrl = RMacrl(lab)
    game = new_game(8)
    attach_play(game, lab, rmacrl.filters, rmacrl.attacks)

    def respond(names, mixtures):
        filter_, attack = rmacrl.respond(1, names, mixtures, (None, None))
        return [filter_], [attack]

    solver = psro_v2.PSROSolver(
        game,
        BestResponseOracle(respond),
        sims_per_entry=40,
        initial_policies=[
            SlotPolicy(game.fill(DEFENDER, NO_FILTER), NO_FILTER),
            SlotPolicy(game.fill(ATTACKER, NO_ATTACK), NO_ATTACK),
        ],
        training_strategy_selector="probabilistic",
        meta_strategy_method=as_openspiel(nash),
        sample_from_marginals=True,
    )
    clean = solver.get_meta_game()[DEFENDER][0, 0]
    assert clean >= 7.0  # of 8: the team talks
    solver.iteration()
    table = solver.get_meta_game()[DEFENDER]
    assert table.shape == (2, 2)
    assert table[0, 1] < clean - 2.0  # the learned attack takes its toll
    x, y = solver.get_meta_strategies()
    assert np.sum(x) == pytest.approx(1.0)
    assert y[1] > 0.5  # so the attacker attacks


def test_an_empty_slot_cannot_be_played(lab):
    game = new_game(2)
    attach_play(game, lab, {}, {})
    state = game.new_initial_state()
    assert state.legal_actions(0) == []
