"""The training loop that attacks and filters share: stream, advantages, PPO.

Source: paper alg. 1 line 7; eq. 1 and eq. 2 are in `policy.evaluate`.
"""

import copy
import math
import time
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import torch

from games.engine.channel import Channel
from games.engine.matches import play_worlds
from games.engine.play import Outcome, Step, Stream
from games.engine.side import Side
from games.engine.tree import map_tensors, stack
from games.engine.view import gather_agents
from games.engine.worlds import make_worlds
from oracles.learning.meter import Meter
from oracles.learning.ppo import Experience, decay, gae, ppo_update, set_learning_rate
from oracles.learning.randomness import Generators, Log
from oracles.strategies.config import OracleConfig
from oracles.strategies.setting import Setting, malicious_agents

TEST_EVERY = 2  # updates between two tests of the threshold
_TEST_WORLDS = 128  # behind each of them
# With one process a game, a test takes the games of the training, which begins new
# episodes afterwards: whole ones must fit in between, and a test must be shorter.
_TEST_WAVES = 4
_EPISODES_BETWEEN = 20


class Task(NamedTuple):
    """A best response to train: the game, the side that learns, and its opponent."""

    setting: Setting
    side: Side
    opponent: Any  # a frozen attack or filter, often a mixture
    generators: Generators
    stop: float | None = None  # team return at which an attack is strong enough

    def channel(self, policy: Any) -> Channel:
        """Returns the channel with the policy on its side and the opponent opposite."""
        if self.side is Side.ATTACKER:
            return self.setting.channel(policy, self.opponent)
        return self.setting.channel(self.opponent, policy)

    def enough(
        self, policy: Any, update: int, every: int = TEST_EVERY
    ) -> tuple[bool, int]:
        """Returns whether a policy is strong enough, and the steps played to know it.

        Args:
          policy: the policy that learns.
          update: the number of updates so far; others than multiples of `every` are
            not tested.
          every: the number of updates between two tests.
        """
        if self.stop is None or update % every:
            return False, 0
        tested = self.test(policy)
        return float(tested.returns.mean()) <= self.stop, int(tested.length.sum())

    def test(self, policy: Any, count: int = _TEST_WORLDS) -> Outcome:
        """Plays whole episodes in `count` worlds of the test's, the same at each call.

        The episodes that end in a rollout would be biased: the short ones, which went
        well, end first, and part of each was played by older weights.
        """
        setting, device = self.setting, self.setting.env.device
        spec = setting.env.spec
        worlds = make_worlds(
            spec,
            self.generators.world.initial_seed(),
            0,
            min(count, _TEST_WAVES * spec.side_by_side(count)),
            setting.to_draw,
            device,
        )
        generator = torch.Generator(device).manual_seed(0)
        # A copy: a mixture remembers which member plays where in the stream.
        channel = copy.deepcopy(self.channel(policy))
        return play_worlds(setting.env, setting.team, channel, worlds, generator)


def train_by_ppo(
    policy: Any, task: Task, oracle: OracleConfig, log: Log | None
) -> None:
    """Trains a policy in place by proximal policy optimisation: `ORACLES["ppo"]`.

    Args:
      policy: has `inputs(rollout)` and `evaluate(inputs)`, such as `GaussianAttack`.
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

    @property
    def setting(self) -> Setting:
        """Returns the game."""
        return self.task.setting

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
        optimizer = torch.optim.Adam(self.policy.parameters(), ppo.learning_rate)
        meter = Meter(oracle.num_envs, self.setting.env.device)
        steps, ahead = self._stream(channel).play(), list[Step]()
        started = time.monotonic()
        update = played = 0
        while update == 0 or played + self._cost(ahead) <= oracle.env_steps:
            progress = played / oracle.env_steps
            set_learning_rate(
                optimizer,
                ppo.learning_rate * (1.0 - progress * (1.0 - ppo.final_learning_rate)),
            )
            played += self._cost(ahead)
            ahead += islice(steps, oracle.num_steps + 1 - len(ahead))
            rollout, ahead = stack(ahead), ahead[-1:]
            ended = meter.read(map_tensors(lambda leaf: leaf[:-1], rollout))
            stats = ppo_update(
                optimizer,
                self.policy.evaluate,
                self._experience(rollout),
                ppo,
                generator=self.generators.policy,
                entropy_coef=decay(ppo.entropy_coef, ppo.final_entropy_coef, progress),
            )
            update += 1
            enough, tested = self.task.enough(self.policy, update, self._test_every())
            played += tested
            if log is not None:
                seconds = time.monotonic() - started
                log(
                    {
                        "update": update,
                        "env_steps": played,
                        "wall_s": seconds,
                        "time/steps_per_s": played / seconds,
                        "team/return_mean": ended.mean_return,
                        "team/success_mean": ended.success,
                        **{f"{area}/{key}": v for key, v in stats.items()},
                        **self._diagnostics(rollout),
                    }
                )
            if enough:
                break
            if tested and not self.setting.env.spec.batched:
                # The test took the stream's games.
                steps, ahead = self._stream(channel).play(), []
                meter = Meter(oracle.num_envs, self.setting.env.device)

    def _cost(self, ahead: list[Step]) -> int:
        """Returns the environment steps of the next rollout."""
        return self.oracle.num_envs * (self.oracle.num_steps + 1 - len(ahead))

    def _test_every(self) -> int:
        """Returns the number of updates between two tests of the threshold."""
        spec = self.setting.env.spec
        if spec.batched:
            return TEST_EVERY
        return math.ceil(_EPISODES_BETWEEN * spec.episode_limit / self.oracle.num_steps)

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
        reward = (side.sign * rollout.reward)[..., None].expand_as(value)
        done = rollout.done[..., None].expand_as(value)
        advantage, target = gae(
            reward[:-1], value[:-1], value[-1], done[:-1], ppo.gamma, ppo.gae_lambda
        )
        return Experience(
            map_tensors(lambda leaf: leaf[:-1], self.policy.inputs(rollout)),
            log_prob[:-1],
            value[:-1],
            advantage,
            target,
            weight[:-1],
        )

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
