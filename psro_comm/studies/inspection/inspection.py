"""Inspects messages: one episode, branched at each step, and all that happened in it.

Source: paper, figure 10.
"""

from collections.abc import Mapping
from typing import Any, cast

from games.engine.env import StatefulEnv, TimeStep
from games.engine.strategy import Attack, Filter
from games.engine.team import Team
from games.engine.worlds import Worlds
from games.environments.scenes import Scene, make_stage
from oracles.learning.randomness import make_generators
from oracles.strategies.setting import Setting
from psro_comm.names import DEFENDED, UNDEFENDED
from psro_comm.studies.inspection.branches import Branch, branched


def inspect_episode(
    setting: Setting,
    attack: Attack,
    filter_: Filter,
    worlds: Worlds,
    *,
    seed: int,
    follow: str = UNDEFENDED,
) -> dict[str, Any]:
    """Plays one world, branched at each step, and returns all that happened.

    Args:
      setting: environment and team.
      attack, filter_: the attack and the filter on the channel.
      worlds: one world.
      seed: seed of the policies, the same for the three branches.
      follow: the condition whose actions are played.

    Returns:
      JSON data: `steps`, and for each its `scene`, `reward` and `agents`; of each agent
      by condition its scores (None for what is not available), its best action, the
      `action` that it takes, and the message of its that is heard at this step; whom it
      `hears`, and which of their numbers, from and up to; whether its message was
      `forged` and `flagged`, how far it was `bent` and how far from what was meant it
      is `heard_off`, in mean norms.

    Raises:
      ValueError: more than one world, or no such condition.
    """
    if worlds.malicious.shape[0] != 1:
        raise ValueError(f"{worlds.malicious.shape[0]} worlds, must be 1")
    env, team, stage = setting.env, setting.team, make_stage(setting.env)
    luck = make_generators(env.device, seed)
    steps: list[dict[str, Any]] = []
    for step in branched(setting, attack, filter_, worlds, luck, follow):
        told = _tell(team, step.timestep, step.branches)
        scene = _shown(stage(step.before, 0))
        reward = float(step.signal.reward)
        steps.append({"scene": scene, "agents": told, "reward": reward})
        if not env.spec.batched and cast(StatefulEnv, env).discarded(step.after).any():
            return inspect_episode(
                setting, attack, filter_, worlds, seed=seed, follow=follow
            )  # its game broke off: play another, as often as the game may be restarted
    return {
        "follow": follow,
        "malicious": worlds.malicious[0].tolist(),
        "actions": list(stage.actions),
        "return": sum(told["reward"] for told in steps),
        "success": bool(step.signal.done & step.signal.success),
        "steps": steps,
        "end": _shown(stage(step.after, 0)),
    }


def _tell(
    team: Team, timestep: TimeStep, branches: Mapping[str, Branch]
) -> list[dict[str, Any]]:
    """Returns one step of all agents as JSON data."""
    wire, unit = branches[DEFENDED].wire, float(team.message_norm)
    flagged = wire.defence.active & timestep.alive & (wire.defence.choice > 0)
    agents: list[dict[str, Any]] = []
    for k, alive in enumerate(timestep.alive[0].tolist()):
        if not alive:
            agents.append({"alive": False})
            continue
        sent, tampered, heard = (part[0, k] for part in wire[:3])
        legal = timestep.available[0, k].tolist()
        agents.append(
            {
                "alive": True,
                "scores": {
                    name: _legal(branch.scores[0, k].tolist(), legal)
                    for name, branch in branches.items()
                },
                "best": {n: int(b.best[0, k]) for n, b in branches.items()},
                "action": {n: int(b.action[0, k]) for n, b in branches.items()},
                "message": {n: b.arriving[0, k].tolist() for n, b in branches.items()},
                "hears": {
                    str(sender): team.read_by(k, sender)
                    for sender, linked in enumerate(timestep.links[0, k].tolist())
                    if linked
                },
                "forged": bool(wire.forged[0, k]),
                "flagged": bool(flagged[0, k]),
                "bent": float((tampered - sent).norm()) / unit,
                "heard_off": float((heard - sent).norm()) / unit,
            }
        )
    return agents


def _legal(scores: list[float], legal: list[bool]) -> list[float | None]:
    return [score if able else None for score, able in zip(scores, legal, strict=True)]


def _shown(scene: Scene) -> dict[str, Any]:
    return {
        "rows": scene.rows,
        "columns": scene.columns,
        "ground": [list(cell) for cell in scene.ground],
        "sprites": [sprite._asdict() for sprite in scene.sprites],
    }
