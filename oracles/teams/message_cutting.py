"""Message cutting: an NDQ team says less, and what says little is not sent at all.

Training presses the numbers that matter to nobody to means near 0. Cutting them in play
shows how little of its talk a team lives on.

Source: Wang et al. 2020, section 4 (messages cut by the rank of their means).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from games.engine.env import CommEnv
from games.engine.play import collect
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.clean_play import clean_stream

_CUTTING = 2**20 + 1  # a segment of its own, beyond those of any training
_CUT_ENVS = 256


def cut_level(env: CommEnv, team: NDQ, fraction: float, seed: int) -> Tensor:
    """The level below which means must be cut, so that a share of them is.

    Args:
      env: the task.
      team: trained.
      fraction: of the numbers of the living agents' messages, in (0, 1).
      seed: of the episodes that are looked at.

    Returns:
      `[]`, in the unit of a message's noise.
    """
    stream = clean_stream(env, team, env.spec.side_by_side(_CUT_ENVS), seed, _CUTTING)
    steps = collect(stream.play(), env.spec.episode_limit)
    means = team.means(steps.timestep.obs)[steps.timestep.alive]
    rank = max(1, round(fraction * means.numel()))
    return means.abs().flatten().kthvalue(rank).values


@contextmanager
def cutting(env: CommEnv, team: NDQ, fraction: float, seed: int) -> Iterator[None]:
    """Cuts so much of the team's messages, for a while; arguments as `cut_level`'s."""
    before = team.cut_below.clone()
    team.cut_below.copy_(cut_level(env, team, fraction, seed))
    try:
        yield
    finally:
        team.cut_below.copy_(before)
