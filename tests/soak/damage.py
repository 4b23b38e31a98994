"""Every file of a finished run, damaged in every way: refused, or without effect."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.bin.programs import artefacts, command, run_each
from tests.soak.campaign import Campaign, finished

_TOGETHER = 20  # continued by one process, which loads what they need once
_LOADED = (
    "import torch; torch.set_num_threads(1)\n"
    "import psro_comm.lab.lab, psro_comm.studies.opening, psro_comm.studies.references"
)
_FLAGS = ["--run=c", "--psro.iterations=1"]


def _flipped(path: Path, other: Path) -> None:
    data = bytearray(path.read_bytes() or b"\0")
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))


def _cut(path: Path, other: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _emptied(path: Path, other: Path) -> None:
    path.write_bytes(b"")


def _another(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def _folder(path: Path, other: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path, other: Path) -> None:
    kept = other.parent / "kept"
    shutil.move(path, kept)
    path.symlink_to(kept)


def _pipe(path: Path, other: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _huge(path: Path, other: Path) -> None:
    os.truncate(path, 1 << 40)  # sparse


KINDS: dict[str, Callable[[Path, Path], None]] = {
    "flipped": _flipped,
    "cut": _cut,
    "emptied": _emptied,
    "another's": _another,
    "folder": _folder,
    "link": _link,
    "pipe": _pipe,
    "huge": _huge,
}


def campaign(own: Campaign, folder: Path) -> None:
    """Damages a file, continues the run, and looks at what became of both."""
    whole = folder / "whole"
    if not (whole / "c").exists():
        finished(command("run_psro", whole, *_FLAGS))
    found = (path for path in (whole / "c").rglob("*") if path.is_file())
    files = sorted(path.relative_to(whole) for path in found)
    cases = [(file, kind) for file in files for kind in KINDS]
    own.luck.shuffle(cases)
    while own.goes_on() and cases:
        now, cases = cases[:_TOGETHER], cases[_TOGETHER:]
        _try(own, folder, now[: own.wanted - own.done], artefacts(whole / "c"))


def _try(
    own: Campaign, folder: Path, cases: list[tuple[Path, str]], told: dict[str, str]
) -> None:
    """Damages some copies of the run, and continues each in a process of its own."""
    tried = [folder / "tried" / str(number) for number in range(len(cases))]
    before = []
    for runs, (file, kind) in zip(tried, cases, strict=True):
        shutil.copytree(folder / "whole", runs / "runs")
        other = runs / "elsewhere" / "other"
        other.parent.mkdir()
        other.write_bytes(b'{"of": "another run"}\n')
        KINDS[kind](runs / "runs" / file, other)
        before.append(_contents(other.parent))
    lines = [command("run_psro", runs / "runs", *_FLAGS)[3:] for runs in tried]
    ended = run_each("run_psro", lines, _LOADED)
    for runs, case, was, (code, said) in zip(tried, cases, before, ended, strict=True):
        own.done += 1
        name = f"{case[0]} {case[1]}"
        if fault := _fault(code, said, runs / "runs" / "c", told):
            own.faults.append(f"{name}: {fault}")
        if _contents(runs / "elsewhere") != was:
            own.faults.append(f"{name}: wrote elsewhere")
    shutil.rmtree(folder / "tried")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _fault(code: int, said: str, run: Path, told: dict[str, str]) -> str:
    if "Traceback" in said or code not in (0, 2):
        return f"{code} {said[-200:]!r}"
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    if code == 2:
        return "" if len(errors) == 1 else f"{len(errors)} lines"
    return "" if artefacts(run) == told else "silently other artefacts"
