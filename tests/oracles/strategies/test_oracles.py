"""A contract over who trains best responses: the registry ORACLES."""

from dataclasses import fields, replace

import pytest
import torch

from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.strategies.best_response import best_response, new_policy
from oracles.strategies.config import Recipe
from oracles.strategies.freezing import freeze
from oracles.strategies.registry import ORACLES, trainable, trains
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Liar, Parrots

THREAT = Threat(malicious=CAUGHT, knowledge="white_box")
SETTING = Setting(Echo(), Parrots(2), THREAT, CAUGHT)
NAMES = pytest.mark.parametrize("name", sorted(ORACLES))
# Each kind of policy by each oracle.
PAIRS = [
    (name, s, kind)
    for name in sorted(ORACLES)
    for s in Side
    for kind in trainable(s)
    if trains(name, s, kind)
]
EACH = pytest.mark.parametrize(("name", "side", "kind"), PAIRS)
# Those that search from weights that they draw: `pgd` tries a fixed list.
SEARCHED = pytest.mark.parametrize(
    ("name", "side", "kind"), [pair for pair in PAIRS if pair[0] != "pgd"]
)


def small(name: str):
    """A budget of the oracle, of a second."""
    budget = ORACLES[name].config()
    return replace(budget, env_steps=2_000, num_envs=16)


def recipe(name: str, side: Side, kind: str) -> Recipe:
    return Recipe(side, kind, trainable(side)[kind](), name, small(name))


@NAMES
def test_a_budget_says_what_plans_and_progress_ask_of_it(name):
    budget = small(name)
    assert {"env_steps", "num_envs"} <= {field.name for field in fields(budget)}
    assert budget.updates >= 1
    more = replace(budget, env_steps=20_000).updates
    assert more > budget.updates or name == "pgd"


@EACH
def test_a_best_response_is_trained_frozen_and_another_than_it_was_drawn(
    name, side, kind
):
    opponent = NoFilter() if side is Side.ATTACKER else Liar()
    lines = []
    how = recipe(name, side, kind)
    found = best_response(SETTING, how, opponent, seed=3, log=lines.append)
    drawn = new_policy(SETTING, *how[:3], torch.Generator().manual_seed(3))
    assert found.kind == kind
    assert not found.training
    assert not any(p.requires_grad for p in found.parameters())
    assert freeze(found).digest() != freeze(drawn).digest()
    assert [line["update"] for line in lines] == [*range(len(lines))]
    assert all("test/return_mean" in lines[end] for end in (0, -1))
    assert all("env_steps" in line for line in lines)


@SEARCHED
def test_one_seed_trains_one_policy_whatever_the_global_generator(name, side, kind):
    opponent = NoFilter() if side is Side.ATTACKER else NoAttack()

    def digest(seed: int) -> str:
        torch.rand(seed + 1)
        before = torch.get_rng_state()
        how = recipe(name, side, kind)
        found = freeze(best_response(SETTING, how, opponent, seed=seed)).digest()
        assert torch.equal(torch.get_rng_state(), before)
        return found

    assert digest(1) == digest(1) != digest(2)


@SEARCHED
def test_a_warm_start_learns_on_from_its_weights(name, side, kind):
    opponent = NoFilter() if side is Side.ATTACKER else Liar()
    how = recipe(name, side, kind)
    start = best_response(SETTING, how, opponent, seed=0)
    digest = freeze(start).digest()
    on = best_response(SETTING, how, opponent, seed=1, start=start)
    fresh = best_response(SETTING, how, opponent, seed=1)
    assert freeze(start).digest() == digest
    assert len({digest, freeze(on).digest(), freeze(fresh).digest()}) == 3
