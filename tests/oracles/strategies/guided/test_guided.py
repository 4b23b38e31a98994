"""Attacks taught by gradients, on Echo, where every value is known by hand."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from games.engine.channel import Channel
from games.engine.matches import play_worlds
from games.engine.play import Outcome
from games.engine.side import Side
from games.engine.strategy import Decision, NoAttack, NoFilter, Verdict
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.learning.randomness import make_generators
from oracles.strategies.attacks.config import NetworkConfig
from oracles.strategies.best_response import best_response
from oracles.strategies.config import GuidedConfig, Recipe
from oracles.strategies.filters.config import NormConfig
from oracles.strategies.filters.norm import NormFilter
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.guided import teaching
from oracles.strategies.guided.value import learn_advantages
from oracles.strategies.registry import check_trainer
from oracles.strategies.setting import Setting
from oracles.strategies.task import Task
from tests.hand_made import CAUGHT, Parrots

ENV, RULES = Echo(), Threat(malicious=CAUGHT, knowledge="white_box")
LENGTH = ENV.spec.episode_limit
EPISODES = 2400
BUDGET = GuidedConfig(env_steps=EPISODES * LENGTH, num_envs=32, learning_rate=1e-2)
RECIPE = Recipe(Side.ATTACKER, "network", NetworkConfig(hidden=16), "guided", BUDGET)


class Unsure(Parrots):
    """Parrots whose listener is not so sure that its actions have no slope."""

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        return torch.cat([-memory, memory], dim=-1)


SETTING = Setting(ENV, Unsure(2), RULES, CAUGHT)


class Watchful(nn.Module):
    """Believes the louder a message is, and flags none; at some length half."""

    kind, memory_size, observes = "watchful", 0, False

    def __init__(self, length: float = 1.0) -> None:
        super().__init__()
        self.length = length

    def reset(self, done: Any, generator: Any) -> None: ...

    def decide(self, view: Any, memory: Tensor, generator: Any) -> Verdict:
        logit = 4.0 * (view.messages.norm(dim=-1) - self.length)
        flag = torch.zeros_like(logit)
        belief = nn.functional.logsigmoid(-logit)
        decision = Decision(flag, belief, flag, view.alive)
        return Verdict(decision, view.messages, memory)


def played(attack: Any, filter_: Any = None) -> Outcome:
    """Returns of 8 at most; 4 is a coin's."""
    worlds = make_worlds(ENV.spec, 99, 0, 200, CAUGHT)
    channel = Channel(attack, filter_ or NoFilter(), RULES)
    luck = torch.Generator().manual_seed(0)
    return play_worlds(ENV, SETTING.team, channel, worlds, luck)


def taught(filter_: Any = None, radius: float | None = None, **budget: Any) -> Any:
    recipe = RECIPE._replace(
        config=replace(RECIPE.config, radius=radius), budget=replace(BUDGET, **budget)
    )
    return best_response(SETTING, recipe, filter_ or NoFilter(), seed=0)


def test_the_worth_of_actions_is_learnt():
    """The listener's right answer earns 1, the wrong one 0; the speaker's nothing."""
    task = Task(SETTING, Side.ATTACKER, NoFilter(), make_generators(ENV.device, 0))
    worth, steps = learn_advantages(task, 600)
    assert steps == 600 * LENGTH
    assert not any(each.requires_grad for each in worth.parameters())
    # Every answer is judged beside what it was to be; the state tells which.
    state = ENV.reset(torch.rand(64, ENV.spec.reset_noise))
    told = worth(ENV.observe(state)[1])
    assert told.shape == (64, ENV.spec.num_agents, ENV.spec.num_actions)
    gap = (told[..., 0] - told[..., 1]).abs().mean(0)
    assert gap.max() > 3.0 * gap.min()


def test_a_lie_is_taught_that_fools_the_team():
    attack = taught()
    assert played(NoAttack()).returns.mean() > 6.5
    assert played(attack).returns.mean() < 0.5


def test_a_price_on_belief_keeps_it_where_nobody_suspects():
    loud = played(taught(evasion=0.0), Watchful())
    quiet = played(taught(Watchful(), evasion=3.0, margin=1.0), Watchful())
    assert quiet.suspicion.mean() < 0.35 < loud.suspicion.mean()


def test_a_lie_that_is_not_heard_is_worth_nothing():
    """The truth is 1.4 long; the longer a lie the more it hurts, if it is heard."""
    filter_ = Watchful(3.5)
    lie = played(taught(filter_, evasion=0.0, learning_rate=3e-3), filter_)
    assert lie.suspicion.mean() < 0.5
    assert lie.returns.mean() < 2.0


def test_no_lie_is_longer_than_its_radius_or_the_cap():
    near = taught(radius=0.5)
    assert played(near).distortion.max() <= 0.5
    assert played(near).distortion.mean() > 0.3


def test_under_a_cap_it_is_taught_what_the_cap_leaves(monkeypatch):
    capped = SETTING._replace(threat=replace(RULES, cap=0.25))
    lengths = []
    own = teaching.Pupil._acts

    def acts(moment, said):
        lengths.append((said - moment.sent).norm(dim=-1).max() / 2.0**0.5)
        return own(moment, said)

    monkeypatch.setattr(teaching.Pupil, "_acts", staticmethod(acts))
    best_response(capped, RECIPE, NoFilter(), seed=0)
    assert 0.2 < max(lengths) <= 0.2501


def test_a_stored_one_plays_as_before():
    attack = taught(env_steps=1)
    again = thaw(freeze(attack))
    assert torch.equal(played(attack).returns, played(again).returns)
    assert again.config == attack.config


def test_steps_are_counted_and_the_budget_is_kept():
    lines: list[dict[str, float]] = []
    best_response(SETTING, RECIPE, NoFilter(), seed=0, log=lines.append)
    told = [line for line in lines if "attack/harm" in line]
    learnt = 3 * (int(0.45 * EPISODES) // 3) * LENGTH
    assert told[0]["env_steps"] == learnt + 32 * LENGTH
    assert told[-1]["env_steps"] <= BUDGET.env_steps
    assert told[-1]["attack/harm"] > told[0]["attack/harm"]
    assert told[-1]["team/return_mean"] < told[0]["team/return_mean"]


def test_one_seed_teaches_one_lie():
    first, again = (freeze(taught(env_steps=1)).digest() for _ in range(2))
    assert first == again


@pytest.mark.parametrize("flagged", [False, True])
def test_the_logit_is_of_being_flagged(flagged):
    logit = torch.tensor([[-2.0, 0.5, 3.0]])
    flag = torch.full_like(logit, float(flagged))
    belief = nn.functional.logsigmoid(logit if flagged else -logit)
    found = teaching._logit(Decision(flag, belief, flag, flag > -1))
    torch.testing.assert_close(found, logit, rtol=1e-3, atol=1e-3)


def test_a_rule_without_belief_has_no_slope_and_breaks_nothing():
    gate = NormFilter.new(SETTING, NormConfig())
    assert torch.isfinite(played(taught(gate), gate).returns).all()


def test_who_cannot_be_taught_or_may_not_know_is_refused():
    with pytest.raises(ValueError, match="guided"):
        check_trainer("oracle", "es", Side.ATTACKER, "network")
    with pytest.raises(ValueError, match="guided"):
        check_trainer("oracle", "guided", Side.ATTACKER, "affine")
    dark = SETTING._replace(threat=Threat(malicious=CAUGHT))
    with pytest.raises(ValueError, match="white_box"):
        best_response(dark, RECIPE, NoFilter(), seed=0)
