"""Families of made-up lies: how far each moves a message, `Scene -> [B,K,D]`.

Every function is asked for all liars, and one answer of each liar is taken.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from games.engine.view import AttackView
from oracles.learning.nets import squash
from oracles.strategies.liars.luck import Luck, between, pick


class Language(NamedTuple):
    """What liars know of a team, and the maps that they draw from."""

    norm: Tensor  # [] mean norm of a clean message
    rms: Tensor  # [D] root mean square of each number of one
    mean: Tensor  # [N,D] each agent's mean message
    root: Tensor  # [D,D] symmetric root of the covariance of clean messages
    recorded: Tensor  # [T,E,N,D] clean messages
    maps: Tensor  # [M,D,D] linear maps that keep lengths on average
    inward: Tensor  # [M,F,U] networks' first layers, of (tau, m_in, m_out)
    outward: Tensor  # [M,U,D] and their second


class Scene(NamedTuple):
    """One step of liars who may belong to any family."""

    view: AttackView
    language: Language
    luck: Luck
    step: Tensor  # [B,K] long, of the episode
    size: Tensor  # [B,K,1] how far to go, in mean norms
    direction: Tensor  # [B,K,D] normal, drawn once an episode
    fresh: Tensor  # [B,K,D] normal, drawn at this step
    hiss: Tensor  # [B,K,D] noise that some families add
    past: Tensor  # [B,K,R,D] what was meant, this step first


def constant(scene: Scene) -> Tensor:
    """Adds one vector all episode long, in any direction or as messages vary."""
    return scene.size * _pushed(scene, scene.direction) + scene.hiss


def linear(scene: Scene) -> Tensor:
    """Adds a linear map of the message; half of them push it somewhere as well."""
    maps = scene.language.maps
    chosen = maps[pick(scene.luck.which, len(maps))]  # [B,K,D,D]
    turned = (chosen @ scene.view.sent[..., None]).squeeze(-1)
    pushed = _pushed(scene, scene.direction)
    turned = turned + torch.where(scene.luck.two[..., None] < 0.5, pushed, 0.0)
    return scene.size * turned + scene.hiss


def other_world(scene: Scene) -> Tensor:
    """Says what the agent said at this step of another world."""
    return _recorded(scene, scene.step) - scene.view.sent


def replay(scene: Scene) -> Tensor:
    """Says again what it meant some steps ago, or at the start."""
    back = 1 + pick(scene.luck.one, scene.past.shape[-2] - 1)
    back = torch.minimum(back, scene.step)[..., None, None]
    said = scene.past.gather(-2, back.expand_as(scene.past[..., :1, :]))
    return said.squeeze(-2) - scene.view.sent


def mirror(scene: Scene) -> Tensor:
    """Scales what it means about the agent's mean, or about zero; most turn it round.

    One in twenty says that mean.
    """
    luck = scene.luck
    turned = -between(luck.three, 0.3, 3.0)
    times = torch.where(luck.one < 0.7, turned, between(luck.three, 1.5, 6.0))
    times = torch.where(luck.one > 0.95, 0.0, times)[..., None]
    mean = scene.language.mean[scene.view.agents]
    about = torch.where(luck.two[..., None] < 0.7, mean, 0.0)
    return (times - 1.0) * (scene.view.sent - about)


def frozen(scene: Scene) -> Tensor:
    """Says one message of another world for ever."""
    step = pick(scene.luck.one, len(scene.language.recorded))
    return _recorded(scene, step) - scene.view.sent


def network(scene: Scene) -> Tensor:
    """Adds what a random tanh network makes of all that the agent knows."""
    view, language = scene.view, scene.language
    which = pick(scene.luck.which, len(language.inward))
    known = squash(view.memory), squash(view.m_in), squash(view.sent)
    hidden = (torch.cat(known, -1)[..., None, :] @ language.inward[which]).tanh()
    said = (hidden @ language.outward[which]).squeeze(-2) * language.rms
    return scene.size * said + scene.hiss


def noise(scene: Scene) -> Tensor:
    """Adds noise, in any direction or as messages vary."""
    return scene.size * _pushed(scene, scene.fresh)


def _pushed(scene: Scene, normal: Tensor) -> Tensor:
    """Returns vectors of the length of a message, from normal ones `[B,K,D]`."""
    language = scene.language
    shaped = normal @ language.root, normal * language.rms
    chosen = torch.where(scene.luck.one[..., None] < 0.5, *shaped)
    length = chosen.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return chosen / length * language.norm


def _recorded(scene: Scene, step: Tensor) -> Tensor:
    recorded = scene.language.recorded
    length, episodes = recorded.shape[:2]
    episode = pick(scene.luck.which, episodes)
    return recorded[step.clamp(max=length - 1), episode, scene.view.agents]
