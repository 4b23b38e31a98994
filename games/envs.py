"""The registry of environments."""

from typing import Any

import torch

from games.combat.config import CombatConfig
from games.combat.env import Combat
from games.echo import Echo, EchoConfig
from games.env import CommEnv
from games.predator_prey import PredatorPrey, PredatorPreyConfig
from games.smac.config import SmacConfig
from games.smac.env import Smac
from games.traffic_junction import TrafficJunction, TrafficJunctionConfig

ENVS: dict[str, tuple[type, type]] = {
    "combat": (CombatConfig, Combat),
    "echo": (EchoConfig, Echo),
    "predator_prey": (PredatorPreyConfig, PredatorPrey),
    "smac": (SmacConfig, Smac),
    "traffic_junction": (TrafficJunctionConfig, TrafficJunction),
}


def make_env(
    name: str, config: Any = None, *, device: torch.device | str = "cpu"
) -> CommEnv:
    """Builds an environment.

    Args:
      name: key in `ENVS`.
      config: its configuration, or the fields of it that differ from the defaults.
      device: where its tensors live.

    Raises:
      ValueError: unknown environment.
    """
    if name not in ENVS:
        raise ValueError(f"environment is {name!r}, must be one of {sorted(ENVS)}")
    config_class, env_class = ENVS[name]
    if config is None or isinstance(config, dict):
        config = config_class(**(config or {}))
    return env_class(config, device=device)
