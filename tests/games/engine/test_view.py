"""What strategies are shown, may do and remember: the seams that others build on."""

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel, Memories, transmit
from games.engine.play import Step, Stream, collect, play_episodes
from games.engine.population import Lineup, Mixture
from games.engine.strategy import NoAttack, NoFilter, Verdict
from games.engine.threat import Threat
from games.engine.view import AttackView
from games.engine.worlds import make_worlds
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from tests.hand_made import CAUGHT, Attacker, Mouthwash, Parrots, a_timestep

BATCH, AGENTS = 3, 4
LIMIT = 4  # steps of an episode of Echo


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Witness(Attacker):
    """Keeps the last view it was shown."""

    def __init__(self, knowledge: str = "own") -> None:
        super().__init__(1.0)
        self.knowledge = knowledge

    def delta(self, view: AttackView) -> Tensor:
        self.view = view
        return super().delta(view)


def shown_to(attack: Attacker, threat: Threat, filter_=None) -> AttackView:
    """The view of an attack that holds agents 2 and 0 of four, agent 0 being dead."""
    alive = torch.tensor([[False, True, True, True]]).expand(BATCH, -1)
    timestep = a_timestep(alive)
    memory, m_in = (torch.randn(BATCH, AGENTS, w, generator=seeded(w)) for w in (2, 3))
    sent = torch.randn(BATCH, AGENTS, 5, generator=seeded())
    malicious = torch.tensor([[2, 0]]).expand(BATCH, -1)
    channel = Channel(attack, filter_ or NoFilter(), threat)
    transmit(
        *(Parrots(5), timestep, memory, m_in, sent, malicious, channel),
        *(Memories.blank(channel, malicious, AGENTS), seeded()),
    )
    attack.world = (timestep, memory, m_in, sent)
    return attack.view


def test_an_attack_is_shown_the_rows_of_the_agents_it_holds_and_no_others():
    attack = Witness()
    view = shown_to(attack, Threat(num_malicious=2))
    timestep, memory, m_in, sent = attack.world
    expected = [timestep.obs, memory, m_in, sent, timestep.alive, timestep.links]
    for seen, everyones in zip(view[1:7], expected, strict=True):
        assert torch.equal(seen, everyones[:, [2, 0]])
    assert torch.equal(view.available, timestep.available[:, [2, 0]])
    assert view.may_bend.tolist() == [[True, False]] * BATCH  # the dead say nothing
    assert view.white_box is None


def test_the_white_box_is_everything_and_only_open_where_the_threat_says_so():
    attack, filter_ = Witness("white_box"), Mouthwash((1,), 3.0)
    view = shown_to(attack, Threat(num_malicious=2, knowledge="white_box"), filter_)
    timestep, memory, m_in, sent = attack.world
    box = view.white_box
    assert box.filter_ is filter_
    assert torch.equal(box.timestep.obs, timestep.obs)
    for seen, everyones in zip(box[4:], (memory, m_in, sent), strict=True):
        assert torch.equal(seen, everyones)
    with pytest.raises(ValueError, match=r"for the attack .mixture."):
        Channel(Mixture([NoAttack(), Witness("white_box")], [0.5, 0.5]))


def test_in_a_lineup_the_white_box_shows_each_attack_its_own_worlds_and_filters():
    alive = torch.ones(6, 2, dtype=torch.bool)
    one, other = Witness("white_box"), Witness("white_box")
    seats = torch.tensor([0, 1, 1, 0, 1, 1])
    filters = [NoFilter(), Mouthwash((0,), 9.0)]
    channel = Channel(
        Lineup([one, other], seats),
        Lineup(filters, torch.tensor([0, 0, 1, 1, 1, 1])),
        Threat(knowledge="white_box"),
    )
    malicious = torch.zeros(6, 1, dtype=torch.long)
    sent = torch.randn(6, 2, 3, generator=seeded())
    transmit(
        *(Parrots(3), a_timestep(alive), sent, sent, sent, malicious, channel),
        *(Memories.blank(channel, malicious, 2), seeded()),
    )
    box = other.view.white_box
    assert torch.equal(box.sent, sent[seats == 1])
    assert box.filter_.assignment.tolist() == [0, 1, 1, 1]
    assert one.view.white_box.filter_.assignment.tolist() == [0, 1]


def forged_of(rate: float, attack=None, steps: int = 3 * 20) -> Tensor:
    """Who was forged in three episodes of 20 steps, `[3, 20]`."""
    stream = Stream(
        *(Echo(EchoConfig(episode_limit=20)), Parrots()),
        Channel(attack or Attacker(1.0), threat=Threat(malicious=CAUGHT, rate=rate)),
        malicious=torch.zeros(1, 1, dtype=torch.long),
        world_generator=seeded(0),
        generator=seeded(1),
    )
    return collect(stream.play(), steps).wire.forged[:, 0, 0].view(3, 20)


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.3, 0.5, 1.0])
def test_after_t_messages_at_most_rate_times_t_are_bent(rate):
    bent = forged_of(rate).cumsum(1)
    t = torch.arange(1, 21)
    assert (bent == (rate * t + 1e-6).floor()).all()  # who wants all gets just these


def test_an_attack_may_save_the_messages_that_the_rate_leaves_it_for_later():
    class Late(Attacker):
        clock = 0

        def decide(self, view, memory, generator):
            forgery = super().decide(view, memory, generator)
            late = torch.full_like(view.may_bend, self.clock % 20 >= 10)
            self.clock += 1
            return forgery._replace(decision=forgery.decision._replace(active=late))

    forged = forged_of(0.25, Late(1.0))
    assert forged.sum(1).tolist() == [5, 5, 5]
    assert not forged[:, :10].any()
    assert forged[:, 10:12].all()  # two were saved


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


def test_each_member_of_a_mixture_has_a_memory_of_its_own():
    mixture = Mixture(
        [Counter((), 7.0), NoFilter(), Counter((), -7.0)], [0.4, 0.2, 0.4]
    )
    assert mixture.memory_size == 4
    kept = steps_of(mixture).carry.memories.filter_
    assert kept[3, 0, 1].tolist() == [3, 30, 3, 30]
    assert (kept[[0, LIMIT]] == 0).all()


def test_a_filter_sees_what_receivers_observe_only_where_it_asks():
    class Looker(Mouthwash):
        observes = False

        def decide(self, view, memory, generator):
            self.saw = view.obs
            return super().decide(view, memory, generator)

    blind, sighted = Looker((), 0.0), Looker((), 0.0)
    sighted.observes = True
    steps_of(blind, 1)
    assert blind.saw is None
    steps = steps_of(sighted, 1)
    assert torch.equal(sighted.saw, steps.timestep.obs[0])
