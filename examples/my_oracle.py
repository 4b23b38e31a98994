"""An oracle as a plugin: keeps a random change of the weights if it helps.

psro-comm train_attack --plugin=examples/my_oracle.py --task=echo --budget=smoke \
        --attack_trainer=climb --attack_oracle.env_steps=20000
"""

from dataclasses import dataclass

import torch

import psro_comm as pc


@dataclass(frozen=True)
class ClimbConfig:
    """The budget and the settings of `climb`.

    Attributes:
      env_steps: environment steps of one training.
      num_envs: worlds of one look.
      step: standard deviation of a change.
    """

    env_steps: int = pc.integer(100_000, least=1)
    num_envs: int = pc.integer(32, least=1)
    step: float = pc.number(0.3, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        pc.check(self)

    @property
    def updates(self) -> int:
        """Returns the most changes that are tried, for lines of progress."""
        return max(1, self.env_steps // self.num_envs)


@torch.no_grad()
def climb(policy, task, budget: ClimbConfig, log) -> None:
    """Improves the weights of a policy in place, by whole episodes in fixed worlds."""
    best, steps = -float("inf"), 0
    while steps == 0 or steps < budget.env_steps:
        old = [weights.clone() for weights in policy.parameters()]
        for weights in policy.parameters() if steps else ():
            noise = torch.randn(weights.shape, generator=task.generators.policy)
            weights += budget.step * noise
        played = task.test(policy, budget.num_envs)
        found = task.side.sign * float(played.returns.mean())
        if found < best:
            for weights, kept in zip(policy.parameters(), old, strict=True):
                weights.copy_(kept)
        best, steps = max(best, found), steps + int(played.length.sum())
        if log is not None:
            log({"env_steps": steps, "team/return_mean": task.side.sign * best})


pc.ORACLES["climb"] = pc.Entry(climb, ClimbConfig)
