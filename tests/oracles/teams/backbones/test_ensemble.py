"""Ensembles: what they hear in training and in play, and what they do not remember."""

import pytest
import torch

from games.engine.channel import CLEAN
from games.engine.settings import check
from games.engine.spec import EnvSpec
from games.engine.team import communicate, start
from oracles.strategies.freezing import to_arrays
from oracles.strategies.jobs import freeze_team, thaw_team
from oracles.teams.backbones import BACKBONES, make_team
from oracles.teams.backbones.ensemble import subsets
from oracles.teams.thinning import thinning
from tests.hand_made import a_timestep

AGENTS, OBS, ACTIONS, WORLDS = 5, 6, 3, 7
SPEC = EnvSpec(
    name="x",
    num_agents=AGENTS,
    obs_size=OBS,
    state_size=1,
    num_actions=ACTIONS,
    episode_limit=4,
    reset_noise=1,
    step_noise=1,
)


def made(backbone: str, **sizes: object):
    torch.manual_seed(0)
    team = make_team(backbone, BACKBONES[backbone].config(**sizes), SPEC)
    with torch.no_grad():
        for weight in team.parameters():
            weight.mul_(3.0)  # so that what is heard changes what is done
    return team


def one_step(team, heard=None, seed=1, channel=CLEAN):
    timestep = a_timestep(
        torch.ones(WORLDS, AGENTS, dtype=torch.bool),
        obs_size=OBS,
        num_actions=ACTIONS,
        seed=seed,
    )
    carry = start(team, torch.zeros(WORLDS, 1, dtype=torch.long), AGENTS)
    carry = carry._replace(memory=torch.randn(carry.memory.shape))
    generator = torch.Generator().manual_seed(0)
    return communicate(team, carry, timestep, channel, generator), timestep, carry


def test_subsets_are_all_of_their_size_without_the_receiver():
    masks = subsets(5, 2)
    assert masks.shape == (6, 5, 5)
    assert (masks.sum(-1) == 2).all()
    assert not masks.diagonal(dim1=1, dim2=2).any()
    assert len({tuple(row.tolist()) for row in masks[:, 3]}) == 6


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("size", [1, 2])
def test_play_is_the_majority_of_the_backbone_on_each_subset(backbone, size):
    team = made(backbone, ensemble=size).eval()
    (after, wire, scores), timestep, carry = one_step(team)
    plain = made(backbone).eval()
    assert [*plain.state_dict()] == [*team.state_dict()]  # the same network
    own = team.own(carry.memory)
    votes = torch.zeros(WORLDS, AGENTS, ACTIONS)
    for mask in team.masks:
        links = timestep.links & mask
        m_in = plain.listen(timestep.obs, own, wire.heard, links)
        thought = plain.think(timestep.obs, m_in, own)
        best = plain.act(thought, timestep.available).argmax(-1)
        votes += torch.nn.functional.one_hot(best, ACTIONS)
    assert (scores.floor() == votes).all()
    assert not team.sampled
    assert after.memory.shape[-1] == team.memory_size
    assert wire.sent.shape[-1] == plain.message_size


@pytest.mark.parametrize("backbone", BACKBONES)
def test_what_is_heard_is_neither_remembered_nor_passed_on(backbone):
    team = made(backbone, ensemble=1).eval()
    timestep = a_timestep(
        torch.ones(WORLDS, AGENTS, dtype=torch.bool),
        obs_size=OBS,
        num_actions=ACTIONS,
    )
    memory = torch.randn(WORLDS, AGENTS, team.memory_size)
    kept, acted = [], []
    for size in (0.0, 5.0):
        heard = size * torch.randn(WORLDS, AGENTS, team.message_size)
        m_in = team.listen(timestep.obs, memory, heard, timestep.links)
        after = team.think(timestep.obs, m_in, memory)
        kept.append(team.own(after))
        acted.append(team.act(after, timestep.available))
    assert torch.equal(*kept)
    assert not torch.equal(*acted)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_in_training_it_acts_after_the_links_that_it_is_given(backbone):
    team = made(backbone, ensemble=1).train()
    (after, wire, scores), timestep, carry = one_step(team)
    plain = made(backbone).train()
    own = team.own(carry.memory)
    m_in = plain.listen(timestep.obs, own, wire.heard, timestep.links)
    wanted = plain.act(plain.think(timestep.obs, m_in, own), timestep.available)
    torch.testing.assert_close(scores, wanted)
    assert after.m_in.shape[-1] == team.heard_size == plain.heard_size
    assert team.sampled == plain.sampled
    assert team.eval().heard_size == 4 * (ACTIONS + 1)


def test_it_is_stored_and_built_again(tmp_path):
    team = made("commnet", ensemble=2).eval()
    facts = {"backbone_config": vars(team.config)}

    class Env:
        spec, device = SPEC, torch.device("cpu")

    again = thaw_team(freeze_team(team, "commnet", facts), Env())
    assert again.masks.equal(team.masks)
    assert not again.training
    for name, tensor in to_arrays(again.state_dict()).items():
        assert (tensor == to_arrays(team.state_dict())[name]).all()


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"ensemble": 5}, "ensemble is 5, must be at most 4, the other agents"),
        ({"ensemble": -1}, "ensemble is -1, must be at least 0"),
        ({"ensemble": 1, "talks": False}, "0 for a team that never hears"),
    ],
)
def test_what_no_team_can_be_is_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        made("commnet", **sizes)


def test_too_many_subsets_are_refused():
    config = BACKBONES["tarmac"].config(ensemble=4)
    with pytest.raises(ValueError, match="smaller: 3876 subsets, over 512"):
        config.check_agents(20)
    config.check_agents(10)
    check(config)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_team_that_never_hears_acts_alone(backbone):
    team = made(backbone, talks=False).eval()
    timestep = a_timestep(
        torch.ones(WORLDS, AGENTS, dtype=torch.bool), obs_size=OBS, num_actions=ACTIONS
    )
    memory = torch.randn(WORLDS, AGENTS, team.memory_size)
    m_in = [
        team.listen(timestep.obs, memory, size * torch.ones_like(said), timestep.links)
        for size in (0.0, 9.0)
        for said in [torch.randn(WORLDS, AGENTS, team.message_size)]
    ]
    assert torch.equal(*m_in)
    assert not m_in[0].any()


def test_thinning_leaves_k_of_those_that_reach_one_and_drops_a_share():
    generator = torch.Generator().manual_seed(0)
    links = (torch.rand(200, AGENTS, AGENTS) < 0.7) & ~torch.eye(AGENTS).bool()
    thin = thinning(made("commnet", ensemble=2), 0.0)
    left = thin(links, generator)
    assert not (left & ~links).any()
    assert torch.equal(left.sum(-1), links.sum(-1).clamp(max=2))
    assert not torch.equal(left, thin(links, generator))
    dropped = thinning(made("commnet"), 0.25)(links, generator)
    share = dropped.sum() / links.sum()
    assert abs(share - 0.75) < 5 * (0.25 * 0.75 / links.sum()) ** 0.5
    both = thinning(made("commnet", ensemble=1), 0.5)(links, generator)
    assert int(both.sum(-1).max()) == 1
    assert thinning(made("commnet"), 0.0) is None
