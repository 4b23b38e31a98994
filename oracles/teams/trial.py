"""Tries a team that was made elsewhere: what its four verbs return, for one game."""

from typing import Any

import torch
from torch import Tensor

from games.engine.env import CommEnv, Observation

_WORLDS, _STEPS, _SEED = 3, 2, 0


@torch.no_grad()
def check_verbs(team: Any, env: CommEnv) -> None:
    """Lets a team speak, listen, think and act in a few worlds.

    Raises:
      ValueError: a verb fails, or returns another shape or numbers that cannot be; the
        verb is named.
    """
    spec, luck = env.spec, torch.Generator(env.device).manual_seed(_SEED)
    size = min(_WORLDS, spec.side_by_side(_WORLDS))
    noise = torch.rand(size, spec.reset_noise, generator=luck, device=env.device)
    seen = env.observe(env.reset(noise))
    memory = torch.zeros(size, spec.num_agents, team.memory_size, device=env.device)
    for _ in range(_STEPS):
        memory = _step(team, seen, memory, luck)


def check_measured(team: Any) -> None:
    """Refuses a team whose clean messages have no length, which is everybody's unit.

    Raises:
      ValueError: the mean norm of its clean messages is 0, or no number.
    """
    norm = float(team.message_norm)
    if not 0.0 < norm < float("inf"):
        raise ValueError(
            f"the mean norm of the team's clean messages is {norm:.3g}, must be"
            " positive: it is the unit of attacks and filters"
        )


def _step(
    team: Any, seen: Observation, memory: Tensor, luck: torch.Generator
) -> Tensor:
    """Takes one step without an attack and a filter; returns the memory."""
    shape = *seen.alive.shape, -1
    sent = _asked(team, "speak", (seen.obs, memory, luck))
    _check("speak", sent, (*shape[:2], team.message_size))
    m_in = _asked(team, "listen", (seen.obs, memory, sent, seen.links))
    _check("listen", m_in, (*shape[:2], team.heard_size))
    thought = _asked(team, "think", (seen.obs, m_in, memory))
    _check("think", thought, (*shape[:2], team.memory_size))
    scores = _asked(team, "act", (thought, seen.available))
    _check("act", scores, tuple(seen.available.shape), seen.available)
    if not (scores[~seen.available] == -torch.inf).all():
        raise ValueError("the team's act must score -inf what is not available")
    return thought


def _asked(team: Any, verb: str, given: tuple[Any, ...]) -> Any:
    try:
        return getattr(team, verb)(*given)
    except Exception as error:  # it is somebody else's code
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"the team's {verb} fails: {said[:300]}") from error


def _check(
    verb: str, found: Any, shape: tuple[int, ...], where: Tensor | None = None
) -> None:
    """Refuses another shape, numbers that are no floats, and NaN."""
    is_float = isinstance(found, Tensor) and found.is_floating_point()
    if not is_float or tuple(found.shape) != shape:
        kind = f"{found.dtype} " if isinstance(found, Tensor) else ""
        given = list(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(
            f"the team's {verb} returns {kind}{given}, must be floats {list(shape)}"
        )
    if not torch.isfinite(found if where is None else found[where]).all():
        raise ValueError(f"the team's {verb} returns numbers that are not finite")
