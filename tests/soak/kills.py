"""SIGKILL at random moments: what is finished in the end is what was never killed."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.bin.programs import artefacts, command
from tests.soak.campaign import ENVIRONMENT, ROOT, Campaign, finished

PROGRAMS = {
    "train_team": ["--run=a"],
    "train_attack": ["--run=b"],
    "run_psro": ["--run=c", "--psro.iterations=1"],
    "evaluate": ["--run=d", "--attacks=none,noise@2,flip,mute", "--filters=none,norm"],
}
_LEFT_S = 2.0  # how long a worker may outlive its parent


def campaign(own: Campaign, folder: Path) -> None:
    """Kills each program, without workers and with two, then compares what it made."""
    cases = [(program, workers) for program in PROGRAMS for workers in (0, 2)]
    each = -(-own.wanted // len(cases))
    for program, workers in cases:
        if not own.goes_on():
            return
        name = PROGRAMS[program][0].partition("=")[2]
        whole, killed = folder / "whole", folder / f"killed-{workers}"
        began = time.monotonic()
        if not (whole / name).exists():
            finished(command(program, whole, *PROGRAMS[program]))
        took = max(3.0, time.monotonic() - began)
        line = command(program, killed, *PROGRAMS[program], f"--workers={workers}")
        for _ in range(each):
            if own.goes_on():
                _kill(own, line, own.luck.uniform(0.0, took))
        finished(line)
        if artefacts(killed / name) != artefacts(whole / name):
            own.faults.append(f"{program} with {workers} workers: other artefacts")


def _kill(own: Campaign, line: list[str], after: float) -> None:
    process = subprocess.Popen(
        line,
        cwd=ROOT,
        env=ENVIRONMENT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    own.done += 1
    end = time.monotonic() + _LEFT_S
    while (left := _session(process.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    if left:
        own.faults.append(f"{len(left)} workers left {_LEFT_S:g} s after a kill")


def _session(leader: int) -> list[int]:
    """The processes of a session that still live."""
    found = []
    for each in Path("/proc").iterdir():
        if not each.name.isdecimal():
            continue
        try:
            state = (each / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(state[3]) == leader and state[0] != "Z":
            found.append(int(each.name))
    return [pid for pid in found if pid != os.getpid()]
