"""Q-learning by hand: targets, the mixer's promise, NDQ's losses, replay."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from games.engine.env import first
from games.environments.echo.env import Echo
from oracles.teams.q_learning import QMixer, message_losses, posterior, q_lambda


@given(seed=st.integers(0, 10_000), agents=st.integers(1, 4))
def test_no_agent_lowers_the_team_by_a_better_action(seed, agents):
    torch.manual_seed(seed)
    mixer = QMixer(agents, state_size=3, embed=8)
    state = torch.randn(16, 3)
    q = (3 * torch.randn(16, agents)).requires_grad_()
    (slope,) = torch.autograd.grad(mixer(q, state).sum(), q)
    assert (slope >= 0).all()
    more = q + torch.rand(16, agents)
    assert (mixer(more, state) >= mixer(q, state) - 1e-5).all()


def test_the_mixer_depends_on_the_state():
    torch.manual_seed(0)
    mixer = QMixer(2, state_size=3, embed=8)
    q = torch.ones(2, 2)
    one, other = mixer(q, torch.randn(2, 3))
    assert one != other


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values)[:, None]


def test_one_step_targets_are_reward_plus_the_next_value():
    done = column(0, 1, 0).bool()
    target = q_lambda(column(1, 2, 3), column(10, 20, 30), done, 0.5, 0.0)
    assert target[:, 0].tolist() == [1 + 5, 2, 3 + 15]


def test_lambda_one_is_the_discounted_return_and_the_last_value():
    done = column(0, 0, 0).bool()
    target = q_lambda(column(1, 2, 4), column(-9, -9, 8), done, 0.5, 1.0)
    assert target[:, 0].tolist() == [1 + 0.5 * (2 + 0.5 * 8), 2 + 0.5 * 8, 4 + 0.5 * 8]


def test_in_between_targets_mix_by_lambda_and_stop_at_the_end_of_a_game():
    done = column(0, 1, 0).bool()
    target = q_lambda(column(1, 2, 3), column(10, 20, 30), done, 1.0, 0.25)
    last = 3 + 30
    assert target[:, 0].tolist() == [1 + 0.75 * 10 + 0.25 * 2, 2, last]


def echo_step(alive: list[bool]):
    env = Echo()
    timestep = first(env, env.reset(torch.zeros(1, 1)))
    timestep = timestep._replace(alive=torch.tensor([alive]))
    return type(timestep)(*(leaf[None] for leaf in timestep))  # [1,1,...]


def test_message_losses_are_as_computed_by_hand():
    logits = torch.tensor([[[[0.0, math.log(3)], [0.0, 0.0]]]])  # [T,B,N,A]
    best = torch.tensor([[[1, 0]]])
    mean = torch.tensor([[[[2.0], [4.0]]]])
    said = torch.tensor([[[[1.0], [3.0]]]])
    losses = message_losses(logits, best, mean, said, echo_step([True, True]))
    assert losses.expressiveness.item() == pytest.approx(
        -(math.log(0.75) + math.log(0.5)) / 2
    )
    assert losses.compression.item() == pytest.approx((2 + 8) / 2)
    assert losses.entropy.item() == pytest.approx((0.5 + 4.5) / 2)


def test_the_dead_cost_nothing():
    logits = torch.tensor([[[[0.0, math.log(3)], [0.0, 0.0]]]])
    best = torch.tensor([[[1, 0]]])
    mean = torch.tensor([[[[2.0], [4.0]]]])
    losses = message_losses(logits, best, mean, mean, echo_step([True, False]))
    assert losses.expressiveness.item() == pytest.approx(-math.log(0.75))
    assert losses.compression.item() == pytest.approx(2)


def test_the_posterior_is_four_times_as_wide_as_a_message():
    sizes = [tuple(w.shape) for w in posterior(5, 6, 8).parameters() if w.dim() == 2]
    assert sizes == [(24, 11), (24, 24), (8, 24)]
