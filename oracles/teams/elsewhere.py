"""Teams that were made elsewhere: by hand, or trained by another program.

An entry is a function of the environment that returns a team: an `nn.Module` of a class
in `BACKBONES` that has its sizes as `config`. Plugins register theirs.
"""

from dataclasses import asdict
from typing import Any

from games.engine.registry import Entry
from oracles.teams.backbones import BACKBONES

TEAMS: dict[str, Entry] = {}


def backbone_of(team: Any) -> tuple[str, dict[str, Any]]:
    """Returns the name of a team's backbone, and its sizes as JSON data.

    Raises:
      ValueError: its class is not in `BACKBONES`, or it has no `config` of the class
        that is registered there.
    """
    for name, entry in BACKBONES.items():
        if entry.load() is type(team):
            config, kind = getattr(team, "config", None), entry.config
            if kind is None or not isinstance(config, kind):
                needed = "one" if kind is None else f"a {kind.__name__}"
                raise ValueError(
                    f"the team's config is {config!r}, must be {needed}, as registered"
                    f" for the backbone {name!r}"
                )
            return name, asdict(config)  # type: ignore[call-overload]
    raise ValueError(
        f"the team is a {type(team).__name__}, must be of a class in BACKBONES"
        f" ({', '.join(BACKBONES)}): register it with its settings"
    )
