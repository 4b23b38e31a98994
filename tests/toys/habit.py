"""A toy filter in one file: learns how far a message may be from its sender's last.

It remembers each sender's last message, and is trained by unrolling that again.
"""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from games.engine.registry import Entry
from games.engine.settings import check, integer
from games.engine.side import Side
from games.engine.strategy import Decision, Verdict
from games.engine.view import FilterView
from oracles.learning.ppo import Evaluation
from oracles.strategies.registry import FILTERS


@dataclass(frozen=True)
class HabitConfig:
    """Settings of `Habit`.

    Attributes:
      hidden: width of the hidden layer.
    """

    hidden: int = integer(8, least=1)

    def __post_init__(self):
        """Checks ranges."""
        check(self)


class HabitInputs(NamedTuple):
    """What learning reads of a rollout."""

    messages: Tensor  # [T,B,N,D]
    memory: Tensor  # [T,B,N,D], of which the first is where unrolling begins
    starts: Tensor  # [T,B] bool
    flag: Tensor  # [T,B,N]
    forged: Tensor  # [T,B,N]


class Habit(nn.Module):
    """Flags by the distance from the last message, repairs by the last message."""

    kind = "habit"
    side = Side.DEFENDER
    observes = False

    def __init__(self, config, message_size):
        super().__init__()
        self.config, self.memory_size = config, message_size
        self.net = nn.Sequential(
            nn.Linear(2 * message_size, config.hidden),
            nn.Tanh(),
            nn.Linear(config.hidden, 2),
        )

    @classmethod
    def new(cls, setting, config=None):
        return cls(config or HabitConfig(), setting.team.message_size)

    @classmethod
    def rebuild(cls, arguments):
        return cls(HabitConfig(**arguments["config"]), arguments["message_size"])

    def arguments(self):
        return {"config": asdict(self.config), "message_size": self.memory_size}

    def reset(self, done, generator):
        """Draws nothing."""

    def judge(self, messages, memory):
        """Logits and values `[...,N]`, and the memory after this step."""
        logit, value = self.net(torch.cat([messages, memory], -1)).unbind(-1)
        return logit, value, messages

    def decide(self, view: FilterView, memory, generator):
        logit, value, kept = self.judge(view.messages, memory)
        uniform = torch.rand(logit.shape, generator=generator, device=logit.device)
        flag = (uniform < logit.sigmoid()).float()
        decision = Decision(flag, log_prob(logit, flag), value, view.alive)
        return Verdict(decision, memory, kept)

    def inputs(self, rollout):
        begun = rollout.done.roll(1, 0)
        begun[0] = False  # the first memory is as it was
        wire = rollout.wire
        return HabitInputs(
            wire.tampered,
            rollout.carry.memories.filter_,
            begun,
            wire.defence.choice,
            wire.forged.float(),
        )

    def evaluate(self, inputs):
        memory, found = inputs.memory[0], []
        for t in range(len(inputs.flag)):
            memory = torch.where(inputs.starts[t][:, None, None], 0.0, memory)
            logit, value, memory = self.judge(inputs.messages[t], memory)
            found.append((logit, value))
        logit, value = (torch.stack(part) for part in zip(*found, strict=True))
        entropy = torch.zeros_like(logit)
        supervised = -log_prob(logit, inputs.forged).mean()
        return Evaluation(log_prob(logit, inputs.flag), entropy, value, supervised)


def log_prob(logit, outcome):
    return -nn.functional.binary_cross_entropy_with_logits(
        logit, outcome, reduction="none"
    )


FILTERS["habit"] = Entry(Habit, HabitConfig, learns=True)
