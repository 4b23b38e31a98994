"""The settings of attacks; this module needs no torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from games.engine.settings import check, choice, integer, number, several
from oracles.strategies.liars import LIARS


@dataclass(frozen=True)
class AttackConfig:
    """The settings of `GaussianAttack`.

    Attributes:
      noise_scale: standard deviation of delta, in rms of a clean message's dimensions
        (Lambda is its square). Values from 0.3 to 1 found no good attack, with a cap
        on the distance neither.
      mean_scale: size of the mean for a network output of 1, in the same unit.
      noise_shape: Lambda is diagonal (the paper's), or shaped like clean messages: as
        long, in the directions in which they vary, and so is the mean. Auto is clean
        under `threat.cap`, where diagonal noise finds nothing, and diagonal without.
      noise: Lambda is fixed (the paper's); annealed, which lets the deviation fall to
        a fifth while PPO trains; or learnt, for each agent and dimension, no less.
      alpha: price of the squared distance between m_out and m_adv, in squared mean
        norms of a clean message, against advantages of standard deviation 1.
      hidden: width of both hidden layers.
      stop_return: freeze the attacker once the team's mean return falls to this;
        none trains it to the end of its budget.
    """

    noise_scale: float = number(3.0, above=0)
    mean_scale: float = number(8.0, above=0)
    noise_shape: str = choice("auto", ("auto", "diagonal", "clean"))
    noise: str = choice("fixed", ("fixed", "annealed", "learnt"))
    alpha: float = number(5e-4, least=0)
    hidden: int = integer(128, least=1)
    stop_return: float | None = number(None)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    def to_plain(self) -> dict[str, Any]:
        """Returns the settings as JSON data.

        Younger fields are left out where they say what was played without them: so a
        policy keeps its digest, which names and seeds what is made with it.
        """
        plain = asdict(self)
        return {k: v for k, v in plain.items() if k not in _OLD or v != _OLD[k]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "AttackConfig":
        """Returns the settings that JSON data describe, older data included."""
        return cls(**{**_OLD, **plain})


_OLD = {"noise_shape": "diagonal", "noise": "fixed"}
"""What the first attacks, which say nothing of these fields, were played with."""


@dataclass(frozen=True)
class AffineConfig:
    """The settings of `AffineAttack`.

    Attributes:
      scale: how far a message is shifted for a weight of 1, in rms of a clean
        message's numbers.
      start: the lie that an untrained one tells: nothing, or mirror, each message
        mirrored about its agent's mean message, which is as long as clean ones are.
      hidden: width of a network of (tau, m_in, m_out) that adds to the shift; 0 for
        none.
    """

    scale: float = number(4.0, above=0)
    start: str = choice("nothing", ("nothing", "mirror"))
    hidden: int = integer(0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class FakeConfig:
    """The settings of `FakeSelf`.

    Attributes:
      scale: how much an observation is stretched and shifted for a weight of 1.
      hidden: width of a network of (o, clock, m_in) that adds to the shift; 0 for none.
    """

    scale: float = number(0.2, above=0)
    hidden: int = integer(0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class FakeGaussianConfig:
    """The settings of `FakeGaussian`.

    Attributes:
      noise_scale: standard deviation of each number's shift.
      mean_scale: size of the mean for a network output of 1.
      noise: Lambda is fixed; or annealed, as in `AttackConfig`.
      hidden: width of both hidden layers.
      stop_return: as in `AttackConfig`.
    """

    noise_scale: float = number(1.0, above=0)
    mean_scale: float = number(3.0, above=0)
    noise: str = choice("fixed", ("fixed", "annealed"))
    hidden: int = integer(128, least=1)
    stop_return: float | None = number(None)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class NetworkConfig:
    """The settings of `NetworkAttack`.

    Attributes:
      hidden: width of both hidden layers.
      radius: longest lie, in mean norms of a clean message; none is any.
    """

    hidden: int = integer(128, least=1)
    radius: float | None = number(None, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class PGDConfig:
    """The settings of `PGDAttack`.

    Attributes:
      radius: how far a message may be moved where the threat has no cap, or a larger
        one, in mean norms of a clean message.
      steps: number of gradient steps at each step of the game.
      step: length of one of them, in radii.
      loss: what is raised at the listeners: best, by how much another action scores
        more than the one that was best without the attack; or divergence, the
        Kullback-Leibler divergence of their actions from those without it.
    """

    radius: float = number(4.0, above=0)
    steps: int = integer(4, least=1)
    step: float = number(0.5, above=0)
    loss: str = choice("best", ("best", "divergence"))

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class NoiseConfig:
    """The settings of attacks that add something of a fixed length.

    Attributes:
      size: ||m_adv - m_out||, in mean norms of a clean message.
    """

    size: float = number(1.0, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class ReverseConfig:
    """The settings of attacks that say the opposite of what was meant.

    Attributes:
      size: how many times as large as what was meant.
    """

    size: float = number(1.0, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class ReplayConfig:
    """The settings of `ReplayAttack`.

    Attributes:
      steps: k, how many steps ago the message was sent that is said again.
    """

    steps: int = integer(4, least=1)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class FreezeConfig:
    """The settings of `FreezeAttack`.

    Attributes:
      step: k, the step of the other world whose message is said.
    """

    step: int = integer(8, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class MadeUpConfig:
    """The settings of `MadeUp`.

    Attributes:
      families: the families of lies that are drawn from; none is all.
    """

    families: tuple[str, ...] | None = several(None, LIARS)

    def __post_init__(self) -> None:
        """Checks the names."""
        check(self)
