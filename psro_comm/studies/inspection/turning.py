"""Counts how often an attack turns best actions, and a filter turns them back.

Figure 10 of the paper shows one step of one world; this is the same over many.
"""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from games.engine.env import StatefulEnv
from games.engine.strategy import Attack, Filter
from games.engine.worlds import Worlds
from oracles.learning.randomness import Generators, make_generators
from oracles.strategies.setting import Setting
from psro_comm.metagame.intervals import as_dict, clustered_share
from psro_comm.names import (
    DEFENDED,
    EVERYBODY,
    REPAIRS,
    SPOILS,
    TURNS,
    UNDEFENDED,
    UNDISTURBED,
    WRONG,
)
from psro_comm.studies.inspection.branches import BranchedStep, branched


def count_turned(
    setting: Setting,
    attack: Attack,
    filter_: Filter,
    worlds: Worlds,
    *,
    seed: int,
    follow: str = UNDEFENDED,
    num_envs: int = 1024,
) -> dict[str, Any]:
    """Plays worlds, branched at each step, and counts what became of best actions.

    Judged is each step of each living agent that is not malicious. Its best action is
    `turned` where it is another under attack than clean; of those, `repaired` where it
    is the clean one again behind the filter; of the others, `spoiled` where it is not;
    `wrong` wherever it is not. Worlds whose game broke off do not count.

    Args:
      setting: environment and team.
      attack, filter_: the attack and the filter on the channel.
      worlds: W worlds, in waves of at most `num_envs`.
      seed: seed of the policies.
      follow: the condition whose actions are played.
      num_envs: the most worlds side by side.

    Returns:
      JSON data: `worlds`, `follow`, and `agents`: of each number of an agent, and of
      `all`, the `decisions` judged and the four shares with 95 % intervals, worlds
      being the independent samples; None for a share of nothing.
    """
    env, luck = setting.env, make_generators(setting.env.device, seed)
    index = torch.arange(len(worlds.malicious), device=worlds.malicious.device)
    waves = [
        _wave(setting, attack, filter_, worlds.take(wave), luck, follow)
        for wave in index.split(env.spec.side_by_side(num_envs))
    ]
    counts = np.concatenate(waves, axis=1)
    agents = {EVERYBODY: counts.sum(-1)}
    for k in range(counts.shape[-1]):
        if counts[0, :, k].any():
            agents[str(k)] = counts[..., k]
    return {
        "worlds": counts.shape[1],
        "follow": follow,
        "agents": {name: _shares(found) for name, found in agents.items()},
    }


def _wave(
    setting: Setting,
    attack: Attack,
    filter_: Filter,
    worlds: Worlds,
    luck: Generators,
    follow: str,
) -> np.ndarray:
    """Returns `[4, W, N]`: decisions, and those turned, repaired and spoiled."""
    env, held = setting.env, worlds.malicious
    everybody = torch.ones(len(held), env.spec.num_agents, device=env.device)
    benign = everybody.bool().scatter(1, held, False)
    counts = torch.zeros(4, *benign.shape, dtype=torch.long, device=env.device)
    for step in branched(setting, attack, filter_, worlds, luck, follow):
        counts = counts + _judged(step, benign)
    if not env.spec.batched:
        broken = cast(StatefulEnv, env).discarded(step.after)
        counts = counts[:, ~broken]
    found: np.ndarray = counts.double().cpu().numpy()
    return found


def _judged(step: BranchedStep, benign: Tensor) -> Tensor:
    """Returns the counts of one step, `[4,W,N]`."""
    judged = benign & step.timestep.alive & step.running[:, None]
    best = {name: branch.best for name, branch in step.branches.items()}
    turned = judged & (best[UNDEFENDED] != best[UNDISTURBED])
    wrong = judged & (best[DEFENDED] != best[UNDISTURBED])
    return torch.stack([judged, turned, turned & ~wrong, wrong & ~turned]).long()


def _shares(counts: np.ndarray) -> dict[str, Any]:
    """Returns the shares of counts `[4, W]`, as JSON data."""
    decisions, turned, repaired, spoiled = counts
    shares = {
        TURNS: (turned, decisions),
        REPAIRS: (repaired, turned),
        SPOILS: (spoiled, decisions - turned),
        WRONG: (turned - repaired + spoiled, decisions),
    }
    return {
        "decisions": int(decisions.sum()),
        **{
            name: as_dict(clustered_share(*pair)) if pair[1].any() else None
            for name, pair in shares.items()
        },
    }
