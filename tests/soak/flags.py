"""Random flags of every program: a plan or one line, no traceback and no hang."""

import json
import subprocess
import sys
from pathlib import Path

from tests.bin.programs import run_each
from tests.soak.campaign import ENVIRONMENT, ROOT, Campaign

PROGRAMS = [path.stem for path in sorted((ROOT / "bin").glob("[a-z]*.py"))]
_VALUES = (
    *("0", "1", "-1", "3", "0.5", "1e9", "nan", "inf", "none", "", "x", "λ", "\x1b[1m"),
    *("echo", "noise@2", "none,none", "psro:a", "a/b", "../x", "1,2,3", "all", "cpu"),
)
_LISTED = """
import importlib, json, sys
from absl import flags
importlib.import_module("bin." + sys.argv[1])
found = flags.FLAGS.flags_by_module_dict().items()
own = {each.name: each.flag_type() for file, each_ in found for each in each_
       if not file.startswith("absl.")}
print(json.dumps(own))
"""


def campaign(own: Campaign, folder: Path) -> None:
    """Gives each program flags in sets of one to four; those that work only plan."""
    each = -(-own.wanted // len(PROGRAMS))
    for program in PROGRAMS:
        if not own.goes_on():
            return
        listed = subprocess.run(
            [sys.executable, "-c", _LISTED, program],
            cwd=ROOT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        kinds = json.loads(listed.stdout)
        lines = [_line(own, kinds, folder) for _ in range(each)]
        for line, (code, said) in zip(lines, run_each(program, lines), strict=True):
            own.done += 1
            if code not in (0, 1, 2) or "Traceback" in said:
                own.faults.append(f"{program} {line}: {code} {said[-200:]!r}")


def _line(own: Campaign, kinds: dict[str, str], folder: Path) -> list[str]:
    names = own.luck.sample(sorted(kinds), min(len(kinds), own.luck.randint(1, 4)))
    line = [_given(own, name, kinds[name]) for name in names]
    if "runs_dir" in kinds:
        line.append(f"--runs_dir={folder}")
    # Without a plan a program would work: a flag that none has ends it before.
    return [*line, "--dry_run" if "dry_run" in kinds else "--no_such_flag"]


def _given(own: Campaign, name: str, kind: str) -> str:
    if kind == "bool":
        return own.luck.choice([f"--{name}", f"--no{name}", f"--{name}=x"])
    return f"--{name}={own.luck.choice(_VALUES)}"
