"""PPO, shared by attacks, filters and teams: it knows of a learner only `evaluate`."""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from games.engine.tree import map_tensors
from oracles.learning.config import PPOConfig


class Evaluation(NamedTuple):
    """A learner's evaluation of past decisions under its present weights."""

    log_prob: Tensor  # [T,b,P]
    entropy: Tensor  # [T,b,P]
    value: Tensor  # [T,b,P]
    auxiliary: Tensor  # []  the paper's extra terms, weighted, as a loss to minimise


class Experience(NamedTuple):
    """What PPO learns from: tensors `[T,B,P]`, and the learner's own inputs."""

    inputs: Any  # a tree of tensors [T,B,...] that the learner's `evaluate` reads
    log_prob: Tensor  # of the decisions when they were taken
    value: Tensor  # of the critic at that time
    advantage: Tensor
    target: Tensor  # what the critic's value should have been
    weight: Tensor  # 1 where a decision counts, 0 for benign and dead agents
    judged: Tensor  # 1 where the critic learns; at least where a decision counts


Evaluate = Callable[[Any], Evaluation]


def gae(
    reward: Tensor,
    value: Tensor,
    last_value: Tensor,
    done: Tensor,
    gamma: float,
    gae_lambda: float,
) -> tuple[Tensor, Tensor]:
    """Returns advantages and value targets by generalised advantage estimation.

        delta_t = r_t + gamma (1 - done_t) V_{t+1} - V_t
        A_t = delta_t + gamma lambda (1 - done_t) A_{t+1}

    The end of a game bootstraps 0, its step limit included (a rule of the game).
    `gae_lambda=0, gamma=1` is the advantage as the paper prints it.

    Args:
      reward: `[T,B,P]`, positive is good for the learner.
      value: `[T,B,P]`, the critic's when the decision was taken.
      last_value: `[B,P]`, the critic's at the step after the last.
      done: `[T,B,P]` bool, whether the game ended.
      gamma: the discount.
      gae_lambda: lambda.

    Returns:
      Advantages and value targets `[T,B,P]`.

    Source: paper section 3.2, below eq. 1 (one step); Schulman et al. 2016, eq. 16.
    """
    alive = 1.0 - done.to(value.dtype)
    advantage = torch.empty_like(value)
    running = torch.zeros_like(last_value)
    following = last_value
    for t in range(value.shape[0] - 1, -1, -1):
        delta = reward[t] + gamma * alive[t] * following - value[t]
        running = delta + gamma * gae_lambda * alive[t] * running
        advantage[t] = running
        following = value[t]
    return advantage, advantage + value


def ppo_loss(
    now: Evaluation, batch: Experience, config: PPOConfig, entropy_coef: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """Returns the loss of one minibatch: surrogate, value, entropy and auxiliary terms.

        -E[ min(rho A, clip(rho, 1 - eps, 1 + eps) A) ] + c_v L_V - c_e H + auxiliary

    Args:
      now: the learner's evaluation of the batch.
      batch: the past decisions.
      config: gives the coefficients.
      entropy_coef: c_e at this point of training.

    Returns:
      The loss and its diagnostics, all scalars.

    Source: paper eq. 1 and eq. 2, first terms; Schulman et al. 2017, eq. 7.
    """
    weight = batch.weight / batch.weight.sum().clamp(min=1.0)
    advantage = batch.advantage
    if config.normalize_advantage:
        mean = (weight * advantage).sum()
        std = (weight * (advantage - mean).square()).sum().sqrt()
        advantage = (advantage - mean) / (std + 1e-8)
    log_ratio = now.log_prob - batch.log_prob
    ratio = log_ratio.exp()
    clipped = ratio.clamp(1.0 - config.clip_coef, 1.0 + config.clip_coef)
    surrogate = torch.minimum(ratio * advantage, clipped * advantage)
    policy_loss = -(weight * surrogate).sum()
    error = nn.functional.smooth_l1_loss(
        now.value / config.value_scale,
        batch.target / config.value_scale,
        reduction="none",
    )
    value_loss = (batch.judged * error).sum() / batch.judged.sum().clamp(min=1.0)
    entropy = (weight * now.entropy).sum()
    loss = (
        policy_loss
        + config.value_coef * value_loss
        - entropy_coef * entropy
        + now.auxiliary
    )
    with torch.no_grad():
        outside = (ratio - 1.0).abs() > config.clip_coef
        stats = {
            "policy_loss": policy_loss,
            "value_loss": value_loss,
            "entropy": entropy,
            "auxiliary_loss": now.auxiliary,
            "approx_kl": (weight * (ratio - 1.0 - log_ratio)).sum(),
            "clip_fraction": (weight * outside).sum(),
        }
    return loss, stats


def ppo_update(
    optimizer: torch.optim.Optimizer,
    evaluate: Evaluate,
    experience: Experience,
    config: PPOConfig,
    *,
    generator: torch.Generator,
    entropy_coef: float = 0.0,
) -> dict[str, float]:
    """Trains a learner on one rollout.

    Args:
      optimizer: holds the learner's parameters.
      evaluate: the learner's function `inputs [T,b,...] -> Evaluation`.
      experience: what it learns from, `[T,B,...]`.
      config: gives epochs, minibatches and coefficients.
      generator: shuffles environments into minibatches.
      entropy_coef: the weight of the entropy at this point of training.

    Returns:
      Means of the losses, approximate KL, clip fraction, and explained variance.

    Raises:
      FloatingPointError: a loss is not finite; learner and optimiser are then as they
        were before.
    """
    size = experience.weight.shape[1]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    # Losses are checked only once, at the end: keep the state to go back to.
    before = deepcopy((parameters, optimizer.state_dict()))
    totals: list[dict[str, Tensor]] = []
    for _ in range(config.update_epochs):
        order = torch.randperm(size, generator=generator, device=generator.device)
        for part in order.chunk(config.num_minibatches):
            batch = map_tensors(lambda leaf, part=part: leaf[:, part], experience)
            loss, stats = ppo_loss(evaluate(batch.inputs), batch, config, entropy_coef)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(parameters, config.max_grad_norm)
            optimizer.step()
            totals.append({"loss": loss.detach(), "grad_norm": norm, **stats})
    means = {key: torch.stack([t[key] for t in totals]).mean() for key in totals[0]}
    means["explained_variance"] = _explained_variance(experience)
    numbers = torch.stack(list(means.values())).tolist()  # the only synchronisation
    report = dict(zip(means, numbers, strict=True))
    for key in ("loss", "grad_norm"):
        if not math.isfinite(report[key]):
            with torch.no_grad():
                for parameter, old in zip(parameters, before[0], strict=True):
                    parameter.copy_(old)
            optimizer.load_state_dict(before[1])
            raise FloatingPointError(f"training stopped: {key} is {report[key]}")
    return report


def _explained_variance(experience: Experience) -> Tensor:
    counted = experience.weight > 0
    weight = counted / counted.sum().clamp(min=1)
    mean = (weight * experience.target).sum()
    spread = (weight * (experience.target - mean).square()).sum()
    error = (weight * (experience.target - experience.value).square()).sum()
    return 1.0 - error / spread.clamp(min=1e-8)


def decay(start: float, end: float, progress: float) -> float:
    """Interpolates from `start` to `end`: geometric, or linear if one of them is 0."""
    if start <= 0.0 or end <= 0.0:
        return start + (end - start) * progress
    return start * (end / start) ** progress


def set_learning_rate(optimizer: torch.optim.Optimizer, value: float) -> None:
    """Sets the learning rate of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = value


def parameters_of(modules: Iterable[nn.Module]) -> list[nn.Parameter]:
    """Returns all trainable parameters of several modules."""
    return [p for module in modules for p in module.parameters() if p.requires_grad]
