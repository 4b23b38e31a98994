"""Batches of the fast Predator-Prey as worlds of the reference, and back."""

from collections.abc import Sequence
from typing import Any

import torch

from games.engine.env import Observation, Signal
from games.environments.predator_prey.env import PredatorPrey, PredatorPreyState
from games.environments.predator_prey.tables import NUM_ACTIONS
from tests.reference.predator_prey import Paid, Reference, World


def decode(env: PredatorPrey, state: PredatorPreyState, b: int) -> World:
    """World b as the reference has it."""
    width, n = 2 * env.config.grid, env.config.num_predators
    cells = [divmod(cell, width) for cell in state.cells[b].tolist()]
    prey = [None if row >= env.config.grid else (row, col) for row, col in cells[n:]]
    last = [None if a == NUM_ACTIONS else a for a in state.last_action[b].tolist()]
    return World(cells[:n], prey, last, int(state.time[b]))


def encode(env: PredatorPrey, worlds: Sequence[World]) -> PredatorPreyState:
    """Worlds of the reference as a batch."""
    width, gone = 2 * env.config.grid, int(env._tables.gone)

    def number(cell: Any) -> int:
        return gone if cell is None else cell[0] * width + cell[1]

    cells = [[number(cell) for cell in w.predators + w.prey] for w in worlds]
    last = [[NUM_ACTIONS if a is None else a for a in w.last_action] for w in worlds]
    return PredatorPreyState(
        torch.tensor(cells, dtype=torch.int32),
        torch.tensor(last, dtype=torch.int32),
        torch.tensor([w.time for w in worlds], dtype=torch.int32),
    )


def expected_view(reference: Reference, worlds: Sequence[World]) -> Observation:
    """What the reference shows of `worlds`."""
    n = reference.config.num_predators
    shape = (len(worlds), n)
    return Observation(
        obs=torch.tensor(
            [[reference.observation(w, i) for i in range(n)] for w in worlds]
        ),
        state=torch.tensor([reference.everything(w) for w in worlds]),
        available=torch.tensor(
            [[reference.available(w, i) for i in range(n)] for w in worlds]
        ),
        alive=torch.ones(shape, dtype=torch.bool),
        fresh=torch.tensor([[w.time == 0] * n for w in worlds]),
        links=(~torch.eye(n, dtype=torch.bool)).expand(len(worlds), n, n),
    )


def expected_signal(paid: Sequence[Paid], num_agents: int) -> Signal:
    """What the reference pays."""
    reward = torch.tensor([p.reward for p in paid])
    return Signal(
        reward,
        reward[:, None].expand(-1, num_agents),
        torch.tensor([p.done for p in paid]),
        torch.tensor([p.success for p in paid]),
    )
