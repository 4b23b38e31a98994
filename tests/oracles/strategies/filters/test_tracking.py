"""The filter that remembers: what it flags, lets through, keeps, and believes."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.play import Stream, collect
from games.engine.side import Side
from games.engine.strategy import Verdict
from games.engine.view import FilterView
from games.environments.echo.env import Echo
from oracles.strategies.config import Recipe
from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.filters.tracking import TrackingFilter, TrackingInputs
from oracles.strategies.freezing import freeze
from oracles.strategies.recording import Recording
from tests.hand_made import Attacker, Parrots

BATCH, AGENTS, SIZE, STEPS = 5, 4, 3, 6
HIDDEN = 7


def tracking(agents: int = AGENTS, malicious: int = 1, **config: Any) -> TrackingFilter:
    """A filter whose every number is stirred."""
    torch.manual_seed(0)
    filter_ = TrackingFilter(
        TrackingConfig(**{"hidden": HIDDEN, **config}),
        **{"message_size": SIZE, "num_agents": agents, "num_malicious": malicious},
    )
    with torch.no_grad():
        for parameter in filter_.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
        filter_.mean.copy_(torch.randn(filter_.mean.shape))
    return filter_


def view(
    messages: Tensor, alive: Tensor | None = None, fresh: Tensor | None = None
) -> FilterView:
    none = torch.zeros(messages.shape[:2], dtype=torch.bool)
    alive, fresh = (
        (~none if alive is None else alive),
        (none if fresh is None else fresh),
    )
    apart = ~torch.eye(messages.shape[1], dtype=torch.bool)
    return FilterView(
        messages, alive, fresh, alive[:, :, None] & alive[:, None] & apart
    )


def judge(filter_: Any, memory: Tensor | None = None, seed: int = 1, **how) -> Verdict:
    messages = how.pop("messages", None)
    if messages is None:
        luck = torch.Generator().manual_seed(seed)
        messages = torch.randn(BATCH, AGENTS, SIZE, generator=luck)
    if memory is None:
        memory = torch.zeros(BATCH, AGENTS, filter_.memory_size)
    return filter_.decide(view(messages, **how), memory, torch.Generator())


@pytest.mark.parametrize("malicious", [1, 2, 4])
def test_it_flags_the_likeliest_above_the_threshold_and_no_more_than_may_lie(malicious):
    alive = torch.ones(BATCH, AGENTS, dtype=torch.bool)
    alive[0, 1] = False
    belief = judge(tracking(malicious=malicious), alive=alive).decision.suspicion()
    for threshold in (-9.0, float(belief[alive].detach().logit().median()), 9.0):
        filter_ = tracking(malicious=malicious, threshold=threshold)
        flag = judge(filter_, alive=alive).decision.choice
        for flags, beliefs in zip(flag, belief, strict=True):
            first = beliefs.argsort(descending=True)[:malicious]
            wanted = torch.zeros(AGENTS).scatter(0, first, 1.0)
            wanted *= beliefs.logit() > threshold
            assert torch.equal(flags, wanted)


def test_its_suspicion_is_its_belief_whatever_it_flags():
    lax, strict = (tracking(4, 4, threshold=each) for each in (99.0, -99.0))
    one, other = judge(lax).decision, judge(strict).decision
    assert not one.choice.any()
    assert other.choice.all()
    torch.testing.assert_close(one.suspicion(), other.suspicion())
    assert one.suspicion().std() > 0.01


def test_its_belief_has_a_slope_in_what_is_said_now():
    filter_ = tracking().requires_grad_(False)
    messages = torch.randn(BATCH, AGENTS, SIZE, requires_grad=True)
    suspicion = judge(filter_, messages=messages).decision.suspicion()
    (slope,) = torch.autograd.grad(suspicion[:, 0].sum(), messages)
    assert (slope[:, 0].norm(dim=-1) > 1e-4).all()


def test_what_is_flagged_is_replaced():
    filter_ = tracking()
    wanted = filter_.replacement.copy_(torch.randn(AGENTS, SIZE))
    assert torch.equal(judge(filter_).repaired, wanted.expand(BATCH, -1, -1))


def test_a_new_sender_is_judged_as_at_the_start():
    filter_, fresh = tracking(), torch.zeros(BATCH, AGENTS, dtype=torch.bool)
    memory = judge(filter_).memory
    fresh[:, 2] = True
    blank = memory.clone()
    blank[:, 2] = 0.0
    now, anew = judge(filter_, memory, 2, fresh=fresh), judge(filter_, blank, 2)
    assert all(map(torch.equal, now.decision, anew.decision))
    assert torch.equal(now.memory, anew.memory)
    kept = judge(filter_, memory, 2).decision
    assert (kept.suspicion() != now.decision.suspicion())[:, 2].all()


def test_the_dead_keep_their_memory_and_change_nobody_elses():
    filter_, alive = tracking(), torch.ones(BATCH, AGENTS, dtype=torch.bool)
    alive[:, 2] = False
    memory = judge(filter_).memory
    messages = torch.randn(BATCH, AGENTS, SIZE)
    one = judge(filter_, memory, messages=messages, alive=alive)
    messages[:, 2] = 100.0
    other = judge(filter_, memory, messages=messages, alive=alive)
    assert torch.equal(one.memory[:, 2], memory[:, 2])
    assert torch.equal(one.memory, other.memory)
    assert not torch.equal(one.memory[:, 1], memory[:, 1])


def told(verdict: Verdict) -> Tensor:
    return verdict.memory[..., -SIZE:]


def test_senders_were_told_what_was_let_through():
    """Nobody was told what a flagged sender said, but what replaces it: its mean."""
    filter_ = tracking(malicious=AGENTS, threshold=-99.0)
    filter_.replacement.copy_(filter_.mean)
    torch.testing.assert_close(told(judge(filter_)), torch.zeros(BATCH, AGENTS, SIZE))
    open_, messages = tracking(threshold=99.0), torch.randn(BATCH, AGENTS, SIZE)
    standard = (messages - open_.mean) / open_.std
    others = (standard.sum(1, keepdim=True) - standard) / (AGENTS - 1)
    squashed = others.sign() * others.abs().log1p()
    torch.testing.assert_close(told(judge(open_, messages=messages)), squashed)


def test_what_a_sender_was_told_and_said_before_counts():
    filter_ = tracking()
    memory = judge(filter_).memory
    before = judge(filter_, memory, 2).decision.suspicion()
    for begin, end in ((0, HIDDEN), (HIDDEN, HIDDEN + SIZE), (HIDDEN + SIZE, None)):
        other = memory.clone()
        other[:, 1, begin:end] += 1.0
        now = judge(filter_, other, 2).decision.suspicion()
        changed = (now - before).abs() > 1e-6
        assert changed[:, 1].all()
        assert not changed[:, [0, 2, 3]].any()


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), -1e30])
def test_nonsense_does_not_spread(nonsense):
    messages = torch.randn(BATCH, AGENTS, SIZE)
    messages[:, 1] = nonsense
    verdict = judge(tracking(), messages=messages)
    assert verdict.memory.isfinite().all()
    assert verdict.decision.suspicion().isfinite().all()


def test_unrolled_again_it_believes_what_it_believed_in_play():
    env, filter_ = Echo(), tracking(2)
    stream = Stream(
        *(env, Parrots(SIZE), Channel(Attacker(3.0), filter_)),
        malicious=torch.zeros(8, 1, dtype=torch.long),
        world_generator=torch.Generator().manual_seed(0),
        generator=torch.Generator().manual_seed(1),
    )
    steps = collect(stream.play(), 2 * env.spec.episode_limit + 3)
    again = filter_.unroll(filter_.inputs(steps)).logit.sigmoid()
    torch.testing.assert_close(again, steps.wire.defence.suspicion())
    # From the middle of an episode on as well.
    late = type(steps)(*(_later(leaf) for leaf in steps))
    torch.testing.assert_close(
        filter_.unroll(filter_.inputs(late)).logit.sigmoid(), again[4:]
    )


def _later(tree: Any) -> Any:
    if isinstance(tree, Tensor):
        return tree[4:]
    return type(tree)(*(_later(leaf) for leaf in tree))


def test_unrolled_again_the_dead_keep_their_state():
    filter_, alive = tracking(), torch.ones(3, BATCH, AGENTS, dtype=torch.bool)
    alive[1, :, 2] = False
    seen = torch.randn(3, BATCH, AGENTS, filter_.features[0].in_features)
    state = torch.zeros(3, BATCH, AGENTS, HIDDEN)
    inside = torch.full(alive.shape, -1.0)
    inputs = TrackingInputs(seen, inside, state, ~alive & False, alive)
    now = filter_.unroll(inputs).logit
    without = [part[[0, 2]] for part in inputs]
    skipped = filter_.unroll(TrackingInputs(*without)).logit
    torch.testing.assert_close(now[2, :, 2], skipped[1, :, 2])
    assert not torch.allclose(now[2, :, 1], skipped[1, :, 1])


def test_each_sender_has_its_own_unit():
    said = torch.randn(50, 8, AGENTS, SIZE)
    said[:, :, 1] = 5.0 + 3.0 * said[:, :, 1]
    said[:, :, 2, 0] = 7.0  # never changes
    spoken = torch.ones(50, 8, AGENTS, dtype=torch.bool)
    spoken[::2, :, 3] = False
    said[::2, :, 3] = 1000.0
    filter_ = tracking().calibrate(Recording(said, spoken, said), 0.125)
    assert filter_.std[2, 0] == 0.125
    for agent in range(AGENTS):
        own = said[:, :, agent][spoken[:, :, agent]]
        torch.testing.assert_close(filter_.mean[agent], own.mean(0))
        torch.testing.assert_close(
            *(filter_.std[agent], own.std(0, correction=0).clamp(min=0.125)),
            **{"rtol": 1e-4, "atol": 1e-4},
        )
    standard = ((said - filter_.mean) / filter_.std)[spoken]
    white = standard @ filter_.whiten
    torch.testing.assert_close(
        white.T @ white / len(white), torch.eye(SIZE), rtol=1e-3, atol=1e-3
    )


def after(config: dict, changed: slice | None = None) -> Tensor:
    """What sender 1 is believed to have done, after one part of its memory changed."""
    filter_ = tracking(**config)
    memory = judge(filter_).memory
    if changed:
        memory[:, 1, changed] += 1.0
    return judge(filter_, memory, 2).decision.suspicion()[:, 1]


STATE, PAST = slice(0, HIDDEN), slice(HIDDEN, None)


@pytest.mark.parametrize(
    ("part", "lost", "kept"), [("memory", STATE, PAST), ("context", PAST, STATE)]
)
def test_an_ablation_hides_its_part_and_nothing_else(part, lost, kept):
    less = {part: False}
    assert torch.equal(after(less), after(less, lost))
    assert ((after(less) - after(less, kept)).abs() > 1e-6).all()
    assert ((after({}) - after({}, lost)).abs() > 1e-6).all()


def test_without_context_the_others_messages_count_for_nothing():
    messages = torch.randn(BATCH, AGENTS, SIZE)
    other = messages.clone()
    other[:, 0] += 1.0
    for context, same in ((False, True), (True, False)):
        filter_ = tracking(context=context)
        one, two = (judge(filter_, messages=m).decision for m in (messages, other))
        assert torch.equal(one.suspicion()[:, 1], two.suspicion()[:, 1]) is same


def test_unrolled_again_a_filter_without_memory_believes_the_same():
    filter_ = tracking(memory=False)
    alive = torch.ones(3, BATCH, AGENTS, dtype=torch.bool)
    seen = torch.randn(3, BATCH, AGENTS, filter_.features[0].in_features)
    state = torch.zeros(3, BATCH, AGENTS, HIDDEN)
    inside = torch.full(alive.shape, -1.0)
    inputs = TrackingInputs(seen, inside, state, ~alive, alive)
    whole = filter_.unroll(inputs)
    last = filter_.unroll(TrackingInputs(*(part[2:] for part in inputs)))
    torch.testing.assert_close(whole.logit[2:], last.logit)


def test_a_whole_filter_says_nothing_of_ablations_and_an_ablation_does():
    """So that the digests of filters that were made before stay."""
    without = tracking(gate=0.0).arguments()["config"]
    assert {*without} == {"hidden", "threshold", "replace"}
    less = tracking(memory=False)
    assert less.arguments()["config"]["memory"] is False
    assert TrackingFilter.rebuild(less.arguments()).config == less.config


def test_an_ablation_is_not_what_a_whole_filter_may_learn_on_from():
    for made, same in (({}, True), ({"memory": False}, False)):
        frozen = freeze(tracking(**made))
        recipe = Recipe(
            *(Side.DEFENDER, "tracking", tracking().config, "supervised", None)
        )
        assert frozen.made_by(recipe) is same
