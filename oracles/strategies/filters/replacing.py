"""What rule filters put in place of a message: one message per sender, of clean play.

A team that may not believe its scout does best to hear a word of his that suits most
worlds, and no mean need be that word: `constant` searches for it.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from games.engine.matches import finite, play_cells
from games.engine.side import Side
from games.engine.strategy import Decision, NoAttack, Verdict
from games.engine.view import FilterView
from oracles.learning.randomness import make_generators
from oracles.strategies.config import EvolutionConfig
from oracles.strategies.evolution import train_by_es
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting
from oracles.strategies.task import Task

_SEED, _SEGMENT = 0, 2**20 + 2  # beyond any training, and beside the recording
_WORLDS = 256
_BUDGET = EvolutionConfig(200_000)


def replacement(how: str, setting: Setting, whom: Iterable[int]) -> Tensor:
    """Returns what a message of each sender is replaced by, `[N,D]`.

    Args:
      how: zero, team_mean, own_mean, best or constant; see `NormConfig`.
      setting: the game, whose clean messages are listened to.
      whom: the senders for whom the best is sought; others have their mean.
    """
    team = setting.team
    shape = setting.env.spec.num_agents, team.message_size
    if how == "zero":
        return torch.zeros(shape, device=setting.env.device)
    if how == "team_mean":
        return team.message_mean.expand(shape)
    means = record(setting).mean()
    if how == "own_mean":
        return means
    seek = constant_message if how == "constant" else best_message
    for agent in whom:
        means[agent] = seek(setting, agent, means[agent])
    return means


def best_message(setting: Setting, agent: int, mean: Tensor) -> Tensor:
    """Returns what is best for the team of an agent's own mean, the team's and zero.

    Played in clean worlds alone, the same ones each time; of equals the first.

    Args:
      setting: the game.
      agent: whose messages are replaced.
      mean: `[D]`, its mean message.
    """
    return _best(_task(setting, agent), agent, _simple(setting, mean))


def constant_message(setting: Setting, agent: int, mean: Tensor) -> Tensor:
    """Returns the message `[D]` that is best for the team in place of an agent's own.

    Played in clean worlds alone, the same ones each time. The search starts at the best
    of zero, the team's mean and the agent's own; what it finds counts only if it earns
    more in fresh worlds.

    Args:
      setting: the game.
      agent: whose messages are replaced.
      mean: `[D]`, its mean message.
    """
    task = _task(setting, agent)
    start = _best(task, agent, _simple(setting, mean))
    unit = setting.team.message_std
    search = _Stuck(agent, start, unit)
    train_by_es(search, task, _BUDGET, None)
    return _best(task, agent, [start, search.message().detach()])


def _task(setting: Setting, agent: int) -> Task:
    generators = make_generators(setting.env.device, _SEED, _SEGMENT + agent)
    return Task(setting, Side.DEFENDER, NoAttack(), generators)


def _simple(setting: Setting, mean: Tensor) -> list[Tensor]:
    return [mean, setting.team.message_mean, torch.zeros_like(mean)]


def _best(task: Task, agent: int, messages: Sequence[Tensor]) -> Tensor:
    """Returns the message that earns most in place of an agent's; of equals the first.

    They are played in the same fresh worlds.
    """
    filters = [_Stuck(agent, each, torch.zeros_like(each)) for each in messages]
    env, team, threat = task.setting.env, task.setting.team, task.setting.threat
    cells = [(k, 0) for k in range(len(filters))]
    worlds = task.fresh_worlds(_WORLDS)
    outcome = play_cells(
        *(env, team, filters, [task.opponent], cells, threat, worlds),
        task.generators.policy,
    )
    earned = finite(outcome, env).returns.mean(1)
    return messages[int(earned.argmax())]


class _Stuck(nn.Module):
    """Replaces what an agent says by one message, which an evolution strategy moves."""

    kind = "stuck"
    memory_size = 0
    observes = False
    start: Tensor  # [D]
    unit: Tensor  # [D]

    def __init__(self, agent: int, start: Tensor, unit: Tensor) -> None:
        super().__init__()
        self.agent = agent
        self.register_buffer("start", start)
        self.register_buffer("unit", unit)
        self.weights = nn.Parameter(torch.zeros_like(start))

    def message(self) -> Tensor:
        """Returns what is heard instead, `[D]`."""
        return self.start + self.unit * self.weights

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing."""

    def decide(
        self, view: FilterView, memory: Tensor, generator: torch.Generator
    ) -> Verdict:
        """Flags the agent."""
        zeros = torch.zeros_like(view.messages[..., 0])
        flag = zeros.clone()
        flag[:, self.agent] = 1.0
        decision = Decision(flag, zeros, zeros, view.alive)
        return Verdict(decision, self.message().expand_as(view.messages), memory)
