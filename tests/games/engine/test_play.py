"""The one loop: streams to learn from, whole episodes to measure with."""

from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from games.engine import play
from games.engine.channel import Channel
from games.engine.env import Observation, Signal
from games.engine.play import Outcome, Stream, choose, collect, play_episodes
from games.engine.strategy import NoAttack, NoFilter
from games.engine.worlds import Worlds, make_worlds
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from oracles.teams.backbones import make_team
from tests.hand_made import CAUGHT, Attacker, Liar, Mouthwash, Parrots

BATCH = 8


class Clock(NamedTuple):
    """B worlds of `Countdown`."""

    left: Tensor  # [B] long
    time: Tensor  # [B] long


class Countdown:
    """Pays 1 a step; a world's first number says after how many steps it ends."""

    spec = replace(Echo().spec, name="ticks", state_size=1, episode_limit=5)
    device = torch.device("cpu")

    def reset(self, noise: Tensor) -> Clock:
        left = 1 + (noise[:, 0] * self.spec.episode_limit).long()
        return Clock(left, torch.zeros_like(left))

    def transition(self, state: Clock, action: Tensor, noise: Tensor):
        moved = Clock(state.left - 1, state.time + 1)
        ones = torch.ones_like(noise[:, 0])
        # A world that is over pays ten, so that whoever counts it shows.
        reward = torch.where(state.left > 0, ones, 10.0 * ones)
        done = moved.left <= 0
        return moved, Signal(reward, reward[:, None].expand(-1, 2), done, done)

    def observe(self, state: Clock) -> Observation:
        alive = torch.ones(len(state.left), 2, dtype=torch.bool)
        return Observation(
            obs=state.left[:, None, None].float().expand(-1, 2, 3),
            state=state.left[:, None].float(),
            available=alive[..., None].expand(-1, -1, 2),
            alive=alive,
            fresh=(state.time == 0)[:, None].expand(-1, 2),
            links=~torch.eye(2, dtype=torch.bool).expand(len(alive), 2, 2),
        )


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def channel(attack=None, filter_=None) -> Channel:
    return Channel(attack or NoAttack(), filter_ or NoFilter())


def stream(env=None, attack=None, filter_=None, *, policy_seed: int = 1, **more):
    malicious = more.pop("malicious", torch.zeros(BATCH, 1, dtype=torch.long))
    return Stream(
        *(env or Echo(), Parrots(), channel(attack, filter_)),
        malicious=malicious,
        world_generator=seeded(0),
        generator=seeded(policy_seed),
        **more,
    )


def measure(env, worlds: Worlds, attack=None, filter_=None, team=None) -> Outcome:
    return play_episodes(
        *(env, team or Parrots(), channel(attack, filter_), worlds, seeded(1))
    )


def test_collect_stacks_time_major():
    one_by_one = list(islice(stream().play(), 5))
    together = collect(stream().play(), 5)
    assert together.reward.shape == (5, BATCH)
    assert together.timestep.obs.shape == (5, BATCH, 2, 3)
    assert together.carry.malicious.shape == (5, BATCH, 1)
    for t, step in enumerate(one_by_one):
        assert torch.equal(together.action[t], step.action)
        assert torch.equal(together.wire.sent[t], step.wire.sent)


def test_odds_of_actions_are_counted_where_they_are_asked_for():
    asked, spared = (collect(stream(log_probs=f).play(), 5) for f in (True, False))
    assert (asked.log_prob < 0.0).any()
    assert (spared.log_prob == 0.0).all()
    assert torch.equal(asked.action, spared.action)


def test_a_second_batch_goes_on_where_the_first_stopped():
    whole = collect(stream().play(), 7)
    steps = stream().play()
    parts = [collect(steps, 3), collect(steps, 4)]
    joined = torch.cat([part.timestep.obs for part in parts])
    assert torch.equal(joined, whole.timestep.obs)


def test_a_stream_resets_the_worlds_that_ended():
    limit = 3
    steps = collect(stream(Echo(EchoConfig(episode_limit=limit))).play(), 3 * limit)
    ends = torch.arange(1, 3 * limit + 1) % limit == 0
    assert torch.equal(steps.done, ends[:, None].expand(-1, BATCH))
    fresh = torch.cat([torch.tensor([True]), ends[:-1]])
    assert torch.equal(steps.timestep.fresh[..., 0], fresh[:, None].expand(-1, BATCH))
    # A perfect team earns 0, 1, 1 in each episode: nothing is carried over.
    assert steps.reward[:, 0].tolist() == [0, 1, 1] * 3


def test_a_step_says_what_was_seen_what_was_done_and_what_it_earned():
    steps = collect(stream(Countdown()).play(), 12)
    left = steps.timestep.state[..., 0]
    assert torch.equal(steps.done, left == 1)
    assert (steps.reward == 1).all()
    assert steps.success[steps.done].all()
    # Parrots say what they remembered before the step.
    remembered = steps.carry.memory.masked_fill(steps.timestep.fresh[..., None], 0.0)
    assert torch.equal(steps.wire.sent, remembered)
    assert (steps.wire.sent != 0).any()


def test_the_noise_of_worlds_does_not_depend_on_what_policies_draw():
    calm = collect(stream().play(), 12)
    wild = collect(stream(attack=Liar(), policy_seed=9).play(), 12)
    assert torch.equal(calm.timestep.obs, wild.timestep.obs)
    assert not torch.equal(calm.reward, wild.reward)


def test_no_grad_does_not_leak_out_of_a_stream():
    steps = stream().play()
    assert torch.is_grad_enabled()
    next(steps)
    assert torch.is_grad_enabled()
    with torch.no_grad():
        next(steps)
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_a_stream_takes_no_gradients():
    steps = stream()
    steps.team = make_team("commnet", {"message_size": 1}, Echo().spec)
    step = next(steps.play())
    assert not step.wire.sent.requires_grad
    assert not step.log_prob.requires_grad


def test_a_teacher_may_replace_what_is_played():
    spoiled = collect(stream().play(lambda _, action: 1 - action), 9)
    assert (spoiled.reward == 0).all()
    timestep = []
    played = collect(stream().play(lambda t, a: (timestep.append(t), a)[1]), 2)
    assert torch.equal(played.timestep.obs[1], timestep[1].obs)


def test_malicious_agents_are_drawn_anew_at_starts_only():
    limit, rounds = 3, 30
    env = Echo(EchoConfig(episode_limit=limit))
    steps = collect(stream(env, redraw_malicious=True).play(), limit * rounds)
    held = steps.carry.malicious[..., 0].view(rounds, limit, BATCH)
    assert (held == held[:, :1]).all()
    starts = held[:, 0].flatten().double()
    assert set(starts.tolist()) == {0.0, 1.0}
    assert abs(starts.mean() - 0.5) < 5 * 0.5 / len(starts) ** 0.5


def test_malicious_agents_stay_unless_asked_otherwise():
    malicious = torch.arange(BATCH)[:, None] % 2
    steps = collect(stream(malicious=malicious).play(), 20)
    assert (steps.carry.malicious == malicious).all()


def test_an_attack_and_a_filter_are_told_which_episodes_start():
    class Diary(NoAttack):
        def __init__(self):
            self.pages = []

        def reset(self, done, generator):
            self.pages.append(done)

    attack, filter_ = Diary(), Mouthwash((), 0.0)
    steps = collect(stream(Countdown(), attack, filter_).play(), 10)
    assert attack.pages[0].all()
    assert torch.equal(torch.stack(attack.pages[1:]), steps.done[:-1])


def test_returns_of_episodes_equal_a_count_by_hand():
    worlds = make_worlds(Countdown.spec, 0, 0, 50, CAUGHT)
    length = 1 + (worlds.reset_noise[:, 0] * 5).long()
    played = measure(Countdown(), worlds)
    assert torch.equal(played.returns, length.float())
    assert torch.equal(played.length, length.float())
    assert (played.success == 1).all()


def test_a_short_episode_counts_once_and_pays_nothing_after_its_end():
    ends = torch.tensor([[0.0], [0.9]])  # after one step, after five
    worlds = Worlds(ends, torch.zeros(5, 2, 1), torch.zeros(2, 1, dtype=torch.long))
    assert measure(Countdown(), worlds).returns.tolist() == [1, 5]


def test_an_episode_equals_the_same_worlds_played_as_a_stream():
    env = Echo()
    worlds = make_worlds(env.spec, 3, 0, BATCH, CAUGHT)
    half = Mouthwash((0,), 0.0)

    class Replay(Stream):
        def __init__(self, *args, **more):
            super().__init__(*args, **more)
            self.tape = iter(
                [worlds.reset_noise]
                + [n for x in worlds.step_noise for n in (x, worlds.reset_noise)]
            )

        def _noise(self, width):
            return next(self.tape)

    replay = Replay(
        *(env, Parrots(), Channel(filter_=half)),
        malicious=worlds.malicious,
        world_generator=seeded(0),
        generator=seeded(1),
    )
    streamed = collect(replay.play(), env.spec.episode_limit).reward.sum(0)
    assert torch.equal(measure(env, worlds, filter_=half).returns, streamed)
    assert 0 < streamed.mean() < env.spec.episode_limit - 1


@pytest.mark.parametrize("offset", [0.0, 0.5, 3.0])
def test_distortion_is_the_size_of_the_tampering_in_message_norms(offset):
    team = Parrots(message_size=4)  # norm 2; an offset of 1 in each number has norm 2
    worlds = make_worlds(Echo().spec, 0, 0, 5, CAUGHT)
    played = measure(Echo(), worlds, Attacker(offset), team=team)
    torch.testing.assert_close(played.distortion, torch.full((5,), offset))


def test_distortion_counts_forged_messages_of_running_episodes_only():
    class Growing(Attacker):
        def delta(self, view):
            self.offset += 1.0
            return super().delta(view)

    ends = torch.tensor([[0.0], [0.5]])  # after one step, after three
    worlds = Worlds(ends, torch.zeros(5, 2, 1), torch.zeros(2, 1, dtype=torch.long))
    played = measure(Countdown(), worlds, Growing(0.0))
    assert played.distortion.tolist() == [1, 2]
    assert (measure(Countdown(), worlds).distortion == 0).all()


def test_measuring_leaves_gradients_as_they_were():
    worlds = make_worlds(Echo().spec, 0, 0, 2, CAUGHT)
    measure(Echo(), worlds)
    assert torch.is_grad_enabled()


def test_actions_are_drawn_from_the_softmax_of_the_scores():
    scores = torch.tensor([0.0, 1.0, -torch.inf, -1.0]).expand(20_000, 1, 4)
    action = choose(Parrots(), scores, seeded(0))
    share = torch.bincount(action.flatten(), minlength=4) / 20_000
    expected = scores[0, 0].softmax(-1)
    std_error = (expected * (1 - expected) / 20_000).sqrt()
    assert ((share - expected).abs() <= 5 * std_error).all()
    picked = play.log_prob_of(scores, action).exp()
    torch.testing.assert_close(picked[:, 0], expected[action[:, 0]])


def test_a_team_that_does_not_sample_takes_the_best_action():
    team = Parrots()
    team.sampled = False
    scores = torch.tensor([[0.1, 0.2, -torch.inf]]).expand(50, 1, 3)
    assert (choose(team, scores, seeded(0)) == 1).all()
