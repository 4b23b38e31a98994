"""The registry of environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.engine.spec import Extent
from games.environments.combat.config import CombatConfig
from games.environments.echo.config import EchoConfig
from games.environments.pettingzoo.config import PettingZooConfig
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.smac.config import SmacConfig
from games.environments.traffic_junction.config import TrafficJunctionConfig

if TYPE_CHECKING:
    import torch

    from games.engine.env import CommEnv

_HERE = "games.environments"
ENVS: dict[str, Entry] = {
    "combat": Entry(f"{_HERE}.combat.env:Combat", CombatConfig),
    "echo": Entry(f"{_HERE}.echo.env:Echo", EchoConfig),
    "pettingzoo": Entry(f"{_HERE}.pettingzoo.env:PettingZoo", PettingZooConfig),
    "predator_prey": Entry(
        f"{_HERE}.predator_prey.env:PredatorPrey", PredatorPreyConfig
    ),
    "smac": Entry(f"{_HERE}.smac.env:Smac", SmacConfig),
    "traffic_junction": Entry(
        f"{_HERE}.traffic_junction.env:TrafficJunction", TrafficJunctionConfig
    ),
}


def make_env(
    name: str, config: Any = None, *, device: torch.device | str = "cpu"
) -> CommEnv:
    """Builds an environment.

    Args:
      name: the key in `ENVS`.
      config: its configuration, or the fields of it that differ from the defaults.
      device: where its tensors live.

    Raises:
      ValueError: unknown environment.
    """
    if name not in ENVS:
        raise refusal("environment", name, f"one of {', '.join(ENVS)}")
    entry = ENVS[name]
    if config is None or isinstance(config, dict):
        assert entry.config is not None
        config = entry.config(**(config or {}))
    env: CommEnv = entry.load()(config, device=device)
    return env


def extent_of(name: str, config: Any) -> Extent:
    """Returns how large an environment is; builds it only if `config` has no `extent`.

    Args:
      name: the key in `ENVS`.
      config: its configuration, with the property `extent` if that is known.
    """
    told: Extent | None = getattr(config, "extent", None)
    return make_env(name, config).spec if told is None else told
