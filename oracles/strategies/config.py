"""The budgets and settings of oracles, and what they are to train."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from games.engine.settings import check, choice, integer, number, refusal, several
from games.engine.side import Side
from oracles.learning.config import PPOConfig
from oracles.strategies.liars import BRED, LIARS, RATED


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
      watching: share of the steps, the first, in which the filter only watches: what it
        flags is heard all the same, but counts the less the more it is suspected. So
        lies are found that hurt and that nobody suspects, from where the rest of the
        search goes on behind the filter as it is.
      scouts: policies that are drawn and rated before the first generation, in a third
        of the worlds and at most a quarter of the steps; the search begins close to the
        best. Where most lies are flagged, and the mean of the rest is none that works,
        generations around the start find nothing. None are drawn where it is 0.
    """

    env_steps: int = integer(400_000, least=1)
    num_envs: int = integer(24, least=1)
    candidates: int = integer(24, least=2)
    elites: int = integer(6, least=1)
    std: float = number(1.0, above=0)
    smoothing: float = number(0.9, least=0, below=1)
    evasion: float = number(0.0, least=0)
    watching: float = number(0.0, least=0, below=1)
    scouts: int = integer(0, least=0)

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
class GuidedConfig:
    """The budget and the settings of an attack that is taught by gradients.

    Attributes:
      env_steps: environment steps of one training, those included from which the worth
        of actions is learnt. Only the first episodes may exceed them.
      num_envs: B, worlds side by side.
      learning_rate: step size of Adam; it falls to a tenth.
      foresight: weight of what actions are worth, in their standard deviations.
      evasion: price of a belief's logit above -margin.
      margin: how far the logit is to stay below zero.
    """

    env_steps: int = integer(400_000, least=1)
    num_envs: int = integer(128, least=1)
    learning_rate: float = number(2e-3, above=0)
    foresight: float = number(3.0, least=0)
    evasion: float = number(1.0, least=0)
    margin: float = number(4.0, least=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    @property
    def updates(self) -> int:
        """Returns the most lines of one training: those of one-step episodes."""
        return max(1, self.env_steps // self.num_envs)


LIARS_SHARES = (
    *("made_up_fraction", "fake_fraction"),
    *("coevolving_fraction", "taught_fraction"),
)
"""The settings that give liars their parts of the worlds that a filter learns in."""


@dataclass(frozen=True)
class SupervisedConfig:
    """The budget and the settings of a filter's training by true labels.

    Attributes:
      env_steps: environment steps of one training. Only the first rollout may exceed
        them.
      num_envs: B, worlds of a rollout; each is played for the length of an episode.
      update_epochs: passes over each rollout.
      num_minibatches: parts that a pass is cut into, by worlds.
      learning_rate: step size of Adam.
      final_learning_rate: learning rate at the end, as a fraction of the first.
      max_grad_norm: largest length of a gradient.
      benign_fraction: part of the worlds without any attack.
      made_up_fraction: part with liars that draw a family of lies in each episode.
      fake_fraction: part with liars that let the team speak of what they make up.
      coevolving_fraction: part with such liars who are bred beside the filter, to hurt
        and not to be suspected (`liars/coevolving.py`); each update is preceded by a
        generation, whose steps count.
      taught_fraction: part with liars who are taught by gradients beside the filter
        (`liars/taught.py`). The rest is played by the opponent; if that is nobody, the
        liars share it.
      redraw: whether each world of a rollout draws its malicious agents, also where the
        run has the same ones in all episodes: a filter should know no name. The
        opponent's lies are then told by whoever was drawn.
      beta1: weight of the cross-entropy of who has lied.
      beta2: weight of the squared distance of repaired to clean messages, in variances
        of the sender's clean messages, if the filter learns to repair.
      repairs: the messages that this distance is of: those that were bent, or all.
      ppo_coef: weight of PPO's surrogate of the team's return, for which flags are
        drawn in training (`filters/drawing.py`); 0 for none.
      families: the families of lies that made-up liars draw from; none is all. What is
        left out shows what the filter makes of lies that it has never met.
    """

    env_steps: int = integer(1_240_000, least=1)
    num_envs: int = integer(256, least=1)
    update_epochs: int = integer(2, least=1)
    num_minibatches: int = integer(2, least=1)
    learning_rate: float = number(2e-3, above=0)
    final_learning_rate: float = number(0.1, above=0, most=1)
    max_grad_norm: float = number(1.0, above=0)
    benign_fraction: float = number(0.15, least=0, most=1)
    made_up_fraction: float = number(0.15, least=0, most=1)
    fake_fraction: float = number(0.1, least=0, most=1)
    coevolving_fraction: float = number(0.15, least=0, most=1)
    taught_fraction: float = number(0.25, least=0, most=1)
    redraw: bool = True
    beta1: float = number(1.0, least=0)
    beta2: float = number(1.0, least=0)
    repairs: str = choice("bent", ("bent", "all"))
    ppo_coef: float = number(0.0, least=0)
    families: tuple[str, ...] | None = several(None, LIARS)

    def __post_init__(self) -> None:
        """Checks ranges, and that no more worlds are given away than there are."""
        check(self)
        least = self.num_minibatches
        if self.num_envs < least:
            words = f"at least num_minibatches = {least}"
            raise refusal("num_envs", self.num_envs, words)
        left = 1.0 - self.benign_fraction
        for name in LIARS_SHARES:
            if getattr(self, name) > left + 1e-9:
                words = f"at most {left:g}, what the other fractions leave"
                raise refusal(name, getattr(self, name), words)
            left -= getattr(self, name)

    @property
    def worlds(self) -> int:
        """Returns the episodes of one update, those that rate who is bred included."""
        return self.num_envs + (BRED + 1) * RATED * (self.coevolving_fraction > 0.0)

    @property
    def updates(self) -> int:
        """Returns the most rollouts of one training: those of one-step episodes.

        How long a game lasts is not known here; the log's `env_steps` is exact.
        """
        return max(1, self.env_steps // self.worlds)


@dataclass(frozen=True)
class NoConfig:
    """The settings of what has none."""


class Recipe(NamedTuple):
    """The policy that a side trains as its best response, and the oracle for it."""

    side: Side
    kind: str  # the policy's kind, a key of ATTACKS or FILTERS
    config: Any  # the policy's settings
    oracle: str  # the oracle, a key of ORACLES
    budget: Any  # the oracle's settings
