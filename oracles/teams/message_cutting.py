"""Message cutting: sets numbers of an NDQ team's messages to zero if they say little.

Training moves the means of numbers that no agent needs towards 0. Cutting them in play
shows how little of its messages a team needs.

Source: Wang et al. 2020, section 4 (messages cut by the rank of their means).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from games.engine.env import CommEnv
from games.engine.play import collect
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.clean_play import clean_stream

_CUTTING = 2**20 + 1  # this segment is beyond those of any training
_CUT_ENVS = 256


def cut_level(env: CommEnv, team: NDQ, fraction: float, seed: int) -> Tensor:
    """Returns the level below which a share of the means lies.

    Args:
      env: the environment.
      team: the trained team.
      fraction: the share of numbers in living agents' messages, in (0, 1).
      seed: the seed of the episodes that are measured.

    Returns:
      The level `[]`, in the unit of a message's noise.
    """
    stream = clean_stream(env, team, env.spec.side_by_side(_CUT_ENVS), seed, _CUTTING)
    steps = collect(stream.play(), env.spec.episode_limit)
    means = team.means(steps.timestep.obs)[steps.timestep.alive]
    rank = max(1, round(fraction * means.numel()))
    return means.abs().flatten().kthvalue(rank).values


@contextmanager
def cutting(env: CommEnv, team: NDQ, fraction: float, seed: int) -> Iterator[None]:
    """Cuts this share of the team's messages while the context is open.

    The arguments are those of `cut_level`.
    """
    before = team.cut_below.clone()
    team.cut_below.copy_(cut_level(env, team, fraction, seed))
    try:
        yield
    finally:
        team.cut_below.copy_(before)
