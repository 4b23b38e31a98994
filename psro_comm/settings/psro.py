"""The settings of R-MACRL: how its populations begin, grow, and come to rest."""

from dataclasses import dataclass

from games.engine.settings import check, choice, integer, number, refusal, several
from psro_comm.metagame.solvers import META_SOLVERS

OWN = "own"  # what a side trains otherwise: `attack_kind` by `attack_trainer`, ...
TRAINED_ATTACKS = (
    *("stealthy", "guided", "guided-near", "affine", "fake", "mirrored"),
    OWN,
)
TRAINED_FILTERS = ("tracking", OWN)
RULES, UNTRAINED = "rules", "untrained"
USUAL = TRAINED_ATTACKS[:3]
SCARCE = ("stealthy", "affine")  # instead, where few games play side by side
_FIRST = 12  # policies that a population begins with, at most


@dataclass(frozen=True)
class PSROConfig:
    """The settings of R-MACRL.

    Attributes:
      iterations: most iterations of algorithm 1 (T).
      episodes: number of worlds in which each cell of the payoff table is played.
      check_episodes: number of fresh worlds of the convergence test.
      restarts: trainings of each kind of best response, side by side.
      meta_solver: name of the solver that makes both mixtures from the payoff table.
      paper: whether it is the paper's own algorithm: each side answers by its own kind
        alone, to the other's mixture, from an untrained policy. Decides the settings
        below that are none.
      attacks: the kinds of attack that the attacker trains, all of which join that hurt
        more than those it has: stealthy, the team's own words about what it did not
        see, which first are sought while the filter only watches; guided, a network
        that is taught by gradients, and guided-near, one whose lies are a mean norm
        long at most (none: these three, or, where games are few, stealthy and affine);
        affine, an affine lie that starts at nothing; fake, the team's words, sought
        behind the filter alone; mirrored, a lie that starts at the mirror; own,
        `attack_kind`.
      filters: the kinds of filter that the defender trains: tracking, by true labels;
        own, `filter_kind`. Of all, one joins: that with which the population guarantees
        most.
      start: what the populations begin with beside nobody: rules, attacks and filters
        that nobody trains and a first filter trained on these; or untrained, a policy
        of each side as it is drawn.
      warm_start: whether the first training of each kind learns on from the policy of
        its kind that does best against the mixture (none: unless it is the paper's).
      spread: part of the opponents' mixture, in a filter's training, that is shared
        evenly by all attackers: what was found once should not be forgotten.
      patience: iterations in a row in which neither side gains more than its noise,
        after which nothing more is sought.
      tolerance: a best response must gain more than this, in returns, to count.
      slots: most policies of each population.
    """

    iterations: int = integer(5, least=1)
    episodes: int = integer(256, least=2)
    check_episodes: int = integer(256, least=2)
    restarts: int = integer(2, least=1)
    meta_solver: str = choice("nash", META_SOLVERS)
    paper: bool = False
    attacks: tuple[str, ...] | None = several(None, TRAINED_ATTACKS)
    filters: tuple[str, ...] | None = several(None, TRAINED_FILTERS)
    start: str | None = choice(None, (RULES, UNTRAINED))
    warm_start: bool | None = None
    spread: float = number(0.5, least=0, most=1)
    patience: int = integer(2, least=1)
    tolerance: float = number(0.0)
    slots: int = integer(128)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
        self.check_slots(0)
        papers = {"attacks": (OWN,), "filters": (OWN,), "start": UNTRAINED}
        for name, only in papers.items() if self.paper else ():
            if getattr(self, name) not in (None, only):
                words = f"{only!r} or none: psro.paper is set"
                raise refusal(name, getattr(self, name), words)

    def check_slots(self, given: int) -> None:
        """Refuses a run whose populations may not fit into their slots.

        Args:
          given: number of policies that a side is given to start from.

        Raises:
          ValueError: there are too few slots.
        """
        trained = self.iterations * self.restarts * len(self.attacks or USUAL)
        least = trained + _FIRST + given
        if self.slots < least:
            words = f"at least {least}, to hold all attacks"
            if given:
                words = f"{words} and the {given} given"
            raise refusal("slots", self.slots, words)
