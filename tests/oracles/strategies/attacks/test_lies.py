"""Attacks that nobody trains: what each says, step by step, by hand."""

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.recording import record
from oracles.strategies.registry import ATTACKS
from oracles.strategies.setting import Setting
from tests.hand_made import a_setting

BATCH, AGENTS, SIZE, STEPS = 8, 4, 6, 7
MALICIOUS = torch.tensor([[1, 3], [0, 2]] * (BATCH // 2))
NORM = 2.0  # mean norm of a clean message


def setting() -> Setting:
    sizes = {"num_agents": AGENTS, "obs_size": 3, "memory_size": 2, "heard_size": 5}
    found = a_setting(Threat(num_malicious=2), message_size=SIZE, **sizes)
    found.team.message_norm.fill_(NORM)
    return found


def make(kind: str, **config: Any) -> Any:
    entry = ATTACKS[kind]
    settings = entry.config(**config) if entry.config else None
    return entry.load().new(setting(), settings)


class Play(NamedTuple):
    """What two liars meant and said in B worlds."""

    meant: Tensor  # [T,B,K,D]
    said: Tensor  # [T,B,K,D]

    @property
    def offset(self) -> Tensor:
        return self.said - self.meant


def play(attack: Any, fresh: Tensor | None = None, seed: int = 0) -> Play:
    """Plays `STEPS` steps of an episode; `fresh` `[T,B,K]` says who is new."""
    generator = torch.Generator().manual_seed(seed)
    meant = torch.randn(STEPS, BATCH, 2, SIZE, generator=generator)
    memory, said = torch.zeros(BATCH, 2, attack.memory_size), []
    held = torch.ones(BATCH, 2, dtype=torch.bool)
    empty = torch.zeros(BATCH, 2, 0)
    for t in range(STEPS):
        new = ~held if fresh is None else fresh[t]
        seen = (empty, empty, empty, meant[t])
        rows = held[..., None]
        view = AttackView(MALICIOUS, *seen, held, new, rows, rows, held)
        forgery = attack.decide(view, memory, generator)
        assert forgery.memory.shape == memory.shape
        memory = forgery.memory
        said.append(meant[t] + forgery.decision.choice)
    return Play(meant, torch.stack(said))


def test_flip_says_the_negative():
    torch.testing.assert_close(*(lambda p: (p.said, -p.meant))(play(make("flip"))))
    played = play(make("flip", size=0.5))
    torch.testing.assert_close(played.said, -0.5 * played.meant)


def test_affine_says_what_its_weights_make_of_each_number_by_slot():
    attack = make("affine", scale=2.0)
    assert not play(attack).offset.any()
    attack.message_rms.copy_(torch.linspace(0.5, 2.0, SIZE))
    stretch, shift = torch.randn(2, 2, SIZE)
    with torch.no_grad():
        attack.stretch.copy_(stretch)
        attack.shift.copy_(shift)
        played = play(attack)
        for k in range(2):
            for d in range(SIZE):
                meant = played.meant[..., k, d]
                moved = 2.0 * attack.message_rms[d] * shift[k, d]
                expected = meant + stretch[k, d] * meant + moved
                torch.testing.assert_close(played.said[..., k, d], expected)
        attack.stretch.fill_(-2.0)
        attack.shift.zero_()
        played = play(attack)
    torch.testing.assert_close(played.said, -played.meant)


def test_mirror_says_the_opposite_about_its_own_agents_mean():
    means = record(setting()).mean()
    assert (means[0] - means[1]).abs().max() > 0.01
    for size in (1.0, 2.0):
        played = play(make("mirror", size=size))
        own = means[MALICIOUS]
        expected = own - size * (played.meant - own)
        torch.testing.assert_close(played.said, expected)


@pytest.mark.parametrize("kind", ["noise", "shaped", "offset"])
@pytest.mark.parametrize("size", [0.5, 3.0])
def test_what_is_added_has_the_length_that_was_asked_for(kind, size):
    length = play(make(kind, size=size)).offset.norm(dim=-1)
    torch.testing.assert_close(length, torch.full_like(length, NORM * size))


def test_offset_is_one_direction_for_each_liar_and_episode():
    attack = make("offset")
    offset = play(attack).offset
    torch.testing.assert_close(offset, offset[:1].expand_as(offset))
    drawn = offset[0].flatten(0, 1)
    likeness = drawn @ drawn.T / NORM**2 - torch.eye(len(drawn))
    assert likeness.max() < 0.999
    assert not torch.allclose(play(attack, seed=1).offset[0], offset[0])
    # Drawn uniformly: the mean of many is short.
    many = torch.cat([play(attack, seed=s).offset[0] for s in range(50)])
    assert many.mean((0, 1)).norm() < 0.15 * NORM


def test_shaped_noise_goes_where_clean_messages_go():
    attack = make("shaped")
    said = record(setting()).messages.flatten(0, 2)
    expected = torch.cov(said.T)
    torch.testing.assert_close(
        attack.root @ attack.root.T, expected, rtol=1e-3, atol=1e-4
    )
    line = torch.zeros(SIZE, SIZE)
    line[2, 2] = 0.1
    attack.root.copy_(line)
    offset = play(attack).offset
    assert (offset[..., [0, 1, 3, 4, 5]].abs() < 1e-5).all()
    assert (offset[..., 2] > 0).any()
    assert (offset[..., 2] < 0).any()


@pytest.mark.parametrize("steps", [1, 3])
def test_replay_says_its_own_message_of_k_steps_ago(steps):
    played = play(make("replay", steps=steps))
    for t in range(STEPS):
        torch.testing.assert_close(played.said[t], played.meant[max(0, t - steps)])


def test_replay_knows_nothing_of_who_had_the_slot_before():
    fresh = torch.zeros(STEPS, BATCH, 2, dtype=torch.bool)
    fresh[4, 0, 1] = True
    played = play(make("replay", steps=3), fresh)
    assert played.said[4:, 0, 1].allclose(played.meant[4, 0, 1])
    torch.testing.assert_close(played.said[4, 0, 0], played.meant[1, 0, 0])


def test_swap_says_what_the_same_agent_said_at_that_step_of_one_recorded_world():
    clean = record(setting()).messages  # [T,E,N,D]
    length, episodes = clean.shape[:2]
    found = set()
    played = play(make("swap"))
    for b in range(BATCH):
        for k in range(2):
            said, own = played.said[:, b, k], clean[:, :, MALICIOUS[b, k]]
            wanted = torch.cat([own, own[-1:].expand(STEPS - length, -1, -1)])
            apart = (wanted - said[:, None]).abs().amax((0, 2))  # [E]
            assert apart.min() < 1e-5
            found.add(int(apart.argmin()))
    assert episodes == 32
    assert len(found) > 8
    other = play(make("swap"), seed=1)
    assert not torch.allclose(other.said, played.said)
