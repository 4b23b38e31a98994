"""Mixed strategies and line-ups: who plays where, and for how long."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine import population
from games.engine.channel import Channel, Memories, transmit
from games.engine.play import Stream, collect, play_episodes
from games.engine.population import Lineup, Mixture
from games.engine.strategy import NoAttack, NoFilter
from games.engine.view import AttackView, Moment
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from tests.hand_made import CAUGHT, Attacker, Liar, Mouthwash, Parrots, a_timestep

BATCH = 12


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def attacks() -> list[Any]:
    return [NoAttack(), Attacker(1.0), Liar()]


def filters() -> list[Any]:
    return [NoFilter(), Mouthwash((0,), 4.0), Mouthwash((1,), -2.0)]


def pass_on(attack: Any, filter_: Any, sent: Tensor) -> Any:
    """One use of the channel at the start of B episodes, agents 0 or 1 malicious."""
    batch = len(sent)
    everywhere = torch.ones(batch, dtype=torch.bool)
    channel = Channel(attack, filter_)
    channel.reset(everywhere, seeded())
    memory = torch.zeros(batch, 2, 1)
    malicious = torch.arange(batch)[:, None] % 2
    timestep = a_timestep(torch.ones(batch, 2, dtype=torch.bool))
    wire, _ = transmit(
        Moment(Parrots(), timestep, memory, memory, sent, malicious),
        channel,
        *(Memories.blank(channel, malicious, 2), seeded()),
    )
    return wire


def flat(wire: Any) -> list[Tensor]:
    return [*wire[:4], *wire.attack, *wire.defence]


def messages(batch: int = BATCH) -> Tensor:
    return torch.randn(batch, 2, 3, generator=seeded(5))


@pytest.mark.parametrize("k", range(3))
def test_a_mixture_with_all_weight_on_one_policy_is_that_policy(k):
    one_hot = [float(index == k) for index in range(3)]
    mixed = pass_on(
        Mixture(attacks(), one_hot), Mixture(filters(), one_hot), messages()
    )
    pure = pass_on(attacks()[k], filters()[k], messages())
    assert all(map(torch.equal, flat(mixed), flat(pure)))


def test_each_episode_of_a_mixture_is_played_by_the_member_drawn_for_it():
    attack, filter_ = Mixture(attacks(), [0.2, 0.3, 0.5]), Mixture(filters(), [1, 0, 0])
    wire = pass_on(attack, filter_, messages())
    assert len(attack.assignment.unique()) == 3
    for index, member in enumerate(attacks()):
        pure = pass_on(member, NoFilter(), messages())
        mine = attack.assignment == index
        for left, right in zip(flat(wire), flat(pure), strict=True):
            assert torch.equal(left[mine], right[mine])


def test_a_mixture_decides_the_same_on_a_card_where_all_members_run(monkeypatch):
    def played() -> list[Tensor]:
        both = Mixture(attacks(), [0.2, 0.3, 0.5]), Mixture(filters(), [0.4, 0.3, 0.3])
        return flat(pass_on(*both, messages()))

    apart = played()
    monkeypatch.setattr(population, "waits", lambda values: True)
    assert all(map(torch.equal, apart, played()))


class Spy(NoAttack):
    """Counts the decisions that it is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def decide(self, *inputs: Any) -> Any:
        self.asked += 1
        return super().decide(*inputs)


def test_a_member_without_weight_is_never_asked():
    idle, busy = Spy(), Spy()
    pass_on(Mixture([idle, busy], [0.0, 1.0]), NoFilter(), messages())
    assert (idle.asked, busy.asked) == (0, 1)


def test_what_a_mixture_does_not_play_reaches_nobody_not_even_nan():
    mixture = Mixture([Attacker(1.0), Attacker(float("nan"))], [0.5, 0.5])
    wire = pass_on(mixture, NoFilter(), messages())
    mad = mixture.assignment == 1
    assert mad.any()
    assert wire.heard[~mad].isfinite().all()


def test_a_mixture_is_drawn_once_per_episode():
    env, rounds, size = Echo(), 3, 200
    mixture = Mixture([NoAttack(), Liar()], [0.5, 0.5])
    stream = Stream(
        *(env, Parrots(), Channel(mixture)),
        malicious=torch.zeros(size, 1, dtype=torch.long),
        world_generator=seeded(0),
        generator=seeded(1),
    )
    limit = env.spec.episode_limit
    forged = collect(stream.play(), rounds * limit).wire.forged[..., 0]
    forged = forged.view(rounds, limit, size)
    assert (forged == forged[:, :1]).all()
    assert (forged[0, 0] != forged[1, 0]).any()


def test_a_mixture_draws_its_members_as_often_as_their_weights_say():
    weights, episodes = [0.1, 0.0, 0.6, 0.3], 20_000
    members = [Attacker(float(index)) for index in range(4)]
    mixture = Mixture(members, weights)
    mixture.reset(torch.ones(episodes, dtype=torch.bool), seeded())
    view = AttackView(*(torch.zeros(episodes, 1, 1),) * 10)
    forgery = mixture.decide(view, torch.zeros(episodes, 1, 0), seeded())
    drawn = forgery.decision.choice[:, 0, 0]
    for index, weight in enumerate(weights):
        share = (drawn == index).double().mean()
        assert abs(share - weight) <= 5 * (weight * (1 - weight) / episodes) ** 0.5


def test_only_the_episodes_that_end_are_redrawn():
    mixture = Mixture(attacks(), [0.4, 0.3, 0.3])
    mixture.reset(torch.ones(300, dtype=torch.bool), seeded(0))
    before = mixture.assignment.clone()
    done = torch.arange(300) % 3 == 0
    mixture.reset(done, seeded(1))
    assert torch.equal(mixture.assignment[~done], before[~done])
    assert not torch.equal(mixture.assignment[done], before[done])


def test_a_mixture_takes_another_number_of_environments():
    mixture = Mixture(attacks(), [0.4, 0.3, 0.3])
    for size in (4, 9):
        wire = pass_on(mixture, NoFilter(), messages(size))
        assert wire.heard.shape[0] == size


def test_members_hear_of_the_ends_of_episodes():
    class Diary(NoAttack):
        def reset(self, done: Tensor, generator: torch.Generator) -> None:
            self.done = done

    diary = Diary()
    done = torch.tensor([True, False, True])
    Mixture([diary], [1.0]).reset(done, seeded())
    assert torch.equal(diary.done, done)
    Lineup([NoAttack(), diary], torch.tensor([1, 0, 1])).reset(done, seeded())
    assert diary.done.tolist() == [True, True]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([0.5, 0.5], "2 weights for 3 policies"),
        ([0.5, 0.6, 0.1], "no distribution"),
        ([1.2, -0.2, 0.0], "no distribution"),
        ([float("nan"), 0.5, 0.5], "no distribution"),
    ],
)
def test_weights_that_are_no_distribution_are_refused(weights, words):
    with pytest.raises(ValueError, match=words):
        Mixture(attacks(), weights)


@pytest.mark.parametrize(
    "seats", [[0] * BATCH, [2, 1, 0] * 4, [1, 1, 2, 1, 2, 2] * 2, [0, 2] * 6]
)
def test_a_lineup_equals_its_members_played_separately(seats):
    assignment = torch.tensor(seats)
    other = assignment.flip(0)
    together = pass_on(
        Lineup(attacks(), assignment), Lineup(filters(), other), messages()
    )
    for a, attack in enumerate(attacks()):
        for f, filter_ in enumerate(filters()):
            alone = pass_on(attack, filter_, messages())
            mine = (assignment == a) & (other == f)
            for left, right in zip(flat(together), flat(alone), strict=True):
                assert torch.equal(left[mine], right[mine])


def test_whole_episodes_of_a_lineup_equal_those_of_its_members():
    env = Echo()
    worlds = make_worlds(env.spec, 0, 0, BATCH, CAUGHT)
    seats = torch.arange(BATCH) % 3

    def play(attack: Any) -> Tensor:
        return play_episodes(env, Parrots(), Channel(attack), worlds, seeded()).returns

    together = play(Lineup([NoAttack(), Liar(), Attacker(0.5)], seats))
    alone = [play(attack) for attack in (NoAttack(), Liar(), Attacker(0.5))]
    assert torch.equal(together, torch.stack(alone)[seats, torch.arange(BATCH)])
    assert together.tolist()[:2] == [8, 0]


def test_a_member_of_a_lineup_is_asked_only_about_its_own_environments():
    class Sized(NoAttack):
        def decide(self, view: Any, memory: Tensor, generator: Any) -> Any:
            self.sizes = {len(leaf) for leaf in (*view[:-1], memory)}
            return super().decide(view, memory, generator)

    members = [Sized(), Sized(), Sized()]
    seats = torch.tensor([2, 0, 2, 2] * 3)
    pass_on(Lineup(members, seats), NoFilter(), messages())
    assert members[0].sizes == {3}
    assert members[2].sizes == {9}
    assert not hasattr(members[1], "sizes")


def test_a_mixture_may_sit_in_a_lineup():
    mixture = Mixture([NoAttack(), Liar()], [0.5, 0.5])
    seats = torch.arange(BATCH) % 2
    wire = pass_on(Lineup([mixture, NoAttack()], seats), NoFilter(), messages())
    liars = torch.zeros(BATCH, dtype=torch.bool)
    liars[seats == 0] = mixture.assignment == 1
    assert torch.equal(wire.forged.any(1), liars)
    assert liars.any()
