"""Runs a program by its name: `psro-comm PROGRAM ...`, as pip installs it.

It is `python -m bin.PROGRAM ...`, from any folder.
"""

import ast
import difflib
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_HOME = "bin"  # the package of the programs


def main() -> None:
    """Runs the program that the first word names; without one, lists them all."""
    asked, rest = (sys.argv[1:2] or ["--help"])[0], sys.argv[2:]
    known = programs()
    if asked in ("help", "--help", "-h"):
        width = max(map(len, known))
        lines = (f"  {name:<{width}}  {does}" for name, does in known.items())
        print("psro-comm PROGRAM [--FLAG=VALUE ...]", *lines, sep="\n")
        print("\npsro-comm PROGRAM --help lists the flags of one.")
        sys.exit(0 if sys.argv[1:] else 1)
    if asked not in known:
        near = difflib.get_close_matches(asked, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        sys.exit(f"program is {asked!r}, must be one of {', '.join(known)}{hint}")
    sys.argv = [asked, *rest]
    runpy.run_module(f"{_HOME}.{asked}", run_name="__main__", alter_sys=True)


def programs() -> dict[str, str]:
    """Returns what each program does, by its name; imports none of them."""
    home = find_spec(_HOME)
    folders = home.submodule_search_locations if home is not None else None
    found = {}
    for file in sorted(Path(next(iter(folders or ["."]))).glob("[a-z]*.py")):
        spec: Any = find_spec(f"{_HOME}.{file.stem}")
        text = ast.get_docstring(ast.parse(spec.loader.get_source(spec.name)))
        found[file.stem] = (text or file.stem).splitlines()[0]
    return found
