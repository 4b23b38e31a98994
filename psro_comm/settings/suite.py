"""What the suite of attacks tries on a defender: without training, and trained."""

from games.engine.side import Side
from oracles.strategies.attacks.config import AffineConfig, FakeConfig, PGDConfig
from oracles.strategies.config import PGDOracleConfig, Recipe
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.portfolio import UNITS, further, is_taught, trainings
from psro_comm.settings.psro import OWN

NOT_TRAINED = (
    *("noise", "noise@2", "noise@4", "shaped", "shaped@2", "shaped@5"),
    *("offset", "offset@2", "offset@4", "flip", "flip@3", "mirror", "mirror@2"),
    *("swap", "replay@1", "replay@4", "replay@16", "freeze@0", "freeze@8", "mute"),
    "fake_world",
)
AT_POINT = ("affine", "mirrored", "pgd")  # what is trained at each point of a curve
_NETWORK = FakeConfig(hidden=UNITS)
_STEALTHY = ("stealthy", "stealthy 2", "stealthy 3")


def fresh_attacks(
    config: ExperimentConfig, price: float = 0.0, *, flags: bool = True
) -> dict[str, Recipe]:
    """Returns what is trained from scratch on a defender; who flags is evaded, too.

    Args:
      config: the experiment.
      price: returns that being flagged for certain costs an attack that evades.
      flags: whether the defender has a filter, which may flag.
    """
    found = trainings(config, Side.ATTACKER)
    own = found[OWN].fresh
    aim = PGDOracleConfig(max(1, own.budget.env_steps // 25))  # a step is dear
    recipes = {
        "affine": found["affine"].fresh,
        "mirrored": found["mirrored"].fresh,
        "fake network": found["fake"].fresh._replace(config=_NETWORK),
        "pgd": Recipe(Side.ATTACKER, "pgd", PGDConfig(), "pgd", aim),
        **_guided(config),
        f"{own.kind}-{own.oracle}": own,
    }
    if flags:
        evading = trainings(config, Side.ATTACKER, price)
        recipes["mirrored evading"] = evading["mirrored"].fresh
        # With other luck each: what is found differs much.
        recipes |= {name: found["stealthy"].fresh for name in _STEALTHY}
    return recipes


def _guided(config: ExperimentConfig) -> dict[str, Recipe]:
    """Returns what is taught by gradients; nothing where there are few games."""
    found = trainings(config, Side.ATTACKER)
    taught = {name: found[name].fresh for name in ("guided", "guided-near")}
    return taught if is_taught(config) else {}


def warm_attacks(config: ExperimentConfig) -> dict[str, Recipe]:
    """Returns what learns on from the best attack of its kind, by name."""
    found = trainings(config, Side.ATTACKER)
    own, near = found[OWN].further, found["affine"].further.budget
    return {
        "affine+": found["affine"].further,
        "network+": further(AffineConfig(hidden=UNITS), near),
        "fake network+": further(_NETWORK, near),
        f"{own.kind}-{own.oracle}+": own,
    }
