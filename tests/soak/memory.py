"""Memory does not grow: 200 times 64 episodes on every environment."""

import resource
from pathlib import Path

import torch

from games.engine.env import first, step
from games.environments.registry import ENVS, make_env
from tests.soak.campaign import Campaign

_MIB = 24  # that the peak may still rise after a tenth: allocators, caches
_EPISODES = 64


def campaign(own: Campaign, folder: Path) -> None:
    """Plays rounds of episodes on each environment; the peak must stay where it is."""
    names = [name for name in ENVS if name not in ("smac", "pettingzoo")]
    rounds = max(10, own.wanted // len(names))
    for name in names:
        if not own.goes_on():
            return
        early = 0.0
        for number in range(rounds):
            _play(name, number)
            if number == rounds // 10:
                early = _peak()
            own.done += 1
        if (grown := _peak() - early) > _MIB:
            own.faults.append(f"{name}: {grown:.0f} MiB more after {rounds} rounds")


def _play(name: str, seed: int) -> None:
    env = make_env(name, ENVS[name].config() if ENVS[name].config else None)
    luck = torch.Generator().manual_seed(seed)

    def noise(width: int) -> torch.Tensor:
        return torch.rand(_EPISODES, width, generator=luck)

    state = env.reset(noise(env.spec.reset_noise))
    seen = first(env, state)
    for _ in range(env.spec.episode_limit):
        action = seen.available.float().flatten(0, 1).multinomial(1, generator=luck)
        action = action.view(seen.available.shape[:2])
        drawn = noise(env.spec.step_noise), noise(env.spec.reset_noise)
        state, seen = step(env, state, action, *drawn)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
