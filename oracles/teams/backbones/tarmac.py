"""TarMAC with a one-step delay: receivers attend to the senders they need to hear.

    m_out_i = [k_i | v_i] = W_s h_i(t-1)      signature and value: the message
    q_j     = W_q [ReLU(W_o o_j), h_j(t-1)]   the query stays with the receiver
    a_ji    = softmax over heard i and "nobody" of (q_j . k_i / sqrt(d_k), 0)
    m_in_j  = sum over heard i of a_ji v_i
    h_j(t)  = GRU([ReLU(W_o o_j), m_in_j], h_j(t-1))
    pi_j    = softmax(W_a h_j(t))

"Nobody", with score 0 and value 0, lets a receiver hear nothing.
There is one round of talk; an attack forges signatures and values, never a query.

Source: Das et al. 2019, section 3; the paper's section 4.1 (local communication).
"""

import torch
from torch import Tensor, nn

from oracles.teams.backbones.config import TarMACConfig
from oracles.teams.backbones.talking import Talking


class TarMAC(Talking):
    """The TarMAC backbone; implements `games.engine.team.Team`."""

    kind = "tarmac"
    sampled = True

    def __init__(
        self, config: TarMACConfig, *, obs_size: int, num_actions: int
    ) -> None:
        """Builds a team for observations `[.., obs_size]` and `num_actions`."""
        super().__init__()
        self.config = config
        memory, heard = config.memory_size, config.value_size
        self.message_size = config.signature_size + heard
        self.memory_size, self.heard_size = memory, heard
        self.delay = config.delay
        self.message = nn.Linear(memory, self.message_size)
        self.query = nn.Linear(2 * memory, config.signature_size)
        self.encode_obs = nn.Linear(obs_size, memory)
        self.recur = nn.GRUCell(memory + heard, memory)
        self.policy = nn.Linear(memory, num_actions)
        nn.init.orthogonal_(self.policy.weight, 0.01)
        nn.init.zeros_(self.policy.bias)
        self.reserve_statistics(self.message_size)
        self.learn_to_judge(config, obs_size)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        """Returns m_out = [signature | value] = W_s h(t-1), `[B,N,D]`."""
        return self.message(memory)

    def attend(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        """Returns attention `[B,N,N+1]` of receiver j to sender i, last to nobody."""
        memory = memory[..., : self.config.memory_size]  # an ensemble keeps votes, too
        links = links & self.config.talks
        encoded = torch.relu(self.encode_obs(obs))
        query = self.query(torch.cat([encoded, memory], -1))
        signature = heard[..., : self.config.signature_size]
        scores = query @ signature.transpose(-1, -2) / self.config.signature_size**0.5
        scores = scores.masked_fill(~links, -torch.inf)
        attention = nn.functional.pad(scores, (0, 1)).softmax(-1)
        if not self.judges:
            return attention
        weighed = attention[..., :-1] * self.weights(obs, memory, heard, links)
        # What is not believed is as if nobody had said it.
        nobody = 1.0 - weighed.sum(-1, keepdim=True)
        return torch.cat([weighed, nobody.clamp(min=0.0)], -1)

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        """Returns the values that each agent attends to, `[B,N,M]`; 0 if none."""
        weights = self.attend(obs, memory, heard, links)[..., :-1]
        return weights @ heard[..., self.config.signature_size :]

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """Updates the GRU, `[B,N,H]`."""
        inputs = torch.cat([torch.relu(self.encode_obs(obs)), m_in], -1)
        thought = self.recur(inputs.flatten(0, -2), memory.flatten(0, -2))
        return thought.view_as(memory)

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        """Returns logits `[B,N,A]`, -inf where unavailable."""
        return self.policy(memory).masked_fill(~available, -torch.inf)
