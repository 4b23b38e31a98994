"""A team and two interveners written by hand, whose every value is known."""

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from games.engine.env import Observation, Signal, TimeStep
from games.engine.spec import EnvSpec
from games.engine.strategy import Decision, Forgery, Verdict
from games.engine.threat import Threat
from games.engine.view import AttackView, FilterView
from games.environments.echo.env import Echo
from oracles.strategies.setting import Setting

CAUGHT = (0,)  # Echo's speaker: what the listener says changes nothing


class Parrots:
    """Plays Echo perfectly: the speaker says its bit, the listener repeats it.

    The message is the bit seen one step before, -1 or 1, `message_size` times over;
    muted, the listener cannot tell and flips a coin.
    """

    memory_size = 1
    sampled = True

    def __init__(self, message_size: int = 1, delay: int = 0) -> None:
        self.message_size = self.heard_size = message_size
        self.delay = delay
        self.message_norm = torch.tensor(float(message_size)).sqrt()
        self.message_rms = torch.ones(message_size)
        self.message_mean = torch.zeros(message_size)
        self.message_std = torch.ones(message_size)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        return memory.expand(*memory.shape[:-1], self.message_size)

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        return links.to(heard.dtype) @ heard

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        """The speaker keeps its bit; the listener keeps what it hears."""
        is_speaker = obs[..., :1] > 0
        return torch.where(is_speaker, obs[..., 2:], m_in.mean(-1, keepdim=True))

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        certain = 1000.0 * memory
        return torch.cat([-certain, certain], dim=-1)

    def read_by(self, receiver: int, sender: int) -> tuple[int, int]:
        return 0, self.message_size


class _Still:
    memory_size = 0
    knowledge = "own"
    observes = False

    def reset(self, done: Tensor, generator: torch.Generator) -> None:
        """Draws nothing."""


class Attacker(_Still):
    """Adds `offset` to the messages of malicious agents."""

    kind = "hand_made"

    def __init__(self, offset: float) -> None:
        self.offset = offset

    def decide(self, view: AttackView, memory: Tensor, generator: Any) -> Forgery:
        zeros = torch.zeros_like(view.sent[..., 0])
        active = torch.ones_like(zeros, dtype=torch.bool)
        return Forgery(Decision(self.delta(view), zeros, zeros, active), memory)

    def delta(self, view: AttackView) -> Tensor:
        return torch.full_like(view.sent, self.offset)


class Liar(Attacker):
    """Says the opposite of what malicious agents mean."""

    kind = "liar"

    def __init__(self) -> None:
        super().__init__(0.0)

    def delta(self, view: AttackView) -> Tensor:
        return -2.0 * view.sent


class Mouthwash(_Still):
    """Replaces the messages of agents in `flagged` by `replacement`."""

    kind = "hand_made"

    def __init__(self, flagged: tuple[int, ...], replacement: float) -> None:
        self.flagged, self.replacement = flagged, replacement

    def decide(self, view: FilterView, memory: Tensor, generator: Any) -> Verdict:
        zeros = torch.zeros_like(view.messages[..., 0])
        flag = zeros.clone()
        flag[:, list(self.flagged)] = 1.0
        decision = Decision(flag, zeros, zeros, torch.ones_like(view.alive))
        return Verdict(
            decision, torch.full_like(view.messages, self.replacement), memory
        )


def a_timestep(
    alive: Tensor, *, obs_size: int = 3, num_actions: int = 2, seed: int = 0
) -> TimeStep:
    """Noise as observations; `alive` [B,N] bool, all who live hear each other."""
    batch, num_agents = alive.shape
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, num_agents, obs_size)
    apart = ~torch.eye(num_agents, dtype=torch.bool, device=alive.device)
    zeros = torch.zeros(batch, device=alive.device)
    return TimeStep(
        obs=torch.randn(shape, generator=generator).to(alive.device),
        state=zeros[:, None],
        available=alive[..., None].expand(-1, -1, num_actions) | True,
        alive=alive,
        fresh=torch.zeros_like(alive),
        links=alive[:, :, None] & alive[:, None] & apart,
        reward=zeros,
        agent_reward=zeros[:, None].expand(-1, num_agents),
        done=zeros.bool(),
        success=zeros.bool(),
    )


class Chatter(NamedTuple):
    """B worlds of `Chatterbox`."""

    obs: Tensor  # [B,N,O]
    time: Tensor  # [B] long


class Chatterbox:
    """A game of any size that nobody can win: agents see noise for five steps."""

    device = torch.device("cpu")

    def __init__(self, num_agents: int, obs_size: int) -> None:
        self.shape, numbers = (num_agents, obs_size), num_agents * obs_size
        self.spec = EnvSpec(
            name="chatterbox",
            num_agents=num_agents,
            obs_size=obs_size,
            state_size=1,
            num_actions=2,
            episode_limit=5,
            reset_noise=numbers,
            step_noise=numbers,
        )

    def reset(self, noise: Tensor) -> Chatter:
        start = torch.zeros(len(noise), dtype=torch.long)
        return Chatter(noise.view(-1, *self.shape), start)

    def transition(
        self, state: Chatter, action: Tensor, noise: Tensor
    ) -> tuple[Chatter, Signal]:
        paid, time = torch.zeros_like(noise[:, 0]), state.time + 1
        each = paid[:, None].expand(-1, self.shape[0])
        done = time >= self.spec.episode_limit
        return Chatter(noise.view(-1, *self.shape), time), Signal(
            paid, each, done, done
        )

    def observe(self, state: Chatter) -> Observation:
        alive = torch.ones(state.obs.shape[:2], dtype=torch.bool)
        return Observation(*a_timestep(alive)[:6])._replace(obs=state.obs)


class Chatterers:
    """A team of any size: says what it sees, to which nobody listens."""

    sampled, delay = True, 0

    def __init__(self, memory_size: int, heard_size: int, message_size: int) -> None:
        self.memory_size, self.heard_size = memory_size, heard_size
        self.message_size = message_size
        self.message_norm = torch.ones(())
        self.message_rms = torch.ones(message_size)
        self.message_mean = torch.zeros(message_size)
        self.message_std = torch.ones(message_size)

    def speak(self, obs: Tensor, memory: Tensor, generator: torch.Generator) -> Tensor:
        wave = torch.arange(1.0, self.message_size + 1)
        return torch.sin(obs.sum(-1, keepdim=True) * wave)

    def listen(
        self, obs: Tensor, memory: Tensor, heard: Tensor, links: Tensor
    ) -> Tensor:
        return torch.zeros(*obs.shape[:2], self.heard_size)

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        return memory

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        return torch.zeros(available.shape)

    def read_by(self, receiver: int, sender: int) -> tuple[int, int]:
        return 0, self.message_size


def a_setting(threat: Threat, **sizes: int) -> Setting:
    """A game of given sizes, which strategies are built for.

    Sizes: `num_agents`, `obs_size`, `memory_size`, `heard_size`, `message_size`.
    """
    env = Chatterbox(sizes.pop("num_agents"), sizes.pop("obs_size"))
    return Setting(env, Chatterers(**sizes), threat, threat.malicious)


class FewGames(Echo):
    """Echo as a game outside this process: four at most, and only the latest moves."""

    def __init__(self):
        super().__init__()
        self.spec = replace(self.spec, batched=False, most_worlds=4)
        self.latest = None

    def reset(self, noise):
        assert len(noise) <= self.spec.most_worlds
        self.latest = super().reset(noise)
        return self.latest

    def transition(self, state, action, noise):
        assert state is self.latest
        self.latest, signal = super().transition(state, action, noise)
        return self.latest, signal

    def restart(self, state, done):
        assert state is self.latest
        noise = torch.rand(len(done), self.spec.reset_noise)
        started = super().reset(noise)
        self.latest = type(state)(
            *(
                torch.where(done.view(-1, *[1] * (new.dim() - 1)), new, old)
                for new, old in zip(started, state, strict=True)
            )
        )
        return self.latest

    def discarded(self, state):
        return torch.zeros(len(state[0]), dtype=torch.bool)


def same_draws(monkeypatch):
    """Numbers that a team draws are the same on every device, whatever generator.

    The generators of a CPU and of a GPU differ, and some teams draw their messages.
    """
    draw = torch.randn

    def drawn(*size, generator=None, device=None, dtype=None) -> Tensor:
        fixed = torch.Generator().manual_seed(0)
        return draw(*size, generator=fixed, dtype=dtype).to(device)

    monkeypatch.setattr(torch, "randn", drawn)
