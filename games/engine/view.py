"""The views: what a strategy is shown, one type for an attack, one for a filter.

An attack sees the rows of the malicious agents, and no other agent, nor the team's
weights, nor the filter (the paper's black box, assumption 2). With
`Threat.knowledge = white_box` it sees all, for attacks that measure a worst case.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from games.engine.env import TimeStep


class Moment(NamedTuple):
    """What is true of B worlds when the agents have spoken and nobody has heard yet."""

    team: Any  # games.engine.team.Team
    timestep: TimeStep
    memory: Tensor  # [B,N,H] tau before this step
    m_in: Tensor  # [B,N,M] what each agent heard last
    sent: Tensor  # [B,N,D] m_out, zero where dead
    malicious: Tensor  # [B,K] long


class WhiteBox(NamedTuple):
    """All that an attack is shown in addition if `Threat.knowledge` is white_box."""

    moment: Moment
    filter_: Any  # games.engine.strategy.Filter, frozen
    filter_memory: Tensor  # [B,N,S]


class AttackView(NamedTuple):
    """What an attack is shown at one step: the rows of the K malicious agents."""

    agents: Tensor  # [B,K] long; who they are
    obs: Tensor  # [B,K,O]
    memory: Tensor  # [B,K,H] tau before this step
    m_in: Tensor  # [B,K,M] what they heard last
    sent: Tensor  # [B,K,D] m_out, what they mean to say
    alive: Tensor  # [B,K] bool
    fresh: Tensor  # [B,K] bool; the slot holds a new agent since this step
    links: Tensor  # [B,K,N] bool; whom they may hear
    available: Tensor  # [B,K,A] bool
    may_bend: Tensor  # [B,K] bool; alive, and `Threat.rate` leaves them a message
    white_box: WhiteBox | None = None


class FilterView(NamedTuple):
    """What a filter is shown at one step: the messages, on their way to listeners."""

    messages: Tensor  # [B,N,D] m_adv
    alive: Tensor  # [B,N] bool
    fresh: Tensor  # [B,N] bool; the slot holds a new agent since this step
    links: Tensor  # [B,N,N] bool; [b,j,i] = j may hear i
    obs: Tensor | None = None  # [B,N,O] of the receivers, if the filter `observes`


def gather_agents(values: Tensor, agents: Tensor) -> Tensor:
    """Returns the rows of some agents: `[...,N,F]`, `[...,K]` -> `[...,K,F]`."""
    index = agents[..., None].expand(*agents.shape, values.shape[-1])
    return values.gather(-2, index)


def scatter_agents(values: Tensor, agents: Tensor, num_agents: int) -> Tensor:
    """Undoes `gather_agents`, with zeros elsewhere: `[B,K,F]` -> `[B,N,F]`."""
    size = (*values.shape[:-2], num_agents, values.shape[-1])
    index = agents[..., None].expand_as(values)
    return torch.zeros(size, device=values.device, dtype=values.dtype).scatter(
        -2, index, values
    )


def rows(seen: Any, index: Tensor) -> Any:
    """Narrows a view to the environments `index`, by the leading axis of its tensors.

    A filter that seats several members (`Lineup`) is narrowed by its `at`; what has no
    environments, such as a team, is returned unchanged.
    """
    if isinstance(seen, Tensor):
        return seen[index]
    if isinstance(seen, tuple) and hasattr(seen, "_fields"):
        return type(seen)(*(rows(leaf, index) for leaf in seen))
    return seen.at(index) if hasattr(seen, "at") else seen
