"""Describes the machine and the code that make a run: the content of `env.json`."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psro_comm.disk.access import StoreError, exists, read_own
from psro_comm.disk.files import decode_json

_PACKAGES = ("torch", "numpy", "open_spiel", "cvxpy", "highspy", "safetensors")


def describe_environment() -> dict[str, Any]:
    """Returns versions, commit and processor as plain JSON data.

    Two processes that may differ in the last bit of a result differ here.
    """
    import torch  # here, so that reading a run needs no torch

    return {
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in _PACKAGES},
        # With its vector units: they decide how sums are rounded.
        "cpu": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "cpu_count": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def with_machine(
    path: Path, description: Mapping[str, Any]
) -> list[dict[str, Any]] | None:
    """Returns the entries of `env.json` with one more; None if it is among them.

    Raises:
      StoreError: the file is damaged.
    """
    entries = _entries(path)
    return None if description in entries else [*entries, dict(description)]


def machines(root: Path) -> list[dict[str, Any]]:
    """Returns the entries of a run's `env.json`; none where it has no such file.

    Raises:
      StoreError: the file is damaged.
    """
    return _entries(root / "env.json")


def _entries(path: Path) -> list[dict[str, Any]]:
    entries = decode_json(read_own(path), path) if exists(path) else []
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise StoreError(f"{path} is damaged: it holds no list of machines")
    return entries


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit(file: Path = Path(__file__)) -> str | None:
    """Returns the commit of this source tree, with `+changes` where files differ.

    None without git, without a repository around us (an unpacked archive), and in
    somebody else's, such as one that holds a virtual environment.
    """

    def git(*words: str) -> str:
        how = {"capture_output": True, "text": True, "timeout": 10, "check": True}
        done = subprocess.run(["git", *words], cwd=file.parent, **how)  # type: ignore[call-overload]
        return str(done.stdout).strip()

    try:
        git("ls-files", "--error-unmatch", file.name)
        return git("describe", "--always", "--abbrev=40", "--dirty=+changes")
    except (OSError, subprocess.SubprocessError):
        return None
