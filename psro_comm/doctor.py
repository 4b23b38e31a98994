"""What is installed, what is missing, and the command that mends it.

Only the standard library is imported here: it must run where all else is missing.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

_CORE = "python -m pip install -r requirements.txt -c requirements.lock"
_SMAC = "python -m pip install -r requirements-smac.txt"
_NDQ = (
    "git clone https://github.com/TonghanWang/NDQ && cp NDQ/src/smac_plus/sc2_maps/{} "
)
_STOCK = "git clone https://github.com/oxwhirl/smac && cp smac/smac/env/starcraft2/maps"
MAP_FILES = {  # the map's file -> who has it
    "bane_vs_hM": _NDQ,
    "1o_2r_vs_4r": _NDQ,
    "3m": _STOCK + "/SMAC_Maps/{} ",
    "8m": _STOCK + "/SMAC_Maps/{} ",
}


class Finding(NamedTuple):
    """One line of the report."""

    verdict: str  # ok, missing or wrong
    what: str
    mend: str = ""  # the exact command
    core: bool = True  # needed by every task, not by StarCraft's alone

    def __str__(self) -> str:
        """The line."""
        arrow = f"  -> {self.mend}" if self.mend else ""
        return f"{self.verdict:<8}{self.what}{arrow}"


def examine() -> Iterator[Finding]:
    """Looks at everything; yields one finding a thing."""
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    yield Finding(
        "ok" if fine else "wrong",
        f"Python {version}" + ("" if fine else ", needs 3.11 or newer"),
        "" if fine else "python3.11 -m venv .venv",
    )
    yield _package("absl", _CORE)
    yield _package("torch", _CORE, _torch_device)
    yield _package("pyspiel", _CORE, name="open_spiel")
    yield _package("cvxpy", _CORE)
    yield from _solvers()
    yield from _starcraft()


def healthy(findings: list[Finding], *, smac: bool) -> bool:
    """Whether the core is fine, and with `smac` StarCraft's parts, too."""
    return all(f.verdict == "ok" for f in findings if f.core or smac)


def game_folder() -> Path:
    """Where pysc2 looks for the game."""
    return Path(os.environ.get("SC2PATH", "~/StarCraftII")).expanduser()


def smac_problem() -> Finding | None:
    """What is wrong with the package `smac`; none where it is the right one."""
    if importlib.util.find_spec("smac") is None:
        return Finding("missing", "smac (oxwhirl's)", _SMAC, core=False)
    # PyPI's package of this name optimises hyper-parameters, and has no `smac.env`.
    try:
        right = importlib.util.find_spec("smac.env") is not None
    except Exception:  # a damaged or half-installed package may raise anything
        right = False
    if right:
        return None
    mend = f"python -m pip uninstall --yes smac && {_SMAC}"
    what = "smac is not the StarCraft challenge but PyPI's SMAC3"
    return Finding("wrong", what, mend, core=False)


def _package(
    module: str,
    mend: str,
    detail: Callable[[Any], str] = lambda _: "",
    *,
    name: str | None = None,
    core: bool = True,
) -> Finding:
    """Whether `module` can be imported; `detail` of it ends the line."""
    name = name or module
    try:
        found = importlib.import_module(module)
        return Finding("ok", f"{name}{_version(name)}{detail(found)}", core=core)
    except ModuleNotFoundError as error:
        if error.name == module:
            return Finding("missing", name, mend, core)
        return Finding("wrong", f"{name} needs {error.name}", mend, core)
    except Exception as error:  # a broken library may raise anything at import
        line = " ".join(str(error).split())[:100] or type(error).__name__
        return Finding("wrong", f"{name} does not import: {line}", mend, core)


def _version(name: str) -> str:
    try:
        return " " + importlib.metadata.version("absl-py" if name == "absl" else name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _torch_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return f", on {torch.cuda.get_device_name(0)}"
    return ", on the CPU"


def _solvers() -> Iterator[Finding]:
    """The two solvers that cvxpy must have: of linear and of conic programmes."""
    try:
        installed = set(importlib.import_module("cvxpy").installed_solvers())
    except Exception:  # reported by the line of cvxpy
        installed = set()
    for solver, package in (("HIGHS", "highspy"), ("CLARABEL", "clarabel")):
        if solver in installed:
            yield Finding("ok", f"cvxpy's solver {solver}")
        else:
            mend = f"python -m pip install {package} -c requirements.lock"
            yield Finding("missing", f"cvxpy's solver {solver}", mend)


def _starcraft() -> Iterator[Finding]:
    yield smac_problem() or Finding("ok", "smac (oxwhirl's)", core=False)
    yield _protobuf()  # before pysc2, which does not import beside a newer one
    yield _package("pysc2", _SMAC, core=False)
    folder = game_folder()
    if any(folder.glob("Versions/Base*/SC2*")):
        yield Finding("ok", f"StarCraft II in {folder}", core=False)
    else:
        # Blizzard's archive opens only for those who accept its licence.
        mend = (
            "get SC2.4.6.2.69232.zip from https://github.com/Blizzard/s2client-proto, "
            "unzip it and export SC2PATH=<folder>"
        )
        yield Finding("missing", f"StarCraft II in {folder}", mend, core=False)
    maps = folder / "Maps" / "SMAC_Maps"
    for name, source in MAP_FILES.items():
        file = f"{name}.SC2Map"
        # A stock map is also found where its archive was unpacked as a folder of Maps.
        if (maps / file).is_file() or any((folder / "Maps").glob(f"*/{file}")):
            yield Finding("ok", f"map {file}", core=False)
        else:
            mend = f"mkdir -p {maps} && {source.format(file)}{maps}"
            yield Finding("missing", f"map {file}", mend, core=False)


def _protobuf() -> Finding:
    try:
        version = importlib.metadata.version("protobuf")
    except importlib.metadata.PackageNotFoundError:
        return Finding("missing", "protobuf", _SMAC, core=False)
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < (3, 21):
        return Finding("ok", f"protobuf {version}", core=False)
    what = f"protobuf {version}, pysc2 needs one below 3.21"
    return Finding("wrong", what, "python -m pip install 'protobuf<3.21'", core=False)
