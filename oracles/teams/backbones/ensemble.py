"""Message ensembles: agents act by the majority over small subsets of the messages.

    s             a subset of k of the messages that reach agent j
    vote_s        the best action after hearing s alone
    pi_j          the action that most s vote for

Training shows each agent one random subset of k messages at each step, so that it
learns to act on few; play asks all of them. C liars are in some subsets only: while the
others alone decide the vote, no lie can turn it (`oracles.teams.voting`).

What is heard is not remembered: the memory, and so what agents say, is made of their
own observations. Else one lie would reach all later votes.

Source: Sun et al. 2023 (AME), sections 4.1 and 4.2; the memory is ours.
"""

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from oracles.teams.voting import counted, tally

if TYPE_CHECKING:
    _Backbone = Any
else:
    _Backbone = object


class Ensemble(_Backbone):
    """A mixin in front of a backbone; m_in and the end of memory hold scores by subset.

    A subset counts if all that it could hear is heard: of n senders that reach the
    agent, the subsets of min(k, n) of them. In training there is one subset, the links
    that are given; `Stream` thins them.

    Attributes:
      masks: `[S,N,N]` bool, [s,j,i]: whether i is in subset s of receiver j; in
        training, S is 1 and everybody is.
    """

    memory_size: int
    heard_size: int
    sampled: bool
    masks: Tensor

    def set_up(self, num_agents: int, num_actions: int) -> None:
        """Lists the subsets, after the backbone was built.

        Raises:
          ValueError: too few other agents, or too many subsets of them.
        """
        config = self.config
        config.check_agents(num_agents)
        self.own_size, self._plain_heard = self.memory_size, self.heard_size
        self._plain_sampled, self._num_actions = self.sampled, num_actions
        self.register_buffer(
            "masks", subsets(num_agents, config.ensemble), persistent=False
        )
        self.train(True)

    def train(self, mode: bool = True) -> Any:
        """Sets the sizes for training, on one subset, or for play, on all of them."""
        count = 1 if mode else len(self.masks)
        votes = count * (self._num_actions + 1)
        self.memory_size = self.own_size + votes
        self.heard_size = self._plain_heard if mode else votes
        self.sampled = self._plain_sampled and mode
        return super().train(mode)

    def own(self, memory: Tensor) -> Tensor:
        """Returns what agents remember of their own observations, `[...,H]`."""
        return memory[..., : self.own_size]

    def votes(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Returns scores by subset, `[...,S,A]`, and which count, `[...,S]` bool."""
        asked = memory[..., self.own_size :].unflatten(-1, (-1, self._num_actions + 1))
        return asked[..., :-1], asked[..., -1] > 0

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        """Writes m_out, as the backbone does."""
        return super().speak(obs, self.own(memory), generator)

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        """Returns scores after each subset and whether it counts, `[B,N,S*(A+1)]`.

        In training it is what the backbone hears, `[B,N,M]`.
        """
        own = self.own(memory)
        if self.training:
            return super().listen(obs, own, heard, links)
        counting = counted(self.masks, links, self.config.ensemble)
        asked = []
        for number, mask in enumerate(self.masks):
            m_in = super().listen(obs, own, heard, links & mask)
            asked += [self._scores(obs, m_in, own), counting[..., number, None].float()]
        return torch.cat(asked, -1)

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """Updates the memory of one's own observations, beside the scores."""
        own = self.own(memory)
        nothing = torch.zeros(*own.shape[:-1], self.message_size, device=own.device)
        nobody = torch.zeros(
            *own.shape[:-1], own.shape[-2], dtype=torch.bool, device=own.device
        )
        silence = super().listen(obs, own, nothing, nobody)
        kept = super().think(obs, silence, own)
        if not self.training:
            return torch.cat([kept, m_in], -1)
        scores = self._scores(obs, m_in, own)
        return torch.cat([kept, scores, torch.ones_like(scores[..., :1])], -1)

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        """Counts votes, `[B,N,A]`; in training, scores after the subset's messages."""
        scores, counting = self.votes(memory)
        scores = scores.masked_fill(~available[..., None, :], -torch.inf)
        if self.training:
            return scores.squeeze(-2)
        return tally(scores, counting).masked_fill(~available, -torch.inf)

    def _scores(self, obs: Tensor, m_in: Tensor, own: Tensor) -> Tensor:
        """Returns what the backbone would do after m_in, `[B,N,A]`."""
        thought = super().think(obs, m_in, own)
        shape = *own.shape[:-1], self._num_actions
        everything = torch.ones(shape, dtype=torch.bool, device=own.device)
        return super().act(thought, everything)


def subsets(num_agents: int, size: int) -> Tensor:
    """Returns, for each receiver, all subsets of k others, `[S,N,N]` bool."""
    masks = torch.zeros(comb(num_agents - 1, size), num_agents, num_agents)
    for receiver in range(num_agents):
        others = [i for i in range(num_agents) if i != receiver]
        for number, chosen in enumerate(combinations(others, size)):
            masks[number, receiver, list(chosen)] = 1.0
    return masks.bool()


def ensemble_of(backbone: type) -> type:
    """Returns the class of ensembles of a backbone."""
    return type(f"Ensemble{backbone.__name__}", (Ensemble, backbone), {})
