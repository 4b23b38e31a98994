"""The settings of attacks, filters and their training."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from games.engine.settings import check, choice, integer, number, refusal
from games.engine.side import Side
from oracles.learning.config import PPOConfig


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
    """

    scale: float = number(0.2, above=0)

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
    steps: int = integer(8, least=1)
    step: float = number(0.25, above=0)
    loss: str = choice("best", ("best", "divergence"))

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class FilterConfig:
    """The settings of `TwoStageFilter`.

    Attributes:
      beta1: weight of the log-likelihood of the true labels.
      beta2: weight of the squared distance of repaired to clean messages, in
        variances of the clean messages.
      hidden: width of both hidden layers of detector and reconstructor.
      critic_hidden: width of the critic's layers; it sees all messages in training.
      benign_fraction: part of the training episodes without any attack.
      detector: learned, or (ablation) one agent picked at random at every step.
      reconstructor: learned, or (ablation) a random clean-looking message.
    """

    beta1: float = number(1.0, least=0)
    beta2: float = number(1.0, least=0)
    hidden: int = integer(64, least=1)
    critic_hidden: int = integer(128, least=1)
    benign_fraction: float = number(0.2, least=0, below=1)
    detector: str = choice("learned", ("learned", "random"))
    reconstructor: str = choice("learned", ("learned", "random"))

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


def one_epoch(num_minibatches: int = 4) -> PPOConfig:
    """Returns PPO settings of one epoch: noise in 64 dimensions spoils a second one."""
    return PPOConfig(3e-3, update_epochs=1, num_minibatches=num_minibatches)


@dataclass(frozen=True)
class OracleConfig:
    """The budget and the learner's settings of one best response.

    Attributes:
      env_steps: environment steps that one training plays, over all environments, the
        tests of a threshold included. The first rollout may exceed them, and the last
        test.
      num_envs: B, environments side by side.
      num_steps: T, steps of a rollout.
      ppo: the learner.
    """

    env_steps: int = integer(400_000, least=1)
    num_envs: int = integer(512, least=1)
    num_steps: int = integer(8, least=1)
    ppo: PPOConfig = field(default_factory=one_epoch)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
        least = self.ppo.num_minibatches
        if self.num_envs < least:
            raise refusal(
                "num_envs", self.num_envs, f"at least ppo.num_minibatches = {least}"
            )

    @property
    def updates(self) -> int:
        """Returns the most rollouts of one training: those that no test cuts short.

        The first is a step longer; see `oracles.strategies.learner`.
        """
        left = self.env_steps - self.num_envs
        return max(1, left // (self.num_envs * self.num_steps))


@dataclass(frozen=True)
class EvolutionConfig:
    """The budget and the settings of one search by an evolution strategy.

    Attributes:
      env_steps: environment steps of one training, over all candidates. A generation
        that might exceed them is not played, unless it is the first; the last is kept
        for a match of the mean against the best candidate.
      num_envs: worlds of one candidate in one generation.
      candidates: policies that are drawn in each generation.
      elites: how many of them, the best, the next generation is drawn around.
      std: standard deviation of each weight in the first generation.
      smoothing: how much of the standard deviation stays from one generation to the
        next; the rest is the elites'.
      evasion: price, in returns, of an attack's lies being flagged for certain. A
        filter that flags all that is tried first leaves an attack no slope to follow;
        its probability does. Asks the frozen filter, which the paper's attacker cannot.
    """

    env_steps: int = integer(400_000, least=1)
    num_envs: int = integer(24, least=1)
    candidates: int = integer(24, least=2)
    elites: int = integer(6, least=1)
    std: float = number(1.0, above=0)
    smoothing: float = number(0.9, least=0, below=1)
    evasion: float = number(0.0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
        if self.elites > self.candidates:
            most = f"at most candidates = {self.candidates}"
            raise refusal("elites", self.elites, most)

    @property
    def updates(self) -> int:
        """Returns the most generations of one training: those of one-step episodes.

        How long a game lasts is not known here; the log's `env_steps` is exact.
        """
        return max(1, self.env_steps // (self.candidates * self.num_envs))


@dataclass(frozen=True)
class PGDOracleConfig:
    """The budget of aiming a `PGDAttack`: of choosing the radius that hurts most.

    Attributes:
      env_steps: environment steps of one aiming, over all radii that are tried.
      num_envs: most worlds in which each is tried.
    """

    env_steps: int = integer(400_000, least=1)
    num_envs: int = integer(32, least=1)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    @property
    def updates(self) -> int:
        """Returns 1: all are tried at once."""
        return 1


@dataclass(frozen=True)
class NoConfig:
    """The settings of what has none."""


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
class NormConfig:
    """The settings of `NormFilter`.

    Attributes:
      limit: the longest message that passes, in mean norms of a clean message.
    """

    limit: float = number(2.0, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


class Recipe(NamedTuple):
    """The policy that a side trains as its best response, and the oracle for it."""

    side: Side
    kind: str  # the policy's kind, a key of ATTACKS or FILTERS
    config: Any  # the policy's settings
    oracle: str  # the oracle, a key of ORACLES
    budget: Any  # the oracle's settings
