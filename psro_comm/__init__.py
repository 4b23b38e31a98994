"""The front door for Python: play, train, solve and read runs; register plugins.

    import psro_comm as pc

    run = pc.load("runs/predator_prey_p05-quick-0")
    print(pc.evaluate(run, ["none", "mirror"], ["none", run.mixtures["filter"]]))

docs/python.md has the rest, each example of it a test. Names are imported when they are
first used: `import psro_comm` alone takes no time.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from games.engine.env import Observation as Observation
    from games.engine.env import Signal as Signal
    from games.engine.env import everybody as everybody
    from games.engine.registry import Entry as Entry
    from games.engine.settings import check as check
    from games.engine.settings import choice as choice
    from games.engine.settings import integer as integer
    from games.engine.settings import number as number
    from games.engine.spec import EnvSpec as EnvSpec
    from games.engine.view import AttackView as AttackView
    from games.engine.view import FilterView as FilterView
    from games.environments.pettingzoo.parallel import parallel_env as parallel_env
    from games.environments.registry import ENVS as ENVS
    from games.environments.registry import make_env as make_env
    from oracles.strategies.attacks.tampering import Tampering as Tampering
    from oracles.strategies.filters.config import RuleConfig as RuleConfig
    from oracles.strategies.filters.rule import RuleFilter as RuleFilter
    from oracles.strategies.registry import ATTACKS as ATTACKS
    from oracles.strategies.registry import FILTERS as FILTERS
    from oracles.strategies.registry import ORACLES as ORACLES
    from oracles.teams.backbones import BACKBONES as BACKBONES
    from oracles.teams.backbones.talking import Talking as Talking
    from oracles.teams.elsewhere import TEAMS as TEAMS
    from psro_comm.api.general import GameAnalysis as GameAnalysis
    from psro_comm.api.general import analyze_game as analyze_game
    from psro_comm.api.learning import BestResponse as BestResponse
    from psro_comm.api.learning import best_response as best_response
    from psro_comm.api.outside import WorstCase as WorstCase
    from psro_comm.api.play import Evaluation as Evaluation
    from psro_comm.api.play import evaluate as evaluate
    from psro_comm.api.policies import Policy as Policy
    from psro_comm.api.registering import attack as attack
    from psro_comm.api.registering import filter as filter
    from psro_comm.api.runs import Run as Run
    from psro_comm.api.runs import load as load
    from psro_comm.api.solution import Solution as Solution
    from psro_comm.api.solving import psro as psro
    from psro_comm.api.suites import SuiteResult as SuiteResult
    from psro_comm.api.suites import worst_case as worst_case
    from psro_comm.api.sweeps import Sweep as Sweep
    from psro_comm.api.sweeps import sweep as sweep
    from psro_comm.api.tables import Analysis as Analysis
    from psro_comm.api.tables import Table as Table
    from psro_comm.api.tables import analyze as analyze
    from psro_comm.api.tables import save_table as save_table
    from psro_comm.api.teams import Team as Team
    from psro_comm.api.teams import train_team as train_team
    from psro_comm.disk.access import StoreError as StoreError
    from psro_comm.metagame.solvers import META_SOLVERS as META_SOLVERS
    from psro_comm.metagame.solvers.checks import checked as checked
    from psro_comm.psro.outside import Mixture as Mixture
    from psro_comm.psro.outside import Players as Players
    from psro_comm.settings.plugins import load as plugin  # noqa: F401
    from psro_comm.settings.tasks import TASKS as TASKS

_HOMES = {  # of each name, the module that defines it
    **dict.fromkeys(("Observation", "Signal", "everybody"), "games.engine.env"),
    "Entry": "games.engine.registry",
    "EnvSpec": "games.engine.spec",
    "TASKS": "psro_comm.settings.tasks",
    **dict.fromkeys(("check", "choice", "integer", "number"), "games.engine.settings"),
    **dict.fromkeys(("AttackView", "FilterView"), "games.engine.view"),
    **dict.fromkeys(("ENVS", "make_env"), "games.environments.registry"),
    "parallel_env": "games.environments.pettingzoo.parallel",
    "Tampering": "oracles.strategies.attacks.tampering",
    "RuleConfig": "oracles.strategies.filters.config",
    "RuleFilter": "oracles.strategies.filters.rule",
    **dict.fromkeys(("ATTACKS", "FILTERS", "ORACLES"), "oracles.strategies.registry"),
    "BACKBONES": "oracles.teams.backbones",
    "Talking": "oracles.teams.backbones.talking",
    "TEAMS": "oracles.teams.elsewhere",
    **dict.fromkeys(("Evaluation", "evaluate"), "psro_comm.api.play"),
    **dict.fromkeys(("GameAnalysis", "analyze_game"), "psro_comm.api.general"),
    **dict.fromkeys(("BestResponse", "best_response"), "psro_comm.api.learning"),
    "Solution": "psro_comm.api.solution",
    "psro": "psro_comm.psro",  # the room itself, see `_Called`
    "WorstCase": "psro_comm.api.outside",
    **dict.fromkeys(("SuiteResult", "worst_case"), "psro_comm.api.suites"),
    **dict.fromkeys(("Sweep", "sweep"), "psro_comm.api.sweeps"),
    **dict.fromkeys(("Mixture", "Players"), "psro_comm.psro.outside"),
    "Policy": "psro_comm.api.policies",
    **dict.fromkeys(("attack", "filter"), "psro_comm.api.registering"),
    **dict.fromkeys(("Run", "load"), "psro_comm.api.runs"),
    **dict.fromkeys(
        ("Analysis", "Table", "analyze", "save_table"), "psro_comm.api.tables"
    ),
    **dict.fromkeys(("Team", "train_team"), "psro_comm.api.teams"),
    "StoreError": "psro_comm.disk.access",
    "checked": "psro_comm.metagame.solvers.checks",
    "META_SOLVERS": "psro_comm.metagame.solvers",
    "plugin": "psro_comm.settings.plugins:load",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Imports a public name at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, own = _HOMES[name].partition(":")
    home = import_module(module)
    return home if module == f"{__name__}.{name}" else getattr(home, own or name)


def __dir__() -> list[str]:
    """Returns the public names."""
    return [*__all__, *globals()]


class _Called(ModuleType):
    """The room `psro_comm.psro`, by whose name a function is called: `pc.psro(...)`."""

    def __call__(self, *args: Any, **how: Any) -> Any:
        return _solving()(*args, **how)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return str(_solving().__doc__)

    @property
    def __signature__(self) -> Any:
        from inspect import signature

        return signature(_solving())


def _solving() -> Any:
    from psro_comm.api.solving import psro

    return psro


class _Door(ModuleType):
    """This package, one of whose rooms has the name of a function of it."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Keeps a room when it is imported."""
        if name == "psro" and type(value) is ModuleType:
            value.__class__ = _Called
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Door
