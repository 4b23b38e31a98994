"""Echo: 1 for a team that talks, 1/2 for a coin flip, 0 for one that is fooled."""

import pytest
import torch

from games.engine.channel import Channel
from games.engine.env import first
from games.engine.play import Outcome, play_episodes
from games.engine.strategy import NoAttack, NoFilter
from games.engine.worlds import make_worlds
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from tests.hand_made import CAUGHT, Liar, Mouthwash, Parrots

EPISODES = 400


def outcome(env: Echo, attack=None, filter_=None) -> Outcome:
    worlds = make_worlds(env.spec, 0, 0, EPISODES, CAUGHT, env.device)
    return play_episodes(
        env,
        Parrots(),
        Channel(attack or NoAttack(), filter_ or NoFilter()),
        worlds,
        torch.Generator(env.device).manual_seed(0),
    )


@pytest.mark.parametrize("limit", [2, 5, 9])
def test_a_team_that_talks_earns_one_per_paying_step(limit):
    played = outcome(Echo(EchoConfig(episode_limit=limit)))
    assert (played.returns == limit - 1).all()
    assert (played.success == 1).all()
    assert (played.length == limit).all()


def test_a_mute_team_earns_one_half_per_paying_step():
    env = Echo()
    paying = env.spec.episode_limit - 1
    played = outcome(env, filter_=Mouthwash(CAUGHT, 0.0))
    per_step = played.returns.mean() / paying
    std_error = 0.5 / (EPISODES * paying) ** 0.5
    assert abs(per_step - 0.5) < 5 * std_error


def test_a_fooled_team_earns_nothing():
    played = outcome(Echo(), attack=Liar())
    assert (played.returns == 0).all()
    assert (played.success == 0).all()


def test_the_first_step_pays_nothing_whatever_is_answered():
    env = Echo()
    state = env.reset(torch.tensor([[0.1], [0.9]]))
    for answer in (0, 1):
        action = torch.full((2, 2), answer)
        _, signal = env.transition(state, action, torch.full((2, 1), 0.3))
        assert signal.reward.tolist() == [0, 0]


def test_the_answer_is_the_bit_of_the_step_before():
    env = Echo()
    state = env.reset(torch.tensor([[0.1], [0.9]]))  # bits 1 and 0
    assert state.bit.tolist() == [1, 0]
    anything = torch.zeros(2, 2, dtype=torch.long)
    state, _ = env.transition(state, anything, torch.full((2, 1), 0.9))
    assert state.bit.tolist() == [0, 0]
    listener = torch.tensor([[0, 1], [0, 1]])
    _, signal = env.transition(state, listener, torch.full((2, 1), 0.9))
    assert signal.reward.tolist() == [1, 0]
    assert signal.agent_reward.tolist() == [[1, 1], [0, 0]]


def test_the_speakers_own_action_pays_nothing():
    env = Echo()
    state = env.reset(torch.full((2, 1), 0.1))
    state, _ = env.transition(state, torch.zeros(2, 2).long(), torch.full((2, 1), 0.9))
    _, signal = env.transition(
        state, torch.tensor([[0, 1], [1, 1]]), torch.full((2, 1), 0.9)
    )
    assert signal.reward.tolist() == [1, 1]


def test_only_the_speaker_sees_the_bit():
    env = Echo()
    seen = first(env, env.reset(torch.tensor([[0.1], [0.9]]))).obs
    assert seen[:, 0].tolist() == [[1, 0, 1], [1, 0, -1]]
    assert seen[:, 1].tolist() == [[0, 1, 0], [0, 1, 0]]


def test_one_wrong_answer_is_no_success():
    env = Echo(EchoConfig(episode_limit=4))
    state = env.reset(torch.tensor([[0.1], [0.1]]))  # all bits are 1
    for t in range(4):
        action = torch.ones(2, 2, dtype=torch.long)
        action[1, 1] = int(t != 2)
        state, signal = env.transition(state, action, torch.full((2, 1), 0.1))
    assert signal.done.all()
    assert signal.success.tolist() == [True, False]


def test_bits_are_fair():
    bits = Echo().reset(torch.rand(10_000, 1, generator=torch.Generator())).bit
    assert abs(bits.mean() - 0.5) < 5 * 0.5 / 100


def test_an_episode_without_a_paying_step_is_refused():
    with pytest.raises(ValueError, match="episode_limit is 1, must be at least 2"):
        EchoConfig(episode_limit=1)
