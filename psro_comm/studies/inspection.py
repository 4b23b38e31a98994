"""Inspects one episode: what each agent would do clean, attacked and defended.

At every step the world is branched: from the same state, memories and luck, the team
speaks and acts three times, without an attack, under it, and under it behind the
filter. One of the three is followed to the next step.

Source: paper, figure 10.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from games.engine.channel import CLEAN, Channel, Wire
from games.engine.env import StatefulEnv, TimeStep, first
from games.engine.play import choose
from games.engine.strategy import Attack, Filter, NoFilter
from games.engine.team import Carry, communicate, start
from games.engine.worlds import Worlds, make_worlds
from games.environments.scenes import Scene, make_stage
from oracles.learning.randomness import Generators, make_generators
from oracles.strategies.jobs import build_setting
from oracles.strategies.setting import Setting
from psro_comm.lab.lab import Lab
from psro_comm.names import BRANCHES, DEFENDED, UNDEFENDED, UNDISTURBED
from psro_comm.studies.players import find_player


class Branch(NamedTuple):
    """The result of one step in one condition."""

    carry: Carry
    wire: Wire
    scores: Tensor  # [1,N,A]
    action: Tensor  # [1,N]


def inspect_players(
    lab: Lab,
    attack: str,
    filter_: str,
    runs_dir: Path,
    *,
    world: int = 0,
    follow: str = UNDISTURBED,
) -> dict[str, Any]:
    """Plays one world of a lab between two players, and returns all that happened.

    Args:
      lab: the lab of the game.
      attack, filter_: names of the players.
      runs_dir: folder of all runs.
      world: number of the world; StarCraft II does not repeat worlds.
      follow: the condition whose actions are played.

    Returns:
      The result of `inspect_episode`, and what was played.

    Raises:
      ValueError: an unknown player.
    """
    players = [
        find_player(lab, name, role, runs_dir)
        for name, role in ((attack, "attack"), (filter_, "filter"))
    ]
    setting = build_setting(lab.setting())
    device = setting.env.device
    worlds = make_worlds(
        setting.env.spec,
        lab.seed("inspection"),
        world,
        1,
        setting.to_draw,
        device,
    )
    attacks, filters = (player.thaw(device) for player in players)
    return {
        "task": lab.config.task,
        "seed": lab.config.seed,
        "world": world,
        "attack": attack,
        "filter": filter_,
        **inspect_episode(
            setting, attacks, filters, worlds, seed=lab.seed("lens"), follow=follow
        ),
    }


def inspect_episode(
    setting: Setting,
    attack: Attack,
    filter_: Filter,
    worlds: Worlds,
    *,
    seed: int,
    follow: str = UNDISTURBED,
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
      scores and actions by condition (None for what is not available), its message as
      meant, sent and heard, whether it was `forged` and `flagged`, how far it was
      `bent` and how far from what was meant it is `heard_off`, in mean norms.

    Raises:
      ValueError: more than one world, or no such condition.
    """
    if worlds.malicious.shape[0] != 1:
        raise ValueError(f"{worlds.malicious.shape[0]} worlds, must be 1")
    if follow not in BRANCHES:
        raise ValueError(f"follow is {follow!r}, must be one of {BRANCHES}")
    env, team, stage = setting.env, setting.team, make_stage(setting.env)
    luck = make_generators(env.device, seed)
    channels = {
        UNDISTURBED: CLEAN,
        UNDEFENDED: setting.channel(attack, NoFilter()),
        DEFENDED: setting.channel(attack, filter_),
    }
    state = env.reset(worlds.reset_noise)
    timestep = first(env, state)
    carry = start(team, worlds.malicious, env.spec.num_agents)
    channels[DEFENDED].reset(torch.ones_like(timestep.done), luck.policy)
    steps, total, success = [], 0.0, False
    for noise in worlds.step_noise:
        branches = _branch(team, carry, timestep, channels, luck)
        before = state
        state, signal = env.transition(state, branches[follow].action, noise)
        steps.append(
            _tell(stage(before, 0), timestep, branches, float(team.message_norm))
        )
        steps[-1]["reward"] = float(signal.reward)
        total += float(signal.reward)
        carry = branches[follow].carry
        timestep = TimeStep(*env.observe(state), *signal)
        if not env.spec.batched and cast(StatefulEnv, env).discarded(state).any():
            return inspect_episode(
                setting, attack, filter_, worlds, seed=seed, follow=follow
            )  # its game broke off: play another, as often as the game may be restarted
        if bool(signal.done):
            success = bool(signal.success)
            break
    return {
        "follow": follow,
        "malicious": worlds.malicious[0].tolist(),
        "actions": list(stage.actions),
        "return": total,
        "success": success,
        "steps": steps,
        "end": _shown(stage(state, 0)),
    }


@torch.no_grad()
def _branch(
    team: Any,
    carry: Carry,
    timestep: TimeStep,
    channels: Mapping[str, Channel],
    luck: Generators,
) -> dict[str, Branch]:
    """Plays the same step under each condition, with the same random numbers.

    Actions have a generator of their own, as the players draw a different number.
    """
    talk, act = luck.policy.get_state(), luck.world.get_state()
    branches = {}
    for name, channel in channels.items():
        luck.policy.set_state(talk)
        luck.world.set_state(act)
        after, wire, scores = communicate(team, carry, timestep, channel, luck.policy)
        action = choose(team, scores, luck.world)
        branches[name] = Branch(after, wire, scores, action)
    return branches


def _tell(
    scene: Scene, timestep: TimeStep, branches: Mapping[str, Branch], unit: float
) -> dict[str, Any]:
    """Returns one step as JSON data."""
    wire = branches[DEFENDED].wire
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
                    name: [
                        score if able else None
                        for score, able in zip(
                            branch.scores[0, k].tolist(), legal, strict=True
                        )
                    ]
                    for name, branch in branches.items()
                },
                "action": {n: int(b.action[0, k]) for n, b in branches.items()},
                "meant": sent.tolist(),
                "sent": tampered.tolist(),
                "heard": heard.tolist(),
                "forged": bool(wire.forged[0, k]),
                "flagged": bool(flagged[0, k]),
                "bent": float((tampered - sent).norm()) / unit,
                "heard_off": float((heard - sent).norm()) / unit,
            }
        )
    return {"scene": _shown(scene), "agents": agents}


def _shown(scene: Scene) -> dict[str, Any]:
    return {
        "rows": scene.rows,
        "columns": scene.columns,
        "ground": [list(cell) for cell in scene.ground],
        "sprites": [sprite._asdict() for sprite in scene.sprites],
    }
