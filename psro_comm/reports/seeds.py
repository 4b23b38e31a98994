"""Reads finished runs of several seeds, and pools their numbers.

Several seeds give Student's t interval over seeds; a single one keeps its own interval
over worlds.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from psro_comm.disk.differences import UNSET, completed, difference
from psro_comm.disk.store import StoreError
from psro_comm.metagame.intervals import Interval, across_seeds
from psro_comm.metagame.report import Report
from psro_comm.names import COMPARED
from psro_comm.reports.origins import opened, origin
from psro_comm.settings.experiment import PLAYED_BEFORE, ExperimentConfig, describe
from psro_comm.settings.fields import leaves
from psro_comm.settings.tasks import BUDGETS, num_malicious, paper, preset
from psro_comm.settings.tasks.task import Figures

Line = TypeVar("Line")
Key = TypeVar("Key")
_ATTACKERS = {words: attacker for attacker, words in COMPARED.items()}


class FinishedRun(NamedTuple):
    """A finished quickstart: its folder, configuration and report."""

    root: Path
    config: dict[str, Any]
    report: Report

    def to_dict(self) -> dict[str, Any]:
        """Returns all that tables are made of as JSON data."""
        report = self.report.to_dict()
        return {"run": self.root.name, "config": self.config, "report": report}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "FinishedRun":
        """Returns the run that `to_dict` described, without what figures are made of.

        Raises:
          ValueError: the report is damaged.
        """
        return cls(Path(data["run"]), data["config"], Report.from_dict(data["report"]))


def read_finished(root: Path) -> FinishedRun:
    """Reads the report of a run.

    Raises:
      StoreError: there is no run, it is damaged, or it is not finished.
      ValueError: its report is damaged.
    """
    store = opened(root)
    found = store.load_json("report") if store.has("report") else {}
    if not found or "role" in found:  # a role is what train_attack, train_filter report
        raise StoreError(
            f"{root} holds no report of a whole story, which bin.quickstart makes;"
            f" {origin(root)}"
        )
    try:
        report = Report.from_dict(found)
    except ValueError as error:
        raise ValueError(f"{root.name}: {error}") from error
    return FinishedRun(root, store.config, report)


class Variant(NamedTuple):
    """A task and its number of malicious agents."""

    task: str
    malicious: int

    @classmethod
    def of(cls, run: FinishedRun) -> "Variant":
        """Returns the variant that `run` played."""
        return cls(run.config["task"], run.config["threat"]["num_malicious"])

    def __str__(self) -> str:
        """Returns the task's name, with the number where it is not the task's own."""
        return self.task if self._own() else f"{self.task}-{self.malicious}"

    def paper(self) -> Figures:
        """Returns `Task.paper`, or nothing for another number of malicious agents."""
        return paper(self.task) if self._own() else {}

    def _own(self) -> bool:
        return self.malicious == num_malicious(self.task)


def by_variant(runs: Sequence[FinishedRun]) -> dict[Variant, list[FinishedRun]]:
    """Returns the runs of each task and number of malicious agents, by seed.

    Raises:
      ValueError: two runs of one variant share their seed, or differ in more than the
        seed, so that their mean has no meaning.
    """
    variants: dict[Variant, list[FinishedRun]] = {}
    for run in sorted(runs, key=lambda run: (Variant.of(run), run.config["seed"])):
        group = variants.setdefault(Variant.of(run), [])
        for other in group:
            _check_comparable(other, run)
        group.append(run)
    return variants


def _check_comparable(one: FinishedRun, other: FinishedRun) -> None:
    same = {"seed": 0, "device": ""}
    old, new = (
        {**completed(run.config, beside.config, PLAYED_BEFORE), **same}
        for run, beside in ((one, other), (other, one))
    )
    differing = difference(old, new)
    if differing:
        raise ValueError(
            f"{one.root.name} and {other.root.name} differ in more than the seed:"
            f" {'; '.join(differing)}"
        )
    if one.config["seed"] == other.config["seed"]:
        raise ValueError(
            f"{one.root.name} and {other.root.name} have the same seed,"
            f" {one.config['seed']}: they are one sample, not two"
        )


def pooled(found: Sequence[Interval]) -> Interval:
    """Returns the mean over seeds with its t interval; a single one is unchanged.

    Raises:
      ValueError: there is none.
    """
    if not found:
        raise ValueError("nothing to take a mean of")
    if len(found) == 1:
        return found[0]
    return across_seeds([each.estimate for each in found])


def differences(reports: Sequence[Report]) -> dict[tuple[str, str], list[Interval]]:
    """Returns R-MACRL's return minus a vanilla filter's in the same worlds, by seed.

    Args:
      reports: reports of one task.

    Returns:
      Differences by the vanilla filter and a key of `psro_comm.names.AGAINST`.
    """
    groups = grouped(
        reports,
        lambda report: report.comparison,
        lambda line: (line.theirs, _ATTACKERS[line.against]),
    )
    return {key: [line.difference for line in lines] for key, lines in groups.items()}


def grouped(
    reports: Sequence[Report],
    part: Callable[[Report], Sequence[Line]],
    key: Callable[[Line], Key],
) -> dict[Key, list[Line]]:
    """Groups the lines of one part of all reports by their key.

    Args:
      reports: reports of one task.
      part: returns the lines of a report's part, such as its rows.
      key: returns the key of a line, such as its pair.

    Raises:
      ValueError: a report lacks a line that another one has.
    """
    groups: dict[Key, list[Line]] = {}
    for report in reports:
        for line in part(report):
            groups.setdefault(key(line), []).append(line)
    for name, lines in groups.items():
        if len(lines) != len(reports):
            raise ValueError(
                f"{name} is in {len(lines)} of {len(reports)} reports of"
                f" {reports[0].task}"
            )
    return groups


def command(config: Mapping[str, Any]) -> str:
    """Returns the command line that makes a run of this configuration.

    Args:
      config: the configuration, as a run's `config.json` holds it.
    """
    task, seed = config["task"], config["seed"]
    changed = {}
    for budget in BUDGETS:
        base = dict(describe(preset(task, budget, seed)))
        lines = difference(base, {**config, "device": base["device"]})
        # The run did not change a field that is newer than the run.
        names = [line.split(":")[0] for line in lines if not line.endswith(UNSET)]
        changed[budget] = names
    budget = min(BUDGETS, key=lambda name: len(changed[name]))
    words = [f"--task={task}", f"--budget={budget}", f"--seed={seed}"]
    for leaf in leaves(ExperimentConfig):
        if leaf.name in changed[budget]:
            value: Any = config
            for part in leaf.name.split("."):
                value = value[part]
            text = leaf.text(tuple(value) if isinstance(value, list) else value)
            words.append(f"--{leaf.name}={text}")
    return " ".join(["python -m bin.quickstart", *words])
