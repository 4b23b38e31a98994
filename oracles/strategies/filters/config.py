"""The settings of filters; this module needs no torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from games.engine.settings import check, choice, integer, number, refusal


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


@dataclass(frozen=True)
class RuleConfig:
    """The settings of a filter that nobody trains: none.

    Those of one that has some inherit from this.
    """

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    def check_agents(self, num_agents: int) -> None:
        """Allows any number of agents.

        A filter that needs some, or names one, raises `ValueError` here: programs ask
        before any work starts.
        """


REPLACEMENTS = ("zero", "team_mean", "own_mean", "best", "constant")


@dataclass(frozen=True)
class MuteConfig(RuleConfig):
    """The settings of `MuteFilter`.

    Attributes:
      replace: as in `NormConfig`.
    """

    replace: str = choice("zero", REPLACEMENTS)


@dataclass(frozen=True)
class NormConfig(RuleConfig):
    """The settings of `NormFilter`.

    Attributes:
      limit: the longest message that passes, in mean norms of a clean message.
      replace: what takes the place of a message: zero; team_mean, the mean of all clean
        messages; own_mean, that of its sender's; best, of these three the one with
        which the team earns most if its sender never says anything else; or constant,
        a message searched for from there.
    """

    limit: float = number(2.0, above=0)
    replace: str = choice("own_mean", REPLACEMENTS)


@dataclass(frozen=True)
class ClipConfig(RuleConfig):
    """The settings of `ClipFilter`.

    Attributes:
      limit: the greatest length, in mean norms of a clean message.
    """

    limit: float = number(2.0, above=0)


@dataclass(frozen=True)
class MedianConfig(RuleConfig):
    """The settings of `MedianFilter`: none."""

    def check_agents(self, num_agents: int) -> None:
        """Refuses a team in which one liar may be half of those whom another hears."""
        if num_agents < 4:
            raise ValueError(f"the team is of {num_agents} agents, must be at least 4")


@dataclass(frozen=True)
class RandomMuteConfig(RuleConfig):
    """The settings of `RandomMuteFilter`.

    Attributes:
      replace: as in `NormConfig`.
    """

    replace: str = choice("own_mean", REPLACEMENTS)


@dataclass(frozen=True)
class AlwaysReplaceConfig(RuleConfig):
    """The settings of `AlwaysReplaceFilter`.

    Attributes:
      agent: whose messages are replaced.
      replace: as in `NormConfig`.
    """

    agent: int = integer(0, least=0)
    replace: str = choice("own_mean", REPLACEMENTS)

    def check_agents(self, num_agents: int) -> None:
        """Refuses an agent that the team has not."""
        if self.agent >= num_agents:
            raise refusal("agent", self.agent, f"0 to {num_agents - 1}")


@dataclass(frozen=True)
class TrackingConfig:
    """The settings of `TrackingFilter`.

    Attributes:
      hidden: width of its layers and of what it remembers of a sender; the first layer
        is twice as wide.
      threshold: flags a sender where the logit of its lying is above this. A false
        alarm costs no more than muting one, so that -1 is better than 0.
      gate: flags a sender that says what is further from its mean than this many times
        the furthest it ever said in clean play, and sees no further itself; 0 for none.
        No network learns what to make of all that is never said.
      replace: what a flagged message is replaced by, as in `NormConfig`; or learned, a
        network's guess of what the sender meant, which begins at best.
      memory: whether its recurrent state lasts from step to step (or, as an ablation,
        begins anew at each).
      context: whether it sees what a sender said a step ago, was told then and is about
        to be told (or, as an ablation, its message alone).
    """

    hidden: int = integer(64, least=1)
    threshold: float = number(-1.0)
    gate: float = number(1.25, least=0)
    replace: str = choice("best", (*REPLACEMENTS, "learned"))
    memory: bool = True
    context: bool = True

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    def to_plain(self) -> dict[str, Any]:
        """Returns the settings as JSON data, without ablations that are not made.

        So a filter keeps its digest, which names and seeds what is made with it.
        """
        plain = asdict(self)
        usual = {"memory": True, "context": True, "gate": 0.0}
        return {k: v for k, v in plain.items() if k not in usual or v != usual[k]}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "TrackingConfig":
        """Returns the settings that `to_plain` told; what had no gate has none."""
        return cls(**{"gate": 0.0, **plain})
