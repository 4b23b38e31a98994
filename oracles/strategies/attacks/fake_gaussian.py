"""The attack that learns, by PPO, what the team's own network is to speak of."""

from typing import Any, Self

import torch
from torch import Tensor

from games.engine.play import Step
from games.engine.strategy import Forgery
from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.learning.nets import gaussian_log_prob
from oracles.strategies.attacks.config import FakeGaussianConfig
from oracles.strategies.attacks.density import GaussianPolicy
from oracles.strategies.attacks.impostor import Impostor
from oracles.strategies.setting import Setting


class FakeGaussian(GaussianPolicy, Impostor):
    """Sees every observation shifted by what it draws.

        o' = o + delta,  delta ~ N(f_mu(o, tau, m_in, m_out), Lambda)

    tau is the agent's own memory, not the copy's. A rollout holds what is remembered
    before each step, and of a decision what the channel needs: so noise is drawn a step
    ahead and remembered. In the first step, where there is none yet, delta is the mean,
    at which a density of fixed width has no slope.
    """

    kind = "fake_gaussian"
    settings = FakeGaussianConfig

    def __init__(
        self,
        threat: Threat,
        message_size: int,
        *,
        sizes: list[int],
        heard_size: int,
        **settings: Any,
    ) -> None:
        """Builds K independent policies; `heard_size` is that of m_in.

        The other arguments are those of `Impostor`.
        """
        super().__init__(threat, message_size, sizes=sizes, **settings)
        self.heard_size, self.extra = heard_size, sizes[1]
        self.memory_size += self.extra
        self.build(sum(sizes) + heard_size + message_size, sizes[1])

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds an untrained attack; see `Tampering.new`."""
        sizes, heard = cls.sizes_of(setting), setting.team.heard_size
        return cls._for(setting, config, sizes=sizes, heard_size=heard)

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {**super().arguments(), "heard_size": self.heard_size}

    def invent(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Shifts what was seen, and draws the noise of the next step."""
        features = self.features(view.obs, view.memory, view.m_in, view.sent)
        noise = torch.randn(memory.shape, generator=generator, device=memory.device)
        return view.obs + self._shift(features, memory), noise

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Says what the copy says, and how likely the shift was."""
        forgery = super().decide(view, memory, generator)
        apart = self.std() * memory[..., -self.extra :]
        log_prob = gaussian_log_prob(apart, torch.zeros_like(apart), self.std())
        decision = forgery.decision._replace(log_prob=log_prob)
        return forgery._replace(decision=decision)

    def drawn_in(self, rollout: Step, features: Tensor) -> Tensor:
        """Returns delta, of the noise that was remembered.

        The first step of a rollout was played before the last update: its delta is
        taken to have moved with the mean, which leaves the gradient what it was then.
        """
        with torch.no_grad():
            noise = rollout.carry.memories.attack[..., -self.extra :]
            return self._shift(features, noise)

    def unit(self) -> Tensor:
        """Returns 1 for each number of an observation."""
        return self.message_rms.new_ones(self.extra)

    def _shift(self, features: Tensor, noise: Tensor) -> Tensor:
        return self.mean_of(features) + self.std() * noise
