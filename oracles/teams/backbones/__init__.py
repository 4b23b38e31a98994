"""Backbones: how a team talks. One file each, registered here."""

from dataclasses import asdict
from typing import Any

from games.engine.env import EnvSpec
from oracles.teams.backbones.commnet import CommNet, CommNetConfig
from oracles.teams.backbones.ndq import NDQ, NDQConfig
from oracles.teams.backbones.tarmac import TarMAC, TarMACConfig

BACKBONES: dict[str, tuple[type, type]] = {
    "commnet": (CommNetConfig, CommNet),
    "tarmac": (TarMACConfig, TarMAC),
    "ndq": (NDQConfig, NDQ),
}


def make_team(name: str, config: Any, spec: EnvSpec) -> Any:
    """Builds an untrained team.

    Args:
      name: key in `BACKBONES`.
      config: the backbone's configuration, or its fields as a dict.
      spec: of the environment it is for.

    Returns:
      An `nn.Module` that implements `games.engine.team.Team`.

    Raises:
      ValueError: unknown backbone.
    """
    if name not in BACKBONES:
        raise ValueError(f"backbone is {name!r}, must be one of {sorted(BACKBONES)}")
    config_class, team_class = BACKBONES[name]
    fields = config if isinstance(config, dict) else asdict(config)
    sizes = {"obs_size": spec.obs_size, "num_actions": spec.num_actions}
    if getattr(team_class, "pairwise", False):  # writes to each receiver apart
        sizes["num_agents"] = spec.num_agents
    return team_class(config_class(**fields), **sizes)
