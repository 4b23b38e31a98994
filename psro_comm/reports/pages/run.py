"""Puts the page of a run together: what it found, doubts, and how to make it again.

The page is a function of what the run found and of its notes: made again by the same
code on the same machine, it is the same to the byte.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import logging

from psro_comm.disk.environment import machines
from psro_comm.disk.files import write_atomic
from psro_comm.disk.store import RunStore
from psro_comm.metagame.iteration import Solved
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.metagame.report import NO_TALK, Gate
from psro_comm.reports.pages.frame import (
    Part,
    bullet_list,
    note,
    page,
    section_part,
    table,
    text,
)
from psro_comm.reports.pages.payoffs import SCRIPT as PAYOFFS
from psro_comm.reports.pages.payoffs import payoffs_part
from psro_comm.reports.pages.replay import replay
from psro_comm.reports.pages.replay_script import SCRIPT as REPLAY
from psro_comm.reports.sections import gate_section

PAGE = "report.html"
MOST_BYTES = 5_000_000  # of a page
WARNINGS = "Warnings"
_SCRIPTS = {"iterations": PAYOFFS, "replay": REPLAY}  # by the class that they serve
_AGAIN = (
    "The command continues a run that was stopped, and makes a finished one's page"
    " again. Every number here is in the JSON files of the run's folder."
)


class Page(NamedTuple):
    """The content of a run's page.

    Attributes:
      title: its title.
      verdict: what was found, a sentence each, the most telling first.
      parts: what it rests on, in order; None is left out.
      warnings: what makes it doubtful, a sentence each.
    """

    title: str
    verdict: Sequence[str]
    parts: Sequence[Part | None]
    warnings: Sequence[str] = ()

    def render(
        self, command: str = "", machines: Sequence[Mapping[str, Any]] = ()
    ) -> str:
        """Returns the page as HTML.

        Args:
          command: the command that made the run.
          machines: where and with what it was made, as `env.json` has them.
        """
        first, *others = self.verdict
        lead = f'<p class="lead">{text(first)}</p>'
        below = [bullet_list(others)] if others else []
        below += [_pointer(self.warnings)] if self.warnings else []
        parts: list[Part | None] = [Part("Verdict", lead).below(*below), *self.parts]
        if self.warnings:
            parts.append(Part(WARNINGS, bullet_list(self.warnings), "doubts"))
        parts.append(_again(command, machines))
        shown = [part for part in parts if part is not None]
        served = "".join(part.inner for part in shown)
        scripts = [
            script for name, script in _SCRIPTS.items() if f'class="{name}"' in served
        ]
        return page(self.title, shown, scripts)

    def save(self, root: Path, command: str, *beside: Path) -> list[Path]:
        """Writes the page as `report.html`, with the notes of the run in `root`.

        Args:
          root: the run's folder.
          command: the command that made the run.
          beside: further files that get the same page, where a run may have several.

        Returns:
          The files.
        """
        found = self.render(command, machines(root)).encode()
        if len(found) > MOST_BYTES:
            logging.warning("%s has %d bytes: too many", root / PAGE, len(found))
        files = [*beside, root / PAGE]
        for file in files:
            write_atomic(file, found)
        return files


def _pointer(warnings: Sequence[str]) -> str:
    """Returns how many warnings there are, as a link to them."""
    words = (
        "There is 1 warning"
        if len(warnings) == 1
        else (f"There are {len(warnings)} warnings")
    )
    return f'<p class="doubt"><a href="#{WARNINGS.lower()}">{words}</a>.</p>'


def team_part(store: RunStore) -> Part | None:
    """Returns what the run knows of its team: whether it talks; None for nothing."""
    gate = known_gate(store)
    return None if gate is None else gate_part(gate)


def known_gate(store: RunStore) -> Gate | None:
    """Returns what was measured of a run's team; None where nothing was."""
    for name in ("gate", "team-gate"):
        if store.has(name):
            return Gate.from_dict(store.load_json(name))
    return None


def gate_part(gate: Gate) -> Part:
    """Returns whether a team talks, in words and numbers."""
    return section_part(gate_section(gate)._replace(bullets=[gate.in_words()]))


def team_warnings(gate: Gate | None) -> list[str]:
    """Returns what is to be said of results on a team that hardly talks."""
    if gate is None or gate.talks:
        return []
    return [f"The team may not need its messages. {NO_TALK}"]


def solved_part(store: RunStore, solved: Solved | None) -> Part | None:
    """Returns the payoff tables of all iterations that a run keeps."""
    if solved is None:
        return None
    tables = {
        step.iteration: PayoffTable.from_dict(store.load_json(name))
        for step in solved.history
        if store.has(name := f"payoffs-{step.iteration:03d}")
    }
    return payoffs_part(solved.history, tables)


def solved_warnings(solved: Solved | None) -> list[str]:
    """Returns what went wrong in algorithm 1, a sentence each."""
    if solved is None or not solved.history:
        return []
    found = [
        f"Iteration {step.iteration}: {why}"
        for step in solved.history
        for why in step.meta_solver_failures
    ]
    if not solved.converged:
        found.append(
            f"R-MACRL did not converge: after {solved.iterations} iterations a trained"
            " best response still gained more than its noise."
        )
    return found


def replay_part(found: Mapping[str, Any], number: int = 0) -> Part:
    """Returns an episode that can be replayed, from where the attack turns somebody.

    Args:
      found: an episode, of `studies.inspection.tracks`.
      number: step at which it starts.
    """
    title = f"An episode: {found['attack']} against {found['filter']}"
    return Part(title, replay(found, number))


def _again(command: str, machines: Sequence[Mapping[str, Any]]) -> Part | None:
    """Returns how to make the run again: command, commit, machine, versions."""
    if not command and not machines:
        return None
    parts = [f"<pre>{text(command)}</pre>", note(_AGAIN)] if command else []
    if machines:
        columns = [_described(each) for each in machines]
        names = list(dict.fromkeys(name for each in columns for name in each))
        head = ("", *(f"machine {k + 1}" for k in range(len(columns))))
        rows = [(name, *(each.get(name, "-") for each in columns)) for name in names]
        shown = head if len(columns) > 1 else ("", "")
        parts.append(table(shown, rows, "Machines and versions"))
    return Part("How to make it again", "\n".join(parts))


def _described(machine: Mapping[str, Any]) -> dict[str, str]:
    """Returns an entry of `env.json` in words."""
    plain = {
        "commit": machine.get("commit") or "not known",
        "machine": machine.get("platform"),
        "processor": machine.get("cpu"),
        "cores": machine.get("cpu_count"),
        "card": machine.get("gpu") or "none",
        "threads": machine.get("torch_threads"),
        "python": machine.get("python"),
        **(machine.get("versions") or {}),
    }
    return {name: str(value) for name, value in plain.items() if value is not None}
