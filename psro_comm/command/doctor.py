"""Checks whether this machine is ready: a line for each thing, and what mends it.

The core is what `requirements.txt` pins; StarCraft II and the packages that drive it
are extra. The core is not imported above, so that this runs where it is missing.
"""

import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

OK, NOTE, WRONG = "ok", "note", "wrong"

_SETUP = "make setup"
_SMAC = "python -m pip install -r requirements-smac.txt"
_OLDEST_PYTHON = (3, 11)
_OLDEST_TORCH = (2, 11)
_NEWEST_PROTOBUF = (3, 20)
_SOLVERS = ("HIGHS", "CLARABEL")  # linear programmes; cones
_STOCK, _NDQ = ("3m", "8m"), ("bane_vs_hM", "1o_2r_vs_4r")
_GAME = (
    "wget https://blzdistsc2-a.akamaihd.net/Linux/SC2.4.6.2.69232.zip &&"
    " sha256sum SC2.4.6.2.69232.zip &&"
    " unzip -P iagreetotheeula SC2.4.6.2.69232.zip -d ~ &&"
    " export SC2PATH=~/StarCraftII   (the password accepts Blizzard's licence)"
)


class Finding(NamedTuple):
    """The state of one thing that was checked, and the command that mends it."""

    state: str  # OK, NOTE (not needed) or WRONG
    what: str
    mend: str = ""  # a command; empty where nothing need be done

    def __str__(self) -> str:
        """Returns the finding as one line."""
        arrow = f"  ->  {self.mend}" if self.mend else ""
        return f"{self.state:<6}{self.what}{arrow}"


def examine(root: Path, *, smac: bool = False) -> list[Finding]:
    """Checks everything, and returns a finding for each thing.

    Args:
      root: this repository's folder; its requirements files say what is pinned.
      smac: whether StarCraft II must be ready; otherwise what it lacks is a note.
    """
    core = [_python(), *_packages(root), _torch(), _solvers()]
    extra = [*_starcraft(), *_game(os.environ)]
    if not smac:
        extra = [f._replace(state=NOTE) if f.state == WRONG else f for f in extra]
    return core + extra


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Finding(WRONG, f"Python {found}, 3.11 or newer is needed", _newer())
    return Finding(OK, f"Python {found}")


def _newer() -> str:
    return "make PYTHON=python3.12 setup"


def pins(requirements: str) -> dict[str, str]:
    """Returns the exact pins of a requirements file: distribution -> version."""
    found = re.findall(r"^([\w-]+)==([\w.]+)", requirements, re.MULTILINE)
    return dict(found)


def _packages(root: Path) -> Iterator[Finding]:
    files = [root / f"requirements{each}.txt" for each in ("", "-torch")]
    if files[0].exists():
        text = "\n".join(file.read_text() for file in files)
    else:  # installed by pip, which knows what it was asked for
        text = "\n".join(importlib.metadata.requires("psro-comm") or [])
    for name, wanted in pins(text).items():
        found = version(name)
        if found is None:
            yield Finding(WRONG, f"{name} is missing, {wanted} is wanted", _SETUP)
        elif found.split("+")[0] != wanted:
            yield Finding(NOTE, f"{name} {found}, {wanted} is pinned", _SETUP)
        else:
            yield Finding(OK, f"{name} {found}")


def version(name: str) -> str | None:
    """Returns the version of an installed distribution; None if it is absent."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+")[0])[:2])


def _tried(what: str, look: Callable[[], Finding]) -> Finding:
    """Returns what `look` finds; an import that fails is a finding, too."""
    try:
        return look()
    except Exception as error:  # whatever a broken package raises
        first = str(error).splitlines()[0] if str(error) else ""
        said = f"{type(error).__name__}: {first}"
        return Finding(WRONG, f"{what} does not import: {said}", _SETUP)


def _torch() -> Finding:
    def look() -> Finding:
        import torch

        if _numbers(torch.__version__) < _OLDEST_TORCH:
            return Finding(WRONG, f"torch {torch.__version__} is too old", _SETUP)
        if torch.cuda.is_available():
            return Finding(OK, f"torch computes on {torch.cuda.get_device_name()}")
        return Finding(OK, "torch computes on the CPU: it finds no CUDA device")

    return _tried("torch", look)


def _solvers() -> Finding:
    def look() -> Finding:
        import cvxpy

        missing = sorted({*_SOLVERS} - {*cvxpy.installed_solvers()})
        if missing:
            words = f"cvxpy lacks {' and '.join(missing)}"
            return Finding(WRONG, words, "python -m pip install highspy clarabel")
        return Finding(OK, f"cvxpy has {' and '.join(_SOLVERS)}")

    return _tried("cvxpy", look)


def _starcraft() -> Iterator[Finding]:
    yield _smac()
    found = version("pysc2")
    if found is None:
        yield Finding(WRONG, "pysc2 is missing", _SMAC)
    else:
        yield Finding(OK, f"pysc2 {found}")
    found = version("protobuf")
    if found is not None and _numbers(found) > _NEWEST_PROTOBUF:
        words = f"protobuf {found}: pysc2's files need 3.20"
        yield Finding(WRONG, words, "python -m pip install 'protobuf<3.21'")
    elif found is not None:
        yield Finding(OK, f"protobuf {found}")


def _smac() -> Finding:
    """Checks that `smac` is StarCraft's, not the optimiser of the same name."""
    spec = importlib.util.find_spec("smac")
    if spec is None:
        return Finding(WRONG, "smac (StarCraft's) is missing", _SMAC)
    # Not imported: the optimiser takes seconds to load, and may fail in its own ways.
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if any((folder / "env" / "starcraft2").is_dir() for folder in folders):
        return Finding(OK, "smac is StarCraft's")
    words = "smac is the hyper-parameter optimiser SMAC3, not StarCraft's"
    return Finding(WRONG, words, f"python -m pip uninstall -y smac && {_SMAC}")


def _game(environ: Mapping[str, str]) -> Iterator[Finding]:
    root = Path(environ.get("SC2PATH", "~/StarCraftII")).expanduser()
    builds = sorted((root / "Versions").glob("Base*/SC2*"))
    if not builds:
        yield Finding(WRONG, f"no StarCraft II in {root} (SC2PATH)", _GAME)
        return
    yield Finding(OK, f"StarCraft II {builds[-1].parent.name} in {root}")
    maps = root / "Maps" / "SMAC_Maps"
    present = {file.stem for file in root.glob("Maps/**/*.SC2Map")}
    for names, mend in (
        (_STOCK, _copied("oxwhirl/smac", "smac/env/starcraft2/maps/SMAC_Maps", maps)),
        (_NDQ, _copied("TonghanWang/NDQ", "src/smac_plus/sc2_maps", maps)),
    ):
        for name in names:
            if name in present:
                yield Finding(OK, f"map {name}")
            else:
                yield Finding(WRONG, f"map {name} is missing", mend)


def _copied(repository: str, folder: str, maps: Path) -> str:
    name = repository.split("/")[1]
    return (
        f"git clone https://github.com/{repository} build/{name} && mkdir -p {maps} &&"
        f" cp build/{name}/{folder}/*.SC2Map {maps}/"
    )
