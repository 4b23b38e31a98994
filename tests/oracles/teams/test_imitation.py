"""Imitation: when the teacher acts, and what it says of a whole rollout."""

import pytest
import torch

from games.engine.env import TimeStep, first
from games.environments.echo.env import Echo
from oracles.teams.imitation import Imitation


def ones(timestep: TimeStep) -> torch.Tensor:
    return torch.ones_like(timestep.alive, dtype=torch.long)


def numbered(timestep: TimeStep) -> torch.Tensor:
    """A teacher that names the time it is shown."""
    return timestep.state[:, 2:].long().expand(timestep.alive.shape)


def start(batch: int) -> TimeStep:
    env = Echo()
    return first(env, env.reset(torch.rand(batch, 1)))


@pytest.mark.parametrize(
    ("update", "chance", "active"),
    [(0, 0.5, True), (5, 0.25, True), (10, 0.0, True), (19, 0.0, True), (20, 0, False)],
)
def test_the_teacher_acts_less_and_less_until_the_middle(update, chance, active):
    imitation = Imitation(ones, updates=20, start_prob=0.5, update=update)
    assert imitation.chance == pytest.approx(chance)
    assert imitation.active == active


def test_the_teacher_acts_for_all_agents_of_a_world_or_for_none():
    acts = Imitation(ones, 20, 0.5).overrule(torch.Generator().manual_seed(0))
    played = acts(start(4000), torch.zeros(4000, 2, dtype=torch.long))
    assert (played[:, 0] == played[:, 1]).all()
    # 5 standard errors of 4000 coin flips
    assert played[:, 0].float().mean().item() == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("update", [10, 20, 100])
def test_later_the_team_is_left_alone_and_no_randomness_is_drawn(update):
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    acts = Imitation(ones, 20, 0.5, update).overrule(generator)
    action = torch.zeros(8, 2, dtype=torch.long)
    assert torch.equal(acts(start(8), action), action)
    assert torch.equal(generator.get_state(), before)


def test_a_phase_of_no_length_is_over_at_once():
    imitation = Imitation(ones, updates=0, start_prob=0.5)
    acts = imitation.overrule(torch.Generator())
    action = torch.zeros(8, 2, dtype=torch.long)
    assert not imitation.active
    assert torch.equal(acts(start(8), action), action)


def test_labels_keep_time_and_worlds_apart():
    timestep = start(4)
    rollout = TimeStep(*(torch.stack([leaf] * 3) for leaf in timestep))
    rollout.state[..., 2] = torch.arange(12).view(3, 4)
    label = Imitation(numbered, 20, 0.5).label(rollout)
    assert label.tolist() == torch.arange(12).view(3, 4, 1).expand(3, 4, 2).tolist()
