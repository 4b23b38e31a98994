"""Every setting that a program takes is in its run's configuration, or is refused."""

import json
import os
import subprocess
import sys

import pytest

from tests.bin.programs import READS, ROOT

QUICK = ("run_psro",)  # the others define groups of the same
REQUIRED = {"train_filter": ["--against=noise"]}

# One process for each program, whose flags would clash. Prints what was accepted and is
# not in the configuration, and how many settings had a value that was.
EACH = """
import importlib, json, sys
from absl import flags
from absl.testing import flagsaver
program, *given = sys.argv[1:]
importlib.import_module(f"bin.{program}")
from psro_comm.command.request import request
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import leaves, value_at

base = [program, "--task=echo", "--budget=smoke", "--device=cpu", *given]

def others(leaf):
    if leaf.kind is bool:
        return ["true", "false"]
    return [*leaf.choices[-2:], "none", "7", "0.5", "1"]

lost, kept = [], 0
for leaf in leaves(ExperimentConfig):
    if leaf.name not in flags.FLAGS:
        continue
    taken = 0
    for text in others(leaf):
        try:
            with flagsaver.flagsaver():
                flags.FLAGS([*base, f"--{leaf.name}={text}"])
                config = request().config
                told, meant = value_at(config, leaf.name), leaf.parse(text)
        except (flags.Error, ValueError):
            continue
        taken += 1
        if told != meant:
            lost.append([leaf.name, text, str(told)])
        break
    kept += taken > 0
print(json.dumps([lost, kept]))
"""


@pytest.mark.parametrize(
    "program",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in sorted(READS)
    ],
)
def test_every_setting_is_in_the_configuration_or_refused(program, tmp_path):
    given = [f"--runs_dir={tmp_path}", *REQUIRED.get(program, [])]
    done = subprocess.run(
        [sys.executable, "-c", EACH, program, *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
    )
    lost, kept = json.loads(done.stdout)
    assert lost == []
    assert kept > 5
