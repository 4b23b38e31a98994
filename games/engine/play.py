"""The loop that plays: an endless stream to learn from, whole episodes to measure."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple, cast

import torch
from torch import Tensor

from games.engine.channel import Channel, Wire
from games.engine.env import CommEnv, State, StatefulEnv, TimeStep, first, step
from games.engine.team import Carry, Team, communicate, forget, start
from games.engine.tree import stack
from games.engine.worlds import Worlds, draw_malicious

Overrule = Callable[[TimeStep, Tensor], Tensor]  # a teacher: actions in, actions out
Thin = Callable[[Tensor, torch.Generator], Tensor]  # fewer links `[B,N,N]` than given


class Step(NamedTuple):
    """All that happened in one step, leaves `[B, ...]`; `[T, B, ...]` if collected."""

    timestep: TimeStep  # what was seen
    carry: Carry  # what was remembered before it
    wire: Wire
    action: Tensor  # [B,N] long
    log_prob: Tensor  # [B,N] of the action under the team's own policy, if asked for
    reward: Tensor  # [B]  that the action earned
    agent_reward: Tensor  # [B,N]
    done: Tensor  # [B]  bool; the action ended the game
    success: Tensor  # [B]  bool; meaningful where done


class Outcome(NamedTuple):
    """The results of whole episodes, each `[episodes]`, in the order of the worlds."""

    returns: Tensor  # undiscounted team return
    success: Tensor  # 0. or 1.
    length: Tensor  # steps
    distortion: Tensor  # mean ||m_adv - m_out|| of forged messages / message_norm
    suspicion: Tensor  # mean probability with which forged messages were flagged


def choose(team: Team, scores: Tensor, generator: torch.Generator) -> Tensor:
    """Draws actions from softmax(scores), or takes the best if `team.sampled` is false.

    Args:
      team: says whether actions are drawn.
      scores: `[B,N,A]`, -inf where unavailable.
      generator: the policies' randomness.

    Returns:
      Actions `[B,N]` long.
    """
    if not team.sampled:
        return scores.argmax(dim=-1)
    uniform = torch.rand(
        scores.shape, generator=generator, device=scores.device, dtype=scores.dtype
    )
    # Gumbel-max: static shapes and no host synchronisation, unlike multinomial.
    return (scores - torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))).argmax(-1)


def log_prob_of(scores: Tensor, action: Tensor) -> Tensor:
    """Returns log softmax(scores) `[...,N]` at `action`; `scores` is `[...,N,A]`."""
    return scores.log_softmax(-1).gather(-1, action[..., None]).squeeze(-1)


class Stream:
    """Plays B worlds without end, each started anew after its episode: for learning.

    Attributes:
      redraw_malicious: whether each episode draws new malicious agents.
    """

    def __init__(
        self,
        env: CommEnv,
        team: Team,
        channel: Channel,
        *,
        malicious: Tensor,
        world_generator: torch.Generator,
        generator: torch.Generator,
        redraw_malicious: bool = False,
        thin: Thin | None = None,
        log_probs: bool = True,
    ) -> None:
        """Prepares the stream.

        Args:
          env, team, channel: the environment, the team, and both sides with rules.
          malicious: `[B,K]` long, the malicious agents at the start.
          world_generator: the worlds' randomness, apart from the policies' so that
            two policies can be compared on the same worlds.
          generator: the policies' randomness.
          redraw_malicious: whether each episode draws new malicious agents.
          thin: takes links away at each step; what is yielded has the links that were
            in force.
          log_probs: whether a step says how likely its actions were; else zeros.
        """
        self.env, self.team = env, team
        self.log_probs = log_probs
        self._thin = thin
        self.channel = channel
        self.malicious = malicious
        self.world_generator, self.generator = world_generator, generator
        self.redraw_malicious = redraw_malicious

    def play(self, overrule: Overrule | None = None) -> Iterator[Step]:
        """Plays step after step, without end.

        Args:
          overrule: a teacher that may replace actions before they are played.

        Yields:
          One `Step` at a time.
        """
        size = self.malicious.shape[0]
        state = self.env.reset(self._noise(self.env.spec.reset_noise))
        timestep = self._heard(first(self.env, state))
        agents = self.env.spec.num_agents
        carry = start(self.team, self.malicious, agents, self.channel)
        done = torch.ones(size, dtype=torch.bool, device=self.malicious.device)
        while True:
            # `yield` stays outside of `no_grad`, which would apply to the caller too.
            state, shown, carry, step_ = self._advance(
                state, timestep, carry, done, overrule
            )
            yield step_
            timestep, done = shown, shown.done

    @torch.no_grad()
    def _advance(
        self,
        state: State,
        timestep: TimeStep,
        carry: Carry,
        done: Tensor,
        overrule: Overrule | None,
    ) -> tuple[State, TimeStep, Carry, Step]:
        """Plays one step; `done` says which episodes start with it."""
        self.channel.reset(done, self.generator)
        carry = forget(carry, done)
        if self.redraw_malicious:
            carry = self._redraw(carry, done)
        following, wire, scores = communicate(
            self.team, carry, timestep, self.channel, self.generator
        )
        action = choose(self.team, scores, self.generator)
        if overrule is not None:
            action = overrule(timestep, action)
        spec = self.env.spec
        noise, reset_noise = self._noise(spec.step_noise), self._noise(spec.reset_noise)
        state, shown = step(self.env, state, action, noise, reset_noise)
        shown = self._heard(shown)
        log_prob = torch.zeros_like(scores[..., 0])
        if self.log_probs:
            log_prob = log_prob_of(scores, action)
        paid = (shown.reward, shown.agent_reward, shown.done, shown.success)
        return (
            state,
            shown,
            following,
            Step(timestep, carry, wire, action, log_prob, *paid),
        )

    def _heard(self, timestep: TimeStep) -> TimeStep:
        """Returns what is seen, with the links that are left."""
        if self._thin is None:
            return timestep
        return timestep._replace(links=self._thin(timestep.links, self.generator))

    def _noise(self, width: int) -> Tensor:
        return torch.rand(
            self.malicious.shape[0],
            width,
            generator=self.world_generator,
            device=self.malicious.device,
        )

    def _redraw(self, carry: Carry, done: Tensor) -> Carry:
        drawn = draw_malicious(
            *(carry.malicious.shape[0], self.env.spec.num_agents),
            carry.malicious.shape[1],
            self.generator,
        )
        return carry._replace(
            malicious=torch.where(done[:, None], drawn, carry.malicious)
        )


def collect(steps: Iterator[Step], num_steps: int) -> Step:
    """Stacks the next `num_steps` steps: every leaf gains a leading axis T.

    Raises:
      FloatingPointError: a number that the game tells is not finite.
    """
    found = cast(Step, stack(list(islice(steps, num_steps))))
    for name, told in (
        ("an observation", found.timestep.obs),
        ("its state", found.timestep.state),
        ("a reward", found.reward),
        ("the reward of an agent", found.agent_reward),
    ):
        known = told.isfinite()
        if not bool(known.all()):
            number = float(told[~known][0])
            raise FloatingPointError(f"the game is broken: {name} is {number}")
    return found


def play_episodes(
    env: CommEnv,
    team: Team,
    channel: Channel,
    worlds: Worlds,
    generator: torch.Generator,
) -> Outcome:
    """Plays one whole episode in each world, side by side: for measuring.

    Nothing is reset; a finished world idles until the last one ends, so that short
    episodes are not over-counted.

    Args:
      env, team, channel: the environment, the team, and both sides with their rules.
      worlds: B worlds.
      generator: the policies' randomness.

    Returns:
      Outcomes `[B]` in the order of the worlds. Episodes that a game of another
      process broke off are played again: they would count as lost. The return is NaN
      where the team saw, heard or earned what is no number.
    """
    outcome, state = _play_once(env, team, channel, worlds, generator)
    if env.spec.batched:
        return outcome
    stateful = cast(StatefulEnv, env)
    missing = stateful.discarded(state)
    while missing.any():
        again, state = _play_once(env, team, channel, worlds, generator)
        outcome = Outcome(
            *(torch.where(missing, b, a) for a, b in zip(outcome, again, strict=True))
        )
        missing = missing & stateful.discarded(state)
    return outcome


def _play_once(
    env: CommEnv,
    team: Team,
    channel: Channel,
    worlds: Worlds,
    generator: torch.Generator,
) -> tuple[Outcome, State]:
    """Plays each world once; returns the outcome and the last state."""
    state = env.reset(worlds.reset_noise)
    timestep = first(env, state)
    carry = start(team, worlds.malicious, env.spec.num_agents, channel)
    returns = torch.zeros_like(timestep.reward)
    success, length, thought = returns, returns, returns
    bent, suspected, forgeries = returns, returns, returns
    running = torch.ones_like(timestep.done)
    with torch.no_grad():
        channel.reset(running, generator)
        for noise in worlds.step_noise:
            carry, wire, scores = communicate(team, carry, timestep, channel, generator)
            known = timestep.obs.sum((1, 2)) + carry.memory.sum((1, 2))
            # Scores may be -inf; of NaN an action would be drawn at random.
            lost = scores.isnan().flatten(1).any(1)
            known = torch.where(lost, torch.nan, known)
            thought = thought + torch.where(running, known, 0.0)
            action = choose(team, scores, generator)
            state, signal = env.transition(state, action, noise)
            timestep = TimeStep(*env.observe(state), *signal)
            forged = wire.forged & running[:, None]
            distance = (wire.tampered - wire.sent).norm(dim=-1)
            bent = bent + torch.where(forged, distance, 0.0).sum(1)
            suspected = suspected + (forged * wire.defence.suspicion()).sum(1)
            forgeries = forgeries + forged.sum(1)
            returns = returns + torch.where(running, signal.reward, 0.0)
            length = length + running
            success = torch.where(
                running & signal.done, signal.success.float(), success
            )
            running = running & ~signal.done
    # What a team does that saw, heard or thought no number is no result.
    returns = torch.where(thought.isfinite(), returns, torch.nan)
    count = forgeries.clamp(min=1)
    distortion = bent / count / team.message_norm
    return Outcome(returns, success, length, distortion, suspected / count), state
