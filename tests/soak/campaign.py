"""What campaigns share: a clock, luck, and tiny runs on Echo."""

import os
import random
import subprocess
import time
from dataclasses import dataclass, field

from tests.paths import ROOT

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


@dataclass
class Campaign:
    """A share of a campaign, which ends when its time is over.

    Attributes:
      name: what is done.
      wanted: how many trials.
      seconds: how long at most.
      seed: of its luck.
      done: trials so far.
      faults: what went wrong, a line each.
    """

    name: str
    wanted: int
    seconds: float
    seed: int
    done: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.luck = random.Random(f"{self.name}/{self.seed}")
        self.ends = time.monotonic() + self.seconds

    def goes_on(self) -> bool:
        return self.done < self.wanted and time.monotonic() < self.ends

    def told(self) -> str:
        short = "" if self.done >= self.wanted else f" (of {self.wanted}: time is over)"
        lines = [f"{self.name}: {self.done} trials{short}, {len(self.faults)} faults"]
        return "\n  ".join([*lines, *self.faults])


def finished(line: list[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        line, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(line)}: {done.stderr[-500:]}")
    return done
