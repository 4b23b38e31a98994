"""What a team sees and says in clean play: for strategies that know its language."""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.play import collect
from oracles.strategies.setting import Setting
from oracles.teams.clean_play import clean_stream

_SEED, _SEGMENT = 0, 2**20 + 1  # beyond any training, and beside the measured messages
_EPISODES = 32


class Recording(NamedTuple):
    """The messages of E clean episodes, of at most T steps, and what was seen."""

    messages: Tensor  # [T,E,N,D]
    spoken: Tensor  # [T,E,N] bool; by a living agent, before the episode's end
    observed: Tensor  # [T,E,N,O]

    def mean(self) -> Tensor:
        """Returns each agent's mean message, `[N,D]`; zero if it never spoke."""
        spoken = self.spoken[..., None].to(self.messages.dtype)
        return (self.messages * spoken).sum((0, 1)) / spoken.sum((0, 1)).clamp(min=1)

    def root_covariance(self) -> Tensor:
        """Returns the symmetric root of the covariance of all messages, `[D,D]`."""
        said = self.messages[self.spoken]
        centred = said - said.mean(0)
        covariance = centred.T @ centred / max(1, len(said) - 1)
        values, vectors = torch.linalg.eigh(covariance)
        return vectors * values.clamp(min=0).sqrt() @ vectors.T

    def without_gaps(self) -> Tensor:
        """Returns messages `[T,E,N,D]`, with something said at every step.

        Where an agent is silent, its last message is repeated, before it has spoken its
        first; one silent for a whole episode says its mean message.
        """
        length = len(self.messages)
        step = torch.arange(length, device=self.messages.device)[:, None, None]
        last = step.where(self.spoken, -1).cummax(0).values
        begin = step.where(self.spoken, length - 1).amin(0)
        index = last.where(last >= 0, begin)[..., None].expand_as(self.messages)
        heard = self.spoken.any(0)[..., None]
        return self.messages.gather(0, index).where(heard, self.mean())


class Place(NamedTuple):
    """Where each liar is in a recording: at which step of which episode."""

    episode: Tensor  # [B,K] long
    step: Tensor  # [B,K] long
    memory: Tensor  # [B,K,2] what finds the next place

    @classmethod
    def next(cls, memory: Tensor, episodes: int, generator: torch.Generator) -> "Place":
        """Returns the place after the last; who is new draws one of the episodes.

        Args:
          memory: `[B,K,2]`, 1 + the episode drawn, 0 before; and the step.
          episodes: E.
          generator: the policies' randomness.
        """
        known, step = memory.long().unbind(-1)
        drawn = torch.randint(
            episodes, known.shape, generator=generator, device=known.device
        )
        episode = torch.where(known > 0, known - 1, drawn)
        kept = torch.stack([episode + 1, step + 1], dim=-1)
        return cls(episode, step, kept.to(memory.dtype))


def record(setting: Setting) -> Recording:
    """Plays clean episodes of a game, the same ones each time, and records them."""
    env = setting.env
    episodes = env.spec.side_by_side(_EPISODES)
    stream = clean_stream(env, setting.team, episodes, _SEED, _SEGMENT)
    steps = collect(stream.play(), env.spec.episode_limit)
    ended = steps.done.long()
    over = ended.cumsum(0) > ended  # a stream goes on with the next episode
    spoken = steps.timestep.alive & ~over[..., None]
    return Recording(steps.wire.sent, spoken, steps.timestep.obs)
