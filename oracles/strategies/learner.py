"""The training loop that attacks and filters share: stream, advantages, PPO.

Source: paper alg. 1 line 7; eq. 1 and eq. 2 are in `policy.evaluate`.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.play import Step, Stream
from games.engine.side import Side
from games.engine.tree import map_tensors, stack
from games.engine.view import gather_agents
from oracles.learning.meter import Meter, pace
from oracles.learning.ppo import (
    Evaluation,
    Experience,
    decay,
    gae,
    parameters_of,
    ppo_update,
    set_learning_rate,
)
from oracles.learning.randomness import Generators, Log, draw_seed
from oracles.strategies.config import OracleConfig
from oracles.strategies.critic import elapsed_steps
from oracles.strategies.setting import Setting, malicious_agents
from oracles.strategies.task import TEST_EVERY, Task

# With one process a game, a test takes the games of the training, which begins new
# episodes afterwards: whole ones must fit in between.
_EPISODES_BETWEEN = 20


class _Judged(NamedTuple):
    """The inputs of a policy, and what its critic sees."""

    own: Any  # a tree of tensors [T,B,...]
    seen: Tensor


def train_by_ppo(
    policy: Any, task: Task, oracle: OracleConfig, log: Log | None
) -> None:
    """Trains a policy in place by proximal policy optimisation: `ORACLES["ppo"]`.

    Args:
      policy: has `inputs(rollout)` and `evaluate(inputs)`, such as `GaussianAttack`.
        If it has `new_critic(setting)`, values are that critic's, which is trained with
        it and then dropped; `anneal(progress)`, if it has it, is told the share of the
        training before each rollout.
      task: the game, the side that learns, and its opponent.
      oracle: the budget and the learner's settings.
      log: receives one line of metrics per update.

    Source: paper eq. 1 and eq. 2, through `policy.evaluate`.
    """
    Learner(policy, task, oracle).train(log)


@dataclass
class Learner:
    """The training loop that attacks and filters share."""

    policy: Any  # has `inputs` and `evaluate`
    task: Task
    oracle: OracleConfig

    def __post_init__(self) -> None:
        """Makes the policy's critic, if it has one that it does not need to play."""
        self.critic: Any = None
        self._elapsed = torch.zeros(self.oracle.num_envs, device=self._device)
        if hasattr(self.policy, "new_critic"):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(draw_seed(self.generators.policy))
                critic = self.policy.new_critic(self.setting)
            self.critic = critic.to(self._device)

    @property
    def setting(self) -> Setting:
        """Returns the game."""
        return self.task.setting

    @property
    def _device(self) -> torch.device:
        return self.setting.env.device

    @property
    def generators(self) -> Generators:
        """Returns the worlds' and the policies' generators."""
        return self.task.generators

    def train(self, log: Log | None) -> None:
        """Trains the policy until its budget is spent, or a test finds it enough.

        A rollout needs one step more than is learned from, whose value bootstraps. That
        step is the first of the next rollout: nothing is played in vain.
        """
        oracle, ppo = self.oracle, self.oracle.ppo
        channel, area = self.task.channel(self.policy), self.task.side.strategy
        optimizer = torch.optim.Adam(self._parameters(), ppo.learning_rate)
        steps, ahead = self._begin(channel), list[Step]()
        started = time.monotonic()
        update = played = 0
        while update == 0 or played + self._cost(ahead) <= oracle.env_steps:
            progress = played / oracle.env_steps
            if hasattr(self.policy, "anneal"):
                self.policy.anneal(progress)
            set_learning_rate(
                optimizer,
                ppo.learning_rate * (1.0 - progress * (1.0 - ppo.final_learning_rate)),
            )
            played += self._cost(ahead)
            ahead += islice(steps, oracle.num_steps + 1 - len(ahead))
            rollout, ahead = stack(ahead), ahead[-1:]
            ended = self._meter.read(map_tensors(lambda leaf: leaf[:-1], rollout))
            stats = ppo_update(
                optimizer,
                self._evaluate,
                self._experience(rollout),
                ppo,
                generator=self.generators.policy,
                entropy_coef=decay(ppo.entropy_coef, ppo.final_entropy_coef, progress),
            )
            update += 1
            enough, tested = self.task.enough(self.policy, update, self._test_every())
            played += tested
            if log is not None:
                log(
                    {
                        **pace(update, played, started),
                        "team/return_mean": ended.mean_return,
                        "team/success_mean": ended.success,
                        **{f"{area}/{key}": v for key, v in stats.items()},
                        **self._diagnostics(rollout),
                    }
                )
            if enough:
                break
            if tested and not self.setting.env.spec.batched:
                steps, ahead = self._begin(channel), []  # a test took the games

    def _cost(self, ahead: list[Step]) -> int:
        """Returns the environment steps of the next rollout."""
        return self.oracle.num_envs * (self.oracle.num_steps + 1 - len(ahead))

    def _test_every(self) -> int:
        """Returns the number of updates between two tests of the threshold."""
        spec = self.setting.env.spec
        if spec.batched:
            return TEST_EVERY
        return math.ceil(_EPISODES_BETWEEN * spec.episode_limit / self.oracle.num_steps)

    def _parameters(self) -> list[torch.nn.Parameter]:
        return parameters_of(m for m in (self.policy, self.critic) if m is not None)

    def _begin(self, channel: Channel) -> Iterator[Step]:
        """Begins new episodes."""
        self._meter = Meter(self.oracle.num_envs, self._device)
        self._elapsed = torch.zeros_like(self._elapsed)
        return self._stream(channel).play()

    def _stream(self, channel: Channel) -> Stream:
        setting, generators = self.setting, self.generators
        return Stream(
            setting.env,
            setting.team,
            channel,
            malicious=malicious_agents(
                setting, self.oracle.num_envs, generators.policy
            ),
            world_generator=generators.world,
            generator=generators.policy,
            redraw_malicious=setting.malicious is None,
            log_probs=False,
        )

    def _experience(self, rollout: Step) -> Experience:
        """Returns the learner's decisions with advantages; the last step bootstraps."""
        ppo = self.oracle.ppo
        wire = rollout.wire
        side = self.task.side
        decision = wire.attack if side is Side.ATTACKER else wire.defence
        scalars = torch.stack(
            [
                decision.log_prob,
                decision.value,
                (decision.active & rollout.timestep.alive).float(),
            ],
            dim=-1,
        )
        if side is Side.ATTACKER:
            scalars = gather_agents(scalars, rollout.carry.malicious)
        log_prob, value, weight = scalars.unbind(-1)
        inputs, judged = self.policy.inputs(rollout), weight
        if self.critic is not None:
            # Also where the attacker may do nothing: its value there is a target, too.
            judged = torch.ones_like(weight)
            elapsed = elapsed_steps(self._elapsed, rollout.done)
            self._elapsed = elapsed[-1]
            inputs = _Judged(inputs, self.critic.seen(rollout, elapsed))
            with torch.no_grad():
                value = self.critic(inputs.seen)
        reward = (side.sign * rollout.reward)[..., None].expand_as(value)
        done = rollout.done[..., None].expand_as(value)
        advantage, target = gae(
            reward[:-1], value[:-1], value[-1], done[:-1], ppo.gamma, ppo.gae_lambda
        )
        past = Experience(inputs, log_prob, value, advantage, target, weight, judged)
        return map_tensors(lambda leaf: leaf[: len(target)], past)

    def _evaluate(self, inputs: Any) -> Evaluation:
        """Returns the policy's evaluation, with the values of its critic, if any."""
        if self.critic is None:
            return self.policy.evaluate(inputs)
        now = self.policy.evaluate(inputs.own)
        return now._replace(value=self.critic(inputs.seen))

    def _diagnostics(self, rollout: Step) -> dict[str, float]:
        """Returns the distortion of messages, and how well the filter found it."""
        wire = rollout.wire
        forged = wire.forged.float()
        benign = (~wire.forged & rollout.timestep.alive).float()
        flagged = (wire.defence.active & (wire.defence.choice > 0)).float()
        distance = (wire.tampered - wire.sent).norm(
            dim=-1
        ) / self.setting.team.message_norm
        error = (wire.heard - wire.sent).square().mean(-1)
        sums = torch.stack(
            [
                (forged * distance).sum(),
                forged.sum(),
                (forged * flagged).sum(),
                (benign * flagged).sum(),
                benign.sum(),
                flagged.sum(),
                (flagged * error).sum(),
            ]
        ).tolist()
        bent, bad, hits, alarms, good, flags, wrong = sums
        nan = float("nan")
        return {
            "attack/distortion": bent / bad if bad else 0.0,
            "filter/recall": hits / bad if bad else nan,
            "filter/false_positive_rate": alarms / good if good else nan,
            "filter/precision": hits / flags if flags else nan,
            "filter/reconstruction_mse": wrong / flags if flags else nan,
        }
