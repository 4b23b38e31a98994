"""What strategies remember: their own, cleared at starts, unrolled again."""

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.play import Step, Stream, collect, play_episodes
from games.engine.population import Lineup, Mixture
from games.engine.strategy import NoFilter, Verdict
from games.engine.worlds import make_worlds
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from tests.hand_made import CAUGHT, Attacker, Mouthwash, Parrots

BATCH, AGENTS = 3, 4
LIMIT = 4  # steps of an episode of Echo


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Tally(Attacker):
    """Remembers how often each malicious agent spoke, and bends by that."""

    memory_size = 1

    def decide(self, view, memory, generator):
        forgery = super().decide(view, memory, generator)
        return forgery._replace(memory=memory + 1.0)


def test_what_an_attack_remembers_is_cleared_where_an_episode_starts():
    stream = Stream(
        *(Echo(EchoConfig(episode_limit=LIMIT)), Parrots(), Channel(Tally(1.0))),
        malicious=torch.zeros(BATCH, 1, dtype=torch.long),
        world_generator=seeded(0),
        generator=seeded(1),
    )
    kept = collect(stream.play(), 2 * LIMIT).carry.memories.attack
    assert kept[:, 0, 0, 0].tolist() == 2 * [0, 1, 2, 3]


class Counter(Mouthwash):
    """Remembers for each sender how often it spoke; flags from the third time on."""

    memory_size = 2

    def decide(self, view, memory, generator):
        verdict = super().decide(view, memory, generator)
        count = memory + torch.tensor([1.0, 10.0]) * view.alive[..., None]
        decision = verdict.decision._replace(choice=(count[..., 0] > 2).float())
        return Verdict(decision, verdict.repaired, count)


def steps_of(filter_, num_steps: int = 2 * LIMIT) -> Step:
    stream = Stream(
        *(Echo(EchoConfig(episode_limit=LIMIT)), Parrots(), Channel(filter_=filter_)),
        malicious=torch.zeros(BATCH, 1, dtype=torch.long),
        world_generator=seeded(0),
        generator=seeded(1),
    )
    return collect(stream.play(), num_steps)


def test_what_a_filter_remembers_is_its_own_and_is_cleared_where_an_episode_starts():
    steps = steps_of(Counter((), 0.0))
    kept = steps.carry.memories.filter_  # before each step
    assert kept.shape == (2 * LIMIT, BATCH, 2, 2)
    assert kept[:, 0, 1].tolist() == 2 * [[0, 0], [1, 10], [2, 20], [3, 30]]
    flags = steps.wire.defence.choice[:, 0, 0]
    assert flags.tolist() == 2 * [0, 0, 1, 1]


def test_what_a_filter_remembers_can_be_unrolled_again_from_any_step():
    class Glance(Counter):
        def inputs(self, rollout):
            return rollout

    steps, filter_ = steps_of(Glance((), 0.0), 11), Glance((), 0.0)
    memory = steps.carry.memories.filter_[2]
    for t in range(2, 11):
        starts = steps.done[t - 1][:, None, None]
        memory = torch.where(starts, 0.0, memory)
        assert torch.equal(memory, steps.carry.memories.filter_[t])
        view = AliveOnly(steps.timestep.alive[t], steps.wire.tampered[t])
        verdict = filter_.decide(view, memory, seeded())
        assert torch.equal(verdict.decision.choice, steps.wire.defence.choice[t])
        memory = verdict.memory


class AliveOnly:
    """The part of a filter's view that `Counter` reads."""

    def __init__(self, alive: Tensor, messages: Tensor) -> None:
        self.alive, self.messages = alive, messages


@pytest.mark.parametrize("seats", [[0, 1, 2], [2, 2, 1], [1, 1, 1]])
def test_filters_that_remember_play_in_a_lineup_as_they_do_alone(seats):
    members = [Mouthwash((0,), 5.0), Counter((), 7.0), Counter((), -7.0)]
    env = Echo(EchoConfig(episode_limit=LIMIT))
    worlds = make_worlds(env.spec, 0, 0, 3, CAUGHT)

    def returns(filter_) -> Tensor:
        channel = Channel(filter_=filter_)
        return play_episodes(env, Parrots(), channel, worlds, seeded()).returns

    together = returns(Lineup(members, torch.tensor(seats)))
    alone = torch.stack([returns(members[seat]) for seat in seats])
    assert torch.equal(together, alone.diagonal())


def test_who_plays_in_a_mixture_remembers_and_nobody_else():
    mixture = Mixture([Counter((), 7.0), NoFilter()], [0.5, 0.5])
    assert mixture.memory_size == 2
    kept = steps_of(mixture, LIMIT).carry.memories.filter_
    counts = mixture.assignment == 0
    assert counts.unique().tolist() == [False, True]
    assert (kept[3, counts, 1] == torch.tensor([3.0, 30.0])).all()
    assert (kept[3, ~counts] == 0).all()
    assert (kept[0] == 0).all()


def test_members_of_a_lineup_keep_memories_of_other_sizes_apart():
    class Wide(Counter):
        memory_size = 3

        def decide(self, view, memory, generator):
            verdict = super().decide(view, memory[..., :2], generator)
            count = torch.cat([verdict.memory, memory[..., 2:] + 100.0], -1)
            return verdict._replace(memory=count)

    lineup = Lineup([Counter((), 0.0), Wide((), 0.0)], torch.tensor([0, 1, 0]))
    kept = steps_of(lineup).carry.memories.filter_[3]
    assert kept[:, 1].tolist() == [[3, 30, 0], [3, 30, 300], [3, 30, 0]]
