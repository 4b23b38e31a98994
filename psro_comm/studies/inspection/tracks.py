"""Plays one world as it goes clean, attacked and defended: a track each.

A branched episode compares three decisions at each step of one course of events. A
track is such an episode that follows one of the three, so that what an attack does to
the world is seen as well, and not only what it does to the next decision.
"""

from collections.abc import Callable
from typing import Any

from games.engine.strategy import Attack, Filter
from games.engine.worlds import Worlds, make_worlds
from oracles.learning.randomness import make_generators
from oracles.strategies.jobs import build_setting
from oracles.strategies.setting import Setting
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.names import BRANCHES, UNDEFENDED, UNDISTURBED
from psro_comm.studies.inspection.branches import branched
from psro_comm.studies.inspection.inspection import inspect_episode
from psro_comm.studies.inspection.turning import count_turned

TRIED = 9  # worlds, of which the typical one is shown; odd, so that there is a middle
_DIGITS = 4  # of scores and of the numbers of messages, in what a run keeps

_Both = Callable[[], tuple[Attack, Filter]]  # fresh players: some keep what they drew


def replayed(
    lab: Lab,
    attack: Mixed,
    filter_: Mixed,
    *,
    world: int | None = None,
    follow: str = UNDEFENDED,
) -> dict[str, Any]:
    """Plays one world of a lab on three tracks, and counts over many.

    Args:
      lab: the lab of the game.
      attack, filter_: the players.
      world: number of the world that is told; None is the typical one of `TRIED`.
        StarCraft II does not repeat worlds: it has one track.
      follow: the condition of that track.

    Returns:
      JSON data: what was played, the `world` and `why` it; `tracks`, by condition the
      result of `inspect_episode` that follows it; and as `statistic` the result of
      `count_turned` over as many worlds as returns are measured in.
    """
    setting, evaluation = build_setting(lab.setting()), lab.config.evaluation
    device = setting.env.device

    def worlds(first: int, count: int) -> Worlds:
        seed = lab.seed("inspection")
        return make_worlds(
            setting.env.spec, seed, first, count, setting.to_draw, device
        )

    def both() -> tuple[Attack, Filter]:
        return attack.thaw(device), filter_.thaw(device)

    statistic = count_turned(
        *(setting, *both(), worlds(0, evaluation.episodes)),
        seed=lab.seed("turning"),
        follow=follow,
        num_envs=evaluation.num_envs,
    )
    repeated, luck = setting.env.spec.batched, lab.seed("lens")
    why = "as asked for"
    if world is None and repeated:
        world = typical([worlds(k, 1) for k in range(TRIED)], setting, both, luck)
        why = f"of the first {TRIED} the one whose loss under the attack is the median"
    elif world is None:
        world, why = 0, "the first"
    tracks = {
        name: inspect_episode(
            *(setting, *both(), worlds(world, 1)), seed=luck, follow=name
        )
        for name in (BRANCHES if repeated else (follow,))
    }
    return {
        "task": lab.config.task,
        "seed": lab.config.seed,
        "world": world,
        "why": why,
        "attack": attack.name,
        "filter": filter_.name,
        "statistic": statistic,
        "tracks": tracks,
    }


def typical(worlds: list[Worlds], setting: Setting, both: _Both, luck: int) -> int:
    """Returns the number of the world whose loss under the attack is the median.

    Args:
      worlds: a world each.
      setting: environment and team.
      both: makes attack and filter.
      luck: the seed of the policies, the same for all.
    """
    lost = []
    for each in worlds:
        clean, attacked = (
            earned(each, setting, both, luck, follow)
            for follow in (UNDISTURBED, UNDEFENDED)
        )
        lost.append(clean - attacked)
    return sorted(range(len(lost)), key=lambda k: (lost[k], k))[len(lost) // 2]


def earned(
    world: Worlds, setting: Setting, both: _Both, luck: int, follow: str
) -> float:
    """Returns the team's return in one world, if one condition is followed."""
    generators = make_generators(setting.env.device, luck)
    steps = branched(setting, *both(), world, generators, follow)
    return sum(float(step.signal.reward) for step in steps)


def rounded(found: Any) -> Any:
    """Returns a replay with fewer digits of scores and messages, for a run to keep."""
    if isinstance(found, dict):
        return {
            key: _cut(value) if key in ("scores", "message") else rounded(value)
            for key, value in found.items()
        }
    return [rounded(each) for each in found] if isinstance(found, list) else found


def _cut(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _cut(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_cut(each) for each in found]
    return round(found, _DIGITS) if isinstance(found, float) else found
