"""Measures how well a filter detects and repairs: AUROC, rates, squared errors."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from games.engine.play import Step, Stream, collect
from games.engine.strategy import Attack, Filter
from oracles.strategies.filters.two_stage import TwoStageFilter
from oracles.strategies.setting import Setting, malicious_agents
from psro_comm.metagame.defence import FALSE_ALARMS


def auroc(score: Tensor, positive: Tensor) -> float:
    """Returns the area under the ROC curve: P(score of forged > score of benign).

    Ties count half (the Mann-Whitney statistic). It is NaN without both kinds.

    Args:
      score: `[messages]` scores, higher is more suspicious.
      positive: `[messages]` bool, whether it is truly forged.
    """
    bad, good = score[positive].double(), score[~positive].double().sort().values
    if not len(bad) or not len(good):
        return float("nan")
    below = torch.searchsorted(good, bad, right=False).double()
    upto = torch.searchsorted(good, bad, right=True).double()
    return float((0.5 * (below + upto) / len(good)).mean())


def roc(score: Tensor, positive: Tensor, false_alarms: Sequence[float]) -> list[float]:
    """Returns the share of the forged that is found at shares of false alarms.

    Between two thresholds the curve is straight; it is empty without both kinds.

    Args:
      score, positive: as for `auroc`.
      false_alarms: shares of the benign that are suspected at least as much.
    """
    bad, good = (score[kind].double().sort().values for kind in (positive, ~positive))
    if not len(bad) or not len(good):
        return []
    levels = score.double().unique()
    found, alarms = (
        # Beyond the last level nobody is suspected.
        np.append(_above(own, levels).numpy(force=True), 0.0)[::-1]
        for own in (bad, good)
    )
    # Of thresholds with as many alarms, the one that finds most.
    last = np.append(alarms[1:] > alarms[:-1], True)
    return [float(x) for x in np.interp(false_alarms, alarms[last], found[last])]


def roc_of(
    setting: Setting,
    filter_: Filter,
    attack: Attack,
    generator: torch.Generator,
    *,
    num_envs: int = 256,
) -> list[float]:
    """Returns the share of forged messages found at each of `FALSE_ALARMS`.

    Empty where the attack forges none, or nobody else speaks.

    Args:
      setting: the game.
      filter_, attack: who is on the channel.
      generator: draws all random numbers.
      num_envs: episodes side by side, see `listen`.
    """
    steps = listen(setting, filter_, attack, generator, num_envs)
    wire, alive = steps.wire, steps.timestep.alive
    return roc(wire.defence.suspicion()[alive], wire.forged[alive], FALSE_ALARMS)


def _above(scores: Tensor, levels: Tensor) -> Tensor:
    """Returns the share of sorted scores that are at each level or above it."""
    return 1.0 - torch.searchsorted(scores, levels, right=False).double() / len(scores)


@torch.no_grad()
def listen(
    setting: Setting,
    filter_: Filter,
    attack: Attack,
    generator: torch.Generator,
    num_envs: int,
) -> Step:
    """Plays worlds for the length of one episode; returns all steps, `[T,B,...]`.

    Args:
      setting: the game.
      filter_, attack: who is on the channel.
      generator: draws all random numbers.
      num_envs: episodes side by side; at most `spec.most_worlds`, for environments
        that run one process a game.
    """
    num_envs = setting.env.spec.side_by_side(num_envs)
    stream = Stream(
        setting.env,
        setting.team,
        setting.channel(attack, filter_),
        malicious=malicious_agents(setting, num_envs, generator),
        world_generator=generator,
        generator=generator,
        redraw_malicious=setting.malicious is None,
    )
    return collect(stream.play(), setting.env.spec.episode_limit)


@torch.no_grad()
def filter_report(
    setting: Setting,
    filter_: Filter,
    attack: Attack,
    generator: torch.Generator,
    *,
    num_envs: int = 256,
) -> dict[str, float]:
    """Measures a filter on attacked play, over the length of one episode.

    Args:
      setting: the game.
      filter_: a trained filter.
      attack: the (mixed) attack that it meets.
      generator: draws all random numbers.
      num_envs: episodes side by side, see `listen`.

    Returns:
      Without those of forged messages where there are none, and so with benign ones:
      `auroc`, `true_positive_rate` and `false_positive_rate` (of sampled flags),
      and the mean squared error of messages against the clean ones, in variances of
      a clean message: of forged messages as sent; and of a filter that repairs single
      messages also of forged messages reconstructed, and of benign messages
      reconstructed (0 would be the identity).

    Source: paper section 3.3; TASKS.md 5.2 (what else to measure).
    """
    steps = listen(setting, filter_, attack, generator, num_envs)
    wire, alive = steps.wire, steps.timestep.alive
    forged, benign = wire.forged & alive, ~wire.forged & alive
    flagged = wire.defence.choice > 0
    scale = setting.team.message_std.clamp(min=1e-6)

    def error(message: Tensor, where: Tensor) -> float:
        off = ((message - wire.sent) / scale).square().mean(-1)
        return float(off[where].mean())

    some = {"forged": bool(forged.any()), "benign": bool(benign.any())}
    found: dict[str, float] = {}
    if all(some.values()):
        found["auroc"] = auroc(wire.defence.suspicion()[alive], wire.forged[alive])
    if some["forged"]:
        found["true_positive_rate"] = float(flagged[forged].float().mean())
        found["error_of_forged"] = error(wire.tampered, forged)
    if some["benign"]:
        found["false_positive_rate"] = float(flagged[benign].float().mean())
    found["messages"] = float(alive.sum())
    if isinstance(filter_, TwoStageFilter):
        repaired = filter_.repair(wire.tampered)
        for kind, where in (("forged", forged), ("benign", benign)):
            if some[kind]:
                found[f"error_of_{kind}_reconstructed"] = error(repaired, where)
    return found
