"""Plays tables of matches: every filter against every attack, on the same worlds."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.env import CommEnv
from games.engine.play import Outcome, play_episodes
from games.engine.population import Crowd, Lineup
from games.engine.strategy import Attack, Filter
from games.engine.team import Team
from games.engine.threat import Threat
from games.engine.tree import concat, map_tensors
from games.engine.worlds import Worlds


def play_cells(
    env: CommEnv,
    team: Team,
    filters: Sequence[Filter] | Crowd,
    attacks: Sequence[Attack] | Crowd,
    cells: Sequence[tuple[int, int]],
    threat: Threat,
    worlds: Worlds,
    generator: torch.Generator,
    *,
    num_envs: int = 1024,
) -> Outcome:
    """Plays every cell in every world, all cells side by side in one rollout.

    A job is (cell, world), cells outermost in the order of their attacks, so that a
    wave of environments meets few different policies: each is asked once a step,
    however few environments it plays in. A wave ends when its last episode does.

    Args:
      env, team: the environment and the team that plays in it.
      filters, attacks: the two populations; one policy with many weights is a crowd.
      cells: `(filter, attack)` indices of C cells.
      threat: the rules of what every attack may know and do.
      worlds: W worlds, the same for all cells.
      generator: the policies' randomness.
      num_envs: the most environments side by side.

    Returns:
      An outcome whose leaves are `[C, W]`.

    Source: paper alg. 1, lines 2 and 10.
    """
    count = worlds.reset_noise.shape[0]
    device = worlds.reset_noise.device
    order = sorted(range(len(cells)), key=lambda each: cells[each][::-1])
    index = torch.tensor([cells[each] for each in order], device=device)
    waves: list[Any] = []
    job = torch.arange(count * len(cells), device=device)
    for wave in job.split(env.spec.side_by_side(num_envs)):
        cell, world = wave // count, wave % count
        seats = _seated(attacks, index[cell, 1]), _seated(filters, index[cell, 0])
        channel = Channel(*seats, threat)
        waves.append(play_episodes(env, team, channel, worlds.take(world), generator))
    back = torch.tensor(order, device=device).argsort()
    return map_tensors(lambda part: part.view(len(cells), count)[back], concat(waves))


def _seated(players: Sequence[Any] | Crowd, assignment: Tensor) -> Any:
    """Returns who plays: `assignment[b]` of the players in environment b."""
    if isinstance(players, Crowd):
        return players.seat(assignment)
    return Lineup(players, assignment)


def play_worlds(
    env: CommEnv,
    team: Team,
    channel: Channel,
    worlds: Worlds,
    generator: torch.Generator,
    *,
    num_envs: int = 1024,
) -> Outcome:
    """Plays one whole episode in each world, in waves of at most `num_envs` worlds.

    A wave has at most `spec.most_worlds`, for environments that run one process a game.

    Returns:
      Outcomes `[W]` in the order of the worlds.

    Raises:
      FloatingPointError: a return is not finite; the world is named.
    """
    index = torch.arange(len(worlds.malicious), device=worlds.malicious.device)
    waves: list[Any] = [
        play_episodes(env, team, channel, worlds.take(wave), generator)
        for wave in index.split(env.spec.side_by_side(num_envs))
    ]
    return finite(concat(waves), env)


def finite(outcome: Outcome, env: CommEnv) -> Outcome:
    """Returns the outcome, `[..., W]`, if all returns are numbers.

    Raises:
      FloatingPointError: one is not; its world is named. The best of such returns would
        be anybody.
    """
    broken = (~outcome.returns.isfinite()).nonzero()
    if len(broken):
        value = float(outcome.returns[tuple(broken[0])])
        raise FloatingPointError(
            f"{env.spec.name}: the return in world {int(broken[0][-1])} is {value}:"
            " the game or the team is broken"
        )
    return outcome
