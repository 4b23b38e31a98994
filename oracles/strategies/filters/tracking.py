"""The learned filter that remembers what each sender said, and what it had been told.

    state_i <- GRU(f(m_i, what i said before, what i was told), state_i)
    x_i = [ logit(f, state_i) > threshold, and among the K highest ]

A lie in the team's own language is no unusual message: what gives it away is what the
sender was told, and how it goes on. A message that nobody would say, and of which no
network knows what to make, is stopped by its length alone, the gate.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from games.engine.play import Step
from games.engine.side import Side
from games.engine.strategy import Decision, Verdict
from games.engine.view import FilterView
from oracles.learning.nets import squash
from oracles.strategies.filters.config import TrackingConfig
from oracles.strategies.filters.gate import cut, length, sure
from oracles.strategies.filters.recalling import Recaller
from oracles.strategies.filters.replacing import replacement
from oracles.strategies.recording import Recording, record
from oracles.strategies.setting import Setting

_FAR = 1e4  # standard deviations; no message is seen as further away
_DOUBT = -2.0  # the logit of an untrained filter: most senders are honest

Flags = Callable[[Tensor, Tensor], Tensor]  # logits and who lives, [B,N], to flags


class TrackingInputs(NamedTuple):
    """The parts of a rollout that `TrackingFilter.unroll` reads."""

    seen: Tensor  # [T,B,N,F]
    beyond: Tensor  # [T,B,N] see `gate.cut`
    state: Tensor  # [T,B,N,H] before each step; the first is where unrolling begins
    begins: Tensor  # [T,B,N] bool; there the sender is new
    alive: Tensor  # [T,B,N] bool


class Unrolled(NamedTuple):
    """What a filter makes of a rollout under its present weights."""

    logit: Tensor  # [T,b,N] of having lied
    repaired: Tensor  # [T,b,N,D] what flagged messages are replaced by


class Known(NamedTuple):
    """What the filter remembers of each sender, all zero of a new one."""

    state: Tensor  # [...,N,H]
    said: Tensor  # [...,N,D] its last message, standardised and squashed
    told: Tensor  # [...,N,D] the mean of what it was let hear then, likewise


class TrackingFilter(nn.Module):
    """Flags senders that it believes to have lied by now; all senders share it.

    It sees of each sender, standardised by that sender's own clean mean and deviation:
    the message, how far from the mean it is, in squares and by Mahalanobis, the last
    message, the mean of what the sender was let hear a step ago and is about to be
    told, who it is, and who lives. Memory is held while a sender is dead. Settings take
    away memory or context, to show what each of them brings.

    Its decision carries its belief, the probability of the logit, though a flag is
    drawn from none: an attack that evades follows it.
    """

    kind = "tracking"
    side = Side.DEFENDER
    observes = False
    mean: Tensor  # [N,D] of each sender's clean messages
    std: Tensor  # [N,D]
    replacement: Tensor  # [N,D] what a flagged message of each is replaced by
    whiten: Tensor  # [D,D] makes standardised clean messages uncorrelated
    furthest: (
        Tensor  # [N] deviations of the clean message that is furthest from its mean
    )

    def __init__(
        self,
        config: TrackingConfig,
        *,
        message_size: int,
        num_agents: int,
        num_malicious: int,
    ) -> None:
        """Builds an untrained filter that flags at most `num_malicious` senders."""
        super().__init__()
        self.config = config
        self.num_malicious = num_malicious
        hidden, wide = config.hidden, 2 * config.hidden
        self.memory_size = hidden + 2 * message_size
        width = 4 * message_size + 2 + 2 * num_agents
        self.features = nn.Sequential(
            *(nn.Linear(width, wide), nn.ReLU()),
            *(nn.Linear(wide, hidden), nn.ReLU()),
        )
        self.recur = nn.GRUCell(hidden, hidden)
        last = nn.Linear(hidden, 1)
        nn.init.constant_(last.bias, _DOUBT)
        self.head = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU(), last)
        # The last to draw its weights: those of the rest are the same without it.
        learned = config.replace == "learned"
        self.recaller = Recaller(hidden, message_size) if learned else None
        self.register_buffer("mean", torch.zeros(num_agents, message_size))
        self.register_buffer("std", torch.ones(num_agents, message_size))
        self.register_buffer("replacement", torch.zeros(num_agents, message_size))
        self.register_buffer("whiten", torch.eye(message_size))
        if config.gate:
            self.register_buffer("furthest", torch.full((num_agents,), torch.inf))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds an untrained filter for a game, whose clean messages it listens to.

        A replacement is sought for whoever may lie; weights are drawn from torch's
        global generator.
        """
        filter_ = cls(
            config or TrackingConfig(),
            message_size=setting.team.message_size,
            num_agents=setting.env.spec.num_agents,
            num_malicious=setting.threat.num_malicious,
        ).to(setting.env.device)  # where the messages are that it is calibrated by
        whom = setting.malicious or range(setting.env.spec.num_agents)
        how = "best" if filter_.recaller else filter_.config.replace
        filter_.replacement.copy_(replacement(how, setting, whom))
        least = 0.01 * setting.team.message_rms.mean().clamp(min=1e-6)
        return filter_.calibrate(record(setting), float(least))

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the filter that `arguments` describe, without its weights."""
        return cls(
            **{**arguments, "config": TrackingConfig.of_plain(arguments["config"])}
        )

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        num_agents, message_size = self.mean.shape
        return {
            "config": self.config.to_plain(),
            "message_size": message_size,
            "num_agents": num_agents,
            "num_malicious": self.num_malicious,
        }

    def calibrate(self, recording: Recording, least: float) -> Self:
        """Sets each sender's mean and deviation from clean play; returns itself.

        Args:
          recording: the clean messages.
          least: the smallest deviation, where a number hardly ever changes.
        """
        spoken = recording.spoken[..., None].to(recording.messages.dtype)
        mean = recording.mean()
        squares = ((recording.messages - mean).square() * spoken).sum((0, 1))
        std = (squares / spoken.sum((0, 1)).clamp(min=1)).sqrt()
        self.mean.copy_(mean)
        self.std.copy_(std.clamp(min=least))
        standard = self._standardise(recording.messages)
        if self.config.gate:
            lengths = length(standard).masked_fill(~recording.spoken, 0.0)
            self.furthest.copy_(lengths.amax((0, 1)).clamp(min=1.0))
        said = standard[recording.spoken]
        covariance = said.T @ said / max(1, len(said))
        values, vectors = torch.linalg.eigh(covariance)
        # Directions in which nothing was ever said count, but not without bound.
        self.whiten.copy_(vectors * values.clamp(min=1e-3).rsqrt() @ vectors.T)
        return self

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing: all that it remembers is in its memory."""

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Flags the likeliest liars, and replaces what they say."""
        return self.answer(view, memory, self._flags)

    def answer(self, view: FilterView, memory: Tensor, flags: Flags) -> Verdict:
        """Returns the verdict with the flags that `flags` chooses by the logits."""
        known = self._recall(memory, view.fresh)
        standard, beyond = self._cut(self._standardise(view.messages))
        seen = self._seen(standard, view.alive, view.links, known)
        features = self.features(seen)
        state = self._step(features, known.state, view.alive)
        logit = self._logit(features, state, beyond)
        flag = flags(logit, view.alive)
        repaired = self._repaired(features, state)
        through = standard.where(flag[..., None] == 0, self._standardise(repaired))
        told = squash(_mean_heard(through, view.links))
        new = Known(state, squash(standard), told)
        kept = torch.cat(new, -1).where(view.alive[..., None], torch.cat(known, -1))
        belief = nn.functional.logsigmoid(torch.where(flag > 0, logit, -logit))
        decision = Decision(flag, belief, torch.zeros_like(flag), view.alive)
        return Verdict(decision, repaired, kept)

    def inputs(self, rollout: Step) -> TrackingInputs:
        """Returns what `logits` needs of a rollout `[T,B,...]` behind this filter."""
        timestep = rollout.timestep
        known = self._recall(rollout.carry.memories.filter_, timestep.fresh)
        standard, beyond = self._cut(self._standardise(rollout.wire.tampered))
        seen = self._seen(standard, timestep.alive, timestep.links, known)
        # What is remembered is cleared where an episode starts.
        starts = rollout.done.roll(1, 0)
        starts[0] = False
        begins = timestep.fresh | starts[..., None]
        return TrackingInputs(seen, beyond, known.state, begins, timestep.alive)

    def unroll(self, inputs: TrackingInputs) -> Unrolled:
        """Returns what the filter makes of a rollout, all steps unrolled again."""
        features = self.features(inputs.seen)
        state, each = inputs.state[0], []
        for feature, begins, alive in zip(
            features, inputs.begins, inputs.alive, strict=True
        ):
            state = state.masked_fill(begins[..., None], 0.0)
            state = self._step(feature, state, alive)
            each.append(state)
        states = torch.stack(each)
        logit = self._logit(features, states, inputs.beyond)
        return Unrolled(logit, self._repaired(features, states))

    def _recall(self, memory: Tensor, fresh: Tensor) -> Known:
        hidden, size = self.config.hidden, self.mean.shape[1]
        own = memory.masked_fill(fresh[..., None], 0.0)
        return Known(*own.split([hidden, size, size], -1))

    def _seen(
        self, standard: Tensor, alive: Tensor, links: Tensor, known: Known
    ) -> Tensor:
        """Returns what is seen of each sender, `[...,N,F]`."""
        num_agents = alive.shape[-1]
        lives = alive.to(standard.dtype)[..., None, :]
        who = torch.eye(num_agents, device=standard.device)
        heard = squash(_mean_heard(standard, links))
        context: tuple[Tensor, ...] = (known.said, known.told, heard)
        if not self.config.context:
            context = tuple(map(torch.zeros_like, context))
        parts = (
            squash(standard),
            (standard.square().mean(-1, keepdim=True) + 1e-6).log(),
            ((standard @ self.whiten).square().mean(-1, keepdim=True) + 1e-6).log(),
            *context,
            lives.expand(*alive.shape, num_agents),
            who.expand(*alive.shape, num_agents),
        )
        return torch.cat(parts, -1)

    def _step(self, features: Tensor, state: Tensor, alive: Tensor) -> Tensor:
        """Returns the states after one step, `[B,N,H]`; the dead keep theirs."""
        if not self.config.memory:
            state = torch.zeros_like(state)
        new = self.recur(features.flatten(0, 1), state.flatten(0, 1)).view_as(state)
        return new.where(alive[..., None], state)

    def _cut(self, standard: Tensor) -> tuple[Tensor, Tensor]:
        """Returns messages up to the gate, and how far beyond it they were."""
        if not self.config.gate:
            return standard, torch.full_like(standard[..., 0], -1.0)
        return cut(standard, self.config.gate * self.furthest)

    def _logit(self, features: Tensor, state: Tensor, beyond: Tensor) -> Tensor:
        logit = self.head(torch.cat([features, state], -1)).squeeze(-1)
        return sure(logit, beyond)

    def _repaired(self, features: Tensor, state: Tensor) -> Tensor:
        """Returns what takes the place of each message if flagged, `[...,N,D]`."""
        if self.recaller is None:
            return self.replacement.expand(*features.shape[:-1], -1)
        return self.replacement + self.std * self.recaller(features, state)

    def _flags(self, logit: Tensor, alive: Tensor) -> Tensor:
        """Returns who is flagged, `[B,N]` in {0., 1.}."""
        ranked = logit.masked_fill(~alive, -torch.inf)
        first = ranked.topk(min(self.num_malicious, ranked.shape[-1]), -1).indices
        flag = torch.zeros_like(logit).scatter(-1, first, 1.0)
        return flag * (ranked > self.config.threshold)

    def _standardise(self, message: Tensor) -> Tensor:
        """Returns messages in their senders' deviations; what is no number is far."""
        standard = ((message - self.mean) / self.std).clamp(-_FAR, _FAR)
        return standard.nan_to_num(_FAR)


def _mean_heard(messages: Tensor, links: Tensor) -> Tensor:
    """Returns the mean of the messages that reach each agent, `[...,N,D]`, or 0."""
    weights = links.to(messages.dtype)
    return weights @ messages / weights.sum(-1, keepdim=True).clamp(min=1.0)
