"""Writes what defenders keep in the worst case, over tasks and seeds, as one table.

Several seeds give Student's t interval over seeds; a single one its own interval over
worlds, and the table says which.
"""

import fnmatch
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from psro_comm.disk.files import encode_json, make_folder, read_bytes, write_atomic
from psro_comm.disk.manifest import Manifest
from psro_comm.disk.store import StoreError
from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.suite import Kept, Suite
from psro_comm.names import RMACRL
from psro_comm.reports.origins import opened, origin
from psro_comm.reports.results import inserted
from psro_comm.reports.seeds import pooled
from psro_comm.reports.tables.marl_eval import as_marl_eval
from psro_comm.reports.text import markdown_table
from psro_comm.settings.budgets import AXES

MARK = "leaderboard"
FLOOR, CEILING = "the floor, {} for everybody", "the liar muted, by who knows him"
_ARTEFACT = re.compile(r"suite-[0-9a-f]{10}((?:-(?:cap|rate|liars))*)")
_HEAD = (
    *("defender", "seeds", "clean", "worst case found", "of reach", "holds"),
    "by, seed by seed",
)

_LEGEND = (
    "What each defender keeps against the attack that left least, measured on worlds"
    " that did not choose it; a stronger one may exist. Several seeds: mean and 95 % t"
    " interval over seeds; one: interval over worlds. Of reach: 0 is the floor, 100 %"
    " the liar muted; `-` where muting him brings nothing. Holds: keeps more than the"
    " floor and than the best other single filter beside it, both intervals leaving out"
    " zero; in how many seeds."
)
_MORE = (
    "Area: the mean return along the curve over a budget of the attacker. Certain of"
    " actions: the share of decisions that no choice of liars can turn; of returns:"
    " what is kept at least, whatever they say; both of message ensembles alone. `-`:"
    " not measured, or none."
)


class Entry(NamedTuple):
    """What one defender keeps on one task, over seeds."""

    defender: str
    kept: Sequence[tuple[Suite, Kept]]  # one of each seed

    def interval(self, name: str) -> Interval:
        """Returns `clean`, `worst` or another interval of `Kept`, over seeds."""
        return pooled([getattr(kept, name) for _, kept in self.kept])

    def cells(self) -> tuple[str, ...]:
        """Returns its line of the table."""
        shares = [suite.reached(kept) for suite, kept in self.kept]
        held = sum(kept.holds is True for _, kept in self.kept)
        attacks = [
            kept.attack.removesuffix(f" on {kept.defender}") for _, kept in self.kept
        ]
        return (
            self.defender,
            str(len(self.kept)),
            str(self.interval("clean")),
            str(self.interval("worst")),
            ", ".join("-" if s is None else f"{100 * s:.0f} %" for s in shares),
            f"{held} of {len(self.kept)}",
            ", ".join(attacks),
        )

    def means(self) -> dict[int, dict[str, float]]:
        """Returns its mean returns by seed: `worst_return`, `clean_return`."""
        return {
            suite.seed: {
                "worst_return": kept.worst.estimate,
                "clean_return": kept.clean.estimate,
            }
            for suite, kept in self.kept
        }

    def area(self, axis: str) -> Interval | None:
        """Returns the area under its curve, over seeds; None where one has none."""
        areas = [
            curve.area
            for suite, kept in self.kept
            for curve in suite.curves
            if (curve.axis, curve.defender) == (axis, kept.defender)
        ]
        return pooled(areas) if len(areas) == len(self.kept) else None

    def certain(self, what: str) -> Interval | None:
        """Returns `decisions` or `returns` of its certificates, over seeds, if any."""
        certificates = [kept.certificate for _, kept in self.kept]
        found = [getattr(each, what) for each in certificates if each is not None]
        known = [each for each in found if each is not None]
        return pooled(known) if len(known) == len(self.kept) else None

    def made(self) -> str:
        """Returns what its teams are, in words; empty where all rows share one."""
        kinds = [
            team.made
            for suite, kept in self.kept
            for team in suite.teams
            if kept.defender in team.defenders
        ]
        return "; ".join(dict.fromkeys(re.sub(r" on \S+", "", kind) for kind in kinds))

    def to_dict(self) -> dict[str, object]:
        """Returns it as JSON data."""
        return {
            "defender": self.defender,
            "clean": as_dict(self.interval("clean")),
            "worst": as_dict(self.interval("worst")),
            "seeds": [
                {"seed": suite.seed, "reached": suite.reached(kept), **kept.to_dict()}
                for suite, kept in self.kept
            ],
        }


def read_suites(roots: Sequence[Path]) -> list[Suite]:
    """Returns all that the suite has measured in some runs of `worst_case`.

    Raises:
      StoreError: there is no run, it is damaged, or it holds no suite.
      ValueError: a suite is damaged.
    """
    found = []
    for root in roots:
        store = opened(root)
        files = (Path(file).stem for file in Manifest(root).files())
        # One that was measured again with curves holds all of the other.
        matches = [m for m in map(_ARTEFACT.fullmatch, files) if m]
        most = {m[0][:16]: m[0] for m in sorted(matches, key=lambda m: len(m[1]))}
        names = list(most.values())
        if not names:
            raise StoreError(
                f"{root} holds no suite, which bin.worst_case makes; {origin(root)}"
            )
        found += [Suite.from_dict(store.load_json(name)) for name in names]
    return found


def entries(suites: Sequence[Suite], rows: Mapping[str, str]) -> dict[str, list[Entry]]:
    """Returns the entries of each task, the strongest first.

    Args:
      suites: what was measured, of any tasks and seeds.
      rows: names of rows, and the shell patterns of the defenders in each; who matches
        none is a row by his own name, without his run's.

    Raises:
      ValueError: two defenders of one seed are in one row.
    """
    tasks: dict[str, dict[str, dict[int, tuple[Suite, Kept]]]] = {}
    for suite in sorted(suites, key=lambda each: (each.task, each.seed)):
        for kept in suite.kept:
            row = _row(kept.defender, rows)
            seeds = tasks.setdefault(suite.task, {}).setdefault(row, {})
            if suite.seed in seeds:
                raise ValueError(
                    f"{row} of {suite.task}, seed {suite.seed}, is there twice:"
                    f" {seeds[suite.seed][1].defender} and {kept.defender}"
                )
            seeds[suite.seed] = suite, kept
    found = {}
    for task, by_row in tasks.items():
        lines = [Entry(row, [*seeds.values()]) for row, seeds in by_row.items()]
        found[task] = sorted(lines, key=lambda each: -each.interval("worst").estimate)
    return found


def _row(defender: str, rows: Mapping[str, str]) -> str:
    for name, pattern in rows.items():
        if fnmatch.fnmatchcase(defender, pattern):
            return name
    if defender.startswith("psro:"):
        return RMACRL
    return defender.rpartition("/")[2]


def render_leaderboard(found: Mapping[str, Sequence[Entry]], made_by: str) -> str:
    """Returns a table for each task as Markdown, and the command that made them."""
    parts = [_LEGEND]
    for task, lines in found.items():
        suites = {suite.seed: suite for line in lines for suite, _ in line.kept}
        mutes = " or ".join(sorted({suite.mute for suite in suites.values()}))
        both = (("floor", FLOOR.format(mutes)), ("liar_muted", CEILING))
        levels = [
            (
                name,
                str(len(suites)),
                *2 * (str(pooled([getattr(s, key) for s in suites.values()])),),
                *3 * ("",),
            )
            for key, name in both
        ]
        rows = [*(line.cells() for line in lines), *levels]
        parts += [f"### {task}", markdown_table(rows, _HEAD), *_more(lines)]
    return "\n\n".join([*parts, f"Made by `{made_by}`."])


def _more(lines: Sequence[Entry]) -> list[str]:
    """Returns a table of teams, areas and certificates; nothing where there is none."""
    columns = [
        ("team", [line.made() for line in lines]),
        *((f"area over {axis}", [_text(e.area(axis)) for e in lines]) for axis in AXES),
        ("certain of actions", [_text(e.certain("decisions")) for e in lines]),
        ("certain of returns", [_text(e.certain("returns")) for e in lines]),
    ]
    kept = [(head, cells) for head, cells in columns if any(cells)]
    if not kept:
        return []
    names = [line.defender for line in lines]
    rows = zip(names, *([c or "-" for c in cells] for _, cells in kept), strict=True)
    head = ("defender", *(head for head, _ in kept))
    return [markdown_table([*rows], head), _MORE]


def _text(interval: Interval | None) -> str:
    return "" if interval is None else str(interval)


def write_leaderboard(
    found: Mapping[str, Sequence[Entry]],
    out: Path,
    made_by: str,
    readme: Path | None = None,
    mark: str = MARK,
) -> list[Path]:
    """Writes `leaderboard.md`, `.json` and `marl_eval.json` into `out`; returns them.

    Args:
      found: the entries of each task.
      out: folder of the files, created if absent.
      made_by: the command that makes this, which the page names.
      readme: file that gets the tables, too, between two comments.
      mark: name in those comments.

    Raises:
      ValueError: `readme` lacks its marks; nothing was written then.
      StoreError: the disk refuses.
    """
    text = render_leaderboard(found, made_by)
    plain = {task: [line.to_dict() for line in lines] for task, lines in found.items()}
    results = {t: {each.defender: each.means() for each in e} for t, e in found.items()}
    files = {
        out / "leaderboard.md": f"# Leaderboard\n\n{text}\n".encode(),
        out / "leaderboard.json": encode_json(plain),
        out / "marl_eval.json": encode_json(as_marl_eval(results)),
    }
    if readme is not None:
        page = Path(os.path.relpath(out, readme.parent)).as_posix()
        block = f"{text}\n\nAlso as numbers: [{page}]({page}/leaderboard.md)."
        files[readme] = inserted(read_bytes(readme).decode(), block, mark).encode()
    make_folder(out)
    for path, data in files.items():
        write_atomic(path, data)
    return [*files]
