"""A folder that pysc2 takes for StarCraft II; what it launches is the stand-in."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.paths import ROOT

BUILD = 69232  # 4.6.2, which NDQ's maps are made for
MAPS = ("bane_vs_hM", "1o_2r_vs_4r", "3m", "8m")
UNKNOWN_MAP = "atlantis"  # its file is there, and create_game refuses it

_SETTINGS, _LOG = "standin.json", "log"
_SCRIPT = """#!/bin/sh
# Not StarCraft II: the stand-in of psro_comm's tests.
cd {root} && OMP_NUM_THREADS=1 exec {python} -m tests.starcraft_standin.server "$@"
"""


class Settings(NamedTuple):
    """What the server does besides what it should; by default, nothing.

    Attributes:
      faulty_launches: the faults are those of the first so many processes only, so
        that a restart can help; none for all.
      die_at_step: the process dies when it is asked to step for the nth time.
      hang_at_step: it stops answering then, and lives on.
      missing_units: so many agents are never made when units spawn.
      late_loops: they are, so many loops later.
      quit_is_ignored: it lives on after `quit` and SIGTERM.
      pathing_bits: of the pathing grid; older builds of the game send 8.
      type_base: the first type id of a map's own units; other in every build.
    """

    faulty_launches: int | None = None
    die_at_step: int | None = None
    hang_at_step: int | None = None
    missing_units: int = 0
    late_loops: int | None = None
    quit_is_ignored: bool = False
    pathing_bits: int = 1
    type_base: int = 1970


def install(folder: Path | str, *, build: int = BUILD, **settings: object) -> Path:
    """Lays out the game in `folder`; what it returns is the value for SC2PATH.

    `settings` are those of `Settings`; `configure` changes them later.
    """
    folder = Path(folder).resolve()
    program = folder / "Versions" / f"Base{build}" / "SC2_x64"
    program.parent.mkdir(parents=True, exist_ok=True)
    script = _SCRIPT.format(
        root=shlex.quote(str(ROOT)), python=shlex.quote(sys.executable)
    )
    program.write_text(script)
    program.chmod(0o755)
    maps = folder / "Maps" / "SMAC_Maps"
    maps.mkdir(parents=True, exist_ok=True)
    for name in (*MAPS, UNKNOWN_MAP):
        (maps / f"{name}.SC2Map").write_bytes(b"no map: the stand-in knows it by name")
    (folder / _LOG).mkdir(exist_ok=True)
    configure(folder, **settings)
    return folder


def configure(folder: Path | str, **settings: object) -> None:
    """Sets `Settings` for the processes that start from now on."""
    chosen = Settings(**settings)  # type: ignore[arg-type]
    (Path(folder) / _SETTINGS).write_text(json.dumps(chosen._asdict()))


def read_settings(folder: Path, launch: int) -> Settings:
    """The settings of the process that was launched as number `launch`, from 1."""
    settings = Settings(**json.loads((folder / _SETTINGS).read_text()))
    if settings.faulty_launches is None or launch <= settings.faulty_launches:
        return settings
    return Settings(pathing_bits=settings.pathing_bits, type_base=settings.type_base)


def open_log(folder: Path) -> tuple[int, Path]:
    """A number and a log for this process, whose first line is its id."""
    launch = 1
    while True:
        path = folder / _LOG / f"{launch:04d}"
        try:
            with path.open("x") as log:
                log.write(f"{os.getpid()}\n")
            return launch, path
        except FileExistsError:
            launch += 1


def requests(folder: Path | str) -> list[list[str]]:
    """The names of all requests, in order, of each process that was launched."""
    return [lines[1:] for lines in _logs(folder)]


def processes(folder: Path | str) -> list[int]:
    """The ids of all processes that were launched."""
    return [int(lines[0]) for lines in _logs(folder)]


def alive(folder: Path | str) -> list[int]:
    """The ids of those that still run (Linux)."""
    return [pid for pid in processes(folder) if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "\nState:\tZ" not in status  # a zombie is dead, if not buried


def _logs(folder: Path | str) -> Sequence[list[str]]:
    paths = sorted((Path(folder) / _LOG).iterdir())
    return [path.read_text().split("\n")[:-1] for path in paths]
