"""Runs the campaigns: `python -m tests.soak SHARE MINUTES SEED`; fails at a fault."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.soak import damage, flags, kills, memory
from tests.soak.campaign import Campaign

WANTED = {  # trials of a whole share, and the part of the time
    "kills": (kills.campaign, 50, 0.35),
    "flags": (flags.campaign, 500, 0.2),
    "damage": (damage.campaign, 606, 0.35),
    "memory": (memory.campaign, 1000, 0.1),
}


def main(share: float, minutes: float, seed: int) -> int:
    faults, began = 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        for name, (campaign, wanted, part) in WANTED.items():
            trials, seconds = max(1, round(share * wanted)), 60 * minutes * part
            own = Campaign(name, trials, seconds, seed)
            try:
                campaign(own, Path(folder))
            except (subprocess.SubprocessError, RuntimeError) as error:
                own.faults.append(f"broke off: {error}")  # a hang, a run that failed
            print(own.told(), flush=True)
            faults += len(own.faults)
    print(f"{faults} faults, {time.monotonic() - began:.0f} s, share {share:g}")
    return int(faults > 0)


if __name__ == "__main__":
    given = [*sys.argv[1:], *("1", "20", "0")[len(sys.argv) - 1 :]]
    sys.exit(main(float(given[0]), float(given[1]), int(given[2])))
