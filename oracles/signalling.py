"""Best responses in adversarial signalling: categorical policies, trained by PPO.

Both sides are tables of logits, one row for each thing they may know. They learn from
sampled episodes through `ppo_update`, as attack and filter do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from games.engine.settings import check, integer
from games.openspiel.signalling import ATTACKER, DEFENDER, Defence, SignallingConfig
from oracles.learning.config import PPOConfig
from oracles.learning.ppo import Evaluation, Experience, gae, ppo_update

_LEAST = 0.02  # least probability of an action when a trained policy is trained on


@dataclass(frozen=True)
class TableOracleConfig:
    """The budget and the learner's settings of one best response.

    Attributes:
      updates: the number of rollouts.
      episodes: B, the episodes of each rollout.
      ppo: the learner.
    """

    updates: int = integer(80, least=1)
    episodes: int = integer(512, least=1)
    ppo: PPOConfig = field(
        default_factory=lambda: PPOConfig(
            learning_rate=0.05,
            gamma=1.0,
            gae_lambda=1.0,
            value_scale=1.0,
            num_minibatches=1,
        )
    )

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


class Decisions(NamedTuple):
    """The rows that were read and the actions that were taken, `[T, B, P]` long."""

    row: Tensor
    action: Tensor


class Table(nn.Module):
    """A softmax policy and a critic with one row for each information state.

    The attacker's row is s. Of the defender, row f filters (two actions), row K + f
    acts on an accepted signal, row (2 + f) K + g acts on reading g.
    """

    def __init__(self, config: SignallingConfig, player: int) -> None:
        """Starts with uniform play."""
        super().__init__()
        k = config.states
        rows = k if player == ATTACKER else 2 * k + k * k
        allowed = torch.ones(rows, k, dtype=torch.bool)
        if player == DEFENDER:
            allowed[:k, 2:] = False
        self.register_buffer("allowed", allowed)
        self.logits = nn.Parameter(torch.zeros(rows, k))
        self.value = nn.Parameter(torch.zeros(rows))

    def log_probs(self) -> Tensor:
        """Returns `[rows, K]`, minus infinity where an action is not allowed."""
        masked = self.logits.masked_fill(~self.allowed, -torch.inf)  # type: ignore[operator]
        return masked.log_softmax(dim=-1)

    def evaluate(self, inputs: Decisions) -> Evaluation:
        """Returns log-probabilities, entropies and values of past decisions."""
        log_probs = self.log_probs()
        # 0 log 0 is 0: without the clamp, the gradient of the product would be NaN.
        entropy = -(log_probs.exp() * log_probs.clamp(min=-100.0)).sum(dim=-1)
        return Evaluation(
            log_probs[inputs.row, inputs.action],
            entropy[inputs.row],
            self.value[inputs.row],
            self.logits.new_zeros(()),
        )

    def numpy(self) -> np.ndarray:
        """Returns the probabilities `[rows, K]` in float64."""
        found = self.log_probs().exp().detach().double().numpy()
        return found / found.sum(axis=1, keepdims=True)


class Episodes(NamedTuple):
    """The moves of B games, `[B]` long each; `reading` counts where `repaired`."""

    state: Tensor
    forged: Tensor
    repaired: Tensor
    reading: Tensor
    act: Tensor


def play(
    config: SignallingConfig,
    defenders: Tensor,
    attackers: Tensor,
    generator: torch.Generator,
) -> tuple[Episodes, Tensor]:
    """Plays B games, each with tables of its own.

    Args:
      config: the game's parameters.
      defenders: `[B, rows, K]` probabilities.
      attackers: `[B, K, K]` probabilities.
      generator: the randomness of nature and of both players.

    Returns:
      The moves, and the defender's payoffs `[B]`.
    """
    k, size = config.states, len(defenders)
    world = torch.arange(size)

    def draw(probabilities: Tensor) -> Tensor:
        return torch.multinomial(probabilities, 1, generator=generator)[:, 0]

    state = torch.randint(k, (size,), generator=generator)
    forged = draw(attackers[world, state])
    repaired = draw(defenders[world, forged])
    readings = torch.from_numpy(config.readings()).to(defenders.dtype)
    reading = draw(readings[state])
    row = torch.where(repaired > 0, (2 + forged) * k + reading, k + forged)
    act = draw(defenders[world, row])
    paid = (act == state).float() + config.forge_cost * (forged != state).float()
    paid = paid - config.repair_cost * repaired.float()
    return Episodes(state, forged, repaired, reading, act), paid


def train(
    config: SignallingConfig,
    player: int,
    opponents: Sequence[np.ndarray],
    weights: Sequence[float],
    oracle: TableOracleConfig,
    seed: int,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Trains a best response to a mixture of tables on sampled episodes.

    Args:
      config: the game's parameters.
      player: the number of the player who learns.
      opponents: `[rows, K]` probabilities of each opponent.
      weights: the weights of the mixture; one opponent is drawn for a whole episode.
      oracle: the budget.
      seed: the seed of everything.
      start: `[rows, K]` probabilities to start from; uniform if none.

    Returns:
      `[rows, K]` probabilities.

    Source: paper alg. 1, line 7.
    """
    generator = torch.Generator().manual_seed(seed)
    learner = Table(config, player)
    if start is not None:  # each allowed action stays likely enough to be tried
        likely = torch.from_numpy(start).float().clamp(min=_LEAST)
        learner.logits.data.copy_(likely.log())
    optimizer = torch.optim.Adam(learner.parameters(), oracle.ppo.learning_rate)
    mixture = torch.tensor(np.asarray(weights), dtype=torch.float32)
    tables = torch.from_numpy(np.stack(opponents)).float()
    for update in range(oracle.updates):
        left = 1 - update / oracle.updates
        optimizer.param_groups[0]["lr"] = oracle.ppo.learning_rate * max(left, 0.1)
        drawn = torch.multinomial(mixture, oracle.episodes, True, generator=generator)
        own = learner.log_probs().exp().detach().expand(oracle.episodes, -1, -1)
        sides = (own, tables[drawn]) if player == DEFENDER else (tables[drawn], own)
        episodes, paid = play(config, *sides, generator)
        sign = 1.0 if player == DEFENDER else -1.0
        experience = _experience(config, learner, player, episodes, sign * paid, oracle)
        ppo_update(
            optimizer, learner.evaluate, experience, oracle.ppo, generator=generator
        )
    return learner.numpy()


def _experience(
    config: SignallingConfig,
    learner: Table,
    player: int,
    episodes: Episodes,
    paid: Tensor,
    oracle: TableOracleConfig,
) -> Experience:
    """Builds one time step: one decision of the attacker, or two of the defender."""
    k = config.states
    if player == ATTACKER:
        row, action = episodes.state[:, None], episodes.forged[:, None]
    else:
        answer = torch.where(
            episodes.repaired > 0,
            (2 + episodes.forged) * k + episodes.reading,
            k + episodes.forged,
        )
        row = torch.stack([episodes.forged, answer], dim=1)
        action = torch.stack([episodes.repaired, episodes.act], dim=1)
    inputs = Decisions(row[None], action[None])
    with torch.no_grad():
        now = learner.evaluate(inputs)
    reward = paid[None, :, None].expand_as(now.value)
    done = torch.ones_like(reward, dtype=torch.bool)
    last = torch.zeros_like(now.value[0])
    ppo = oracle.ppo
    advantage, target = gae(reward, now.value, last, done, ppo.gamma, ppo.gae_lambda)
    weight = torch.ones_like(reward)
    return Experience(
        inputs, now.log_prob, now.value, advantage, target, weight, weight
    )


def as_defence(
    config: SignallingConfig, tables: Sequence[np.ndarray], weights: Sequence[float]
) -> Defence:
    """Converts a mixture of defenders to realisation weights, for exact formulas."""
    k = config.states
    accept, repair = np.zeros((k, k)), np.zeros((k, k, k))
    for table, weight in zip(tables, weights, strict=True):
        accept += weight * table[:k, :1] * table[k : 2 * k]
        by_reading = table[2 * k :].reshape(k, k, k)
        repair += weight * table[:k, 1][:, None, None] * by_reading
    return Defence(accept, repair)
