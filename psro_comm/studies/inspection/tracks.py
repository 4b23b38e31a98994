"""Plays one world as it goes clean, attacked and defended: a track each.

A branched episode compares three decisions at each step of one course of events. A
track is such an episode that follows one of the three, so that what an attack does to
the world is seen as well, and not only what it does to the next decision.
"""

from typing import Any, NamedTuple

from games.engine.strategy import Attack, Filter
from games.engine.worlds import Worlds, make_worlds
from oracles.learning.randomness import make_generators
from oracles.strategies.jobs import build_setting
from oracles.strategies.setting import Setting
from psro_comm.lab.inputs import who
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.names import BRANCHES, UNDEFENDED, UNDISTURBED
from psro_comm.studies.inspection.branches import branched
from psro_comm.studies.inspection.inspection import inspect_episode
from psro_comm.studies.inspection.turning import count_turned

TRIED = 9  # worlds, of which the typical one is shown; odd, so that there is a middle


class Ground(NamedTuple):
    """What episodes are played on: a lab's game, its worlds, and two players."""

    lab: Lab
    setting: Setting
    attack: Mixed
    filter_: Mixed

    @classmethod
    def of(cls, lab: Lab, attack: Mixed, filter_: Mixed) -> "Ground":
        """Returns it of a lab and two players."""
        return cls(lab, build_setting(lab.setting()), attack, filter_)

    @property
    def luck(self) -> int:
        """The seed of the policies, the same for all tracks."""
        return self.lab.seed("lens")

    def worlds(self, first: int, count: int = 1) -> Worlds:
        """Returns some of the worlds that are inspected."""
        env, seed = self.setting.env, self.lab.seed("inspection")
        drawn = self.setting.to_draw
        return make_worlds(env.spec, seed, first, count, drawn, env.device)

    def players(self) -> tuple[Attack, Filter]:
        """Returns both players, fresh: some keep what they drew."""
        device = self.setting.env.device
        return self.attack.thaw(device), self.filter_.thaw(device)


def replay(lab: Lab, attack: Mixed, filter_: Mixed) -> dict[str, Any]:
    """Returns an episode of a lab, in the world of `choose_world`.

    The run keeps what that found; the tracks, which may be large, are played anew.

    Args:
      lab: the lab of the game.
      attack, filter_: the players.

    Returns:
      The result of `choose_world`, and as `tracks` that of `play_tracks`.
    """
    ground, name = Ground.of(lab, attack, filter_), f"episode-{attack.name}"
    met = who(attack.policies, filter_.policies), filter_.weights.tolist()
    if not lab.inputs.has(name, met, lab.config.evaluation.episodes):
        lab.store.save_json(name, choose_world(ground))
    facts = lab.store.load_json(name)
    return {**facts, "tracks": play_tracks(ground, facts["world"])}


def choose_world(ground: Ground) -> dict[str, Any]:
    """Returns the world to tell, and how often messages turn decisions in many.

    Args:
      ground: what is played, in an environment that repeats worlds.

    Returns:
      JSON data: `attack` and `filter`, their names; the `world`, `why` it; and as
      `statistic` the result of `count_turned` over as many worlds as returns are
      measured in.
    """
    why = f"of the first {TRIED} the one whose loss under the attack is the median"
    return {**count_decisions(ground), "world": _typical(ground), "why": why}


def count_decisions(ground: Ground, follow: str = UNDEFENDED) -> dict[str, Any]:
    """Returns who met, and how often messages turn decisions, as `choose_world`."""
    lab = ground.lab
    evaluation = lab.config.evaluation
    statistic = count_turned(
        *(ground.setting, *ground.players(), ground.worlds(0, evaluation.episodes)),
        seed=lab.seed("turning"),
        follow=follow,
        num_envs=evaluation.num_envs,
    )
    return {
        "task": lab.config.task,
        "seed": lab.config.seed,
        "attack": ground.attack.name,
        "filter": ground.filter_.name,
        "statistic": statistic,
    }


def play_tracks(
    ground: Ground, world: int, follow: str = UNDEFENDED
) -> dict[str, dict[str, Any]]:
    """Plays one world on three tracks.

    Args:
      ground: what is played.
      world: number of the world.
      follow: the condition of the only track, where worlds are not repeated.

    Returns:
      By condition the result of `inspect_episode` that follows it.
    """
    repeated = ground.setting.env.spec.batched
    return {
        name: inspect_episode(
            *(ground.setting, *ground.players(), ground.worlds(world)),
            seed=ground.luck,
            follow=name,
        )
        for name in (BRANCHES if repeated else (follow,))
    }


def _typical(ground: Ground) -> int:
    """Returns the number of the world whose loss under the attack is the median."""
    lost = [
        earned(ground, world, UNDISTURBED) - earned(ground, world, UNDEFENDED)
        for world in range(TRIED)
    ]
    return sorted(range(TRIED), key=lambda k: (lost[k], k))[TRIED // 2]


def earned(ground: Ground, world: int, follow: str) -> float:
    """Returns the team's return in one world, if one condition is followed."""
    luck = make_generators(ground.setting.env.device, ground.luck)
    players, played = ground.players(), ground.worlds(world)
    steps = branched(ground.setting, *players, played, luck, follow)
    return sum(float(step.signal.reward) for step in steps)
