"""The attack that tells a lie of another kind in each episode: to learn from."""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.attacks.config import MadeUpConfig
from oracles.strategies.attacks.tampering import Tampering
from oracles.strategies.liars import LIARS
from oracles.strategies.liars.families import Language, Scene
from oracles.strategies.liars.luck import NUMBERS, Luck, between, pick
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting

_PAST = 8  # messages that are remembered
_MAPS, _UNITS = 64, 16  # networks and linear maps, and the width of a network
_SIZES, _CAPS = (0.3, 8.0), (0.5, 4.5)  # in mean norms
_HISS = 3.5  # most noise beside a lie, in rms


class MadeUp(Tampering):
    """Draws a family of `LIARS` and all its numbers, for each liar and episode.

    What is too large to be remembered, matrices and networks, is drawn from a stock
    that `redraw` renews.
    """

    kind = "made_up"
    settings = MadeUpConfig
    mean: Tensor
    root: Tensor
    recorded: Tensor
    maps: Tensor
    inward: Tensor
    outward: Tensor

    def __init__(
        self,
        threat: Threat,
        message_size: int,
        *,
        shape: list[int],
        width: int,
        families: Sequence[str] | None = None,
    ) -> None:
        """Prepares liars who know nothing yet.

        Args:
          threat, message_size: see `Tampering`.
          shape: `[T,E,N]`, the size of the recording of clean play.
          width: how many numbers tau, m_in and m_out are together.
          families: names in `LIARS`, of the lies that it tells; None is all.
        """
        told = None if families is None else tuple(families)
        super().__init__(threat, message_size, families=told)
        # The step; what was drawn; a direction; and what was meant, newest first.
        self.parts = [1, NUMBERS, message_size, _PAST * message_size]
        self.memory_size = sum(self.parts)
        sizes = {
            "mean": (shape[2], message_size),
            "root": (message_size, message_size),
            "recorded": (*shape, message_size),
            "maps": (_MAPS, message_size, message_size),
            "inward": (_MAPS, width, _UNITS),
            "outward": (_MAPS, _UNITS, message_size),
        }
        for name, size in sizes.items():
            self.register_buffer(name, torch.zeros(*size))
        self.families = [LIARS[name].load() for name in told or LIARS]

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds it for a game, whose clean messages it listens to."""
        team, recording = setting.team, record(setting)
        messages = recording.without_gaps()
        width = team.memory_size + team.heard_size + team.message_size
        attack = cls._for(setting, config, shape=list(messages.shape[:-1]), width=width)
        attack.mean.copy_(recording.mean())
        attack.root.copy_(recording.root_covariance())
        attack.recorded.copy_(messages)
        seed = int(torch.randint(2**31, ()))
        return attack.redraw(torch.Generator(messages.device).manual_seed(seed))

    def redraw(self, generator: torch.Generator) -> Self:
        """Renews the stock of maps and networks; returns itself."""
        for part in (self.maps, self.inward, self.outward):
            part.normal_(generator=generator)
            part.div_(part.shape[1] ** 0.5)
        # Half of the linear maps stretch each number alone, by about its own size.
        size = self.maps.shape[-1]
        self.maps[::2] *= torch.eye(size, device=self.maps.device) * size**0.5
        self.inward.mul_(2.0)
        return self

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        shape, width = list(self.recorded.shape[:-1]), self.inward.shape[1]
        found = {**super().arguments(), "shape": shape, "width": width}
        if found["families"] is None:  # as the first of them, whose digests stay
            del found["families"]
        return found

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Asks all families, and takes what each liar's own says."""
        step, numbers, direction, past = memory.split(self.parts, -1)
        begun, device = step > 0, memory.device
        drawn = torch.rand(numbers.shape, generator=generator, device=device)
        normal = torch.randn((2, *direction.shape), generator=generator, device=device)
        numbers = torch.where(begun, numbers, drawn)
        direction = torch.where(begun, direction, normal[0])
        luck, now = Luck.of(numbers), step.squeeze(-1).long()
        meant = torch.cat(
            [view.sent[..., None, :], past.unflatten(-1, (_PAST, -1))], dim=-2
        )
        level = _HISS * (2.0 * luck.noise - 1.0).clamp(min=0.0)[..., None]
        scene = Scene(
            *(view, self._language(), luck, now),
            size=between(luck.size, *_SIZES)[..., None],
            direction=direction,
            fresh=normal[1],
            hiss=level * self.message_rms * normal[1],
            past=meant,
        )
        offset = self._chosen(scene)
        speaks = luck.speaks(now, len(self.recorded))[..., None]
        kept = [step + 1.0, numbers, direction, meant[..., :-1, :].flatten(-2)]
        return torch.where(speaks, offset, 0.0), torch.cat(kept, -1)

    def _chosen(self, scene: Scene) -> Tensor:
        """Returns the lie of each liar's family; half of them are cut to a size."""
        told = torch.stack([family(scene) for family in self.families])
        family = pick(scene.luck.family, len(told))[None, ..., None]
        lie = told.gather(0, family.expand_as(told[:1]))[0]
        most = between(scene.luck.cap, *_CAPS, geometric=False) * self.message_norm
        length = lie.norm(dim=-1).clamp(min=1e-12)
        cut = torch.where(scene.luck.capped < 0.5, (most / length).clamp(max=1.0), 1.0)
        return lie * cut[..., None]

    def _language(self) -> Language:
        return Language(
            *(self.message_norm, self.message_rms, self.mean, self.root),
            *(self.recorded, self.maps, self.inward, self.outward),
        )
