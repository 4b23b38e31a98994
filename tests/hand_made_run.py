"""A finished run on disk, with the hand-made report and what its figures show."""

from pathlib import Path

import numpy as np

from psro_comm.disk.metrics import MetricsWriter
from psro_comm.disk.store import RunStore
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.settings.experiment import describe
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from tests.hand_made_report import make_report

TASK = "predator_prey_p05"


def stored(root: Path, seed: int, num_malicious: int = 1) -> Path:
    """Writes the run into `root`; its returns while training rise with the seed."""
    config = describe(
        replace(preset(TASK, "smoke", seed), {"threat.num_malicious": num_malicious})
    )
    samples = np.full((2, 2, 4), 30.0) + np.arange(4)
    table = PayoffTable(("no-filter", "f"), ("no-attack", "a"), *[samples] * 3)
    with RunStore.open(root, config) as store:
        store.save_json("payoffs-002", table.to_dict())
        store.save_json("report", {**make_report(), "seed": seed})
        with MetricsWriter(root) as metrics:
            for name in ("vanilla-attack", "vanilla-filter", "fresh-on-vanilla"):
                log = metrics.logger(name)
                for k in range(5):
                    won = {"team/success_mean": 0.9 - k / 10}
                    earned = {"team/return_mean": 30.0 + seed - k}
                    log({"env_steps": 100 * k, **earned, **won})
    return root
