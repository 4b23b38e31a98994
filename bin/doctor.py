"""Says what is installed, what is missing, and the command that mends it.

python -m bin.doctor [--smac]     (exit 0: all is well; 2: something needs mending)
"""

import sys
from typing import Any

from psro_comm.doctor import examine, healthy

# The one program that must speak where even the flags' package is missing.
flags: Any
try:
    from absl import flags
except ModuleNotFoundError:
    flags = None
else:
    SMAC = flags.DEFINE_boolean("smac", False, "StarCraft's parts must be fine, too.")


def report(smac: bool) -> int:
    """Prints one line a thing; 0 if the core is fine, and with `smac` StarCraft, too.

    Args:
      smac: the StarCraft parts count as well.

    Returns:
      The exit code.
    """
    findings = list(examine())
    for finding in findings:
        print(finding)
    return 0 if healthy(findings, smac=smac) else 2


def main(_: list[str]) -> None:
    """Reports as the flags ask, and exits."""
    sys.exit(report(SMAC.value))


if __name__ == "__main__":
    if flags is None:
        print("absl is missing: flags are read by hand", file=sys.stderr)
        sys.exit(report("--smac" in sys.argv[1:]))
    from psro_comm.shell import run_main

    run_main(main)
