"""The registry of environments."""

from typing import Any

import torch

from games.engine.env import CommEnv
from games.environments.combat.config import CombatConfig
from games.environments.combat.env import Combat
from games.environments.echo import Echo, EchoConfig
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.env import PredatorPrey
from games.environments.smac.config import SmacConfig
from games.environments.smac.env import Smac
from games.environments.traffic_junction.config import TrafficJunctionConfig
from games.environments.traffic_junction.env import TrafficJunction

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
