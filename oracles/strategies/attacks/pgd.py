"""The white-box attack that follows the gradient of what listeners will do.

Source: projected gradient descent (Madry et al., 2018), on messages.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from games.engine.strategy import NoFilter
from games.engine.threat import Threat
from games.engine.view import (
    AttackView,
    FilterView,
    Moment,
    gather_agents,
    scatter_agents,
)
from oracles.strategies.attacks.config import PGDConfig
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.freezing import facts_of, rebuilt
from oracles.strategies.setting import Setting


class Clean(NamedTuple):
    """What benign listeners would do without the attack."""

    log_policy: Tensor  # [B,N,A]
    best: Tensor  # [B,N,1] long
    counted: Tensor  # [B,N] in {0., 1.}; alive and not malicious


class PGDAttack(Tampering):
    """Moves each message up the gradient of its listeners' loss, within a ball.

        offset <- project(offset + step * radius * g / |g|),  g = d loss / d offset
        loss = E_filter [ sum over benign j of max_a score_j(a) - score_j(best) ], or KL

    where best was best without the attack and a is any other: the margin has a slope
    where the probabilities of a team that is sure have none. The gradient goes through
    filter, listen, think and act; through a flag that is drawn, straight, as if it were
    its probability. The expectation is over the filters that it was aimed at, for it
    knows the defender's mixture and not the draw. It is greedy: of what an action does
    later it knows nothing, and on a channel with a delay it reckons as if messages were
    heard at once.
    """

    kind = "pgd"
    settings = PGDConfig
    knowledge = "white_box"

    def __init__(
        self, threat: Threat, message_size: int, *, num_agents: int, **settings: Any
    ) -> None:
        """Prepares an attack on a team of N agents behind no filter at all."""
        super().__init__(threat, message_size, **settings)
        self.num_agents = num_agents
        self.aim([NoFilter()], [1.0])

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game, aimed at no filter; see `Tampering.new`."""
        return cls._for(setting, config, num_agents=setting.env.spec.num_agents)

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the attack that `arguments` describe, without its filters' weights."""
        own = {k: v for k, v in arguments.items() if k not in ("filters", "weights")}
        filters = [rebuilt(facts) for facts in arguments["filters"]]
        return super().rebuild(own).aim(filters, arguments["weights"])

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {
            **super().arguments(),
            "num_agents": self.num_agents,
            "filters": [facts_of(filter_) for filter_ in self.filters],
            "weights": self.weights,
        }

    def aim(self, filters: Sequence[Any], weights: Sequence[float]) -> Self:
        """Takes copies of the filters behind which it will be heard; returns itself."""
        self.filters: list[Any] = [*filters]
        self.weights = [float(weight) for weight in weights]
        for number, filter_ in enumerate(filters):
            if isinstance(filter_, nn.Module):
                self.add_module(f"filter_{number}", filter_)
        # The first malicious agent's slot keeps what all filters remember.
        self.memory_size = self.num_agents * sum(f.memory_size for f in filters)
        return self

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Tells its filters which episodes start anew."""
        for filter_ in self.filters:
            filter_.reset(done, generator)

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Climbs `config.steps` times, from a random direction."""
        assert view.white_box is not None, "the channel has checked the knowledge"
        moment, radius = view.white_box.moment, self._radius()
        shape = len(memory), self.num_agents, -1
        sizes = [filter_.memory_size for filter_ in self.filters]
        known = memory[:, 0].view(shape).split(sizes, -1)
        clean = _clean(moment)
        noise = torch.randn(
            view.sent.shape, generator=generator, device=view.sent.device
        )
        offset = 0.01 * self.stretched(noise, radius)
        for _ in range(self.config.steps):
            with torch.enable_grad():
                offset.requires_grad_(True)
                tampered = _moved(moment, offset)
                heard, _ = self._filtered(moment, tampered, known, generator)
                loss = self._loss(moment, heard, clean)
                # A team that is deaf, or a filter that lets nothing through: no slope.
                (slope,) = (
                    torch.autograd.grad(loss, offset)
                    if loss.requires_grad
                    else (torch.zeros_like(offset),)
                )
            offset = offset.detach() + self.stretched(slope, self.config.step * radius)
            far = offset.norm(dim=-1, keepdim=True) / self.message_norm
            offset = offset * (radius / far.clamp(min=1e-12)).clamp(max=1.0)
        _, after = self._filtered(moment, _moved(moment, offset), known, generator)
        kept = torch.zeros_like(memory)
        kept[:, 0] = torch.cat(after, -1).flatten(1)
        return offset, kept

    def _radius(self) -> float:
        cap = self.threat.cap
        return self.config.radius if cap is None else min(self.config.radius, cap)

    def _filtered(
        self,
        moment: Moment,
        tampered: Tensor,
        known: Sequence[Tensor],
        generator: torch.Generator,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Returns what is heard behind each filter, `[B,N,D]`, and what it remembers.

        What is heard has the gradient of x g_r(m) + (1 - x) m, that of the flag x being
        the gradient of its probability.
        """
        timestep = moment.timestep
        heard, kept = [], []
        for filter_, memory in zip(self.filters, known, strict=True):
            seen = timestep.obs if filter_.observes else None
            view = FilterView(
                *(tampered, timestep.alive, timestep.fresh, timestep.links, seen)
            )
            verdict = filter_.decide(view, memory, generator)
            decision = verdict.decision
            chance = decision.suspicion() * timestep.alive
            flag = ((decision.choice > 0) & decision.active & timestep.alive).float()
            flag = (flag + chance - chance.detach())[..., None]
            heard.append(flag * verdict.repaired + (1.0 - flag) * tampered)
            kept.append(verdict.memory)
        return heard, kept

    def _loss(self, moment: Moment, heard: Sequence[Tensor], clean: Clean) -> Tensor:
        """Returns the loss of all worlds together, expected over the filters."""
        total = torch.zeros((), device=clean.counted.device)
        for weight, each in zip(self.weights, heard, strict=True):
            scores = _scores(moment, each)
            if self.config.loss == "best":
                others = scores.scatter(-1, clean.best, float("-inf")).amax(-1)
                lost = others - scores.gather(-1, clean.best).squeeze(-1)
                lost = torch.where(others.isfinite(), lost, 0.0)  # one has a choice
            else:
                apart = clean.log_policy - scores.log_softmax(-1)
                # An action that is not available has -inf in both.
                apart = torch.where(clean.log_policy.isfinite(), apart, 0.0)
                lost = (clean.log_policy.exp() * apart).sum(-1)
            total = total + weight * (lost * clean.counted).sum()
        return total


def _scores(moment: Moment, heard: Tensor) -> Tensor:
    """Returns all agents' scores of actions, `[B,N,A]`, after what was heard."""
    team, timestep = moment.team, moment.timestep
    m_in = team.listen(timestep.obs, moment.memory, heard, timestep.links)
    thought = team.think(timestep.obs, m_in, moment.memory)
    return team.act(thought, timestep.available)


def _clean(moment: Moment) -> Clean:
    log_policy = _scores(moment, moment.sent).log_softmax(-1)
    best = log_policy.argmax(-1, keepdim=True)
    benign = moment.timestep.alive.scatter(1, moment.malicious, False)
    return Clean(log_policy, best, benign.to(log_policy.dtype))


def _moved(moment: Moment, offset: Tensor) -> Tensor:
    """Returns all messages, those of the malicious agents moved by `[B,K,D]`."""
    num_agents = moment.sent.shape[1]
    alive = gather_agents(moment.timestep.alive[..., None], moment.malicious)
    offset = torch.where(alive, offset, 0.0)
    return moment.sent + scatter_agents(offset, moment.malicious, num_agents)
