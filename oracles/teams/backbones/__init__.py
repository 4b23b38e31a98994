"""Backbones, the networks of teams that talk: one file each, registered here."""

from dataclasses import asdict
from typing import Any

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.engine.spec import EnvSpec
from oracles.teams.backbones.config import CommNetConfig, NDQConfig, TarMACConfig

_HERE = "oracles.teams.backbones"
BACKBONES: dict[str, Entry] = {
    "commnet": Entry(f"{_HERE}.commnet:CommNet", CommNetConfig),
    "tarmac": Entry(f"{_HERE}.tarmac:TarMAC", TarMACConfig),
    "ndq": Entry(f"{_HERE}.ndq:NDQ", NDQConfig),
}


def make_team(name: str, config: Any, spec: EnvSpec) -> Any:
    """Builds an untrained team.

    Args:
      name: the key in `BACKBONES`.
      config: the backbone's configuration, or its fields as a dict.
      spec: the sizes of the environment that it is for.

    Returns:
      An `nn.Module` that implements `games.engine.team.Team`.

    Raises:
      ValueError: unknown backbone.
    """
    if name not in BACKBONES:
        raise refusal("backbone", name, f"one of {', '.join(BACKBONES)}")
    entry = BACKBONES[name]
    assert entry.config is not None
    team_class = entry.load()
    fields = config if isinstance(config, dict) else asdict(config)
    sizes = {"obs_size": spec.obs_size, "num_actions": spec.num_actions}
    if getattr(team_class, "pairwise", False):  # sends each receiver its own vector
        sizes["num_agents"] = spec.num_agents
    settings = entry.config(**fields)
    if not getattr(settings, "ensemble", 0):  # others' backbones may know of none
        return team_class(settings, **sizes)
    from oracles.teams.backbones.ensemble import ensemble_of  # needs torch

    team = ensemble_of(team_class)(settings, **sizes)
    team.set_up(spec.num_agents, spec.num_actions)
    return team
