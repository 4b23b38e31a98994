"""The rate: how many of its messages a malicious agent may bend, and when."""

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel, Memories, transmit
from games.engine.play import Stream, collect
from games.engine.threat import Threat
from games.engine.view import Moment
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from tests.hand_made import CAUGHT, Attacker, Parrots, a_timestep

BATCH, AGENTS = 3, 4
LIMIT = 4  # steps of an episode of Echo


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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


@pytest.mark.parametrize("rate", [0.1, 0.23, 0.3, 0.5, 1.0])
def test_after_t_messages_at_most_rate_times_t_are_bent(rate):
    bent = forged_of(rate).cumsum(1)
    t = torch.arange(1, 21)
    # Who wants all gets just these, in each episode: what is left over is lost.
    assert (bent == (rate * t + 1e-6).floor()).all()


def test_each_agent_has_a_budget_of_its_own_in_each_world_and_the_dead_earn_none():
    batch, steps = 3, 8
    alive = torch.ones(batch, AGENTS, dtype=torch.bool)
    alive[1, 2] = False  # a malicious agent of world 1
    timestep = a_timestep(alive)
    malicious = torch.tensor([[2, 0]]).expand(batch, -1)

    class Picky(Attacker):
        """World 2's first agent never bends: it saves."""

        def decide(self, view, memory, generator):
            forgery = super().decide(view, memory, generator)
            active = forgery.decision.active.clone()
            active[2, 0] = False
            return forgery._replace(decision=forgery.decision._replace(active=active))

    channel = Channel(Picky(1.0), threat=Threat(num_malicious=2, rate=0.5))
    memories = Memories.blank(channel, malicious, AGENTS)
    sent, forged = torch.zeros(batch, AGENTS, 3), 0
    for t in range(steps):
        revived = t == 5
        if revived:
            alive[1, 2] = True
        now = timestep._replace(alive=alive, fresh=alive & (t == 0))
        wire, memories = transmit(
            Moment(Parrots(3), now, sent, sent, sent, malicious),
            channel,
            *(memories, seeded()),
        )
        forged = forged + wire.forged[:, [2, 0]].long()
    # World 1's agent lived three steps, of which half are one; the saver has four left.
    assert forged.tolist() == [[4, 4], [1, 4], [0, 4]]
    assert memories.credit.tolist() == [[0, 0], [0.5, 0], [4, 0]]


def test_a_new_agent_in_a_slot_has_spent_nothing_and_saved_nothing():
    alive = torch.ones(1, 2, dtype=torch.bool)
    malicious = torch.zeros(1, 1, dtype=torch.long)
    channel = Channel(NeverAttacker(1.0), threat=Threat(rate=0.25))
    memories = Memories.blank(channel, malicious, 2)
    sent = torch.zeros(1, 2, 3)
    for t in range(6):
        now = a_timestep(alive)._replace(fresh=alive & (t == 4))
        _, memories = transmit(
            Moment(Parrots(3), now, sent, sent, sent, malicious),
            channel,
            *(memories, seeded()),
        )
    assert memories.credit.tolist() == [[0.5]]  # of the two steps since


class NeverAttacker(Attacker):
    """Could, and does not."""

    def decide(self, view, memory, generator):
        forgery = super().decide(view, memory, generator)
        idle = torch.zeros_like(forgery.decision.active)
        return forgery._replace(decision=forgery.decision._replace(active=idle))


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
