"""The registries of the game over messages: attacks, filters and oracles."""

from collections.abc import Mapping

from games.engine.registry import Entry, Settings
from games.engine.settings import refusal
from games.engine.side import Side
from oracles.strategies.attacks.config import (
    AffineConfig,
    AttackConfig,
    FakeConfig,
    FakeGaussianConfig,
    FreezeConfig,
    MadeUpConfig,
    NetworkConfig,
    NoiseConfig,
    PGDConfig,
    ReplayConfig,
    ReverseConfig,
)
from oracles.strategies.config import (
    EvolutionConfig,
    GuidedConfig,
    OracleConfig,
    PGDOracleConfig,
    SupervisedConfig,
)
from oracles.strategies.filters.config import (
    AlwaysReplaceConfig,
    ClipConfig,
    FilterConfig,
    MedianConfig,
    MuteConfig,
    NormConfig,
    RandomMuteConfig,
    TrackingConfig,
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
    "freeze": Entry(f"{_ATTACKS}.freeze:FreezeAttack", FreezeConfig, "step"),
    "fake_world": Entry(f"{_ATTACKS}.fake_world:FakeWorld", white_box=True),
    "mute": Entry(f"{_ATTACKS}.mute:MuteAttack"),
    "made_up": Entry(f"{_HERE}.liars.made_up:MadeUp", MadeUpConfig, "families"),
    "random_fake": Entry(f"{_HERE}.liars.random_fake:RandomFake", white_box=True),
    "gaussian": Entry(f"{_ATTACKS}.gaussian:GaussianAttack", AttackConfig, learns=True),
    # These have no density, which PPO needs.
    "affine": Entry(
        f"{_ATTACKS}.affine:AffineAttack", AffineConfig, learns=True, only=("es",)
    ),
    "fake_self": Entry(
        f"{_ATTACKS}.fake_self:FakeSelf",
        FakeConfig,
        learns=True,
        only=("es",),
        white_box=True,
    ),
    "fake_gaussian": Entry(
        f"{_ATTACKS}.fake_gaussian:FakeGaussian",
        FakeGaussianConfig,
        learns=True,
        white_box=True,
    ),
    "network": Entry(
        f"{_HERE}.guided.network:NetworkAttack",
        NetworkConfig,
        learns=True,
        only=("guided",),
        white_box=True,
    ),
    "pgd": Entry(
        f"{_ATTACKS}.pgd:PGDAttack",
        PGDConfig,
        learns=True,
        only=("pgd",),
        white_box=True,
    ),
}
FILTERS: dict[str, Entry] = {
    "none": Entry("games.engine.strategy:NoFilter"),
    "mute": Entry(f"{_FILTERS}.mute:MuteFilter", MuteConfig),
    "norm": Entry(f"{_FILTERS}.norm:NormFilter", NormConfig, "limit"),
    "clip": Entry(f"{_FILTERS}.clip:ClipFilter", ClipConfig, "limit"),
    "median": Entry(f"{_FILTERS}.median:MedianFilter", MedianConfig),
    "random_mute": Entry(f"{_FILTERS}.random_mute:RandomMuteFilter", RandomMuteConfig),
    "always_replace": Entry(
        f"{_FILTERS}.always_replace:AlwaysReplaceFilter", AlwaysReplaceConfig, "agent"
    ),
    "two_stage": Entry(
        f"{_FILTERS}.two_stage:TwoStageFilter", FilterConfig, learns=True
    ),
    "tracking": Entry(
        f"{_FILTERS}.tracking:TrackingFilter",
        *(TrackingConfig, None, True, ("supervised",)),
    ),
}
ORACLES: dict[str, Entry] = {
    "ppo": Entry(f"{_HERE}.learner:train_by_ppo", OracleConfig),
    "es": Entry(f"{_HERE}.evolution:train_by_es", EvolutionConfig),
    "pgd": Entry(f"{_HERE}.aiming:aim_pgd", PGDOracleConfig, only=("pgd",)),
    "guided": Entry(f"{_HERE}.guided.teaching:teach", GuidedConfig, only=("network",)),
    "supervised": Entry(
        f"{_HERE}.supervised:train_by_labels", SupervisedConfig, only=("tracking",)
    ),
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
      ValueError: the policy's entry says by which oracles `only` it can be trained, or
        the oracle's which policies it can train.
    """
    if not trains(oracle, side, kind):
        able = [known for known in ORACLES if trains(known, side, kind)]
        words = f"{' or '.join(able)} for the {side.strategy} {kind!r}"
        raise refusal(name, oracle, words)


def trains(oracle: str, side: Side, kind: str) -> bool:
    """Returns whether an oracle can train a side's policies of a kind."""
    by, of = strategies(side)[kind].only, ORACLES[oracle].only
    return (not by or oracle in by) and (not of or kind in of)


def strategies(side: Side) -> dict[str, Entry]:
    """Returns a side's registry: the defender's `FILTERS`, the attacker's `ATTACKS`."""
    return (FILTERS, ATTACKS)[side]


def check_knowledge(name: str, kind: str, knowledge: str) -> None:
    """Refuses an attack that must be shown more than the threat allows.

    Args:
      name: what the refusal calls the attack.
      kind: a key of `ATTACKS`.
      knowledge: `Threat.knowledge`.

    Raises:
      ValueError: the attack needs a white box.
    """
    if ATTACKS[kind].white_box and knowledge != "white_box":
        raise refusal("threat.knowledge", knowledge, f"white_box for {name}")
