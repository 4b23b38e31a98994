"""The evolution strategy: its rule by hand, and what it finds on Echo."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from games.engine.channel import Channel
from games.engine.matches import play_worlds
from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.learning.randomness import make_generators
from oracles.strategies.attacks.config import AffineConfig, AttackConfig
from oracles.strategies.best_response import best_response, new_policy
from oracles.strategies.config import EvolutionConfig, Recipe
from oracles.strategies.evolution import Search
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.freezing import freeze
from oracles.strategies.registry import ATTACKS
from oracles.strategies.setting import Setting
from oracles.strategies.task import Task
from psro_comm.settings.fields import replace as changed
from psro_comm.settings.tasks import preset
from tests.hand_made import CAUGHT, Liar, Parrots

ENV = Echo()
SETTING = Setting(ENV, Parrots(1), Threat(malicious=CAUGHT), CAUGHT)
BUDGET = EvolutionConfig(env_steps=40_000, num_envs=12, candidates=12, elites=3)
GENERATION = 12 * 12 * 9  # steps of one; every episode of Echo is 9 long
AFFINE = Recipe(Side.ATTACKER, "affine", AffineConfig(scale=1.0), "es", BUDGET)
GAUSSIAN = Recipe(Side.ATTACKER, "gaussian", AttackConfig(hidden=4), "es", BUDGET)
FILTER = Recipe(Side.DEFENDER, "two_stage", FilterConfig(hidden=4), "es", BUDGET)


def mean_return(attack: Any, filter_: Any) -> float:
    """Of 8 at most, in worlds that no training has met; 4 is a coin's."""
    worlds = make_worlds(ENV.spec, 99, 0, 400, CAUGHT)
    channel, luck = Channel(attack, filter_), torch.Generator().manual_seed(0)
    return float(play_worlds(ENV, Parrots(1), channel, worlds, luck).returns.mean())


@pytest.mark.parametrize("seed", range(3))
def test_an_affine_lie_that_fools_the_team_is_found(seed):
    attack = best_response(SETTING, AFFINE, NoFilter(), seed=seed)
    assert attack.stretch.item() < -1  # beyond silence: it says the opposite
    assert mean_return(attack, NoFilter()) < 0.2
    assert mean_return(NoAttack(), NoFilter()) == 8.0


def test_a_policy_with_a_density_is_searched_as_well():
    attack = best_response(SETTING, GAUSSIAN, NoFilter(), seed=0)
    assert mean_return(attack, NoFilter()) < 3.0


@pytest.mark.parametrize(
    "opponent", [Liar(), Mixture([Liar(), NoAttack()], [0.9, 0.1])]
)
def test_a_filter_raises_what_its_team_earns(opponent):
    filter_ = best_response(SETTING, FILTER, opponent, seed=0)
    assert mean_return(opponent, filter_) > mean_return(opponent, NoFilter()) + 2.0


def test_whoever_is_malicious_may_be_drawn_in_each_world():
    setting = SETTING._replace(threat=Threat(redraw_malicious=True), malicious=None)
    attack = best_response(setting, AFFINE, NoFilter(), seed=0)
    assert mean_return(attack, NoFilter()) < 0.2


@pytest.mark.parametrize("recipe", [AFFINE, GAUSSIAN, FILTER], ids=lambda r: r.kind)
def test_one_seed_finds_one_policy(recipe):
    opponent = NoFilter() if recipe.side is Side.ATTACKER else Liar()
    recipe = recipe._replace(budget=replace(BUDGET, env_steps=3 * GENERATION))

    def digest(seed: int) -> str:
        return freeze(best_response(SETTING, recipe, opponent, seed=seed)).digest()

    assert digest(1) == digest(1) != digest(2)


@pytest.mark.parametrize(
    ("env_steps", "generations"),
    [(1, 1), (2 * GENERATION - 1, 1), (2 * GENERATION, 2), (5 * GENERATION + 7, 5)],
)
def test_no_generation_but_the_first_exceeds_the_budget(env_steps, generations):
    lines: list[Any] = []
    recipe = AFFINE._replace(budget=replace(BUDGET, env_steps=env_steps))
    best_response(SETTING, recipe, NoFilter(), seed=0, log=lines.append)
    counted = [GENERATION * k for k in range(generations + 1)]
    assert [line["env_steps"] for line in lines] == counted
    assert [line["update"] for line in lines] == [*range(generations + 1)]
    assert generations <= recipe.budget.updates
    for line in lines[1:]:
        assert 0 <= line["attack/elite_return_mean"] <= line["team/return_mean"] <= 8


def test_an_attack_that_is_strong_enough_is_trained_no_longer():
    lines: list[Any] = []
    config = AttackConfig(hidden=4, stop_return=7.9)
    recipe = GAUSSIAN._replace(config=config)
    best_response(SETTING, recipe, NoFilter(), seed=0, log=lines.append)
    test = 128 * 9
    counted = [0, GENERATION, 2 * GENERATION + test]
    assert [line["env_steps"] for line in lines] == counted


def search(weights: Tensor, **fields: Any) -> Search:
    policy = nn.Linear(2, 1, bias=False)
    policy.weight.data.copy_(weights)
    return Search.around(policy, replace(BUDGET, **fields))


def test_mean_and_deviation_move_to_the_elites_by_hand():
    me = search(torch.tensor([5.0, 5.0]), candidates=4, elites=2, std=2.0)
    weights = torch.tensor([[0.0, 1.0], [9.0, 9.0], [4.0, 1.0], [9.0, 9.0]])
    best = me.move(weights, torch.tensor([3.0, 1.0, 2.0, 1.0]))
    assert best.tolist() == [0, 2]
    torch.testing.assert_close(me.mean, torch.tensor([2.0, 1.0]))
    # .9 of 2 stays; the elites' deviations are 2 and 0.
    torch.testing.assert_close(me.std, torch.tensor([2.0, 1.8]))


def test_candidates_are_drawn_around_the_mean():
    me = search(torch.tensor([5.0, -5.0]), candidates=4000, std=0.5)
    drawn = me.draw(torch.Generator().manual_seed(0))
    assert drawn.shape == (4000, 2)
    torch.testing.assert_close(drawn.mean(0), me.mean, atol=0.05, rtol=0.0)
    torch.testing.assert_close(drawn.std(0), me.std, atol=0.05, rtol=0.0)


def a_task(side: Side = Side.ATTACKER) -> Task:
    return Task(SETTING, side, NoFilter(), make_generators(ENV.device, 0))


def test_every_candidate_meets_the_same_worlds_which_no_other_generation_meets():
    task = a_task()
    me = Search.around(new_policy(SETTING, *AFFINE[:3], task.generators.policy), BUDGET)
    weights = torch.zeros(12, 2)
    weights[:, 0] = -2.0  # says the negative
    weights[::2, 0] = -1.0  # silence: half of the answers are right, by luck
    weights[1, 0] = 0.0  # the truth
    returns = me.play(weights, task, 5).returns
    assert returns.shape == (12, 5)
    assert (returns[1] == 8).all()
    assert (returns[3::2] == 0).all()
    assert (returns[::2] > 0).any()
    first, second = task.fresh_worlds(5), task.fresh_worlds(5)
    assert not torch.equal(first.step_noise, second.step_noise)


def test_the_best_candidate_so_far_is_remembered():
    me = search(torch.zeros(2), candidates=2, elites=2)
    assert me.best.tolist() == [0, 0]
    for fitness, best in (
        ([1.0, 2.0], [0, 1]),
        ([0.0, 1.9], [0, 1]),
        ([3.0, 2.0], [1, 0]),
    ):
        me.move(torch.eye(2), torch.tensor(fitness))
        assert me.best.tolist() == best
    assert me.record == 3.0


@pytest.mark.parametrize(("mean", "best"), [(-2.0, 0.0), (0.0, -2.0), (-2.0, -3.0)])
def test_the_better_of_the_last_mean_and_the_best_candidate_stays(
    monkeypatch, mean, best
):
    """On the attacker's side: -2 and -3 say the negative, 0 the truth."""

    def move(me: Search, weights: Tensor, fitness: Tensor) -> Tensor:
        me.mean, me.best = torch.tensor([mean, 0.0]), torch.tensor([best, 0.0])
        return torch.arange(3)

    monkeypatch.setattr(Search, "move", move)
    attack = best_response(SETTING, AFFINE, NoFilter(), seed=0)
    assert attack.stretch.item() == (-2.0)
    short = AFFINE._replace(budget=replace(BUDGET, env_steps=1))
    attack = best_response(SETTING, short, NoFilter(), seed=0)
    assert attack.stretch.item() == mean  # no steps are left for a match


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("elites", 25, "at most candidates = 24"),
        ("elites", 0, "at least 1"),
        ("candidates", 1, "at least 2"),
        ("num_envs", 0, "at least 1"),
        ("env_steps", 0, "at least 1"),
        ("std", 0.0, "positive"),
        ("smoothing", 1.0, "at least 0 and below 1"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(field, value, allowed):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be {allowed}$"):
        EvolutionConfig(**{field: value})


def test_an_oracle_that_cannot_train_a_policy_is_refused_before_any_work():
    said = "must be es for the attack 'affine'$"
    with pytest.raises(ValueError, match=f"^oracle is 'ppo', {said}"):
        best_response(SETTING, AFFINE._replace(oracle="ppo"), NoFilter(), seed=0)
    plain = preset("echo", "smoke")
    with pytest.raises(ValueError, match=f"^attack_trainer is 'ppo', {said}"):
        changed(plain, {"attack_kind": "affine"})
    both = changed(plain, {"attack_kind": "affine", "attack_trainer": "es"})
    assert isinstance(both.attack_oracle, EvolutionConfig)


@pytest.mark.parametrize("kind", ["affine", "fake_self"])
@pytest.mark.parametrize("hidden", [0, 3])
def test_many_weights_of_one_policy_play_as_many_policies_do(kind, hidden):
    setting = SETTING._replace(threat=replace(SETTING.threat, knowledge="white_box"))
    config = replace(ATTACKS[kind].config(), hidden=hidden)
    policy = new_policy(setting, Side.ATTACKER, kind, config, torch.Generator())
    size = sum(parameter.numel() for parameter in policy.parameters())
    weights = torch.randn(3, size, generator=torch.Generator().manual_seed(1))
    search = Search.around(policy, replace(BUDGET, candidates=3))

    def played() -> Any:
        task = Task(setting, Side.ATTACKER, NoFilter(), make_generators(ENV.device, 0))
        return search.play(weights, task, 8)

    together = played()
    policy.broadcasts = False
    torch.testing.assert_close(together, played())
    assert len(together.distortion.mean(1).unique()) == 3
