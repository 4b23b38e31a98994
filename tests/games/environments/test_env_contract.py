"""What every registered environment must keep, found through the registry."""

from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from games.engine.env import CommEnv, State, TimeStep, first, step
from games.engine.spec import EnvSpec, Extent
from games.environments.registry import ENVS, extent_of, make_env

BATCH = 6
SHORT = 4  # steps of an episode, so that a few steps meet its end

# Games that are not arrays have tests of their own: test_smac.py, pettingzoo/.
NAMES = pytest.mark.parametrize("name", sorted({*ENVS} - {"smac", "pettingzoo"}))


def short_env(name: str, device: torch.device | str = "cpu") -> CommEnv:
    return make_env(name, {"episode_limit": SHORT}, device=device)


def uniform(device: torch.device | str, *shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator).to(device)


def random_action(timestep: TimeStep, seed: int) -> Tensor:
    """An available action of each agent."""
    score = uniform(timestep.obs.device, *timestep.available.shape, seed=seed)
    return score.masked_fill(~timestep.available, -1.0).argmax(-1)


def run(env: CommEnv, steps: int, seed: int = 0) -> list[tuple[State, TimeStep]]:
    """Random play with auto-reset: states and what they show, the start included."""
    spec, device = env.spec, env.device
    state = env.reset(uniform(device, BATCH, spec.reset_noise, seed=seed))
    seen = [(state, first(env, state))]
    for t in range(1, steps + 1):
        state, timestep = step(
            env,
            state,
            random_action(seen[-1][1], seed + t),
            uniform(device, BATCH, spec.step_noise, seed=seed + 100 + t),
            uniform(device, BATCH, spec.reset_noise, seed=seed + 200 + t),
        )
        seen.append((state, timestep))
    return seen


def shapes(env: CommEnv) -> dict[str, tuple[torch.dtype, tuple[int, ...]]]:
    """What `games.engine.env.TimeStep` promises."""
    spec, agents = env.spec, (BATCH, env.spec.num_agents)
    return {
        "obs": (torch.float32, (*agents, spec.obs_size)),
        "state": (torch.float32, (BATCH, spec.state_size)),
        "available": (torch.bool, (*agents, spec.num_actions)),
        "alive": (torch.bool, agents),
        "fresh": (torch.bool, agents),
        "links": (torch.bool, (*agents, spec.num_agents)),
        "reward": (torch.float32, (BATCH,)),
        "agent_reward": (torch.float32, agents),
        "done": (torch.bool, (BATCH,)),
        "success": (torch.bool, (BATCH,)),
    }


@NAMES
def test_the_spec_is_what_the_configuration_says_of_it(name):
    config = ENVS[name].config()
    variants = [config, replace(config, episode_limit=SHORT)]
    for field in fields(config):  # every map, where there are several
        for each in field.metadata.get("choices", ()):
            variants.append(replace(config, **{field.name: each}))
    for each in variants:
        built = make_env(name, each).spec
        for fact in fields(Extent):
            told = getattr(extent_of(name, each), fact.name)
            assert told == getattr(built, fact.name), (each, fact.name)


def test_an_environment_is_built_for_its_extent_where_its_settings_are_silent():
    class Silent:
        episode_limit, speakers = SHORT, 1

    built = extent_of("echo", Silent())
    assert isinstance(built, EnvSpec)
    assert (built.num_agents, built.episode_limit) == (2, SHORT)


@NAMES
def test_the_spec_names_its_environment(name):
    env = make_env(name)
    assert env.spec.name == name
    assert env.spec.num_agents >= 2
    assert env.spec.num_actions >= 2


@NAMES
def test_a_time_step_has_the_promised_shapes_and_types(name, device):
    env = short_env(name, device)
    for _, timestep in run(env, SHORT + 1):
        promised = shapes(env)
        assert set(promised) == set(timestep._fields)
        for field, (dtype, shape) in promised.items():
            leaf = getattr(timestep, field)
            assert (leaf.dtype, tuple(leaf.shape)) == (dtype, shape), field
            assert leaf.device.type == device.type, field


@NAMES
def test_numbers_are_finite_and_everyone_can_always_act(name, device):
    for _, timestep in run(short_env(name, device), SHORT + 1):
        assert timestep.obs.isfinite().all()
        assert timestep.state.isfinite().all()
        assert timestep.reward.isfinite().all()
        assert timestep.available.any(-1).all()


@NAMES
def test_only_the_living_are_linked_and_nobody_to_itself(name, device):
    for _, timestep in run(short_env(name, device), SHORT + 1):
        assert not timestep.links.diagonal(dim1=1, dim2=2).any()
        both = timestep.alive[:, :, None] & timestep.alive[:, None]
        assert not (timestep.links & ~both).any()


@NAMES
def test_the_start_of_a_world_is_fresh_unpaid_and_not_done(name, device):
    _, timestep = run(short_env(name, device), 0)[0]
    assert timestep.fresh[timestep.alive].all()
    assert not timestep.done.any()
    assert not timestep.success.any()
    assert (timestep.reward == 0).all()
    assert (timestep.agent_reward == 0).all()


@NAMES
def test_the_same_noise_has_the_same_future(name, device):
    env = short_env(name, device)
    again = short_env(name, device)
    for (_, one), (_, other) in zip(
        run(env, SHORT + 2), run(again, SHORT + 2), strict=True
    ):
        for field, left, right in zip(one._fields, one, other, strict=True):
            assert torch.equal(left, right), field


@NAMES
def test_other_noise_has_another_future(name):
    env = short_env(name)
    one, other = run(env, SHORT), run(env, SHORT, seed=7)
    assert any(
        not torch.equal(left.state, right.state)
        for (_, left), (_, right) in zip(one, other, strict=True)
    )


@NAMES
def test_a_world_does_not_see_its_neighbours(name):
    """World 2 is the same whatever happens in the others."""
    env = short_env(name)
    spec = env.spec
    reset = uniform("cpu", BATCH, spec.reset_noise)
    action = torch.zeros(BATCH, spec.num_agents, dtype=torch.long)
    noise = uniform("cpu", BATCH, spec.step_noise, seed=1)
    moved, signal = env.transition(env.reset(reset), action, noise)
    alone, own = env.transition(env.reset(reset[2:3]), action[2:3], noise[2:3])
    many = (*env.observe(moved), *signal)
    for one, other in zip(many, (*env.observe(alone), *own), strict=True):
        assert torch.equal(one[2:3], other)


@NAMES
def test_the_step_limit_ends_every_game(name, device):
    history = run(short_env(name, device), SHORT)
    ended = torch.stack([timestep.done for _, timestep in history])
    assert ended.any(0).all()


@NAMES
def test_auto_reset_shows_the_new_observation_and_the_old_end(name, device):
    env = short_env(name, device)
    spec = env.spec
    history = run(env, SHORT - 1)
    state, before = history[-1]
    action = random_action(before, seed=SHORT)
    noise = uniform(device, BATCH, spec.step_noise, seed=3)
    reset_noise = uniform(device, BATCH, spec.reset_noise, seed=4)
    _, signal = env.transition(state, action, noise)
    restarted, shown = step(env, state, action, noise, reset_noise)
    started = first(env, env.reset(reset_noise))
    assert signal.done.any()
    for field in ("obs", "state", "available", "alive", "fresh", "links"):
        new, old = getattr(started, field), getattr(shown, field)
        assert torch.equal(old[signal.done], new[signal.done]), field
    for field, leaf in signal._asdict().items():
        assert torch.equal(getattr(shown, field), leaf), field
    assert type(restarted) is type(state)


@NAMES
def test_worlds_that_go_on_are_not_reset(name):
    env = make_env(name)
    spec = env.spec
    state = env.reset(uniform("cpu", BATCH, spec.reset_noise))
    action = random_action(first(env, state), seed=1)
    noise = uniform("cpu", BATCH, spec.step_noise, seed=2)
    moved, signal = env.transition(state, action, noise)
    assert not signal.done.any()
    for seed in (3, 4):
        reset_noise = uniform("cpu", BATCH, spec.reset_noise, seed=seed)
        after, _ = step(env, state, action, noise, reset_noise)
        assert all(map(torch.equal, after, moved))


@NAMES
def test_a_step_changes_nothing_that_is_passed_in(name):
    env = short_env(name)
    state, timestep = run(env, 1)[-1]
    action = random_action(timestep, seed=1)
    noises = [
        uniform("cpu", BATCH, width)
        for width in (env.spec.step_noise, env.spec.reset_noise)
    ]
    before = [leaf.clone() for leaf in (*state, action, *noises)]
    step(env, state, action, *noises)
    assert all(map(torch.equal, before, (*state, action, *noises)))


@NAMES
def test_a_step_has_static_shapes_and_waits_for_no_device(name):
    # Fake tensors have no values: `.item()` or a shape that depends on data raises.
    with FakeTensorMode():
        env = short_env(name)
        spec = env.spec
        state = env.reset(torch.rand(BATCH, spec.reset_noise))
        action = torch.zeros(BATCH, spec.num_agents, dtype=torch.long)
        _, timestep = step(
            env,
            state,
            action,
            torch.rand(BATCH, spec.step_noise),
            torch.rand(BATCH, spec.reset_noise),
        )
    for field, (_, shape) in shapes(env).items():
        assert tuple(getattr(timestep, field).shape) == shape, field


def test_an_unknown_environment_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"environment is 'chess'.*echo"):
        make_env("chess")
