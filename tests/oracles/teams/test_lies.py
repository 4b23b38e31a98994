"""Teams that learn under lies: unrolling says them again, and beliefs are taught."""

import pytest
import torch

from games.engine.channel import CLEAN, Channel
from games.engine.play import collect
from games.engine.strategy import NoFilter
from games.engine.team import communicate, start
from games.engine.tree import map_tensors
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from oracles.learning.config import PPOConfig
from oracles.teams.backbones import BACKBONES, make_team
from oracles.teams.clean_play import clean_stream
from oracles.teams.config import NDQTrainingConfig, QConfig, TeamTrainingConfig
from oracles.teams.lies import Lies, distrust_loss, retelling
from oracles.teams.ndq_learner import NDQLearner, remember
from oracles.teams.ppo_learner import TeamLearner
from oracles.teams.trainings import TRAININGS
from tests.hand_made import Attacker, a_timestep

AGENTS = 3


def echo():
    return Echo(EchoConfig(episode_limit=4, speakers=AGENTS - 1))


def made(backbone, **sizes):
    torch.manual_seed(0)
    config = BACKBONES[backbone].config(memory_size=8, **sizes)
    return make_team(backbone, config, echo().spec)


def told(liars=1):
    return Lies(Channel(Attacker(5.0), NoFilter()), liars)


@pytest.mark.parametrize("backbone", ["commnet", "tarmac"])
def test_unrolling_under_lies_gives_what_was_played(backbone):
    env, team = echo(), made(backbone)
    stream = clean_stream(env, team, 16, 0, 0, lies=told())
    rollout = collect(stream.play(), 5)
    forged = rollout.wire.forged
    assert forged[:, :].sum(-1).eq(1).all()
    assert len({tuple(row.tolist()) for row in forged[0]}) > 1  # drawn anew
    learner = TeamLearner(env, team, PPOConfig(), critic_hidden=8, seed=0)
    experience = learner.experience(rollout, None)
    found = learner.evaluate(experience.inputs)
    torch.testing.assert_close(found.log_prob, rollout.log_prob[:-1])


def test_a_forged_message_teaches_its_sender_nothing():
    team = made("commnet")
    timestep = a_timestep(torch.ones(1, AGENTS, dtype=torch.bool), obs_size=4)
    carry = start(team, torch.zeros(1, 1, dtype=torch.long), AGENTS)
    memory = torch.randn(carry.memory.shape, requires_grad=True)
    forged = torch.tensor([[True, False, False]])
    said = torch.full((1, AGENTS, team.message_size), 7.0)
    channel = retelling(forged, said)
    generator = torch.Generator().manual_seed(0)
    carry = carry._replace(memory=memory)
    _, wire, _ = communicate(team, carry, timestep, channel, generator)
    wire.heard.sum().backward()
    assert (wire.heard[0, 0] == 7.0).all()
    assert not memory.grad[0, 0].any()
    assert memory.grad[0, 1].any()
    _, clean, _ = communicate(team, carry, timestep, CLEAN, generator)
    assert torch.equal(wire.heard[:, 1:], clean.heard[:, 1:])


def test_ndq_unrolls_lies_as_well():
    env, team = echo(), made("ndq", reliability=4)
    rollout = collect(clean_stream(env, team, 8, 0, 0, lies=told()).play(), 4)
    learner = NDQLearner(env, team, QConfig(), seed=0)
    generator = torch.Generator().manual_seed(0)
    memory = remember(rollout, None)
    unrolled = learner.unroll(team, memory, generator)
    assert unrolled.beliefs.shape == (4, 8, AGENTS, AGENTS)
    target, best = learner.targets(memory, generator)
    held = map_tensors(lambda leaf: leaf[:-1], memory)._replace(carry=memory.carry)
    loss, _ = learner.loss(held, target, best, 0.0, generator)
    loss.backward()
    assert team.judge.weight.grad.any()


def test_beliefs_are_taught_by_labels_true_and_false_alike():
    forged = torch.tensor([[False, True, False]])
    links = ~torch.eye(AGENTS, dtype=torch.bool)[None]
    right = torch.where(forged[:, None], -20.0, 20.0).expand(1, AGENTS, AGENTS)
    assert distrust_loss(right, forged, links) < 1e-6
    assert distrust_loss(-right, forged, links) == pytest.approx(20.0)
    trusting = torch.full((1, AGENTS, AGENTS), 20.0)
    assert distrust_loss(trusting, forged, links) == pytest.approx(10.0)
    assert distrust_loss(trusting, forged & False, links) < 1e-6


@pytest.mark.parametrize("backbone", BACKBONES)
def test_who_is_not_believed_is_not_heard(backbone):
    team = made(backbone, reliability=4).eval()
    timestep = a_timestep(torch.ones(2, AGENTS, dtype=torch.bool), obs_size=4)
    memory = torch.randn(2, AGENTS, team.memory_size)
    heard = torch.randn(2, AGENTS, team.message_size)

    def m_in(trust):
        with torch.no_grad():
            team.judge.weight.zero_()
            team.judge.bias.fill_(trust)
        return team.listen(timestep.obs, memory, heard, timestep.links)

    plain = made(backbone).eval()
    own = {k: v for k, v in team.state_dict().items() if k in plain.state_dict()}
    plain.load_state_dict(own)
    wanted = plain.listen(timestep.obs, memory, heard, timestep.links)
    torch.testing.assert_close(m_in(50.0), wanted)
    assert m_in(-50.0).abs().max() < 1e-6
    if backbone == "tarmac":
        attention = team.attend(timestep.obs, memory, heard, timestep.links)
        torch.testing.assert_close(attention[..., -1], torch.ones(2, AGENTS))


@pytest.mark.parametrize(
    ("backbone", "training"),
    [
        ("commnet", TeamTrainingConfig(env_steps=80, num_envs=8, num_steps=4)),
        ("ndq", NDQTrainingConfig(env_steps=80, num_envs=8, num_steps=4)),
    ],
)
def test_whole_trainings_run_under_lies_and_with_fewer_messages(backbone, training):
    team, env = made(backbone, reliability=4), echo()
    learner = "ndq" if backbone == "ndq" else "ppo"
    before = team.judge.weight.clone()
    lines = []
    TRAININGS[learner].load()(
        env, team, training, seed=0, lies=told(2), log=lines.append
    )
    assert len(lines) == 2
    assert not torch.equal(team.judge.weight, before)
    assert not team.training
