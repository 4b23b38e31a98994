"""The base of attacks that let the team's own network speak about what is not there.

Their lies are in the team's own language, and follow each other as its messages do.
"""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.team import Team
from games.engine.threat import Threat
from games.engine.view import AttackView, gather_agents
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.setting import Setting


class Impostor(Tampering):
    """The base of attacks that run a copy of the malicious agent on other observations.

        m_adv = m_out + speak(o', tau') - speak(o, tau)
        tau'_t = think(o'_t, m_in_t, tau'_{t-1})

    tau' is the copy's own memory; it hears what the agent hears. Both messages share
    their luck where speaking draws, so that what the copy says differs for what it saw
    alone. A subclass overrides `invent`. The team's weights are known, the filter's are
    not.
    """

    knowledge = "white_box"
    extra: int = 0  # numbers that `invent` remembers

    def __init__(
        self, threat: Threat, message_size: int, *, sizes: list[int], **settings: Any
    ) -> None:
        """Prepares copies for `sizes`, the length of tau and of an observation."""
        super().__init__(threat, message_size, **settings)
        self.sizes = [*sizes]
        # tau' before the last step; o' of the last step; 1 if there was one; `extra`.
        self.memory_size = sum(sizes) + 1 + self.extra

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game; see `Tampering.new`."""
        return cls._for(setting, config, sizes=cls.sizes_of(setting))

    @staticmethod
    def sizes_of(setting: Setting) -> list[int]:
        """Returns how many numbers tau and an observation are in a game."""
        return [setting.team.memory_size, setting.env.spec.obs_size]

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "sizes": self.sizes}

    def invent(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Returns o' `[B,K,O]`, and what it remembers, `[B,K,extra]`."""
        raise TypeError(f"{type(self).__name__} has no `invent`")

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Returns how the copy's message differs from the agent's own."""
        assert view.white_box is not None, "the channel has checked the knowledge"
        moment, agents = view.white_box.moment, view.agents
        team, obs = moment.team, moment.timestep.obs
        tau, seen, begun, kept = memory.split([*self.sizes, 1, self.extra], -1)
        # All agents' rows are given to the team, which may know them by their place.
        thought = team.think(
            put(obs, agents, seen), moment.m_in, put(moment.memory, agents, tau)
        )
        thought = gather_agents(thought, agents)
        thought = torch.where((begun > 0) & ~view.fresh[..., None], thought, 0.0)
        invented, kept = self.invent(view, kept, generator)
        copy = put(obs, agents, invented), put(moment.memory, agents, thought)
        said = self._say(team, *copy) - self._say(team, obs, moment.memory)
        after = torch.cat([thought, invented, torch.ones_like(begun), kept], dim=-1)
        return gather_agents(said, agents), torch.where(
            view.alive[..., None], after, memory
        )

    def _say(self, team: Team, obs: Tensor, memory: Tensor) -> Tensor:
        luck = torch.Generator(obs.device).manual_seed(0)
        return team.speak(obs, memory, luck)


def put(values: Tensor, agents: Tensor, own: Tensor) -> Tensor:
    """Returns `values` `[B,N,F]` with the rows of some agents, `[B,K]`, replaced."""
    return values.scatter(1, agents[..., None].expand_as(own), own)
