"""The reconstructor that remembers: what is put in place of a liar's message."""

from typing import Any

import pytest
import torch

from games.engine.channel import Channel
from games.engine.play import Stream, collect
from games.environments.echo.env import Echo
from oracles.strategies.filters.config import REPLACEMENTS, TrackingConfig
from oracles.strategies.filters.replacing import replacement
from oracles.strategies.filters.tracking import TrackingFilter
from oracles.strategies.freezing import freeze
from tests.hand_made import Attacker, Parrots
from tests.oracles.strategies.filters.test_tracking import (
    AGENTS,
    BATCH,
    HIDDEN,
    SIZE,
    judge,
    told,
    tracking,
)
from tests.oracles.strategies.test_supervised import SETTING


def test_untrained_it_says_what_is_best():
    filter_ = TrackingFilter.new(SETTING, TrackingConfig(replace="learned"))
    wanted = replacement("best", SETTING, SETTING.malicious)
    assert torch.equal(filter_.replacement, wanted)
    memory, messages = torch.ones(5, 2, filter_.memory_size), torch.randn(5, 2, 2)
    repaired = judge(filter_, memory, messages=messages).repaired
    assert torch.equal(repaired, wanted.expand(5, -1, -1))


def test_no_other_filter_has_a_part_of_it_and_all_begin_alike():
    def untrained(how: str) -> Any:
        torch.manual_seed(0)
        sizes = {"message_size": SIZE, "num_agents": AGENTS, "num_malicious": 1}
        return TrackingFilter(TrackingConfig(replace=how), **sizes)

    learned = freeze(untrained("learned")).tensors
    for how in REPLACEMENTS:
        plain = freeze(untrained(how)).tensors
        assert {*learned} - {*plain} == {
            f"recaller.net.{layer}.{part}"
            for layer in (0, 2)
            for part in ("weight", "bias")
        }
        assert all((leaf == learned[name]).all() for name, leaf in plain.items())


def test_a_guess_is_in_the_sender_s_own_unit_around_its_replacement():
    filter_ = tracking(replace="learned")
    filter_.replacement.copy_(torch.randn(AGENTS, SIZE))
    messages = torch.randn(BATCH, AGENTS, SIZE)
    one = judge(filter_, messages=messages)
    filter_.std.mul_(3.0)
    filter_.mean.mul_(3.0)
    filter_.replacement.add_(7.0)
    other = judge(filter_, messages=3.0 * messages)
    shift = (other.repaired - filter_.replacement) - 3.0 * (
        one.repaired - filter_.replacement + 7.0
    )
    assert shift.abs().max() < 1e-4
    assert one.repaired.std(0).min() > 0.01


@pytest.mark.parametrize("part", [slice(HIDDEN), slice(HIDDEN, None)])
def test_a_guess_knows_what_was_remembered(part):
    filter_ = tracking(replace="learned")
    memory = judge(filter_).memory
    before = judge(filter_, memory, 2).repaired
    memory = memory.clone()
    memory[:, 1, part] += 1.0
    moved = (judge(filter_, memory, 2).repaired - before).abs().amax(-1) > 1e-6
    assert moved[:, 1].all()
    assert not moved[:, [0, 2, 3]].any()


def test_senders_were_told_what_was_guessed():
    filter_ = tracking(replace="learned", malicious=AGENTS, threshold=-99.0)
    verdict = judge(filter_)
    standard = (verdict.repaired - filter_.mean) / filter_.std
    others = (standard.sum(1, keepdim=True) - standard) / (AGENTS - 1)
    wanted = others.sign() * others.abs().log1p()
    torch.testing.assert_close(told(verdict), wanted)


def test_unrolled_again_it_repairs_as_it_did_in_play():
    env, filter_ = Echo(), tracking(2, replace="learned", threshold=-99.0, malicious=2)
    stream = Stream(
        *(env, Parrots(SIZE), Channel(Attacker(3.0), filter_)),
        malicious=torch.zeros(8, 1, dtype=torch.long),
        world_generator=torch.Generator().manual_seed(0),
        generator=torch.Generator().manual_seed(1),
    )
    steps = collect(stream.play(), 2 * env.spec.episode_limit + 3)
    again = filter_.unroll(filter_.inputs(steps)).repaired
    torch.testing.assert_close(again, steps.wire.heard)
