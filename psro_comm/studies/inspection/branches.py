"""Plays worlds in which each step is taken three times: clean, attacked and defended.

From the same state, memories and luck the team speaks and acts without an attack, under
it, and under it behind the filter. One of the three is followed to the next step.

Source: paper, figure 10.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.channel import CLEAN, Channel, Wire
from games.engine.env import Signal, State, TimeStep, first
from games.engine.play import choose
from games.engine.strategy import Attack, Filter, NoFilter
from games.engine.team import Carry, Team, communicate, start
from games.engine.worlds import Worlds
from oracles.learning.randomness import Generators
from oracles.strategies.setting import Setting
from psro_comm.names import BRANCHES, DEFENDED, UNDEFENDED, UNDISTURBED


class Branch(NamedTuple):
    """The result of one step in one condition, in W worlds."""

    carry: Carry
    wire: Wire
    arriving: Tensor  # [W,N,D] of each sender, the message that is heard at this step
    scores: Tensor  # [W,N,A]
    best: Tensor  # [W,N] long, the action of the highest score
    action: Tensor  # [W,N] long, the one that is taken


class BranchedStep(NamedTuple):
    """One step of W worlds: what was seen, each condition's result, what came of it."""

    before: State
    timestep: TimeStep
    running: Tensor  # [W] bool; False once a world's episode has ended
    branches: Mapping[str, Branch]  # by `names.BRANCHES`
    signal: Signal  # of the actions of the condition that is followed
    after: State


def branched(
    setting: Setting,
    attack: Attack,
    filter_: Filter,
    worlds: Worlds,
    luck: Generators,
    follow: str = UNDEFENDED,
) -> Iterator[BranchedStep]:
    """Plays worlds side by side until all episodes have ended.

    The state and what the team has in mind are those of the condition that is followed.
    What is on its way, and what attack and filter remember, is each condition's own:
    a filter knows all that it would have seen.

    Args:
      setting: environment and team.
      attack, filter_: the attack and the filter on the channel.
      worlds: W worlds.
      luck: the randomness of the policies, the same for the three branches.
      follow: the condition whose actions are played.

    Yields:
      One step at a time.

    Raises:
      ValueError: no such condition.
    """
    if follow not in BRANCHES:
        raise ValueError(f"follow is {follow!r}, must be one of {BRANCHES}")
    env, team = setting.env, setting.team
    channels = {
        UNDISTURBED: CLEAN,
        UNDEFENDED: setting.channel(attack, NoFilter()),
        DEFENDED: setting.channel(attack, filter_),
    }
    state = env.reset(worlds.reset_noise)
    timestep = first(env, state)
    running = torch.ones_like(timestep.done)
    carries = {
        name: start(team, worlds.malicious, env.spec.num_agents, channel)
        for name, channel in channels.items()
    }
    channels[DEFENDED].reset(running, luck.policy)  # both sides, the attack for all
    for noise in worlds.step_noise:
        branches = _branch(team, carries, timestep, channels, luck)
        before, chosen = state, branches[follow]
        state, signal = env.transition(before, chosen.action, noise)
        yield BranchedStep(before, timestep, running, branches, signal, state)
        running = running & ~signal.done
        if not running.any():
            return
        carries = {
            name: branch.carry._replace(
                memory=chosen.carry.memory, m_in=chosen.carry.m_in
            )
            for name, branch in branches.items()
        }
        timestep = TimeStep(*env.observe(state), *signal)


@torch.no_grad()
def _branch(
    team: Team,
    carries: Mapping[str, Carry],
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
        carry = carries[name]
        after, wire, scores = communicate(team, carry, timestep, channel, luck.policy)
        arriving = wire.heard
        if team.delay:  # what was said some steps ago, as in `communicate`
            fresh = timestep.fresh[..., None]
            arriving = carry.in_flight[:, 0].masked_fill(fresh, 0.0)
        action = choose(team, scores, luck.world)
        branches[name] = Branch(
            after, wire, arriving, scores, scores.argmax(-1), action
        )
    return branches
