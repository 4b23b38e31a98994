"""Says which program made a run and what reads it, where another kind was wanted."""

import re
from pathlib import Path

from psro_comm.disk.access import exists
from psro_comm.disk.layout import artefact_of
from psro_comm.disk.manifest import Manifest
from psro_comm.disk.store import RunStore, StoreError

_ON = "the same command goes on with it"
_AGAIN = "the same command prints its table again"
_PAGE = "{root}/report.html shows it"
_ORIGINS = (  # artefacts, whose they are, and what reads the run; the first that fits
    ("trained", "bin.train_attack or bin.train_filter", "bin.evaluate takes its name"),
    ("report", "bin.quickstart", "python -m bin.make_results --runs={run}"),
    ("vanilla-attack|stopped-attack", "bin.quickstart, and not finished", _ON),
    ("suite-.*", "bin.worst_case", "python -m bin.make_leaderboard --suites={run}"),
    ("crossplay-.*", "bin.evaluate", _AGAIN),
    ("defence-.*", "bin.study_defence", _PAGE),
    ("inspection-.*", "bin.inspect_messages", _PAGE),
    ("combined", "bin.study_meta_solvers", "the study's own page shows it"),
    ("psro|iteration-.*", "bin.run_psro", "python -m bin.analyze_payoffs --run={run}"),
    ("step-.*", "bin.validate_psro", _AGAIN),
    ("options", "bin.study_options", _AGAIN),
    ("team", "bin.train_team", "python -m bin.quickstart --team={run} tells its story"),
)


def origin(root: Path) -> str:
    """Returns which program made the run in `root`, and what reads such a run.

    Raises:
      StoreError: its manifest is damaged.
    """
    names = {artefact_of(file) for file in Manifest(root).files()}
    for pattern, program, reader in _ORIGINS:
        if any(re.fullmatch(pattern, name) for name in names):
            return f"it is of {program}: {reader.format(root=root, run=root.name)}"
    return f"nothing is finished in it: {_ON}"


def opened(root: Path) -> RunStore:
    """Opens a run for reading only.

    Raises:
      StoreError: there is no run in `root`, it is damaged, or a study of several runs
        has that name.
    """
    result = root.with_name(f"{root.name}.json")
    if not root.exists() and exists(result):
        raise StoreError(
            f"{result} is of several runs, and of bin.study_meta_solvers:"
            f" {result.with_suffix('.html')} shows it"
        )
    return RunStore.read(root)
