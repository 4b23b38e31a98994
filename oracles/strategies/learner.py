"""The training loop that attack and filter share: stream, advantages, PPO.

Source: paper alg. 1 line 7; eq. 1 and eq. 2 come in through `policy.evaluate`.
"""

import copy
import math
import time
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from games.engine.channel import Attack, Filter
from games.engine.env import CommEnv
from games.engine.matches import play_worlds
from games.engine.play import Step, Stream, collect
from games.engine.team import Team
from games.engine.tree import map_tensors
from games.engine.worlds import draw_captured, make_worlds
from oracles.learning.meter import Meter
from oracles.learning.ppo import Experience, decay, gae, ppo_update, set_learning_rate
from oracles.learning.randomness import Generators, Log
from oracles.strategies.config import OracleConfig, Threat
from oracles.strategies.threat import gather_agents

_TEST_EVERY = 2  # updates between two looks at a threshold
_TEST_WORLDS = 512
# Where games are few, a test takes those of the training, which begins new episodes
# afterwards: whole ones must fit in between, and a test must not outlast them.
_TEST_WAVES = 4
_EPISODES_BETWEEN = 20


class Setting(NamedTuple):
    """Where a best response is trained: the game without its two players."""

    env: CommEnv
    team: Team
    threat: Threat
    captured: tuple[int, ...] | None  # of this run; none redraws them in each episode

    @property
    def malicious(self) -> tuple[int, ...] | int:
        """Agents held in every world, or how many each draws: for `make_worlds`."""
        return self.captured or self.threat.num_malicious


def captured_agents(
    setting: Setting, num_envs: int, generator: torch.Generator
) -> Tensor:
    """The agents held at the start of B streams, `[B,K]` long."""
    if setting.captured is None:
        return draw_captured(
            num_envs,
            setting.env.spec.num_agents,
            setting.threat.num_malicious,
            generator,
        )
    held = torch.tensor(setting.captured, device=setting.env.device)
    return held.expand(num_envs, -1)


@dataclass
class Learner:
    """The training loop that attack and filter share."""

    policy: Any  # has `inputs` and `evaluate`
    setting: Setting
    oracle: OracleConfig
    generators: Generators
    area: Literal["attack", "filter"]

    def train(
        self,
        attack: Attack,
        filter_: Filter,
        *,
        sign: float,
        stop: float | None,
        log: Log | None,
    ) -> None:
        """Improves the policy for `oracle.updates` rollouts, or until `stop`."""
        oracle, ppo = self.oracle, self.oracle.ppo
        optimizer = torch.optim.Adam(self.policy.parameters(), ppo.learning_rate)
        meter = Meter(oracle.num_envs, self.setting.env.device)
        steps = self._stream(attack, filter_).play()
        started = time.monotonic()
        for update in range(oracle.updates):
            progress = update / oracle.updates
            set_learning_rate(
                optimizer,
                ppo.learning_rate * (1.0 - progress * (1.0 - ppo.final_learning_rate)),
            )
            # The step after the last one is played too: its critic bootstraps.
            rollout = collect(steps, oracle.num_steps + 1)
            ended = meter.read(rollout)
            stats = ppo_update(
                optimizer,
                self.policy.evaluate,
                self._experience(rollout, sign),
                ppo,
                generator=self.generators.policy,
                entropy_coef=decay(ppo.entropy_coef, ppo.final_entropy_coef, progress),
            )
            if log is not None:
                seen = (update + 1) * oracle.num_envs * oracle.num_steps
                log(
                    {
                        "update": update + 1,
                        "env_steps": seen,
                        "wall_s": time.monotonic() - started,
                        "time/steps_per_s": seen / (time.monotonic() - started),
                        "team/return_mean": ended.mean_return,
                        "team/success_mean": ended.success,
                        **{f"{self.area}/{key}": v for key, v in stats.items()},
                        **self._diagnostics(rollout),
                    }
                )
            if stop is None or (update + 1) % self._test_every():
                continue
            if self._test_return(attack, filter_) <= stop:
                break
            if not self.setting.env.spec.batched:  # the test took the stream's games
                steps = self._stream(attack, filter_).play()
                meter = Meter(oracle.num_envs, self.setting.env.device)

    def _test_every(self) -> int:
        """Updates between two looks at a threshold."""
        spec = self.setting.env.spec
        if spec.batched:
            return _TEST_EVERY
        return math.ceil(_EPISODES_BETWEEN * spec.episode_limit / self.oracle.num_steps)

    def _test_return(self, attack: Attack, filter_: Filter) -> float:
        """Mean return of whole episodes on worlds of their own.

        The episodes that end in a rollout will not do: the short ones, which went
        well, end first, and part of each was played by older weights.
        """
        setting, device = self.setting, self.setting.env.device
        spec = setting.env.spec
        worlds = make_worlds(
            spec,
            self.generators.world.initial_seed(),
            0,
            min(_TEST_WORLDS, _TEST_WAVES * spec.side_by_side(_TEST_WORLDS)),
            setting.malicious,
            device,
        )
        generator = torch.Generator(device).manual_seed(0)
        # A copy: a mixture remembers who plays which of the stream's environments.
        played = play_worlds(
            setting.env, setting.team, attack, copy.copy(filter_), worlds, generator
        )
        return float(played.returns.mean())

    def _stream(self, attack: Attack, filter_: Filter) -> Stream:
        setting, generators = self.setting, self.generators
        return Stream(
            setting.env,
            setting.team,
            attack,
            filter_,
            captured=captured_agents(setting, self.oracle.num_envs, generators.policy),
            world_generator=generators.world,
            generator=generators.policy,
            redraw_captured=setting.captured is None,
        )

    def _experience(self, rollout: Step, sign: float) -> Experience:
        """Advantages of the learner's decision points; the last step bootstraps."""
        ppo = self.oracle.ppo
        wire = rollout.wire
        decision = wire.attack if self.area == "attack" else wire.defence
        scalars = torch.stack(
            [
                decision.log_prob,
                decision.value,
                (decision.active & rollout.timestep.alive).float(),
            ],
            dim=-1,
        )
        if self.area == "attack":
            scalars = gather_agents(scalars, rollout.carry.captured)
        log_prob, value, weight = scalars.unbind(-1)
        reward = (sign * rollout.reward)[..., None].expand_as(value)
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
        """How far messages were bent, and how well the filter saw it."""
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
            "attack/message_distance": bent / bad if bad else 0.0,
            "filter/recall": hits / bad if bad else nan,
            "filter/false_positive_rate": alarms / good if good else nan,
            "filter/precision": hits / flags if flags else nan,
            "filter/reconstruction_mse": wrong / flags if flags else nan,
        }
