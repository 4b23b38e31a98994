"""Clean play: streams without attack and filter, and statistics of their messages."""

from typing import Any

import torch

from games.engine.channel import CLEAN
from games.engine.env import CommEnv
from games.engine.play import Stream, Thin, collect
from oracles.learning.randomness import make_generators
from oracles.teams.lies import Lies

_MEASURING = 2**20  # this segment is beyond those of any training
_MEASURED_ENVS = 256


def clean_stream(
    env: CommEnv,
    team: Any,
    num_envs: int,
    seed: int,
    segment: int,
    thin: Thin | None = None,
    lies: Lies | None = None,
) -> Stream:
    """Makes a clean stream whose randomness depends only on `(seed, segment)`.

    `thin` takes messages away (`oracles.teams.thinning`); `lies` are told, if it is to
    be less than clean (`oracles.teams.lies`).
    """
    device = env.device
    generators = make_generators(device, seed, segment)
    liars = 1 if lies is None else lies.liars
    return Stream(
        env,
        team,
        CLEAN if lies is None else lies.channel,
        malicious=torch.zeros(num_envs, 1, dtype=torch.long, device=device)
        + torch.arange(liars, device=device),
        world_generator=generators.world,
        generator=generators.policy,
        redraw_malicious=lies is not None,
        thin=thin,
    )


def measure_messages(env: CommEnv, team: Any, seed: int) -> None:
    """Measures a team's clean messages, and writes the result into its buffers.

    These are `message_norm` [] (mean norm), `message_rms`, `message_mean` and
    `message_std` [D], over the messages of living agents: units of attacks and filters.

    Args:
      env: the environment.
      team: the trained team.
      seed: the seed of worlds and policies; they differ from those of any training.
    """
    stream = clean_stream(
        env, team, env.spec.side_by_side(_MEASURED_ENVS), seed, _MEASURING
    )
    steps = collect(stream.play(), env.spec.episode_limit)
    said = steps.wire.sent[steps.timestep.alive]  # [messages, D]
    team.message_norm.copy_(said.norm(dim=-1).mean())
    team.message_rms.copy_(said.square().mean(0).sqrt())
    team.message_mean.copy_(said.mean(0))
    team.message_std.copy_(said.std(0))
