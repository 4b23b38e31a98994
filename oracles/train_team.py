"""Benign pre-training of a team: imitation of a teacher, then PPO.

PPO alone stops at the level of a team that never talks (relative over-generalisation:
a catch pays only when two agree). So the first part of the budget imitates a teacher
with full information on the team's own rollouts; the messages learn to carry what the
teacher knows and a lone predator does not.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from games.channel import NoAttack, NoFilter
from games.env import CommEnv, TimeStep
from games.play import Overrule, Step, Stream, collect, log_prob_of
from games.team import Carry, communicate
from games.tree import map_tensors
from oracles.best_response import Log, Meter
from oracles.nets import mlp
from oracles.ppo import (
    Evaluation,
    Experience,
    PPOConfig,
    decay,
    gae,
    parameters_of,
    ppo_update,
    set_learning_rate,
)

Teacher = Callable[[TimeStep], Tensor]
Checkpoint = Callable[[dict[str, Tensor], dict[str, Any]], None]


def _team_ppo() -> PPOConfig:
    return PPOConfig(
        entropy_coef=0.004,
        final_entropy_coef=0.001,
        update_epochs=2,
        num_minibatches=2,
    )


@dataclass(frozen=True)
class TeamTrainingConfig:
    """Budget and learner of a team.

    Attributes:
      env_steps: environment steps, over all environments.
      num_envs: B, environments side by side.
      num_steps: T, steps of a rollout and of backpropagation through time.
      imitation_fraction: part of the budget that imitates the teacher.
      teacher_prob: how often the teacher acts at the start; 0 by the middle of the
        imitation.
      critic_hidden: width of the critic, which sees the state in training.
      checkpoint_every: updates between two resume points.
      ppo: the learner.
    """

    env_steps: int = 1_350_000
    num_envs: int = 128
    num_steps: int = 30
    imitation_fraction: float = 0.3
    teacher_prob: float = 0.5
    critic_hidden: int = 128
    checkpoint_every: int = 50
    ppo: PPOConfig = field(default_factory=_team_ppo)

    def __post_init__(self) -> None:
        """Checks ranges."""
        for name in ("env_steps", "num_envs", "num_steps", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"training.{name} is {getattr(self, name)}, must be at least 1"
                )
        for name in ("imitation_fraction", "teacher_prob"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(
                    f"training.{name} is {getattr(self, name)}, must lie in [0, 1]"
                )

    @property
    def updates(self) -> int:
        """Rollouts of the whole training."""
        return max(1, self.env_steps // (self.num_envs * self.num_steps))


class TeamInputs(NamedTuple):
    """What re-unrolling a team needs of a rollout."""

    carry: Carry  # [1,B,...] before the first step
    timestep: TimeStep  # [T,B,...]
    action: Tensor  # [T,B,N] long
    label: Tensor  # [T,B,N] long; the teacher's action while imitating


def train_team(
    env: CommEnv,
    team: Any,
    config: TeamTrainingConfig,
    *,
    seed: int,
    teacher: Teacher | None = None,
    log: Log | None = None,
    checkpoint: Checkpoint | None = None,
    resume: tuple[Mapping[str, Tensor], Mapping[str, Any]] | None = None,
) -> None:
    """Trains `team` in place and measures its clean messages.

    Args:
      env: the task.
      team: a backbone with fresh weights, on the environment's device.
      config: budget and learner.
      seed: of the critic's weights, worlds and policies.
      teacher: full-information actions to imitate; none is PPO from scratch.
      log: receives one line of metrics per update.
      checkpoint: receives tensors and facts at every resume point.
      resume: what `checkpoint` received last, to continue from there.

    Raises:
      FloatingPointError: a loss is not finite.
    """
    trainer = _Trainer(env, team, config, seed, teacher)
    update = trainer.restore(*resume) if resume else 0
    started, done_before = time.monotonic(), update
    while update < config.updates:
        stop = min(config.updates, update + config.checkpoint_every)
        for stats in trainer.segment(update, stop):
            update += 1
            if log is not None:
                wall = time.monotonic() - started
                per_update = config.num_envs * config.num_steps
                log(
                    {
                        "update": update,
                        "updates": config.updates,
                        "env_steps": update * per_update,
                        "wall_s": wall,
                        "time/steps_per_s": (update - done_before) * per_update / wall,
                        **stats,
                    }
                )
        if checkpoint is not None and update < config.updates:
            checkpoint(*trainer.snapshot(update))
    measure_messages(env, team, seed)
    team.eval().requires_grad_(False)


def measure_messages(env: CommEnv, team: Any, seed: int) -> None:
    """Writes norm, rms, mean and spread of the clean messages into the team."""
    stream = _stream(env, team, 256, seed, segment=2**20)
    steps = collect(stream.play(), env.spec.episode_limit)
    said = steps.wire.sent[steps.timestep.alive]  # [messages, D]
    team.message_norm.copy_(said.norm(dim=-1).mean())
    team.message_rms.copy_(said.square().mean(0).sqrt())
    team.message_mean.copy_(said.mean(0))
    team.message_std.copy_(said.std(0))


def _stream(env: CommEnv, team: Any, num_envs: int, seed: int, segment: int) -> Stream:
    """A clean stream whose randomness depends on `(seed, segment)` alone."""
    device = env.device
    base = 2 * (seed * 2**24 + segment)
    return Stream(
        env,
        team,
        NoAttack(),
        NoFilter(),
        captured=torch.zeros(num_envs, 1, dtype=torch.long, device=device),
        world_generator=torch.Generator(device).manual_seed(base),
        generator=torch.Generator(device).manual_seed(base + 1),
    )


class _Trainer:
    """A team, its critic and their optimiser."""

    def __init__(
        self,
        env: CommEnv,
        team: Any,
        config: TeamTrainingConfig,
        seed: int,
        teacher: Teacher | None,
    ) -> None:
        self.env, self.team, self.config, self.seed = env, team, config, seed
        self.teacher = teacher
        self.imitated = round(config.imitation_fraction * config.updates)
        if teacher is None:
            self.imitated = 0
        width = config.critic_hidden
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.critic = mlp((env.spec.state_size, width, width, 1)).to(env.device)
        self.optimizer = torch.optim.Adam(
            parameters_of([team, self.critic]), config.ppo.learning_rate
        )

    def segment(self, first: int, stop: int) -> Any:
        """Updates `first` .. `stop - 1` on a stream of their own; yields metrics.

        A new stream at every resume point makes a resumed training equal to one that
        was never stopped, without saving the state of any world.
        """
        config = self.config
        stream = _stream(self.env, self.team, config.num_envs, self.seed, first)
        self.update = first
        steps = stream.play(self._overrule(stream.generator))
        meter = Meter(config.num_envs, self.env.device)
        for self.update in range(first, stop):
            progress = self.update / config.updates
            fall = 1.0 - progress * (1.0 - config.ppo.final_learning_rate)
            set_learning_rate(self.optimizer, config.ppo.learning_rate * fall)
            rollout = collect(steps, config.num_steps + 1)
            mean_return, _ = meter.read(rollout.reward, rollout.done)
            learning = max(0, self.update - self.imitated)
            stats = ppo_update(
                self.optimizer,
                self._evaluate,
                self._experience(rollout),
                config.ppo,
                generator=stream.generator,
                entropy_coef=decay(
                    config.ppo.entropy_coef,
                    config.ppo.final_entropy_coef,
                    learning / max(1, config.updates - self.imitated),
                ),
            )
            yield {
                "team/return_mean": mean_return,
                "team/imitating": float(self._imitating()),
                **{f"team/{key}": value for key, value in stats.items()},
            }

    def _imitating(self) -> bool:
        return self.update < self.imitated

    def _overrule(self, generator: torch.Generator) -> Overrule | None:
        """Lets the teacher act now and then, less and less."""
        teacher = self.teacher
        if teacher is None:
            return None

        def overrule(timestep: TimeStep, action: Tensor) -> Tensor:
            gone = 2.0 * self.update / max(1, self.imitated)
            chance = self.config.teacher_prob * (1.0 - gone)
            if chance <= 0.0:
                return action
            uniform = torch.rand(
                action.shape[0], 1, generator=generator, device=action.device
            )
            return torch.where(uniform < chance, teacher(timestep), action)

        return overrule

    def _experience(self, rollout: Step) -> Experience:
        """Advantages for PPO; none while imitating, where the label teaches."""
        config = self.config.ppo
        alive = rollout.timestep.alive
        with torch.no_grad():
            value = self._value(rollout.timestep.state, alive.shape[-1])
        done = rollout.done[..., None].expand_as(value)
        reward = rollout.agent_reward
        advantage, target = gae(
            *(reward[:-1], value[:-1], value[-1], done[:-1]),
            config.gamma,
            config.gae_lambda,
        )
        label = rollout.action
        if self._imitating() and self.teacher is not None:
            flat = map_tensors(lambda leaf: leaf.flatten(0, 1), rollout.timestep)
            label = self.teacher(flat).view_as(rollout.action)
            advantage = torch.zeros_like(advantage)
        tail = map_tensors(
            lambda leaf: leaf[:-1],
            TeamInputs(rollout.carry, rollout.timestep, rollout.action, label),
        )
        inputs = tail._replace(carry=map_tensors(lambda leaf: leaf[:1], tail.carry))
        return Experience(
            inputs,
            rollout.log_prob[:-1],
            value[:-1],
            advantage,
            target,
            alive[:-1].float(),
        )

    def _evaluate(self, inputs: TeamInputs) -> Evaluation:
        """Re-unrolls `communicate` with gradients; the cross-entropy while imitating.

        Source: the paper's section 2; imitation is ours (RECIPES: PPO alone fails).
        """
        carry = map_tensors(lambda leaf: leaf[0], inputs.carry)
        generator = torch.Generator(self.env.device)
        scores = []
        for t in range(inputs.action.shape[0]):
            timestep = map_tensors(lambda leaf, t=t: leaf[t], inputs.timestep)
            carry, _, score = communicate(
                self.team, carry, timestep, NoAttack(), NoFilter(), generator
            )
            scores.append(score)
        logits = torch.stack(scores)
        alive = inputs.timestep.alive
        log_probs = logits.log_softmax(-1)
        entropy = -(log_probs.exp() * log_probs.clamp(min=-1e9)).sum(-1)
        auxiliary = torch.zeros((), device=logits.device)
        if self._imitating():
            miss = -log_prob_of(logits, inputs.label)
            auxiliary = torch.where(alive, miss, 0.0).sum() / alive.sum().clamp(min=1)
        return Evaluation(
            log_prob_of(logits, inputs.action),
            entropy,
            self._value(inputs.timestep.state, alive.shape[-1]),
            auxiliary,
        )

    def _value(self, state: Tensor, num_agents: int) -> Tensor:
        """The critic in reward units, the same for every agent: `[T,b,N]`."""
        scale = self.config.ppo.value_scale
        return scale * self.critic(state).expand(*state.shape[:-1], num_agents)

    def snapshot(self, update: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that a resumed training needs, as tensors and plain facts."""
        tensors = {f"team.{k}": v for k, v in self.team.state_dict().items()}
        tensors |= {f"critic.{k}": v for k, v in self.critic.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{k}": v for k, v in state.items()}
        return {k: v.detach().clone() for k, v in tensors.items()}, {"update": update}

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> int:
        """Continues from a snapshot; returns the number of updates done."""
        for name, module in (("team", self.team), ("critic", self.critic)):
            _load(module, {k: v for k, v in tensors.items() if k.startswith(name)})
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".")
                state.setdefault(int(index), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        return int(facts["update"])


def _load(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Loads weights saved under a one-word prefix."""
    module.load_state_dict({k.split(".", 1)[1]: v for k, v in tensors.items()})
