"""NDQ: agents send each receiver a Gaussian vector, as short as the task allows.

    m_ij ~ N(mu_ij(u_i), 1)            u_i = (o_i, who i is); no memory, hence no delay
    m_in_j = (m_ij for all i != j)     vectors for other receivers are not read
    h_j(t) = GRU(ReLU(W (u_j, m_in_j)), h_j(t-1))
    Q_j = W_q h_j(t)

All that agent i emits is one message: its N - 1 vectors, one after the other, in the
order of the receivers. That is the unit which an attack forges and a filter judges.
Messages are drawn in play as in training. `cut_fraction` sets to zero, in play only,
the numbers whose means are smallest: training moves means that no agent needs to 0.

Source: Wang et al. 2020 (Nearly Decomposable Q-functions), sections 3.1 to 3.3, and its
published code for sizes; LayerNorm is ours.
"""

import torch
from torch import Tensor, nn

from oracles.teams.backbones.config import NDQConfig
from oracles.teams.backbones.talking import Talking


class NDQ(Talking):
    """The NDQ backbone; implements `games.engine.team.Team`."""

    kind = "ndq"
    sampled = False  # actions are the best ones, not drawn
    pairwise = True  # sizes depend on the number of agents
    cut_below: Tensor  # [] numbers whose means are below this are cut in play
    _reader: Tensor  # [N, N-1] long
    _page: Tensor  # [N, N-1] long

    def __init__(
        self, config: NDQConfig, *, obs_size: int, num_actions: int, num_agents: int
    ) -> None:
        """Builds a team of `num_agents` for observations `[.., N, obs_size]`."""
        super().__init__()
        self.config = config
        others, width = num_agents - 1, config.memory_size
        self.num_agents = num_agents
        self.message_size = self.heard_size = others * config.vector_size
        self.memory_size, self.delay = width, config.delay
        inputs = obs_size + num_agents
        self.encode = nn.Sequential(
            nn.Linear(inputs, width),
            nn.LayerNorm(width) if config.layer_norm else nn.Identity(),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, self.message_size),
        )
        self.read = nn.Sequential(
            nn.Linear(inputs + self.heard_size, width),
            nn.LayerNorm(width) if config.layer_norm else nn.Identity(),
            nn.ReLU(),
        )
        self.recur = nn.GRUCell(width, width)
        self.value = nn.Linear(width, num_actions)
        self.reserve_statistics(self.message_size)
        self.learn_to_judge(config, obs_size)
        self.register_buffer("cut_below", torch.zeros(()))
        self.register_buffer("_names", torch.eye(num_agents), persistent=False)
        senders = [[i for i in range(num_agents) if i != j] for j in range(num_agents)]
        # j is receiver number j of the senders after it, j - 1 of those before it.
        pages = [[j - (j > i) for i in row] for j, row in enumerate(senders)]
        self.register_buffer("_reader", torch.tensor(senders), persistent=False)
        self.register_buffer("_page", torch.tensor(pages), persistent=False)

    def inputs(self, obs: Tensor) -> Tensor:
        """Returns the inputs u = (o, one-hot agent): `[...,N,O]` -> `[...,N,O+N]`."""
        names: Tensor = self._names  # type: ignore[assignment]
        return torch.cat([obs, names.expand(*obs.shape[:-1], -1)], -1)

    def means(self, obs: Tensor) -> Tensor:
        """Returns the messages' means mu, `[...,N,O]` -> `[...,N,D]`."""
        mean: Tensor = self.encode(self.inputs(obs))
        return mean

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        """Draws m_out ~ N(mu, 1), `[B,N,D]`; in play the smallest numbers are cut."""
        mean = self.means(obs)
        noise = torch.randn(
            mean.shape, generator=generator, device=mean.device, dtype=mean.dtype
        )
        message = mean + noise
        if self.training:
            return message
        return torch.where(mean.abs() < self.cut_below, 0.0, message)

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        """Returns the vectors sent to each agent, `[B,N,M]`; 0 where none arrives."""
        vectors = heard.unflatten(-1, (self.num_agents - 1, -1))  # [B,N,N-1,d]
        mine = vectors[:, self._reader, self._page]  # [B,N,N-1,d], by receiver
        others = self._reader.expand(len(links), -1, -1)
        arrives = links.gather(2, others)[..., None] & self.config.talks
        if self.judges:
            weights = self.weights(obs, memory, heard, links)
            mine = mine * weights.gather(2, others)[..., None]
        return torch.where(arrives, mine, 0.0).flatten(2)

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """Updates the GRU, `[B,N,H]`."""
        encoded = self.read(torch.cat([self.inputs(obs), m_in], -1))
        thought: Tensor = self.recur(encoded.flatten(0, -2), memory.flatten(0, -2))
        return thought.view_as(memory)

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        """Returns Q `[B,N,A]`, -inf where unavailable."""
        q: Tensor = self.value(memory)
        return q.masked_fill(~available, -torch.inf)

    def read_by(self, receiver: int, sender: int) -> tuple[int, int]:
        """Returns which numbers are read: those of the vector for the receiver."""
        size = self.config.vector_size
        first = size * (receiver - (receiver > sender))
        return first, first + size
