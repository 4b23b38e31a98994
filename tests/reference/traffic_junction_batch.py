"""Batches of the fast Traffic Junction as worlds of the reference, and back."""

from collections.abc import Sequence

import torch

from games.engine.env import Observation, Signal
from games.environments.traffic_junction.env import (
    TrafficJunction,
    TrafficJunctionState,
)
from tests.reference.traffic_junction import Car, Paid, Reference, World


def decode(env: TrafficJunction, state: TrafficJunctionState, b: int) -> World:
    """World b as the reference has it."""
    first = env.tables.first.tolist()
    cars: list[Car | None] = []
    for number, tau in zip(
        state.car[b].tolist(), state.tau[b].int().tolist(), strict=True
    ):
        place, last = divmod(number, 2)
        route = max(
            (r for r, start in enumerate(first) if start <= place), default=None
        )
        on_road = route is not None
        cars.append(Car(route, place - first[route], tau, last) if on_road else None)
    return World(cars, bool(state.failed[b]), int(state.time[b]))


def encode(env: TrafficJunction, worlds: Sequence[World]) -> TrafficJunctionState:
    """Worlds of the reference as a batch."""
    first = env.tables.first.tolist()
    rows = [
        [
            (2 * (first[c.route] + c.progress) + c.last_action, c.tau) if c else (0, 0)
            for c in w.cars
        ]
        for w in worlds
    ]
    car, tau = torch.tensor(rows).unbind(-1)
    return TrafficJunctionState(
        car,
        tau.float(),
        torch.tensor([w.failed for w in worlds]),
        torch.tensor([float(w.time) for w in worlds]),
    )


def expected_view(reference: Reference, worlds: Sequence[World]) -> Observation:
    """What the reference shows of `worlds`."""
    slots = range(reference.num_cars)
    alive = torch.tensor([[car is not None for car in w.cars] for w in worlds])
    return Observation(
        obs=torch.tensor(
            [[reference.observation(w, i) for i in slots] for w in worlds]
        ),
        state=torch.tensor([reference.everything(w) for w in worlds]),
        available=torch.ones(*alive.shape, 2, dtype=torch.bool),
        alive=alive,
        fresh=torch.tensor(
            [[car is not None and car.tau == 0 for car in w.cars] for w in worlds]
        ),
        links=torch.tensor(
            [[[reference.hears(w, j, i) for i in slots] for j in slots] for w in worlds]
        ),
    )


def expected_signal(paid: Sequence[Paid]) -> Signal:
    """What the reference pays."""
    rewards = torch.tensor([p.rewards for p in paid])
    return Signal(
        rewards.sum(1),
        rewards,
        torch.tensor([p.done for p in paid]),
        torch.tensor([p.success for p in paid]),
    )
