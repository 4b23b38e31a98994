"""Recordings of clean play, by hand, and of Echo, whose messages are known."""

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.strategies.recording import Recording, record
from oracles.strategies.setting import Setting
from tests.hand_made import Parrots

SILENT = 99.0  # what stands where nothing was said


def by_hand() -> Recording:
    """Two agents, two episodes of four steps, messages of two numbers."""
    said = [  # agent 0, agent 1 over the steps; None is silence
        [[1, 2, 3, 4], [None, 5, None, 6]],
        [[7, 8, None, None], [None, None, None, None]],
    ]
    heard = torch.tensor(
        [[[SILENT if m is None else m for m in agent] for agent in ep] for ep in said]
    ).permute(2, 0, 1)  # [T,E,N]
    messages = torch.stack([heard, -heard], dim=-1)
    return Recording(messages, heard != SILENT, messages)


def test_the_mean_is_each_agents_own_over_what_it_said():
    expected = torch.tensor([[25 / 6, -25 / 6], [5.5, -5.5]])
    torch.testing.assert_close(by_hand().mean(), expected)


def test_gaps_are_filled_by_what_was_said_last_then_first_then_on_average():
    filled = by_hand().without_gaps()[..., 0]
    assert filled[:, 0, 0].tolist() == [1, 2, 3, 4]
    assert filled[:, 0, 1].tolist() == [5, 5, 5, 6]
    assert filled[:, 1, 0].tolist() == [7, 8, 8, 8]
    assert filled[:, 1, 1].tolist() == [5.5] * 4


def test_the_root_of_the_covariance_is_of_what_was_said():
    recording = by_hand()
    root = recording.root_covariance()
    expected = torch.cov(recording.messages[recording.spoken].T)
    torch.testing.assert_close(root @ root.T, expected, atol=1e-4, rtol=1e-4)


def said(messages: Tensor, spoken: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return messages, spoken.bool(), messages


def test_a_team_that_says_nothing_has_no_covariance():
    nothing = Recording(*said(torch.zeros(2, 1, 1, 3), torch.zeros(2, 1, 1)))
    assert (nothing.mean() == 0).all()
    root = Recording(*said(torch.ones(2, 1, 1, 3), torch.ones(2, 1, 1)))
    assert (root.root_covariance() == 0).all()


def test_echo_is_recorded_whole_and_the_same_each_time():
    env = Echo()
    setting = Setting(env, Parrots(3), Threat(), None)
    one, other = record(setting), record(setting)
    assert one.messages.shape == (env.spec.episode_limit, 32, 2, 3)
    assert one.spoken.all()
    assert torch.equal(one.messages, other.messages)
    # A bit is said one step after it was seen.
    assert torch.equal(one.observed[:-1, :, 0, 2], one.messages[1:, :, 0, 0])
    # The speaker starts silent; afterwards it says bits, which differ by world.
    said = one.messages[1:, :, 0]
    assert (one.messages[0] == 0).all()
    assert (said.abs() == 1).all()
    assert 0.3 < (said[..., 0] > 0).float().mean() < 0.7
    assert (said[:, 0] != said[:, 1]).any()


class Short(Echo):
    """Echo, of which the worlds whose first bit is one end after three steps."""

    def transition(self, state, action, noise):
        moved, signal = super().transition(state, action, noise)
        early = (moved.time >= 3) & (state.mistakes >= 0)
        return moved, signal._replace(done=signal.done | early)


def test_what_the_next_episode_says_is_not_recorded():
    recording = record(Setting(Short(), Parrots(3), Threat(), None))
    assert recording.spoken[:3].all()
    assert not recording.spoken[3:].any()
    filled = recording.without_gaps()
    assert torch.equal(filled[3:], filled[2:3].expand_as(filled[3:]))
