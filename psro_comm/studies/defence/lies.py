"""The lies that a defence meets, what it has learnt from, and what may be taken away.

Needs no torch: what is wrong with a flag is said before any work starts.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from oracles.strategies.config import SupervisedConfig
from oracles.strategies.liars import LIARS
from psro_comm.lab.session import read_run
from psro_comm.settings.experiment import ExperimentConfig, from_description
from psro_comm.studies.player_names import read_name
from psro_comm.studies.stored_players import TRAINED

TRACKING = "tracking"  # the filter that the study trains itself
FAKE = "random_fake"
_KIN = {  # attacks that nobody trains, each with the family that it belongs to
    **{"offset@2": "constant", "swap": "other_world", "replay@4": "replay"},
    **{"mirror": "mirror", "flip": "mirror", "mute": "mirror", "freeze@8": "frozen"},
    **{"noise@2": "noise", "shaped@2": "noise", "fake_world": FAKE},
}
FAMILIES = {f"made_up@{family}": family for family in LIARS} | {FAKE: FAKE}
LIES = (*FAMILIES, *_KIN)
PARTS = {  # what may be taken away, beside a family: names of `--ablate`
    "memory": "no memory",
    "context": "no context",
    "made_up": "no made-up liars",
    "fakes": "no random fakes",
    "bred": "no bred fakes",
    "taught": "no taught liars",
    "gate": "no gate",
    "liars": "made for one liar more",
}
PARTS_OF: dict[str, dict[str, Any]] = {  # those of the filter, and how it lacks them
    "memory": {"memory": False},
    "context": {"context": False},
    "gate": {"gate": 0.0},
}
LIARS_OF = {  # the parts that are liars, and their shares of the worlds
    "made_up": "made_up_fraction",
    "fakes": "fake_fraction",
    "bred": "coevolving_fraction",
    "taught": "taught_fraction",
}
ALL_FAMILIES = "families"


class Lessons(NamedTuple):
    """The families of lies that a filter has learnt from, fakes among them."""

    families: frozenset[str]

    @classmethod
    def of(cls, budget: SupervisedConfig) -> "Lessons":
        """Returns those of a training by labels against nobody else."""
        told = families_of(budget) if budget.made_up_fraction > 0.0 else ()
        fakes = (FAKE,) if budget.fake_fraction + budget.coevolving_fraction else ()
        return cls(frozenset((*told, *fakes)))

    def has_seen(self, attack: str) -> str:
        """Returns whether they held an attack: yes, no, or alike, others of its kin."""
        if attack in FAMILIES:
            return "yes" if FAMILIES[attack] in self.families else "no"
        return "alike" if _KIN.get(attack) in self.families else "no"


def lessons_of(name: str, runs_dir: Path) -> Lessons | None:
    """Returns what a named filter has learnt from; None where that is not known.

    Known are rules, which learn nothing, and what `train_filter` left.
    """
    read = read_name(name, "filter")
    if read.kind == "mixture" or read.policy not in (None, TRAINED["filter"]):
        return None
    if read.run is None:
        return Lessons(frozenset())
    budget = from_description(read_run(runs_dir, read.run).config).filter_oracle
    return Lessons.of(budget) if isinstance(budget, SupervisedConfig) else None


def families_of(budget: SupervisedConfig) -> tuple[str, ...]:
    """Returns the families of lies that made-up liars draw from."""
    return budget.families or tuple(LIARS)


def checked_parts(given: Sequence[str], config: ExperimentConfig) -> tuple[str, ...]:
    """Returns the parts that `--ablate` names, families one by one, in our order.

    Args:
      given: names of `PARTS`, of families, or `families` for all that are taught.
      config: the experiment.

    Raises:
      ValueError: something else is named, or one twice, or it cannot be taken away.
    """
    budget = config.filter_oracle
    taught = families_of(budget) if budget.made_up_fraction > 0.0 else ()
    known = (*PARTS, *LIARS)
    if not {*given} <= {*known, ALL_FAMILIES} or len({*given}) < len(given):
        words = f"must name some of {', '.join((*PARTS, ALL_FAMILIES, *LIARS))}"
        raise _refused(given, f"{words}, none twice")
    asked = {*given} - {ALL_FAMILIES}
    if ALL_FAMILIES in given:
        asked |= {*taught}
    absent = sorted(asked & {*LIARS} - {*taught})
    if absent:
        raise _refused(given, f"but {', '.join(absent)} is not taught anyway")
    if asked & {*taught} and len(taught) < 2:
        raise _refused(given, f"but {taught[0]} alone is taught: nothing would be left")
    _check_rest(given, asked, config)
    return tuple(name for name in known if name in asked)


def _check_rest(
    given: Sequence[str], asked: Iterable[str], config: ExperimentConfig
) -> None:
    budget, policy = config.filter_oracle, config.filter
    taught = [part for part, share in LIARS_OF.items() if getattr(budget, share) > 0.0]
    here = {
        "memory": policy.memory,
        "context": policy.context,
        "gate": policy.gate > 0.0,
        **{part: len(taught) > 1 and part in taught for part in LIARS_OF},
        "liars": config.threat.num_malicious < config.num_agents,
    }
    why = {
        **dict.fromkeys(
            LIARS_OF, "but nobody else teaches, or it is not taught anyway"
        ),
        "gate": "but --filter.gate=0 is given",
        "liars": f"but all {config.num_agents} agents are malicious already",
    }
    for name in asked:
        if not here.get(name, True):
            raise _refused(given, why.get(name, f"but --nofilter.{name} is given"))


def count_grounds(config: ExperimentConfig) -> int:
    """Returns about how many choices of liars there are: see `places.grounds`."""
    threat, agents = config.threat, config.num_agents
    more = threat.num_malicious < agents
    if threat.redraw_malicious or not more:
        return 1 + more
    return agents + 1


def _refused(given: Sequence[str], words: str) -> ValueError:
    return ValueError(f"--ablate is {','.join(given)!r}, {words}")
