"""Every file of a finished run, damaged in every way: refused, or without effect."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.bin.programs import artefacts, command
from tests.soak.campaign import ENVIRONMENT, ROOT, Campaign, finished

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
    line = command("run_psro", folder / "tried", *_FLAGS)
    if not (whole / "c").exists():
        finished(command("run_psro", whole, *_FLAGS))
    told = artefacts(whole / "c")
    found = (path for path in (whole / "c").rglob("*") if path.is_file())
    files = sorted(path.relative_to(whole) for path in found)
    cases = [(file, kind) for file in files for kind in KINDS]
    own.luck.shuffle(cases)
    for file, kind in cases:
        if not own.goes_on():
            return
        shutil.rmtree(folder / "tried", ignore_errors=True)
        shutil.copytree(whole, folder / "tried")
        other = folder / "elsewhere" / "other"
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(b'{"of": "another run"}\n')
        KINDS[kind](folder / "tried" / file, other)
        before = {p: p.read_bytes() for p in other.parent.iterdir()}
        own.done += 1
        if fault := _fault(line, folder / "tried" / "c", told):
            own.faults.append(f"{file} {kind}: {fault}")
        if {p: p.read_bytes() for p in other.parent.iterdir()} != before:
            own.faults.append(f"{file} {kind}: wrote elsewhere")


def _fault(line: list[str], run: Path, told: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            line, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return "hangs"
    if "Traceback" in done.stderr or done.returncode in (1, -signal.SIGKILL):
        return f"{done.returncode} {done.stderr[-200:]!r}"
    lines = [each for each in done.stderr.splitlines() if each[2:3] != ":"]
    if done.returncode == 2:
        return "" if len(lines) == 1 else f"{len(lines)} lines"
    return "" if artefacts(run) == told else "silently other artefacts"
