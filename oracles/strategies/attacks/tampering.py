"""The base of our attacks: the threat, and the size of a clean message.

An attack is one file with a class like these, and one line in
`oracles.strategies.registry`. It says how it wants to change a message; the channel
applies the cap and the rate.

Source: paper section 3.1.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor, nn

from games.engine.channel import delta_of
from games.engine.side import Side
from games.engine.strategy import Decision, Forgery
from games.engine.team import Team
from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.config import NoConfig
from oracles.strategies.setting import Setting


class Tampering(nn.Module):
    """The base of attacks: a threat, and units taken from a team's clean messages.

    A subclass has a `kind`, the class of its settings if it has any, and overrides
    `offset` if it only moves messages, or `decide` if PPO needs to know more. `new`
    builds it for a game, `arguments` and `rebuild` convert it to plain data and back.
    """

    kind: str
    settings: type = NoConfig
    side: Side = Side.ATTACKER
    knowledge: str = "own"
    memory_size: int = 0
    broadcasts: bool = False  # whether its parameters may be `[B,...]`: see `Crowd`
    message_norm: Tensor  # [] mean norm of a clean message
    message_rms: Tensor  # [D] root mean square of each of its numbers

    def __init__(self, threat: Threat, message_size: int, **settings: Any) -> None:
        """Prepares an attack on messages of `message_size` numbers.

        Args:
          threat: the rules of the attack.
          message_size: D.
          **settings: fields of the class `settings`.
        """
        super().__init__()
        self.threat = threat
        self.config: Any = self.settings(**settings)
        self.register_buffer("message_norm", torch.ones(()))
        self.register_buffer("message_rms", torch.ones(message_size))

    @classmethod
    def new(cls, setting: Setting, config: Any = None) -> Self:
        """Builds an attack for a game, in the units of its team.

        Args:
          setting: the game.
          config: the attack's settings, of its class in the registry; None where it has
            none. Weights are drawn from torch's global generator.
        """
        return cls._for(setting, config)

    @classmethod
    def _for(cls, setting: Setting, config: Any, **sizes: Any) -> Self:
        """Calls `__init__` with a game's threat and units, settings and more sizes."""
        settings = asdict(config or cls.settings())
        attack = cls(setting.threat, setting.team.message_size, **sizes, **settings)
        return attack.calibrate(setting.team)

    @classmethod
    def rebuild(cls, arguments: Mapping[str, Any]) -> Self:
        """Builds the attack that `arguments` describe, without its weights."""
        threat = Threat.from_plain(arguments["threat"])
        return cls(**{**arguments, "threat": threat})

    def arguments(self) -> dict[str, Any]:
        """Returns what `rebuild` needs, as JSON data."""
        return {
            "threat": self.threat.to_plain(),
            "message_size": self.message_rms.shape[0],
            **asdict(self.config),
        }

    def calibrate(self, team: Team) -> Self:
        """Sets the units from a trained team's clean messages; returns itself."""
        self.message_norm.copy_(team.message_norm)
        self.message_rms.copy_(team.message_rms.clamp(min=1e-6))
        return self

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Does nothing: tau is the malicious agent's own memory."""

    def offset(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Returns how to move each message, m_adv - m_out `[B,K,D]`, and the memory.

        The arguments are those of `games.engine.strategy.Attack.decide`.
        """
        raise ValueError(f"{type(self).__name__} has neither `offset` nor `decide`")

    def decide(
        self, view: AttackView, memory: Tensor, generator: torch.Generator
    ) -> Forgery:
        """Moves the malicious agents' messages by `offset`."""
        found = self.offset(view, memory, generator)
        if not isinstance(found, tuple) or len(found) != 2:
            kind = type(found).__name__
            raise ValueError(
                f"attack {self.kind!r}: offset returned {kind}, not a pair"
            )
        offset, kept = found
        if offset.shape != view.sent.shape:
            shapes = f"{list(offset.shape)}, must be {list(view.sent.shape)}"
            raise ValueError(f"attack {self.kind!r}: offset has shape {shapes}")
        zeros = torch.zeros_like(offset[..., 0])
        delta = delta_of(view.sent, offset, self.threat)
        return Forgery(Decision(delta, zeros, zeros, view.may_bend), kept)

    def stretched(self, direction: Tensor, size: float) -> Tensor:
        """Returns a direction `[...,D]` at a length of `size` mean clean norms."""
        length = direction.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return direction / length * size * self.message_norm
