"""Q-learning for teams: the monotone mixer, Q(lambda) targets, NDQ's losses."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from games.engine.env import TimeStep


class QMixer(nn.Module):
    """Mixes the agents' values into the team's, which rises with each of them.

        Q_tot = w2(s) . ELU(q W1(s) + b1(s)) + b2(s),   W1, w2 >= 0

    So every dQ_tot / dQ_i >= 0, and the best joint action is each agent's best action.

    Source: Rashid et al. 2018, section 4, eq. 5.
    """

    def __init__(self, num_agents: int, state_size: int, embed: int) -> None:
        """Builds hypernetworks of one layer, as NDQ has them; `embed` hidden units."""
        super().__init__()
        self.num_agents, self.embed = num_agents, embed
        self.first = nn.Linear(state_size, num_agents * embed)
        self.bias = nn.Linear(state_size, embed)
        self.last = nn.Linear(state_size, embed)
        self.value = nn.Sequential(
            nn.Linear(state_size, embed), nn.ReLU(), nn.Linear(embed, 1)
        )

    def forward(self, q: Tensor, state: Tensor) -> Tensor:
        """Returns Q_tot `[...]` of the agents' values `[...,N]` in `state` [...,S]."""
        weight = self.first(state).abs().unflatten(-1, (self.num_agents, self.embed))
        hidden = (q[..., None] * weight).sum(-2) + self.bias(state)
        mixed = (nn.functional.elu(hidden) * self.last(state).abs()).sum(-1)
        total: Tensor = mixed + self.value(state).squeeze(-1)
        return total


def q_lambda(
    reward: Tensor, following: Tensor, done: Tensor, gamma: float, td_lambda: float
) -> Tensor:
    """Returns the targets of Peng's Q(lambda).

        G_t = r_t + gamma (1 - done_t) ((1 - lambda) V_{t+1} + lambda G_{t+1})

    The last step takes G_{T} = V_{T}. lambda = 0 is the one-step target of the
    published NDQ; with a larger one the win at the end of a battle reaches early steps
    sooner.

    Args:
      reward: `[T,B]`, the team's reward.
      following: `[T,B]`, V_{t+1}: the target network's value of the best next action.
      done: `[T,B]` bool; the end of a game bootstraps 0.
      gamma: the discount.
      td_lambda: lambda.

    Returns:
      The targets `[T,B]`.

    Source: Peng and Williams 1996; van Hasselt et al. 2016 for V (double Q).
    """
    alive = 1.0 - done.to(reward.dtype)
    target = torch.empty_like(reward)
    running = following[-1]
    for t in range(reward.shape[0] - 1, -1, -1):
        mixed = (1.0 - td_lambda) * following[t] + td_lambda * running
        running = reward[t] + gamma * alive[t] * mixed
        target[t] = running
    return target


def posterior(input_size: int, message_size: int, num_actions: int) -> nn.Sequential:
    """Builds the posterior q(a_j | u_j, m_in_j), logits of the receiver's action.

    It has two hidden layers, four times as wide as what is heard.

    Source: Wang et al. 2020, section 3.2; sizes of its code.
    """
    width = 4 * message_size
    return nn.Sequential(
        nn.Linear(input_size + message_size, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, num_actions),
    )


class MessageLosses(NamedTuple):
    """The losses of messages, each a mean over living agents."""

    expressiveness: Tensor  # []  -E[ log q(a*_j | u_j, m_in_j) ]: to say what matters
    compression: Tensor  # []  KL( N(mu, 1) || N(0, 1) ): to say nothing else
    entropy: Tensor  # []  -E[ log N(m; 0, 1) ], up to a constant


def message_losses(
    logits: Tensor, best: Tensor, mean: Tensor, said: Tensor, timestep: TimeStep
) -> MessageLosses:
    """Returns NDQ's bounds on mutual information and on entropy, as losses.

        I(A_j; M_in_j | U_j) >= E[ log q(a*_j | u_j, m_in_j) ] + const
        KL(N(mu, 1) || N(0, 1)) = |mu|^2 / 2,   -log N(m; 0, 1) = |m|^2 / 2 + const

    Args:
      logits: `[T,B,N,A]`, the posterior's.
      best: `[T,B,N]` long, the target network's greedy actions a*.
      mean, said: `[T,B,N,D]`, mu and the messages drawn.
      timestep: `[T,B,...]`; dead agents do not count.

    Source: Wang et al. 2020, eq. 5 to 9.
    """
    alive = timestep.alive.to(mean.dtype)
    weight = alive / alive.sum().clamp(min=1.0)
    told = logits.log_softmax(-1).gather(-1, best[..., None]).squeeze(-1)
    return MessageLosses(
        expressiveness=-(weight * told).sum(),
        compression=(weight * 0.5 * mean.square().sum(-1)).sum(),
        entropy=(weight * 0.5 * said.square().sum(-1)).sum(),
    )
