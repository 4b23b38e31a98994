"""A filter that only watches: everything passes, and is suspected as before."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from games.engine.channel import Channel
from games.engine.matches import play_cells, play_worlds
from games.engine.play import Outcome
from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import NoFilter
from games.engine.worlds import make_worlds
from oracles.strategies.best_response import best_response
from oracles.strategies.evolution import Search
from oracles.strategies.watching import Watching
from tests.hand_made import CAUGHT, Liar, Mouthwash, Parrots
from tests.oracles.strategies.test_evolution import (
    AFFINE,
    ENV,
    FILTER,
    GENERATION,
    SETTING,
    mean_return,
)

MUZZLE = Mouthwash(CAUGHT, 0.0)  # flags the liar, whatever it says, and replaces it


def played(filter_):
    worlds = make_worlds(ENV.spec, 99, 0, 50, CAUGHT)
    luck = torch.Generator().manual_seed(0)
    return play_worlds(ENV, Parrots(1), Channel(Liar(), filter_), worlds, luck)


@pytest.mark.parametrize("watched", [MUZZLE, Mixture([MUZZLE], [1.0])])
def test_what_is_flagged_is_heard_all_the_same(watched):
    seen, open_, muzzled = map(played, (Watching(watched), NoFilter(), MUZZLE))
    assert torch.equal(seen.returns, open_.returns)
    assert not torch.equal(seen.returns, muzzled.returns)
    assert torch.equal(seen.suspicion, muzzled.suspicion)
    assert seen.suspicion.min() > open_.suspicion.max()


def test_it_watches_among_others_as_alone():
    worlds = make_worlds(ENV.spec, 99, 0, 50, CAUGHT)
    filters = [Mixture([Watching(MUZZLE), MUZZLE], [0.5, 0.5]), MUZZLE]
    table = play_cells(
        *(ENV, Parrots(1), filters, [Liar()], [(0, 0), (1, 0)]),
        *(SETTING.threat, worlds, torch.Generator().manual_seed(0)),
    )
    both = {*played(Watching(MUZZLE)).returns.tolist(), *table.returns[1].tolist()}
    assert {*table.returns[0].tolist()} <= both
    assert len({*table.returns[0].tolist()}) > 1


class Hesitant(Mouthwash):
    """Flags as before, but says that it was as likely not to."""

    def decide(self, view, memory, generator):
        verdict = super().decide(view, memory, generator)
        doubt = torch.full_like(verdict.decision.log_prob, 0.5).log()
        return verdict._replace(decision=verdict.decision._replace(log_prob=doubt))


def test_a_search_begins_with_what_would_hurt_if_it_were_heard():
    # Behind the muzzle no lie does anything: only who is heard has a slope to follow.
    muzzle = Hesitant(CAUGHT, 0.0)
    blind = best_response(SETTING, AFFINE, muzzle, seed=0)
    budget = replace(AFFINE.budget, watching=0.8)
    guided = best_response(SETTING, AFFINE._replace(budget=budget), muzzle, seed=0)
    assert mean_return(guided, NoFilter()) < 1.0
    assert mean_return(blind, NoFilter()) > 3.0


def test_what_is_suspected_counts_less():
    search = Search.around(nn.Linear(1, 1), AFFINE.budget)
    outcome = Outcome(*torch.zeros(5, 2, 3))._replace(
        returns=torch.tensor([[0.0] * 3, [6.0] * 3]),
        suspicion=torch.tensor([[1.0, 0.9, 0.8], [0.0] * 3]),
    )
    assert search.fitness(outcome, Side.ATTACKER).tolist() == [0.0, -6.0]
    search.quiet = 8.0
    told = search.fitness(outcome, Side.ATTACKER)  # the second hurts less, and is heard
    torch.testing.assert_close(told, torch.tensor([0.8, 2.0]))


def test_every_step_counts_those_of_the_start_too():
    lines = []
    budget = replace(AFFINE.budget, watching=0.5)
    best_response(
        SETTING, AFFINE._replace(budget=budget), MUZZLE, seed=0, log=lines.append
    )
    first = next(line for line in lines if line["update"] == 1)
    assert first["env_steps"] == GENERATION + budget.num_envs * 9
    assert lines[-1]["env_steps"] <= budget.env_steps


def test_a_filter_has_nobody_who_watches_it():
    recipe = FILTER._replace(budget=replace(FILTER.budget, watching=0.5))
    assert recipe.side is Side.DEFENDER
    with pytest.raises(ValueError, match=r"watching is 0\.5, must be 0"):
        best_response(SETTING, recipe, Liar(), seed=0)
