"""Computes what no liar can change of a message ensemble, along its clean play.

A decision is certain if the subsets that no liar touches decide the vote
(`oracles.teams.voting`). An ensemble remembers nothing of what it heard, so its agents
say the same whatever they are told; and as long as all decisions are certain, actions
and rewards are those of clean play. So in each world the return is at least what clean
play earned before the first decision that the world's liars might turn, and the least
reward of every step that may be left.

This holds for the team without a filter, and for messages alone: liars act as the team
does. NDQ draws its messages; there it holds for equal draws.

Source: Sun et al. 2023 (AME) for decisions; the bound of returns is ours.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from games.engine.channel import CLEAN
from games.engine.env import CommEnv, TimeStep, first
from games.engine.play import choose
from games.engine.team import Carry, communicate, start
from games.engine.tree import concat
from games.engine.worlds import Worlds, make_worlds
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting
from oracles.teams.voting import certified, choices
from psro_comm.lab.lab import Lab
from psro_comm.metagame.certificate import Certificate
from psro_comm.metagame.intervals import mean_interval

_MOST_CHOICES = 200  # of liars, tried one after the other
_WAVE = 256  # worlds side by side


class Certain(NamedTuple):
    """What was certain in each world, `[W]`."""

    decisions: Tensor  # share of decisions
    heard: Tensor  # share of those by agents that hear somebody; NaN if there are none
    clean: Tensor  # return of clean play
    least: Tensor  # bound below the return; NaN where no least reward is known


def is_ensemble(team: Frozen) -> bool:
    """Returns whether a team acts by the majority over subsets of messages."""
    return bool(team.facts["backbone_config"].get("ensemble", 0))


def certify(lab: Lab, worlds: str) -> Certificate:
    """Returns the certificate of a lab's team, which the run keeps.

    Args:
      lab: the lab of an ensemble, whose threat says how many liars there are.
      worlds: the name that seeds the worlds, those of a table.
    """
    name = f"certificate-{worlds}{lab.mark}"
    if lab.inputs.has(name, lab.config.evaluation.episodes):
        return Certificate.from_dict(lab.store.load_json(name))
    setting = build_setting(lab.setting())
    env, liars = setting.env, lab.config.threat.num_malicious
    seed, episodes = lab.seed(f"worlds/{worlds}"), lab.config.evaluation.episodes
    drawn = make_worlds(env.spec, seed, 0, episodes, setting.to_draw, env.device)
    found = certain(env, setting.team, drawn, liars)
    heard = found.heard[~found.heard.isnan()].double().cpu().numpy()
    decisions, least = (
        each.double().cpu().numpy() for each in (found.decisions, found.least)
    )
    known = env.spec.least_reward is not None
    size = lab.team().facts["backbone_config"]["ensemble"]
    certificate = Certificate(
        *(env.spec.num_agents, size, liars),
        mean_interval(decisions),
        mean_interval(heard if len(heard) > 1 else decisions),
        mean_interval(least) if known else None,
    )
    lab.store.save_json(name, certificate.to_dict())
    return certificate


def certain(env: CommEnv, team: Any, worlds: Worlds, liars: int) -> Certain:
    """Plays each world without attack, and counts what no liar could have changed.

    Args:
      env: the environment.
      team: an ensemble, in evaluation mode.
      worlds: W worlds, each with its own liars: the bound of returns is for these.
      liars: C, of whom any choice counts for the share of decisions.
    """
    index = torch.arange(len(worlds.malicious), device=env.device)
    waves = [
        _certain(env, team, worlds.take(wave), liars)
        for wave in index.split(env.spec.side_by_side(_WAVE))
    ]
    found: Certain = concat(waves)
    return found


@torch.no_grad()
def _certain(env: CommEnv, team: Any, worlds: Worlds, liars: int) -> Certain:
    agents, device = env.spec.num_agents, env.device
    anybody = choices(agents, liars).to(device)
    if len(anybody) > _MOST_CHOICES:
        raise ValueError(
            f"threat.num_malicious is {liars}: {len(anybody)} choices of liars are"
            f" more than {_MOST_CHOICES}, too many to certify"
        )
    own = one_hot(worlds.malicious, agents).sum(1).bool()[:, None]  # [W,1,N]
    generator = torch.Generator(device).manual_seed(0)  # for backbones that draw
    state = env.reset(worlds.reset_noise)
    timestep, carry = first(env, state), start(team, worlds.malicious, agents)
    running = torch.ones_like(timestep.done)
    whole, clean, least = running, timestep.reward, timestep.reward
    lowest = env.spec.least_reward
    lowest = torch.nan if lowest is None else min(lowest, 0.0)
    safe = of = safe_heard = of_heard = torch.zeros_like(clean)
    for noise in worlds.step_noise:
        carry, _, scores = communicate(team, carry, timestep, CLEAN, generator)
        decided = timestep.alive & running[:, None]
        hears = decided & timestep.links.any(-1)
        sure = _sure(team, carry, timestep, anybody)
        safe, of = safe + (sure & decided).sum(1), of + decided.sum(1)
        safe_heard = safe_heard + (sure & hears).sum(1)
        of_heard = of_heard + hears.sum(1)
        whole = whole & (_sure(team, carry, timestep, own) | ~decided).all(1)
        state, signal = env.transition(state, choose(team, scores, generator), noise)
        paid = torch.where(running, signal.reward, 0.0)
        clean = clean + paid
        # A game that lies prolong may last until its limit.
        least = least + torch.where(whole, paid, lowest)
        running = running & ~signal.done
        timestep = TimeStep(*env.observe(state), *signal)
    least = least if env.spec.least_reward is not None else least + torch.nan
    shares = safe / of.clamp(min=1), safe_heard / of_heard
    return Certain(*shares, clean, least)


def _sure(team: Any, carry: Carry, timestep: TimeStep, liars: Tensor) -> Tensor:
    """Returns which decisions these liars cannot turn, `[W,N]` bool."""
    scores, counting = team.votes(carry.memory)
    scores = scores.masked_fill(~timestep.available[..., None, :], -torch.inf)
    return certified(scores, counting, team.masks, timestep.links, liars)
