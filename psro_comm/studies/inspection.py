"""One episode under the lens: what each agent would do clean, attacked and defended.

At every step the world is branched: from the same state, memories and luck, the team
speaks and acts three times, without an attack, under it, and under it behind the
filter. One of the three is followed to the next step.

Source: paper section 5.6, figure 10.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from games.engine.channel import CLEAN, Channel, Wire
from games.engine.env import StatefulEnv, TimeStep, first
from games.engine.play import choose
from games.engine.strategy import Attack, Filter, NoFilter
from games.engine.team import Carry, communicate, start
from games.engine.worlds import Worlds
from games.environments.scenes import Scene, make_stage
from oracles.learning.randomness import Generators, make_generators
from oracles.strategies.setting import Setting

CONDITIONS = ("clean", "attacked", "defended")


class Branch(NamedTuple):
    """One condition's share of a step."""

    carry: Carry
    wire: Wire
    scores: Tensor  # [1,N,A]
    action: Tensor  # [1,N]


def inspect_episode(
    setting: Setting,
    attack: Attack,
    filter_: Filter,
    worlds: Worlds,
    *,
    seed: int,
    follow: str = "clean",
) -> dict[str, Any]:
    """Plays one world, branched at each step, and tells all.

    Args:
      setting: environment and team.
      attack, filter_: who sits on the channel.
      worlds: one world.
      seed: of the policies' randomness, the same for the three branches.
      follow: the condition whose actions are played.

    Returns:
      JSON data: `steps`, and for each its `scene`, `reward` and `agents`; of each agent
      scores and actions by condition (None for what is not available), its message as
      meant, sent and heard, whether it was `forged` and `flagged`, how far it was
      `bent` and how far from what was meant it is `heard_off`, in mean norms.

    Raises:
      ValueError: more than one world, or no such condition.
    """
    if worlds.captured.shape[0] != 1:
        raise ValueError(f"{worlds.captured.shape[0]} worlds, must be 1")
    if follow not in CONDITIONS:
        raise ValueError(f"follow is {follow!r}, must be one of {CONDITIONS}")
    env, team, stage = setting.env, setting.team, make_stage(setting.env)
    luck = make_generators(env.device, seed)
    channels = {
        "clean": CLEAN,
        "attacked": setting.channel(attack, NoFilter()),
        "defended": setting.channel(attack, filter_),
    }
    state = env.reset(worlds.reset_noise)
    timestep = first(env, state)
    carry = start(team, worlds.captured, env.spec.num_agents)
    channels["defended"].reset(torch.ones_like(timestep.done), luck.policy)
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
            )  # its game broke off: another, as often as the game may be restarted
        if bool(signal.done):
            success = bool(signal.success)
            break
    return {
        "follow": follow,
        "captured": worlds.captured[0].tolist(),
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
    """The same step under each condition, with the same random numbers.

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
    """One step as JSON data."""
    wire = branches["defended"].wire
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


def most_changed(episode: Mapping[str, Any]) -> int:
    """The step at which the attack changes most agents' best actions.

    Of several the one with the most living agents; of those, the first.
    """

    def changes(step: Mapping[str, Any]) -> tuple[int, int]:
        living = [agent for agent in step["agents"] if agent["alive"]]
        turned = [
            best(agent["scores"]["clean"]) != best(agent["scores"]["attacked"])
            for agent in living
        ]
        return sum(turned), len(living)

    found = [changes(step) for step in episode["steps"]]
    return found.index(max(found))


def best(scores: list[float | None]) -> int:
    """The action with the highest score among the available ones."""
    able = {k: score for k, score in enumerate(scores) if score is not None}
    return max(able, key=lambda k: able[k])
