"""Made-up liars: what each family says, by hand, and what is drawn for an episode."""

import json
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.config import MadeUpConfig
from oracles.strategies.liars import LIARS
from oracles.strategies.liars.luck import NUMBERS, Luck, between, pick
from oracles.strategies.liars.made_up import MadeUp
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting
from tests.hand_made import a_setting

BATCH, AGENTS, SIZE, STEPS, NORM = 64, 4, 6, 5, 2.0
AGENTS_HELD = torch.tensor([[1, 3], [0, 2]] * (BATCH // 2))
NAMES = pytest.mark.parametrize("name", sorted(LIARS))


def setting() -> Setting:
    sizes = {"num_agents": AGENTS, "obs_size": 3, "memory_size": 2, "heard_size": 5}
    found = a_setting(Threat(num_malicious=2), message_size=SIZE, **sizes)
    found.team.message_norm.fill_(NORM)
    found.team.message_rms.copy_(torch.linspace(0.5, 2.0, SIZE))
    return found


def make(name: str | None = None) -> MadeUp:
    """All families, or one of them alone."""
    torch.manual_seed(0)
    attack = MadeUp.new(setting())
    if name:
        attack.families = [LIARS[name].load()]
    return attack


class Play(NamedTuple):
    """What two liars meant and how far they moved it, in B worlds."""

    meant: Tensor  # [T,B,K,D]
    offset: Tensor  # [T,B,K,D]
    luck: Luck


def play(attack: MadeUp, luck: Tensor | None = None, **fixed: float) -> Play:
    """Plays an episode; `fixed` numbers of the luck are not drawn."""
    generator = torch.Generator().manual_seed(0)
    meant = torch.randn(STEPS, BATCH, 2, SIZE, generator=generator)
    held = torch.ones(BATCH, 2, dtype=torch.bool)
    rows, memory, moved = held[..., None], torch.zeros(BATCH, 2, 0), []
    own = torch.zeros(BATCH, 2, attack.memory_size)
    if fixed:
        numbers = torch.rand(BATCH, 2, NUMBERS, generator=generator)
        for name, value in {"late": 0.99, "fitful": 0.99, **fixed}.items():
            numbers[..., Luck._fields.index(name)] = value
        # As if it had begun; the first step is the second of the episode.
        own[..., 0], own[..., 1 : 1 + NUMBERS] = 1.0, numbers
        own[..., 1 + NUMBERS : 1 + NUMBERS + SIZE] = 1.0
    memory = torch.zeros(BATCH, 2, 2)
    m_in = torch.zeros(BATCH, 2, 5)
    for t in range(STEPS):
        seen = torch.zeros(BATCH, 2, 3), memory, m_in, meant[t]
        view = AttackView(AGENTS_HELD, *seen, held, ~held, rows, rows, held)
        forgery = attack.decide(view, own, generator)
        own = forgery.memory
        moved.append(forgery.decision.choice)
    return Play(meant, torch.stack(moved), Luck.of(own[..., 1 : 1 + NUMBERS]))


UNCUT = {"capped": 0.9, "noise": 0.0}


@NAMES
def test_each_family_moves_messages_and_differs_between_liars(name):
    played = play(make(name), **UNCUT)
    distance = played.offset.norm(dim=-1)
    assert (distance > 1e-3).float().mean() > 0.9
    assert (played.offset[:, 0] != played.offset[:, 1]).any()
    assert (played.offset[:, :, 0] != played.offset[:, :, 1]).any()


def test_a_constant_stays_and_has_its_size():
    played = play(make("constant"), **UNCUT)
    assert torch.equal(played.offset, played.offset[:1].expand_as(played.offset))
    size = between(played.luck.size, 0.3, 8.0) * NORM
    torch.testing.assert_close(played.offset[0].norm(dim=-1), size)


def test_a_linear_lie_is_linear_in_what_was_meant():
    attack = make("linear")
    played = play(attack, two=0.9, which=0.5, size=0.0, **UNCUT)
    matrix = attack.maps[len(attack.maps) // 2]
    torch.testing.assert_close(played.offset, 0.3 * played.meant @ matrix.T)
    pushed = play(attack, two=0.1, which=0.5, size=0.0, **UNCUT)
    apart = pushed.offset - played.offset
    torch.testing.assert_close(apart, apart[:1].expand_as(apart))
    distance = torch.full(apart.shape[:-1], 0.3 * NORM)
    torch.testing.assert_close(apart.norm(dim=-1), distance)


def test_maps_keep_lengths_on_average_and_half_are_diagonal():
    maps = make().maps
    length = (maps @ torch.ones(SIZE)).norm(dim=-1).square().mean()
    assert 0.5 * SIZE < length < 2.0 * SIZE
    off = maps * (1.0 - torch.eye(SIZE))
    assert not off[::2].any()
    assert off[1::2].flatten(1).any(1).all()


@pytest.mark.parametrize("name", ["other_world", "frozen"])
def test_other_worlds_are_recorded_ones(name):
    said = record(setting()).without_gaps()
    played = play(make(name), which=0.5, one=0.5, **UNCUT)
    world = said[:, said.shape[1] // 2]
    for t in range(STEPS):
        step = min(t + 1, len(said) - 1) if name == "other_world" else len(said) // 2
        wanted = world[step][AGENTS_HELD]
        torch.testing.assert_close(played.meant[t] + played.offset[t], wanted)


def test_a_replay_is_what_was_meant():
    played = play(make("replay"), one=2.5 / 8, **UNCUT)  # three steps back
    said = played.meant + played.offset
    torch.testing.assert_close(said[3:], played.meant[:-3])


@pytest.mark.parametrize(
    ("one", "two", "three", "times"),
    [(0.1, 0.9, 0.0, -0.3), (0.8, 0.9, 0.0, 1.5), (0.99, 0.9, 0.5, 0.0)],
)
def test_a_mirror_scales_what_was_meant(one, two, three, times):
    attack, luck = make("mirror"), {"one": one, "three": three, **UNCUT}
    played = play(attack, two=two, **luck)
    said = played.meant + played.offset
    torch.testing.assert_close(said, times * played.meant, atol=1e-5, rtol=0)
    played, mean = play(attack, two=0.1, **luck), attack.mean[AGENTS_HELD]
    said = played.meant + played.offset
    wanted = mean + times * (played.meant - mean)
    torch.testing.assert_close(said, wanted, atol=1e-5, rtol=0)


def test_noise_has_its_size_and_is_drawn_at_each_step():
    played = play(make("noise"), **UNCUT)
    size = between(played.luck.size, 0.3, 8.0) * NORM
    distance = played.offset.norm(dim=-1)
    torch.testing.assert_close(distance, size.expand_as(distance))
    assert (played.offset[0] != played.offset[1]).any(-1).all()


@pytest.mark.parametrize("name", ["constant", "linear", "network"])
def test_half_of_the_liars_of_three_families_add_noise(name):
    attack = make(name)
    quiet = {"size": 0.0, "which": 0.5, "one": 0.5, "two": 0.5, "capped": 0.9}
    still = play(attack, noise=0.4, **quiet)
    none, most = play(attack, noise=0.0, **quiet), play(attack, noise=1.0, **quiet)
    assert torch.equal(still.offset, none.offset)
    hiss = (most.offset - none.offset) / attack.message_rms
    assert 3.3 < hiss.std() < 3.7


def test_half_of_the_lies_are_cut_to_a_size():
    attack = make("constant")
    for capped, most in ((0.1, 0.5), (0.6, 8.0)):
        played = play(attack, capped=capped, cap=0.0, size=1.0, noise=0.0)
        distance = played.offset.norm(dim=-1) / NORM
        torch.testing.assert_close(distance, torch.full_like(distance, most))


def test_all_families_are_drawn_and_kept_all_episode_long():
    torch.manual_seed(0)
    played = play(make())
    drawn = pick(played.luck.family, len(LIARS)).flatten().tolist()
    assert {*drawn} == {*range(len(LIARS))}


def test_a_stock_is_renewed():
    attack = make()
    before = [attack.maps.clone(), attack.inward.clone(), attack.outward.clone()]
    attack.redraw(torch.Generator().manual_seed(5))
    after = [attack.maps, attack.inward, attack.outward]
    assert not any(map(torch.equal, before, after))


def luck_of(**fields: Any) -> Luck:
    count = 4000
    numbers = torch.rand(count, NUMBERS, generator=torch.Generator().manual_seed(0))
    for name, value in fields.items():
        numbers[:, Luck._fields.index(name)] = value
    return Luck.of(numbers)


def speaking(luck: Luck, length: int = 60) -> Tensor:
    steps = torch.arange(length)
    return torch.stack([luck.speaks(step, length) for step in steps])


def test_some_start_late_and_then_go_on():
    speaks = speaking(luck_of(fitful=0.99))
    assert abs(float(speaks[0].float().mean()) - 0.7) < 0.03
    assert (speaks[1:] >= speaks[:-1]).all()
    assert speaks[43:].all()


def test_some_come_and_go():
    speaks = speaking(luck_of(late=0.99))
    restless = ~speaks.all(0)
    assert abs(float(restless.float().mean()) - 0.3) < 0.03
    share = speaks[:, restless].float().mean()
    assert 0.4 < share < 0.7
    turns = (speaks[1:] != speaks[:-1])[:, restless].sum(0)
    assert turns.min() >= 4


def test_some_families_alone_are_told_and_kept_when_rebuilt():
    torch.manual_seed(0)
    attack = MadeUp.new(setting(), MadeUpConfig(("noise", "constant")))
    assert attack.families == [LIARS["noise"].load(), LIARS["constant"].load()]
    again = MadeUp.rebuild(json.loads(json.dumps(attack.arguments())))
    assert again.families == attack.families
    assert again.config == attack.config
    # One that tells all says nothing of it, as those that were made before could not.
    assert "families" not in make().arguments()
