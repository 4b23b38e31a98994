"""Runs a program by its name: `psro-comm PROGRAM ...`, or `python -m bin PROGRAM ...`.

It is `python -m bin.PROGRAM ...`, from any folder.
"""

import ast
import difflib
import runpy
import sys
from importlib.resources import files


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
    runpy.run_module(f"bin.{asked}", run_name="__main__", alter_sys=True)


def programs() -> dict[str, str]:
    """Returns what each program does, by its name; imports none of them."""
    found = {}
    for file in sorted(files("bin").iterdir(), key=lambda file: file.name):
        name, _, kind = file.name.partition(".")
        if kind == "py" and not name.startswith("_"):
            text = ast.get_docstring(ast.parse(file.read_text())) or name
            found[name] = text.splitlines()[0]
    return found


if __name__ == "__main__":
    main()
