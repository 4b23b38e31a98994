"""The registries of the game over messages: attacks, filters and oracles."""

from collections.abc import Mapping

from games.engine.registry import Entry, Settings
from games.engine.side import Side
from oracles.strategies.config import (
    AttackConfig,
    FilterConfig,
    NoiseConfig,
    NormConfig,
    OracleConfig,
    ReplayConfig,
    ReverseConfig,
)

_HERE = "oracles.strategies"
_ATTACKS, _FILTERS = f"{_HERE}.attacks", f"{_HERE}.filters"
ATTACKS: dict[str, Entry] = {
    "none": Entry("games.engine.strategy:NoAttack"),
    "noise": Entry(f"{_ATTACKS}.noise:NoiseAttack", NoiseConfig, "size"),
    "shaped": Entry(f"{_ATTACKS}.shaped:ShapedAttack", NoiseConfig, "size"),
    "offset": Entry(f"{_ATTACKS}.offset:OffsetAttack", NoiseConfig, "size"),
    "flip": Entry(f"{_ATTACKS}.flip:FlipAttack", ReverseConfig, "size"),
    "mirror": Entry(f"{_ATTACKS}.mirror:MirrorAttack", ReverseConfig, "size"),
    "swap": Entry(f"{_ATTACKS}.swap:SwapAttack"),
    "replay": Entry(f"{_ATTACKS}.replay:ReplayAttack", ReplayConfig, "steps"),
    "mute": Entry(f"{_ATTACKS}.mute:MuteAttack"),
    "gaussian": Entry(f"{_ATTACKS}.gaussian:GaussianAttack", AttackConfig, learns=True),
}
FILTERS: dict[str, Entry] = {
    "none": Entry("games.engine.strategy:NoFilter"),
    "mute": Entry(f"{_FILTERS}.mute:MuteFilter"),
    "norm": Entry(f"{_FILTERS}.norm:NormFilter", NormConfig, "limit"),
    "two_stage": Entry(
        f"{_FILTERS}.two_stage:TwoStageFilter", FilterConfig, learns=True
    ),
}
ORACLES: dict[str, Entry] = {
    "ppo": Entry(f"{_HERE}.learner:train_by_ppo", OracleConfig),
}


def trainable(side: Side) -> Mapping[str, type]:
    """Returns the settings of the side's policies that an oracle can train, by kind."""
    return Settings(strategies(side), learns=True)


def strategies(side: Side) -> dict[str, Entry]:
    """Returns a side's registry: the defender's `FILTERS`, the attacker's `ATTACKS`."""
    return (FILTERS, ATTACKS)[side]
