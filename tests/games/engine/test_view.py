"""What strategies are shown: the rows of malicious agents, messages, the white box."""

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel, Memories, transmit
from games.engine.population import Lineup, Mixture
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.view import AttackView, FilterView, Moment
from tests.games.engine.test_memory import Counter, steps_of
from tests.hand_made import Attacker, Mouthwash, Parrots, a_timestep

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
        Moment(Parrots(5), timestep, memory, m_in, sent, malicious),
        channel,
        *(Memories.blank(channel, malicious, AGENTS), seeded()),
    )
    attack.world = (timestep, memory, m_in, sent)
    return attack.view


def test_an_attack_is_shown_the_rows_of_the_agents_it_holds_and_no_others():
    attack = Witness()
    view = shown_to(attack, Threat(num_malicious=2))
    timestep, memory, m_in, sent = attack.world
    expected = [timestep.obs, memory, m_in, sent]
    expected += [timestep.alive, timestep.fresh, timestep.links]
    for seen, everyones in zip(view[1:8], expected, strict=True):
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
    assert isinstance(box.moment.team, Parrots)
    assert torch.equal(box.moment.timestep.obs, timestep.obs)
    for seen, everyones in zip(box.moment[2:5], (memory, m_in, sent), strict=True):
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
        Moment(Parrots(3), a_timestep(alive), sent, sent, sent, malicious),
        channel,
        *(Memories.blank(channel, malicious, 2), seeded()),
    )
    box = other.view.white_box
    assert torch.equal(box.moment.sent, sent[seats == 1])
    assert box.filter_.assignment.tolist() == [0, 1, 1, 1]
    assert one.view.white_box.filter_.assignment.tolist() == [0, 1]


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


def test_a_filter_is_shown_who_is_new_and_who_may_hear_whom():
    class Witness(Mouthwash):
        def decide(self, view, memory, generator):
            self.view = view
            return super().decide(view, memory, generator)

    filter_ = Witness((), 0.0)
    alive = torch.tensor([[True, True, False]])
    links = torch.tensor([[[0, 1, 0], [0, 0, 0], [0, 0, 0]]]) > 0  # 0 may hear 1
    fresh = torch.tensor([[False, True, False]])
    timestep = a_timestep(alive)._replace(links=links, fresh=fresh)
    sent, malicious = torch.ones(1, 3, 2), torch.zeros(1, 1, dtype=torch.long)
    channel = Channel(Attacker(1.0), filter_)
    transmit(
        Moment(Parrots(2), timestep, sent, sent, sent, malicious),
        channel,
        *(Memories.blank(channel, malicious, 3), seeded()),
    )
    assert torch.equal(filter_.view.links, links)
    assert torch.equal(filter_.view.fresh, fresh)
    assert torch.equal(filter_.view.alive, alive)
    assert filter_.view.messages[0, :, 0].tolist() == [2, 1, 1]


class Asking(Witness):
    """Asks the filter of its white box what it would flag."""

    def delta(self, view):
        box = view.white_box
        shown = FilterView(
            box.moment.sent,
            *(
                box.moment.timestep.alive,
                box.moment.timestep.fresh,
                box.moment.timestep.links,
            ),
        )
        self.flags = box.filter_.decide(shown, box.filter_memory, seeded()).decision
        return super().delta(view)


def test_a_white_box_attack_may_ask_the_filters_of_its_own_worlds():
    members = [
        NoFilter(),
        Counter((), 7.0),
        Mixture([Counter((), 1.0), Mouthwash((0,), 2.0)], [0.5, 0.5]),
    ]
    seats = torch.tensor([0, 1, 2] * 8)
    attacks = [NoAttack(), Asking("white_box")]
    channel = Channel(
        Lineup(attacks, torch.arange(24) // 3 % 2),
        Lineup(members, seats),
        Threat(knowledge="white_box"),
    )
    channel.reset(torch.ones(24, dtype=torch.bool), seeded(3))
    alive = torch.ones(24, 2, dtype=torch.bool)
    malicious = torch.zeros(24, 1, dtype=torch.long)
    memories = Memories.blank(channel, malicious, 2)
    sent = torch.zeros(24, 2, 3)
    for _ in range(4):
        wire, memories = transmit(
            Moment(Parrots(3), a_timestep(alive), sent, sent, sent, malicious),
            channel,
            *(memories, seeded()),
        )
    asked = attacks[1].flags.choice  # of worlds 3, 4, 5, 9, ...
    mine = torch.arange(24) // 3 % 2 == 1
    assert torch.equal(asked, wire.defence.choice[mine])
    drawn = members[2].assignment
    assert len(drawn.unique()) == 2  # both members of the mixture play somewhere


def test_what_any_member_needs_to_see_the_mixture_is_shown():
    class Looker(Mouthwash):
        observes = True

    for members in ([NoFilter(), Looker((), 0.0)], [Looker((), 0.0), NoFilter()]):
        assert Mixture(members, [0.5, 0.5]).observes
        assert Lineup(members, torch.tensor([0, 1])).observes
