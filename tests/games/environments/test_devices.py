"""The CPU and the GPU play the same games: every environment with every backbone."""

import pytest
import torch
from torch import Tensor

from games.engine.channel import CLEAN
from games.engine.env import first, step
from games.engine.team import communicate, start
from games.engine.tree import leaves
from games.environments.registry import ENVS, make_env
from oracles.teams.backbones import BACKBONES, make_team
from tests.hand_made import same_draws

BATCH, STEPS = 32, 12


def play(
    env_name: str, backbone: str, device: str, actions: list[Tensor] | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    """All that is seen, said and scored in some steps, and the actions taken.

    The actions are the CPU's best where none are given. Noise comes from the CPU, and
    the team draws nothing that differs.
    """
    env = make_env(env_name, device=device)
    torch.manual_seed(0)
    team = make_team(backbone, {}, env.spec).to(device).eval().requires_grad_(False)
    noise = torch.Generator().manual_seed(1)

    def drawn(width: int) -> Tensor:
        return torch.rand(BATCH, width, generator=noise).to(device)

    spec = env.spec
    state = env.reset(drawn(spec.reset_noise))
    timestep = first(env, state)
    carry = start(
        team, torch.zeros(BATCH, 1, dtype=torch.long, device=device), spec.num_agents
    )
    generator = torch.Generator(device).manual_seed(2)
    seen, taken = leaves(timestep), []
    for number in range(STEPS):
        carry, wire, scores = communicate(team, carry, timestep, CLEAN, generator)
        seen += [wire.sent, wire.heard, scores, carry.memory, carry.m_in]
        best = scores.argmax(-1) if actions is None else actions[number].to(device)
        taken.append(best.cpu())
        state, timestep = step(
            env, state, best, drawn(spec.step_noise), drawn(spec.reset_noise)
        )
        seen += [*leaves(timestep), *leaves(state)]
    return [leaf.cpu() for leaf in seen], taken


@pytest.mark.gpu
@pytest.mark.parametrize("backbone", sorted(BACKBONES))
@pytest.mark.parametrize("env_name", sorted({*ENVS} - {"smac"}))
def test_the_cpu_and_the_gpu_play_the_same_game(env_name, backbone, monkeypatch):
    same_draws(monkeypatch)
    slow, actions = play(env_name, backbone, "cpu")
    fast, _ = play(env_name, backbone, "cuda", actions)
    assert len(slow) == len(fast)
    for number, (ours, theirs) in enumerate(zip(fast, slow, strict=True)):
        torch.testing.assert_close(
            *(ours, theirs), atol=1e-4, rtol=1e-5, equal_nan=True, msg=str(number)
        )


def test_the_comparison_would_see_another_action():
    seen, actions = play("echo", "commnet", "cpu")
    same, _ = play("echo", "commnet", "cpu", actions)
    other, _ = play("echo", "commnet", "cpu", [1 - action for action in actions])

    def equal(one, two):
        return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))

    assert equal(seen, same)
    assert not equal(seen, other)
