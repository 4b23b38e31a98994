"""The learning curve of a training: whole episodes in the same worlds each time."""

from collections.abc import Mapping
from typing import Any

from oracles.learning.randomness import Log
from oracles.strategies.task import Task

_POINTS = (6, 12)  # of a curve, both ends included; more where the budget is larger
_WORLDS = 128  # most, behind each point
# Of the steps of a training as many are played to look; that takes about as large a
# part of its time.
_SHARE = 0.1


class Curve:
    """A `Log` that adds to the lines of a training what the policy earns by then.

    The first line, of update 0, is of the policy as it came, the last of the policy as
    it stays. Points lie closer at the beginning, where policies learn most. What is
    played to look is counted apart, in `test/env_steps`: the policy learns nothing from
    it. A line is passed on when the next one comes: only then it is not the last.
    """

    def __init__(self, policy: Any, task: Task, env_steps: int, log: Log) -> None:
        """Looks at the policy as it came.

        Args:
          policy: what is trained, in place.
          task: says who plays whom, and where.
          env_steps: the budget of the training.
          log: takes the lines.
        """
        self._policy, self._task, self._log = policy, task, log
        spec = task.setting.env.spec
        afforded = int(_SHARE * env_steps / spec.episode_limit)  # episodes
        fewest, most = _POINTS
        points = max(fewest, min(most, afforded // _WORLDS + 1))
        self._worlds = max(8, min(_WORLDS, afforded // points))
        # Games of other processes are those of the training: free at its ends only.
        inner = range(1, points - 1) if spec.batched else ()
        self._due = [env_steps * k**2 // (points - 1) ** 2 for k in inner]
        self._played = 0
        self._held: dict[str, float] = {"update": 0, "env_steps": 0, "wall_s": 0.0}
        self._look()

    def __call__(self, values: Mapping[str, float]) -> None:
        """Takes a line of the training, and looks at the policy if it is time to."""
        self._log(self._held)
        self._held = dict(values)
        left = [due for due in self._due if due > values["env_steps"]]
        if len(left) < len(self._due):
            self._due = left
            self._look()

    def end(self) -> None:
        """Looks at the policy as it stays, and passes the last line on."""
        self._look()
        self._log(self._held)

    def _look(self) -> None:
        """Adds a point to the line at hand, if it has none."""
        if "test/return_mean" in self._held:
            return
        tested = self._task.test(self._policy, self._worlds)
        self._played += int(tested.length.sum())
        self._held |= {
            "test/return_mean": float(tested.returns.mean()),
            "test/success_mean": float(tested.success.mean()),
            "test/env_steps": self._played,
        }
