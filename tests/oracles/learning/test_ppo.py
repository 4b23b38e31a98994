"""PPO on decisions whose gradient, advantage and loss are known by hand."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from oracles.learning.config import PPOConfig
from oracles.learning.nets import gaussian_log_prob
from oracles.learning.ppo import (
    Evaluation,
    Experience,
    decay,
    gae,
    parameters_of,
    ppo_loss,
    ppo_update,
    set_learning_rate,
)

T, BATCH, POINTS = 5, 8, 2
PLAIN = PPOConfig(
    clip_coef=0.2,
    learning_rate=0.05,
    update_epochs=1,
    num_minibatches=1,
    max_grad_norm=100.0,
    normalize_advantage=False,
)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def column(*values: float) -> Tensor:
    """One environment and one decision point: `[T,1,1]`."""
    return torch.tensor(values, dtype=torch.float32)[:, None, None]


def advantages(reward, value, last, done, gamma, lambda_) -> tuple[Tensor, Tensor]:
    return gae(
        column(*reward),
        column(*value),
        torch.tensor([[last]]),
        column(*done) > 0,
        gamma,
        lambda_,
    )


def test_gae_by_hand():
    advantage, target = advantages([1, 2, 4], [10, 20, 30], 40.0, [0, 0, 0], 0.5, 0.5)
    # delta: 1 + 10 - 10 = 1;  2 + 15 - 20 = -3;  4 + 20 - 30 = -6;  gamma lambda = 1/4
    torch.testing.assert_close(advantage, column(1 - 0.75 - 0.375, -4.5, -6.0))
    torch.testing.assert_close(target, advantage + column(10, 20, 30))


def test_the_end_of_a_game_cuts_both_the_critic_and_the_sum():
    advantage, _ = advantages([1, 2, 4], [10, 20, 30], 40.0, [0, 1, 0], 0.5, 0.5)
    # delta_1 = 2 - 20, and nothing of what follows reaches it.
    torch.testing.assert_close(advantage, column(1 - 4.5, -18.0, -6.0))
    advantage, _ = advantages([1, 2, 4], [10, 20, 30], 40.0, [0, 0, 1], 0.5, 0.5)
    assert advantage[-1].item() == 4 - 30


def random_rollout() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    reward, value = noise(T, BATCH, POINTS), noise(T, BATCH, POINTS, seed=1)
    done = noise(T, BATCH, POINTS, seed=2) > 1.0
    return reward, value, noise(BATCH, POINTS, seed=3), done


def test_lambda_one_is_the_discounted_return_minus_the_value():
    reward, value, last, done = random_rollout()
    assert done.any()
    expected, running = torch.empty_like(value), last
    for t in reversed(range(T)):
        running = reward[t] + 0.9 * torch.where(done[t], 0.0, running)
        expected[t] = running
    advantage, target = gae(reward, value, last, done, 0.9, 1.0)
    torch.testing.assert_close(advantage, expected - value)
    torch.testing.assert_close(target, expected)


def test_lambda_zero_is_the_one_step_error_of_the_paper():
    reward, value, last, done = random_rollout()
    following = torch.cat([value[1:], last[None]]).masked_fill(done, 0.0)
    advantage, _ = gae(reward, value, last, done, 1.0, 0.0)
    torch.testing.assert_close(advantage, reward + following - value)


class Gauss(nn.Module):
    """One mean for all decisions, one critic, and an auxiliary term to play with."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(()))
        self.critic = nn.Parameter(torch.zeros(()))
        self.extra = 0.0
        self.seen: list[Any] = []

    def evaluate(self, inputs: Tensor) -> Evaluation:
        self.seen.append(inputs.shape)
        one = torch.ones_like(inputs)
        log_prob = gaussian_log_prob(inputs[..., None], self.mean, torch.ones(1))
        extra = self.extra * self.mean
        return Evaluation(log_prob, 0.0 * inputs, self.critic * one, extra)


def experience(policy: Gauss, advantage: Any = 1.0, **changes: Any) -> Experience:
    """Decisions of 1: the log-probability rises with the mean."""
    decided = torch.ones(T, BATCH, POINTS)
    with torch.no_grad():
        now = policy.evaluate(decided)
    policy.seen.clear()
    whole = Experience(
        inputs=decided,
        log_prob=now.log_prob,
        value=now.value,
        advantage=advantage * decided,
        target=0.0 * decided,
        weight=decided.clone(),
        judged=decided.clone(),
    )
    return whole._replace(**changes)


def update(
    policy: Gauss, batch: Experience, optimizer: Any = None, **more: Any
) -> dict[str, float]:
    config = more.pop("config", PLAIN)
    optimizer = optimizer or torch.optim.Adam(policy.parameters(), 0.05)
    generator = torch.Generator().manual_seed(0)
    return ppo_update(
        optimizer, policy.evaluate, batch, config, generator=generator, **more
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_turned_out_well_becomes_likelier(sign):
    policy = Gauss()
    update(policy, experience(policy, advantage=sign))
    assert policy.mean.item() * sign > 0.01


def test_the_critic_moves_to_its_target():
    policy = Gauss()
    batch = experience(policy, advantage=0.0)
    update(policy, batch._replace(target=5.0 * batch.weight))
    assert policy.critic.item() > 0.01


def test_the_auxiliary_term_is_minimised():
    policy = Gauss()
    policy.extra = 3.0
    update(policy, experience(policy, advantage=0.0))
    assert policy.mean.item() < -0.01


def test_a_ratio_beyond_the_clip_earns_nothing_more():
    policy = Gauss()
    batch = experience(policy)
    far = batch.log_prob - math.log(1.0 + 0.4)
    loss, stats = ppo_loss(
        policy.evaluate(batch.inputs), batch._replace(log_prob=far), PLAIN, 0.0
    )
    loss.backward()
    assert policy.mean.grad == 0
    assert stats["clip_fraction"].item() == pytest.approx(1.0)
    assert stats["policy_loss"].item() == pytest.approx(-1.2)
    assert stats["approx_kl"].item() == pytest.approx(0.4 - math.log(1.4))
    # For the worse the ratio is not clipped: min(rho A, clip(rho) A).
    batch = batch._replace(log_prob=far, advantage=-batch.advantage)
    _, stats = ppo_loss(policy.evaluate(batch.inputs), batch, PLAIN, 0.0)
    assert stats["policy_loss"].item() == pytest.approx(1.4)


def test_the_kl_is_zero_before_the_first_step_and_positive_after():
    policy = Gauss()
    batch = experience(policy)
    assert update(policy, batch)["approx_kl"] == 0
    assert update(policy, batch)["approx_kl"] > 0


def test_the_entropy_bonus_is_subtracted():
    policy = Gauss()
    batch = experience(policy)
    now = policy.evaluate(batch.inputs)._replace(entropy=7.0 * batch.weight)
    (without, _), (bonus, _) = (ppo_loss(now, batch, PLAIN, c) for c in (0.0, 0.1))
    assert (without - bonus).item() == pytest.approx(0.7)


@pytest.mark.parametrize("normalize", [False, True])
def test_decisions_of_weight_zero_are_ignored(normalize):
    policy = Gauss()
    config = PPOConfig(normalize_advantage=normalize)
    batch = experience(policy, advantage=noise(T, BATCH, POINTS))
    weight = (noise(T, BATCH, POINTS, seed=1) > 0).float()
    junk = 100.0 * (1.0 - weight)
    results = []
    for spoiled in (batch, map_junk(batch, junk)):
        now = policy.evaluate(batch.inputs)
        loss, stats = ppo_loss(
            now, spoiled._replace(weight=weight, judged=weight), config, 0.0
        )
        results.append(torch.stack([loss, *stats.values()]))
    torch.testing.assert_close(*results)


def map_junk(batch: Experience, junk: Tensor) -> Experience:
    return batch._replace(
        advantage=batch.advantage + junk,
        target=batch.target - junk,
        log_prob=batch.log_prob + 0.01 * junk,
    )


def test_normalised_advantages_do_not_depend_on_their_unit():
    config = PPOConfig()
    assert config.normalize_advantage
    losses = []
    for scale, shift in ((1.0, 0.0), (50.0, 7.0)):
        policy = Gauss()
        batch = experience(policy, advantage=scale * noise(T, BATCH, POINTS) + shift)
        now = policy.evaluate(batch.inputs + 0.1)
        losses.append(ppo_loss(now, batch, config, 0.0)[1]["policy_loss"])
    torch.testing.assert_close(*losses)


def test_epochs_and_minibatches_are_those_of_the_configuration():
    policy = Gauss()
    config = PPOConfig(update_epochs=3, num_minibatches=4)
    update(policy, experience(policy), config=config)
    assert policy.seen == [(T, BATCH // 4, POINTS)] * 12  # never split in time


def test_the_explained_variance_of_a_perfect_and_of_a_blind_critic():
    policy = Gauss()
    target = noise(T, BATCH, POINTS)
    perfect = experience(policy, target=target, value=target)
    assert update(policy, perfect)["explained_variance"] == pytest.approx(1.0)
    blind = experience(policy, target=target, value=target.mean().expand_as(target))
    assert update(policy, blind)["explained_variance"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("minibatches", [1, 4])
def test_a_loss_that_is_not_finite_leaves_learner_and_optimiser_as_they_were(
    bad, minibatches
):
    policy = Gauss()
    optimizer = torch.optim.Adam(policy.parameters(), 0.05)
    batch = experience(policy)
    update(policy, batch, optimizer)  # gives Adam its momentum
    before = [p.detach().clone() for p in policy.parameters()]
    moments = [
        {k: v.clone() for k, v in optimizer.state[p].items()}
        for p in policy.parameters()
    ]
    spoiled = batch.advantage.clone()
    spoiled[0, -1, 0] = bad  # one decision of one environment
    config = PPOConfig(
        update_epochs=2, num_minibatches=minibatches, normalize_advantage=False
    )
    with pytest.raises(FloatingPointError, match="training stopped: "):
        update(policy, batch._replace(advantage=spoiled), optimizer, config=config)
    assert all(map(torch.equal, policy.parameters(), before))
    for parameter, old in zip(policy.parameters(), moments, strict=True):
        assert all(torch.equal(optimizer.state[parameter][k], old[k]) for k in old)


@pytest.mark.parametrize(
    ("start", "end", "middle"), [(4.0, 1.0, 2.0), (4.0, 0.0, 2.0), (0.0, 1.0, 0.5)]
)
def test_decay_is_geometric_and_linear_to_zero(start, end, middle):
    values = [decay(start, end, progress) for progress in (0.0, 0.5, 1.0)]
    assert values == pytest.approx([start, middle, end])


def test_the_learning_rate_of_every_group_is_set():
    parts = [Gauss(), Gauss().requires_grad_(False)]
    assert len(parameters_of(parts)) == 2
    optimizer = torch.optim.Adam([{"params": part.parameters()} for part in parts])
    set_learning_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


@pytest.mark.parametrize(
    ("field", "value"),
    [("gamma", 1.1), ("gae_lambda", -0.1), ("clip_coef", 0.0), ("update_epochs", 0)],
)
def test_settings_out_of_range_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be "):
        PPOConfig(**{field: value})
