"""An oracle as a plugin: takes the better of two opposite random steps.

psro-comm train_attack --plugin=examples/my_oracle.py --attack_trainer=climb
"""

from dataclasses import dataclass

import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

import psro_comm as pc


@dataclass(frozen=True)
class ClimbConfig:
    """The budget of `climb`, and the size of its steps.

    Attributes:
      env_steps: environment steps of one training.
      num_envs: worlds of one look.
      step: standard deviation of each weight's change.
    """

    env_steps: int = pc.integer(100_000, least=1)
    num_envs: int = pc.integer(16, least=1)
    step: float = pc.number(0.2, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        pc.check(self)

    @property
    def updates(self) -> int:
        """Returns the most steps that are taken: those of one-step episodes."""
        return max(1, self.env_steps // (2 * self.num_envs))


@torch.no_grad()
def climb(policy, task, budget: ClimbConfig, log) -> None:
    """Improves the weights of a policy in place."""
    steps, weights = 0, parameters_to_vector(policy.parameters())
    for update in range(1, 1 + budget.updates):
        noise = torch.randn(weights.shape, generator=task.generators.policy)
        found = {}
        for sign in (1, -1):
            tried = weights + sign * budget.step * noise
            vector_to_parameters(tried, policy.parameters())
            played = task.test(policy, budget.num_envs)  # whole episodes
            steps += int(played.length.sum())
            found[task.side.sign * float(played.returns.mean())] = tried
        weights = found[max(found)]
        vector_to_parameters(weights, policy.parameters())
        if log is not None:
            log({"update": update, "env_steps": steps, "climb/best": max(found)})
        if steps >= budget.env_steps:
            break


pc.ORACLES["climb"] = pc.Entry(climb, ClimbConfig)
