"""Opens the lab or the store of a run, as a program's command line asks for it.

The parts of a lab are imported when one is opened: `--dry_run` needs none of them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from oracles.teams.elsewhere import TEAMS
from psro_comm.disk.differences import Growth
from psro_comm.settings.experiment import PLAYED_BEFORE, ExperimentConfig, describe
from psro_comm.settings.growth import GROWTH

if TYPE_CHECKING:
    from psro_comm.disk.store import RunStore
    from psro_comm.lab.executors import Executor
    from psro_comm.lab.lab import Lab

EXECUTORS = ("local", "ray", "inline")
_RAY = "python -m pip install -r requirements-ray.txt"
_GPUS = ("nvidia*", "nvmap", "dxg", "kfd")
"""Devices of the drivers that torch computes through; without one, there is no CUDA."""


class Request(NamedTuple):
    """The values of the common flags: what run is asked for, and how."""

    config: ExperimentConfig
    runs_dir: Path
    run: str
    workers: int  # tasks side by side; 0 is this process alone
    flags: str = ""  # the flags that were set, for flags.txt
    team: str | None = None  # a run, or a key of TEAMS, whose team is used
    executor: str = "local"  # one of EXECUTORS, where there are workers
    ray_address: str | None = None  # of a cluster that exists
    wandb: str | None = None  # project of Weights & Biases that gets the metrics, too

    @property
    def runners(self) -> dict[str, Any]:
        """What runs its tasks: the arguments of `make_executor`."""
        return {
            "workers": self.workers,
            "executor": self.executor,
            "ray_address": self.ray_address,
            "gpu": self.config.device == "cuda",
        }


def choose_device(name: str) -> str:
    """Returns the device of a name: `auto` is CUDA where there is one, else the CPU.

    torch, which is slow to load, is asked only if there may be a CUDA device.

    Raises:
      ValueError: CUDA was asked for and there is none.
    """
    driven = any(any(Path("/dev").glob(each)) for each in _GPUS)
    if name == "cpu" or (name == "auto" and not driven):
        return "cpu"
    import torch

    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ValueError("--device is cuda, but torch finds none: use cpu or auto")
    return ("cuda" if available else "cpu") if name == "auto" else name


def choose_workers(
    count: int | None, device: str, env: str = "", executor: str = "local"
) -> int:
    """Returns the number of worker processes: one per core on a CPU, none on a GPU.

    It is none for `smac` either: each would start all of its games, about 1 GB apiece.
    Ray gets at least one, on whatever device; `inline` gets none.

    Raises:
      ValueError: a negative number, or any for `smac`.
    """
    if env == "smac":
        if count:
            raise ValueError(
                f"--workers is {count}, must be 0 for StarCraft II: its games are"
                " processes already; --smac.num_games says how many"
            )
        return 0
    if count is None:
        cores = min(len(os.sched_getaffinity(0)), 8)
        few = 1 if executor == "ray" else 0
        alone = executor == "inline" or device == "cuda" or cores < 2
        return few if alone else cores
    if count < 0:
        raise ValueError(f"--workers is {count}, must be at least 0")
    return count


def run_on(
    executor: str, count: int | None, address: str | None, device: str, env: str = ""
) -> dict[str, Any]:
    """Returns the fields of a request that say what runs its tasks.

    Args:
      executor: one of EXECUTORS.
      count: how many tasks side by side; None is the default of `choose_workers`.
      address: of a running Ray cluster.
      device, env: where and what the run plays.

    Raises:
      ValueError: Ray is not installed, a flag would be ignored, or a bad number.
    """
    if address is not None and executor != "ray":
        raise ValueError("--ray.address has no effect without --executor=ray")
    if executor == "inline" and count:
        raise ValueError(f"--workers is {count}, must be 0 for --executor=inline")
    if executor == "ray":
        if env == "smac":
            raise ValueError("--executor is 'ray', must be another for StarCraft II")
        if count == 0:
            raise ValueError("--workers is 0, must be at least 1 for --executor=ray")
        if address is not None and count is None:
            raise ValueError("--ray.address needs --workers: how many side by side")
        if importlib.util.find_spec("ray") is None:
            raise ValueError(f"--executor is 'ray', and ray is not installed: {_RAY}")
    workers = choose_workers(count, device, env, executor)
    return {"workers": workers, "executor": executor, "ray_address": address}


def make_executor(
    workers: int, executor: str, ray_address: str | None, *, gpu: bool = False
) -> Executor:
    """Returns what runs tasks, of what `run_on` returns; it starts nothing yet.

    Args:
      workers, executor, ray_address: as a request has them.
      gpu: whether tasks on Ray take their share of a card.
    """
    from psro_comm.lab.executors import Inline
    from psro_comm.lab.local import Local
    from psro_comm.lab.ray_cluster import RayCluster

    if workers == 0:
        return Inline()
    if executor == "local":
        return Local(workers)
    return RayCluster(workers, ray_address, gpu=gpu)


@contextlib.contextmanager
def open_lab(request: Request) -> Iterator[Lab]:
    """Opens the lab of a new or old run; releases lock and workers at the end.

    Raises:
      StoreError: another process has the run, it was begun with another
        configuration, or a file is damaged.
    """
    import torch

    from psro_comm.disk.environment import describe_environment
    from psro_comm.disk.metrics import MetricsWriter
    from psro_comm.disk.store import RunStore, run_path
    from psro_comm.disk.wandb_lines import WandbLines
    from psro_comm.lab.adopted import made_elsewhere, record_plugins
    from psro_comm.lab.lab import Lab
    from psro_comm.lab.workers import Workers

    torch.set_num_threads(1)
    root = run_path(request.runs_dir, request.run)
    donor = None
    if request.team is not None and request.team not in TEAMS:
        donor = RunStore.read(run_path(request.runs_dir, request.team))
    described = describe(request.config)
    project = request.wandb
    with (
        RunStore.open(
            root, described, played_before=PLAYED_BEFORE, growth=GROWTH
        ) as store,
        MetricsWriter(
            root, beside=WandbLines(root, project, described) if project else None
        ) as metrics,
        Workers(make_executor(**request.runners)) as workers,
    ):
        record_plugins(store)
        store.save_environment(describe_environment())
        if request.flags:
            store.save_flags(request.flags)
        lab = Lab(request.config, store, metrics, workers)
        if donor is not None:
            lab.adopt_team(donor.load_team())
            lab.lender = donor
        elif request.team is not None:
            lab.adopt_team(made_elsewhere(request.team, lab))
        yield lab


@contextlib.contextmanager
def open_store(
    runs_dir: Path, run: str | None, asked: Mapping[str, Any], growth: Growth
) -> Iterator[RunStore | None]:
    """Opens the store of a run that needs no lab; yields None where it has no name.

    Args:
      runs_dir, run: folder of all runs, and name of the run.
      asked: the run's configuration as JSON data.
      growth: what of it may be larger than the run was begun with.

    Raises:
      StoreError: as `open_lab`.
    """
    if run is None:
        yield None
        return
    from psro_comm.disk.store import RunStore, run_path

    with RunStore.open(run_path(runs_dir, run), asked, growth=growth) as store:
        yield store


def read_run(runs_dir: Path, run: str) -> RunStore:
    """Opens an existing run for reading only.

    Raises:
      StoreError: there is none.
    """
    from psro_comm.disk.store import RunStore, StoreError, run_path

    root = run_path(runs_dir, run)
    if not root.exists():
        known = sorted(p.parent.name for p in runs_dir.glob("*/config.json"))
        raise StoreError(
            f"run {run!r} does not exist in {runs_dir};"
            f" there are: {', '.join(known) or 'none'}"
        )
    return RunStore.read(root)
