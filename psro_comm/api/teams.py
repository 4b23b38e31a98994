"""Teams: trained here, found in a run, or made elsewhere and taken in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from games.engine.env import CommEnv
from games.engine.settings import refusal
from games.environments.registry import make_env
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import thaw_team
from oracles.teams.elsewhere import backbone_of
from psro_comm.api.games import (
    Game,
    as_path,
    at_least,
    changed,
    laboratory,
    of_team,
    reseeded,
    whole_seed,
)
from psro_comm.disk.weights import read_weights
from psro_comm.lab.adopted import taken_in
from psro_comm.lab.lab import Lab
from psro_comm.metagame.report import Gate
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import nearest
from psro_comm.settings.tasks import preset
from psro_comm.studies.gate import measured_gate, warn_unless_it_talks


@dataclass(frozen=True, eq=False, repr=False)
class Team:
    """A cooperative team that talks: frozen, with what its clean messages measure.

    Attributes:
      task: the task that it plays.
      frozen: it as plain data.
      measured: its gate where that is known, as `gate` returns it.
    """

    task: str
    frozen: Frozen
    measured: Gate | None = None

    @classmethod
    def from_module(
        cls,
        net: nn.Module,
        task: str,
        *,
        weights: str | Path | Mapping[str, Tensor] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> "Team":
        """Takes in a team that was made elsewhere, and measures its clean messages.

        Args:
          net: a module of a class in `pc.BACKBONES` that has its sizes as `config`; it
            speaks, listens, thinks and acts (`games.engine.team.Team`).
          task: the task that it plays, a name of docs/commands.md.
          weights: its state dict: a `.safetensors` file, a `.pt` or `.pth` file (read
            by torch's `weights_only=True`: nothing in it is run), or a dict; None if
            `net` has them. Statistics of messages need not be in it.
          settings: rules of the environment that differ from the task's, such as
            `{"echo.episode_limit": 5}`.

        Raises:
          ValueError: a class that is not registered, weights that do not fit the net,
            or a net that does not fit the task.
        """
        config = changed(preset(task, "smoke"), settings)
        env = make_env(config.env, config.env_config)
        if weights is not None:
            backbone_of(net)  # before anything is read
            if not isinstance(weights, Mapping):
                weights = read_weights(as_path(weights, "weights"))
            _load(net, weights)
        return cls(task, taken_in(net, env, config))

    def to_module(self) -> Any:
        """Returns it as an `nn.Module` in evaluation mode, without gradients."""
        return thaw_team(self.frozen, self.environment())

    def environment(self) -> CommEnv:
        """Returns the environment that it plays in, on the CPU."""
        config = of_team(self.frozen, "smoke").config
        return make_env(config.env, config.env_config)

    def gate(self, episodes: int | None = None, seed: int | None = None) -> Gate:
        """Returns what it earns as it talks, muted and under noise, in returns.

        Its `talks` says whether an attack on its messages means anything; `in_words`
        says so in a sentence.

        Args:
          episodes: number of worlds in which it is measured; None is what `measured`
            was measured in, or 256.
          seed: seed of these worlds; None is that of `measured`, or 0.
        """
        if self.measured is not None and episodes is None and seed is None:
            return self.measured
        many = at_least(2, "episodes", 256 if episodes is None else episodes)
        game = of_team(self.frozen, "smoke")
        game = game._replace(config=reseeded(game.config, seed))
        with laboratory(game, workers=0, run=None) as lab:
            return Gate.from_dict(measured_gate(lab, many))

    def game(self, budget: str) -> Game:
        """Returns the game that calls play with it, of a budget."""
        return of_team(self.frozen, budget)

    def __repr__(self) -> str:
        """Returns its task and backbone."""
        return f"<team of {self.task}, {self.frozen.facts['backbone']}>"


def train_team(
    task: str,
    *,
    budget: str = "quick",
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    run: str | Path | None = None,
) -> Team:
    """Trains the team of a task, and measures whether it talks.

    Args:
      task: a name of docs/commands.md, or a plugin's.
      budget: `smoke` (seconds), `quick` (minutes) or `paper` (hours).
      seed: seed of weights, worlds and actions.
      settings: values by the names of flags, `{"training.env_steps": 10_000}`.
      run: folder that keeps the team; a killed training goes on from there.

    Raises:
      ValueError: an unknown task, budget or setting.
    """
    config = changed(preset(task, budget, whole_seed(seed)), settings)
    return _trained(config, run)


def _trained(config: ExperimentConfig, run: str | Path | None) -> Team:
    untrained = Game(config, None, Path("runs"))
    with laboratory(untrained, workers=0, run=run) as lab:
        return of_lab(lab)


def of_lab(lab: Lab) -> Team:
    """Returns a lab's team, trained if need be, with its gate."""
    frozen = lab.team()
    return Team(lab.config.task, frozen, warn_unless_it_talks(lab))


def _load(net: nn.Module, given: Mapping[str, Tensor]) -> None:
    """Loads weights; statistics of messages may be absent, for they are measured."""
    own = net.state_dict()
    unknown = [name for name in given if name not in own]
    lacking = [n for n in own if n not in given and not n.startswith("message_")]
    for names, words in ((unknown, "has no"), (lacking, "needs a")):
        if names:
            near = nearest(names[0], own if names is unknown else given)
            kind = type(net).__name__
            raise ValueError(f"weights: {kind} {words} {names[0]!r}{near}")
    tensors = {}
    for name, value in given.items():
        try:
            tensors[name] = torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError):
            words = "a tensor"
            raise refusal(f"weights: {name}", type(value).__name__, words) from None
        if tensors[name].shape != own[name].shape:
            raise ValueError(
                f"weights: {name} has shape {list(tensors[name].shape)}, must be"
                f" {list(own[name].shape)}"
            )
        if not torch.isfinite(tensors[name]).all():
            raise ValueError(f"weights: {name} has numbers that are not finite")
    net.load_state_dict(tensors, strict=False)
