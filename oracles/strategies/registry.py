"""The registries of the game over messages: attacks, filters and oracles."""

from collections.abc import Mapping

from games.engine.registry import Entry, Settings
from games.engine.settings import refusal
from games.engine.side import Side
from oracles.strategies.config import (
    AffineConfig,
    AttackConfig,
    EvolutionConfig,
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
    # It has no density, which PPO needs.
    "affine": Entry(
        f"{_ATTACKS}.affine:AffineAttack", AffineConfig, learns=True, by=("es",)
    ),
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
    "es": Entry(f"{_HERE}.evolution:train_by_es", EvolutionConfig),
}


def trainable(side: Side) -> Mapping[str, type]:
    """Returns the settings of the side's policies that an oracle can train, by kind."""
    return Settings(strategies(side), learns=True)


def check_trainer(name: str, oracle: str, side: Side, kind: str) -> None:
    """Refuses an oracle that cannot train a policy.

    Args:
      name: what the refusal calls the oracle.
      oracle: a key of `ORACLES`.
      side: the side that learns.
      kind: the policy, a key of its side's registry.

    Raises:
      ValueError: the policy's entry says `by` which oracles it can be trained, and this
        is none of them.
    """
    by = strategies(side)[kind].by
    if by and oracle not in by:
        words = f"{' or '.join(by)} for the {side.strategy} {kind!r}"
        raise refusal(name, oracle, words)


def strategies(side: Side) -> dict[str, Entry]:
    """Returns a side's registry: the defender's `FILTERS`, the attacker's `ATTACKS`."""
    return (FILTERS, ATTACKS)[side]
