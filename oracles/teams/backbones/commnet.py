"""CommNet with a one-step delay: agents send a vector and hear the others' mean.

    m_out_i = W_s h_i(t-1)            a message is one step old: this is the delay
    m_in_j  = mean over heard i of m_hat_i
    h_j(t)  = GRU(ReLU(W_o o_j + W_m m_in_j), h_j(t-1))
    pi_j    = softmax(W_a h_j(t))

Source: Sukhbaatar et al. 2016; the paper's section 4.1 (communication with delay).
"""

import torch
from torch import Tensor, nn

from oracles.teams.backbones.config import CommNetConfig
from oracles.teams.backbones.talking import Talking


class CommNet(Talking):
    """The CommNet backbone; implements `games.engine.team.Team`."""

    kind = "commnet"
    sampled = True

    def __init__(
        self, config: CommNetConfig, *, obs_size: int, num_actions: int
    ) -> None:
        """Builds a team for observations `[.., obs_size]` and `num_actions`."""
        super().__init__()
        self.config = config
        self.message_size = self.heard_size = config.message_size
        self.memory_size = config.memory_size
        self.delay = config.delay
        self.message = nn.Linear(config.memory_size, config.message_size)
        self.encode_obs = nn.Linear(obs_size, config.memory_size)
        self.encode_heard = nn.Linear(
            config.message_size, config.memory_size, bias=False
        )
        self.recur = nn.GRUCell(config.memory_size, config.memory_size)
        self.policy = nn.Linear(config.memory_size, num_actions)
        nn.init.orthogonal_(self.policy.weight, 0.01)
        nn.init.zeros_(self.policy.bias)
        self.reserve_statistics(self.message_size)
        self.learn_to_judge(config, obs_size)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        """Returns m_out = W_s h(t-1), `[B,N,D]`."""
        return self.message(memory)

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        """Returns the mean of the messages that reach each agent, `[B,N,M]`, or 0."""
        links = links & self.config.talks  # [b,j,i]: j may hear i
        counts = links.to(heard.dtype).sum(dim=-1, keepdim=True).clamp(min=1.0)
        return (self.weights(obs, memory, heard, links) / counts) @ heard

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """Updates the GRU, `[B,N,H]`."""
        encoded = torch.relu(self.encode_obs(obs) + self.encode_heard(m_in))
        thought = self.recur(encoded.flatten(0, -2), memory.flatten(0, -2))
        return thought.view_as(memory)

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        """Returns logits `[B,N,A]`, -inf where unavailable."""
        return self.policy(memory).masked_fill(~available, -torch.inf)
