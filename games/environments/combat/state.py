"""The state of Combat, between steps and within a step."""

from typing import NamedTuple

from torch import Tensor


class CombatState(NamedTuple):
    """B worlds; lengths are in points, see `games.environments.combat.tables`."""

    position: Tensor  # [B,U,2]
    goal: Tensor  # [B,U,2]  where an agent was sent; an enemy's post
    target: Tensor  # [B,U] long  the unit to attack; its own number for none
    health: Tensor  # [B,U]  hit points, 0 for the dead
    energy: Tensor  # [B,U]
    cooldown: Tensor  # [B,U]  loops until the weapon is ready
    windup: Tensor  # [B,U]  loops that it has aimed
    last_action: Tensor  # [B,N] long; A before the first
    time: Tensor  # [B] long  steps taken


class Loop:
    """The state within a step: worlds along the last axis, changed by each loop."""

    def __init__(self, state: CombatState) -> None:
        """Rearranges `state`, with worlds along the last axis."""
        self.position = state.position.permute(2, 1, 0).contiguous()  # [2,U,B]
        self.goal = state.goal.permute(2, 1, 0).contiguous()  # [2,U,B]
        self.target = state.target.t().contiguous()  # [U,B], as all that follow
        self.health = state.health.t().contiguous()
        self.energy = state.energy.t().contiguous()
        self.cooldown = state.cooldown.t().contiguous()
        self.windup = state.windup.t().contiguous()
        self.idle: Tensor  # [N,B] bool, agents that were told to stop
        self.gap: Tensor  # [N,E,B] distances between agents and enemies

    def state(self, action: Tensor, time: Tensor) -> CombatState:
        """Returns the worlds as a `CombatState`, with worlds along the first axis."""
        return CombatState(
            position=self.position.permute(2, 1, 0).contiguous(),
            goal=self.goal.permute(2, 1, 0).contiguous(),
            target=self.target.t().contiguous(),
            health=self.health.t().contiguous(),
            energy=self.energy.t().contiguous(),
            cooldown=self.cooldown.t().contiguous(),
            windup=self.windup.t().contiguous(),
            last_action=action,
            time=time,
        )
