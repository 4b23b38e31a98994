"""Weights & Biases: a copy of what metrics.jsonl holds, for who asks for it.

wandb is an extra, which this file alone knows. What it writes lies beside the runs, not
in one: it makes links, which no run may hold. `WANDB_MODE=offline` needs no network.
"""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl import logging

from psro_comm.disk.access import exists, read_own
from psro_comm.disk.files import decode_json, encode_json, write_atomic

INSTALL = "python -m pip install -r requirements-wandb.txt"
_QUIET = {  # it measures no machine, reads no repository, and leaves the terminal alone
    **{"silent": True, "console": "off", "disable_git": True},
    **{"x_disable_stats": True, "x_save_requirements": False},
}


def require_wandb(project: str) -> None:
    """Refuses a project where wandb is not installed.

    Raises:
      ValueError: it is not, or the project has no name.
    """
    if not project:
        raise ValueError("--wandb is '', must be the name of a project")
    found = importlib.util.find_spec("wandb")
    if found is None or found.origin is None:  # a folder of that name is no package
        raise ValueError(
            f"--wandb is {project!r}, and wandb is not installed: {INSTALL}"
        )


class WandbLines:
    """A sender of a run's metrics to Weights & Biases; a run continued is the same one.

    Each curve has its own axis there. What is computed anew after a kill is sent again.
    """

    def __init__(self, root: Path, project: str, config: Mapping[str, Any]) -> None:
        """Begins or continues the run `root.name` of a project.

        Raises:
          ValueError: wandb refuses, as where nobody is logged in.
        """
        import wandb

        kept = root / "wandb.json"
        known = decode_json(read_own(kept), kept) if exists(kept) else {}
        try:
            self._run = wandb.init(
                project=project,
                name=root.name,
                id=known.get(project),
                resume="allow",
                reinit="create_new",
                config=dict(config),
                dir=os.environ.get("WANDB_DIR", str(root.parent)),
                settings=wandb.Settings(**_QUIET),
            )
        except wandb.Error as error:
            why = str(error).rstrip(".")
            raise ValueError(
                f"--wandb is {project!r}, and wandb refuses: {why};"
                " with WANDB_MODE=offline it needs no account"
            ) from error
        write_atomic(kept, encode_json({**known, project: self._run.id}))
        where = self._run.dir if self._run.offline else self._run.url
        logging.info("wandb: to %s", where)
        self._curves: set[str] = set()

    def write(self, curve: str, axis: str, values: Mapping[str, Any]) -> None:
        """Sends one line of a curve: its quantities and its place on the axis.

        An error of wandb is a warning: the same lines are in metrics.jsonl.
        """
        known = {f"{curve}/{key}": v for key, v in values.items() if v is not None}
        try:
            if curve not in self._curves:
                self._curves.add(curve)
                self._run.define_metric(f"{curve}/*", step_metric=f"{curve}/{axis}")
            self._run.log(known)
        except Exception as error:
            logging.warning("wandb: a line was not sent: %s", error)

    def close(self) -> None:
        """Ends the run there; what is offline waits for `wandb sync`."""
        try:
            self._run.finish()
        except Exception as error:
            logging.warning("wandb: its run did not end in order: %s", error)
