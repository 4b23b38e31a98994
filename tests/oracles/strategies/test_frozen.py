"""Frozen policies: what is thawed plays bit for bit as what was frozen."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.play import play_episodes
from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.attacks.config import AttackConfig, FakeConfig, NoiseConfig
from oracles.strategies.config import Recipe
from oracles.strategies.filters.config import FilterConfig, RandomMuteConfig
from oracles.strategies.freezing import freeze, thaw, thaw_mixture
from oracles.strategies.frozen import Frozen
from oracles.strategies.registry import ATTACKS, FILTERS, strategies
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Parrots

SIZE = 3
RULES = Threat(
    knowledge="white_box", malicious=CAUGHT, mode="convex", mix_weight=0.75, cap=4.0
)
POLICIES = [("attack", name) for name in sorted(ATTACKS)]
POLICIES += [("filter", name) for name in sorted(FILTERS)]
EACH = pytest.mark.parametrize(("role", "name"), POLICIES)


CONFIGS = {  # that differ from the defaults
    "gaussian": AttackConfig(hidden=4),
    "noise": NoiseConfig(0.3),
    "random_mute": RandomMuteConfig("zero"),
    "two_stage": FilterConfig(hidden=5, critic_hidden=6),
}


def make(role: str, name: str, seed: int = 0) -> Any:
    """An entry of Echo whose every number differs from what a constructor sets."""
    torch.manual_seed(seed)
    setting = Setting(Echo(), Parrots(SIZE), RULES, CAUGHT)
    entry = strategies(Side.of(role))[name]
    if name == "median":  # which refuses so small a team
        policy = entry.load()(SIZE, setting.env.spec.num_agents)
    else:
        policy = entry.load().new(setting, CONFIGS.get(name))
    if not isinstance(policy, torch.nn.Module):
        return policy
    with torch.no_grad():
        for leaf in policy.state_dict().values():
            leaf.add_(0.1 + torch.rand(leaf.shape))
    return policy


def make_fake(hidden: int) -> Any:
    setting = Setting(Echo(), Parrots(SIZE), RULES, CAUGHT)
    return ATTACKS["fake_self"].load().new(setting, FakeConfig(hidden=hidden))


def returns(role: str, policy: Any) -> Tensor:
    """Play against a half-blind opponent, so that a wrong message shows."""
    env = Echo()
    sides = (policy, NoFilter())
    if role == "filter":
        sides = (make("attack", "noise"), policy)
    worlds = make_worlds(env.spec, 0, 0, 50, CAUGHT)
    generator = torch.Generator().manual_seed(0)
    played = play_episodes(
        env, Parrots(SIZE), Channel(*sides, RULES), worlds, generator
    )
    return torch.stack([played.returns, played.distortion])


@EACH
def test_what_is_thawed_plays_bit_for_bit_as_what_was_frozen(role, name):
    policy = make(role, name)
    again = thaw(freeze(policy))
    assert type(again) is type(policy)
    assert torch.equal(returns(role, again), returns(role, policy))


@EACH
def test_a_frozen_policy_survives_json_and_a_file_of_arrays(role, name):
    frozen = freeze(make(role, name))
    facts = json.loads(json.dumps(frozen.facts))
    again = Frozen(facts, dict(frozen.tensors))
    assert again.digest() == frozen.digest()
    assert torch.equal(returns(role, thaw(again)), returns(role, thaw(frozen)))


@EACH
def test_freezing_what_was_thawed_gives_the_same_digest(role, name):
    frozen = freeze(make(role, name))
    assert freeze(thaw(frozen)).digest() == frozen.digest()


@pytest.mark.parametrize(("name", "more"), [("mute", {}), ("norm", {"limit": 2.0})])
def test_rule_filters_from_before_they_could_choose_what_they_say_are_the_same(
    name, more
):
    sizes = {"message_size": SIZE, "num_agents": 2}
    old = {"kind": name, "role": "filter", **sizes, **more}
    setting = Setting(Echo(), Parrots(SIZE), RULES, CAUGHT)
    now = freeze(FILTERS[name].load().new(setting))
    assert now.facts == old
    assert freeze(thaw(now)).digest() == now.digest()


def test_different_policies_have_different_digests():
    frozen = [freeze(make(role, name)) for role, name in POLICIES]
    frozen.append(freeze(make("attack", "gaussian", seed=1)))
    assert len({policy.digest() for policy in frozen}) == len(frozen)


def test_one_flipped_bit_changes_the_digest():
    frozen = freeze(make("filter", "two_stage"))
    name = sorted(frozen.tensors)[0]
    spoiled = frozen.tensors[name].copy()
    spoiled.view(np.uint8).flat[0] ^= 1
    tensors = {**frozen.tensors, name: spoiled}
    assert frozen._replace(tensors=tensors).digest() != frozen.digest()


def test_learning_on_does_not_change_what_was_frozen():
    policy = make("attack", "gaussian")
    frozen = freeze(policy)
    digest = frozen.digest()
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(1.0)
    assert frozen.digest() == digest
    thawed = thaw(frozen)
    for parameter in thawed.parameters():
        parameter.add_(1.0)
    assert frozen.digest() == digest


@EACH
def test_a_thawed_policy_does_not_learn(role, name):
    policy = thaw(freeze(make(role, name)))
    if name != "none":
        assert not policy.training
        assert not any(p.requires_grad for p in policy.parameters())


def test_weights_of_another_shape_are_refused_in_one_line():
    frozen = freeze(make("attack", "gaussian"))
    key = next(k for k, v in frozen.tensors.items() if v.ndim == 3)
    tensors = {**frozen.tensors, key: frozen.tensors[key][..., :-1]}
    with pytest.raises(ValueError, match="weights of a gaussian do not fit") as error:
        thaw(Frozen(frozen.facts, tensors))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("lack", [True, False], ids=["missing", "unknown"])
def test_missing_and_unknown_weights_are_refused_in_one_line(lack):
    frozen = freeze(make("filter", "two_stage"))
    tensors = dict(frozen.tensors)
    if lack:
        tensors.pop(sorted(tensors)[0])
    else:
        tensors["surprise"] = np.zeros(1, np.float32)
    with pytest.raises(ValueError, match="weights of a two_stage do not fit") as error:
        thaw(Frozen(frozen.facts, tensors))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("facts", [{}, {"role": "filter", "kind": "gaussian"}])
def test_an_unknown_kind_is_refused(facts):
    with pytest.raises(ValueError, match=r"kind .* and role .* is unknown"):
        thaw(Frozen(facts, {}))


def test_a_mixture_is_thawed_without_its_weightless_members():
    broken = Frozen({"role": "attack", "kind": "gaussian"}, {})
    members = [freeze(NoAttack()), broken, freeze(make("attack", "mute"))]
    mixture = thaw_mixture(members, [0.25, 0.0, 0.75])
    assert [member.kind for member in mixture.members] == ["none", "mute"]
    assert mixture.weights.tolist() == [0.25, 0.75]


def test_a_policy_is_made_by_a_recipe_that_names_what_its_facts_leave_out():
    policies = {h: freeze(make_fake(h)) for h in (0, 3)}
    for made, policy in policies.items():
        for asked in (0, 3, 4):
            settings = FakeConfig(hidden=asked)
            recipe = Recipe(Side.ATTACKER, "fake_self", settings, "es", None)
            assert policy.made_by(recipe) == (made == asked)
            assert not policy.made_by(recipe._replace(kind="affine"))
