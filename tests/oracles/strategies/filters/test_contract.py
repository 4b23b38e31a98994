"""Filters: a contract over the registry, and the terms of eq. 2 by hand."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.play import Stream, collect
from games.engine.strategy import Decision, Verdict
from games.engine.threat import Threat
from games.engine.view import FilterView
from games.environments.echo.env import Echo
from oracles.strategies.filters.config import FilterConfig
from oracles.strategies.filters.two_stage import FilterInputs, TwoStageFilter
from oracles.strategies.registry import FILTERS
from tests.hand_made import Attacker, Parrots, a_setting

BATCH, AGENTS, SIZE = 64, 4, 3
NAMES = pytest.mark.parametrize("name", sorted(FILTERS))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def two_stage(agents: int = AGENTS, seed: int = 0, **config: Any) -> TwoStageFilter:
    torch.manual_seed(seed)
    filter_ = TwoStageFilter(
        FilterConfig(**config), message_size=SIZE, num_agents=agents
    )
    filter_.message_mean.copy_(torch.tensor([0.0, 1.0, -2.0]))
    filter_.message_std.copy_(torch.tensor([1.0, 0.5, 2.0]))
    return filter_


def stirred(**config: Any) -> TwoStageFilter:
    """A filter whose last layers are no longer zero."""
    filter_ = two_stage(**config)
    with torch.no_grad():
        for parameter in filter_.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=seeded(4)))
    return filter_


def make(name: str) -> Any:
    """An entry of the registry by its one constructor, its weights stirred."""
    sizes = {"num_agents": AGENTS, "obs_size": 5, "memory_size": 2, "heard_size": 2}
    setting = a_setting(Threat(), message_size=SIZE, **sizes)
    torch.manual_seed(0)
    filter_ = FILTERS[name].load().new(setting)
    if isinstance(filter_, torch.nn.Module):
        with torch.no_grad():
            for parameter in filter_.parameters():
                parameter.add_(0.3 * torch.randn(parameter.shape))
    return filter_


def messages(batch: int = BATCH, seed: int = 0) -> Tensor:
    return torch.randn(batch, AGENTS, SIZE, generator=seeded(seed))


def everyone(batch: int = BATCH) -> Tensor:
    return torch.ones(batch, AGENTS, dtype=torch.bool)


@torch.no_grad()
def judge(filter_: Any, message: Tensor, alive: Tensor | None = None) -> Verdict:
    batch = len(message)
    alive = everyone(batch) if alive is None else alive
    filter_.reset(torch.ones(batch, dtype=torch.bool), seeded())
    links = alive[:, :, None] & alive[:, None]
    obs = torch.zeros(batch, AGENTS, 5) if filter_.observes else None
    view = FilterView(message, alive, alive, links, obs)
    memory = torch.zeros(batch, AGENTS, filter_.memory_size)
    return filter_.decide(view, memory, seeded(3))


def decide(filter_: Any, message: Tensor, alive: Tensor | None = None) -> Decision:
    return judge(filter_, message, alive).decision


@NAMES
def test_a_decision_has_the_promised_shapes_and_flags_are_binary(name):
    decision = decide(make(name), messages())
    assert [tuple(leaf.shape) for leaf in decision] == [(BATCH, AGENTS)] * 4
    assert set(decision.choice.unique().tolist()) <= {0.0, 1.0}
    assert (decision.log_prob <= 0).all()
    assert decision.active.dtype == torch.bool


@NAMES
def test_what_is_repaired_and_remembered_has_the_promised_shapes(name):
    filter_ = make(name)
    verdict = judge(filter_, messages())
    assert verdict.repaired.shape == (BATCH, AGENTS, SIZE)
    assert verdict.repaired.isfinite().all()
    assert verdict.memory.shape == (BATCH, AGENTS, filter_.memory_size)


@NAMES
def test_the_dead_are_never_flagged(name):
    alive = everyone()
    alive[:, 1] = False
    decision = decide(make(name), messages(), alive)
    assert not (decision.active & (decision.choice > 0))[:, 1].any()


@NAMES
def test_the_same_generator_flags_the_same_messages(name):
    filter_ = make(name)
    one, other = (decide(filter_, messages()) for _ in range(2))
    assert all(map(torch.equal, one, other))


def test_each_message_is_judged_and_repaired_alone():
    filter_, message = stirred(), messages()
    suspicion, repaired = filter_.suspicion(message), filter_.repair(message)
    message = message.clone()
    message[:, 1:] += 10.0
    torch.testing.assert_close(filter_.suspicion(message)[:, 0], suspicion[:, 0])
    torch.testing.assert_close(filter_.repair(message)[:, 0], repaired[:, 0])


def test_an_untrained_filter_flags_about_half_and_changes_nothing():
    filter_, message = two_stage(), messages(2000)
    flags = decide(filter_, message).choice
    assert abs(flags.mean() - 0.5) < 5 * 0.5 / flags.numel() ** 0.5
    assert (filter_.suspicion(message) == 0.5).all()
    torch.testing.assert_close(judge(filter_, message).repaired, message)


def test_flags_are_drawn_as_often_as_the_detector_says():
    filter_ = stirred()
    message = messages(1)[:, :1].expand(20_000, AGENTS, SIZE)
    wanted = filter_.suspicion(message[:1, :1]).item()
    flags = decide(filter_, message).choice
    assert 0.02 < wanted < 0.98
    std_error = (wanted * (1 - wanted) / flags.numel()) ** 0.5
    assert abs(flags.mean() - wanted) < 5 * std_error


@pytest.mark.parametrize("detector", ["learned", "random"])
def test_evaluate_repeats_the_log_probabilities_and_values_of_play(detector):
    env, filter_ = Echo(), stirred(agents=2, detector=detector)
    stream = Stream(
        *(env, Parrots(SIZE), Channel(Attacker(3.0), filter_)),
        malicious=torch.zeros(8, 1, dtype=torch.long),
        world_generator=seeded(0),
        generator=seeded(1),
    )
    steps = collect(stream.play(), 12)
    inputs = filter_.inputs(steps)
    now = filter_.evaluate(inputs)
    torch.testing.assert_close(now.log_prob, steps.wire.defence.log_prob)
    torch.testing.assert_close(now.value, steps.wire.defence.value)
    assert torch.equal(inputs.forged[..., 0], torch.ones(12, 8))
    assert torch.equal(inputs.clean, steps.wire.sent)


def inputs_of(forged: Tensor, alive: Tensor | None = None) -> FilterInputs:
    clean = messages(len(forged))
    tampered = torch.where(forged[..., None] > 0, clean + 3.0, clean)
    alive = everyone(len(forged)) if alive is None else alive
    flag = (messages(len(forged), seed=2)[..., 0] > 0).float()
    parts = (tampered, clean, flag, forged, alive)
    return FilterInputs(*(part[None] for part in parts))


def test_the_supervised_terms_of_eq_2_by_hand():
    beta1, beta2 = 0.7, 0.3
    filter_ = stirred(beta1=beta1, beta2=beta2)
    forged = torch.zeros(BATCH, AGENTS)
    forged[:, 2] = 1.0
    alive = everyone()
    alive[:5, 2] = alive[5:9, 0] = False
    inputs = inputs_of(forged, alive)
    suspicion = filter_.suspicion(inputs.tampered[0])
    off = (filter_.repair(inputs.tampered[0]) - inputs.clean[0]) / filter_.message_std
    likelihood = torch.where(forged > 0, suspicion, 1.0 - suspicion).log()
    loss = -beta1 * likelihood + beta2 * off.square().mean(-1)
    bad, good = alive & (forged > 0), alive & (forged == 0)
    expected = 0.5 * loss[bad].mean() + 0.5 * loss[good].mean()
    torch.testing.assert_close(filter_.evaluate(inputs).auxiliary, expected)


def test_a_detector_that_says_one_half_pays_log_two_however_few_are_forged():
    filter_ = two_stage(beta1=1.0, beta2=0.0)
    for count in (1, 10, BATCH):
        forged = torch.zeros(BATCH, AGENTS)
        forged[:count, 0] = 1.0
        price = filter_.evaluate(inputs_of(forged)).auxiliary
        assert price.item() == pytest.approx(math.log(2.0), rel=1e-5)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_messages_of_one_kind_only_have_all_the_weight(label):
    filter_ = two_stage(beta1=1.0, beta2=0.0)
    inputs = inputs_of(torch.full((BATCH, AGENTS), label))
    assert filter_.evaluate(inputs).auxiliary.item() == pytest.approx(math.log(2.0))


def test_nobody_alive_costs_nothing():
    filter_ = stirred()
    inputs = inputs_of(torch.zeros(BATCH, AGENTS), ~everyone())
    assert filter_.evaluate(inputs).auxiliary.item() == 0


def test_the_terms_of_eq_2_teach_the_detector_and_the_reconstructor():
    filter_ = two_stage()
    forged = (torch.arange(AGENTS) == 1).float().expand(BATCH, -1)
    inputs = inputs_of(forged)
    optimizer = torch.optim.Adam(filter_.parameters(), 1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        filter_.evaluate(inputs).auxiliary.backward()
        optimizer.step()
    suspicion = filter_.suspicion(inputs.tampered[0])
    assert suspicion[:, 1].mean() > 0.8
    assert suspicion[:, [0, 2, 3]].mean() < 0.2
    before = (inputs.tampered - inputs.clean)[0, :, 1].norm(dim=-1).mean()
    after = (filter_.repair(inputs.tampered) - inputs.clean)[0, :, 1].norm(dim=-1)
    assert after.mean() < 0.6 * before


def test_the_entropy_is_that_of_the_flags():
    inputs = inputs_of(torch.zeros(BATCH, AGENTS))
    entropy = two_stage().evaluate(inputs).entropy
    torch.testing.assert_close(entropy, torch.full_like(entropy, math.log(2.0)))


def test_without_a_detector_one_living_agent_is_picked_at_random():
    filter_ = stirred(detector="random")
    alive = everyone(2000)
    alive[:, 3] = False
    decision = decide(filter_, messages(2000), alive)
    assert (decision.choice.sum(1) == 1).all()
    share = decision.choice.mean(0)
    assert share[3] == 0
    assert ((share[:3] - 1 / 3).abs() < 5 * (2 / 9 / 2000) ** 0.5).all()


def test_without_a_detector_nothing_is_learned_of_it():
    filter_ = stirred(detector="random")
    inputs = inputs_of((torch.arange(AGENTS) == 1).float().expand(BATCH, -1))
    now = filter_.evaluate(inputs)
    assert (now.log_prob == 0).all()
    (now.auxiliary + now.log_prob.sum()).backward()
    for part, learns in ((filter_.detector, False), (filter_.reconstructor, True)):
        grads = [p.grad for p in part.parameters() if p.grad is not None]
        assert any((grad != 0).any() for grad in grads) == learns


def test_without_a_reconstructor_flagged_messages_become_random_clean_looking_ones():
    filter_ = stirred(reconstructor="random")
    message = 100.0 + messages(4000)
    heard = judge(filter_, message).repaired.flatten(0, 1)
    error = 5 * filter_.message_std / len(heard) ** 0.5
    assert ((heard.mean(0) - filter_.message_mean).abs() < error).all()
    torch.testing.assert_close(heard.std(0), filter_.message_std, rtol=0.05, atol=0)
    now = filter_.evaluate(inputs_of((messages()[..., 0] > 0).float()))
    now.auxiliary.backward()
    assert all(p.grad is None for p in filter_.reconstructor.parameters())


def test_a_filter_takes_its_unit_from_the_team():
    team = Parrots(SIZE)
    team.message_std = torch.tensor([2.0, 0.0, 1.0])
    team.message_mean = torch.tensor([5.0, 6.0, 7.0])
    filter_ = two_stage().calibrate(team)
    assert torch.equal(filter_.message_mean, team.message_mean)
    assert filter_.message_std[0] == 2
    assert filter_.suspicion(messages()).isfinite().all()


@pytest.mark.parametrize(
    ("field", "value"),
    [("beta1", -1.0), ("hidden", 0), ("benign_fraction", 1.0), ("detector", "none")],
)
def test_settings_out_of_range_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value!r}, must be "):
        FilterConfig(**{field: value})
