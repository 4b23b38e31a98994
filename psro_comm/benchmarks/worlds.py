"""Measures the batched environments against the plain-Python ones of the tests.

The plain ones are those of `tests/reference`, written to be read, not to be slow. Both
compute rewards and observations, legal actions where some are illegal, and who hears
whom where that changes. The batched side always computes the state, the plain one only
in Combat.
"""

import importlib
import random
from types import ModuleType
from typing import Any

import torch

from games.engine.channel import CLEAN
from games.engine.env import first, step
from games.engine.play import Stream
from games.engine.threat import Threat
from games.environments.registry import make_env
from oracles.strategies.setting import Setting
from oracles.teams.backbones import make_team
from oracles.teams.backbones.config import CommNetConfig
from psro_comm.benchmarks.timing import Line, Timed, rates

PLAIN = (
    "Plain Python: tests/reference, one world, asked for rewards, observations and,"
    " where they vary, legal actions and who hears whom"
)
_AGAINST = "against plain Python"


def lines(device: str, rounds: int) -> list[Line]:
    """Measures every environment, and Predator-Prey with a team that talks."""
    hunt = rates(
        {
            "plain": plain_hunt(),
            "256": batched("predator_prey", {}, 256, device),
            "1024": batched("predator_prey", {}, 1024, device),
            "team": with_team(1024, device),
        },
        rounds,
    )
    found = [
        Line(label, hunt[name], hunt["plain"], "steps/s", promised)
        for name, label, promised in (
            ("256", f"Predator-Prey, batch 256, {_AGAINST}", 6.0),
            ("1024", f"Predator-Prey, batch 1024, {_AGAINST}", 10.0),
            ("team", "the same with CommNet (64 units), batch 1024", 2.0),
        )
    ]
    for level, promised in (("easy", 20.0), ("hard", 30.0)):
        drive = {
            "plain": plain_drive(level),
            "256": batched("traffic_junction", {"level": level}, 256, device),
        }
        best = rates(drive, rounds)
        label = f"Traffic Junction {level}, batch 256, {_AGAINST}"
        found.append(Line(label, best["256"], best["plain"], "steps/s", promised))
    fight = {
        "plain": plain_fight("3bane_vs_hM"),
        "1024": batched("combat", {"map": "3bane_vs_hM"}, 1024, device),
    }
    best = rates(fight, rounds)
    label = "3bane_vs_hM, batch 1024, against"
    return [
        *found,
        Line(f"{label} plain Python", best["1024"], best["plain"], "steps/s", 20.0),
        Line(f"{label} 75 000 steps/s", best["1024"], 75_000.0, "steps/s", 1.0),
    ]


def _reference(name: str) -> ModuleType:
    """Imports a plain-Python environment of the tests."""
    try:
        return importlib.import_module(f"tests.reference.{name}")
    except ModuleNotFoundError as error:
        raise ValueError(f"{error}: run from the root of a checkout") from error


def plain_hunt(steps: int = 2000) -> Timed:
    """Returns work that plays plain Predator-Prey: observations and legal actions."""
    config = make_env("predator_prey").config  # type: ignore[attr-defined]
    rules = _reference("predator_prey").Reference(config)
    rng = random.Random(0)
    agents, entities = config.num_predators, config.num_predators + config.num_prey
    world = rules.start([rng.random() for _ in range(entities)])

    def work() -> int:
        nonlocal world
        for _ in range(steps):
            action = [rng.randrange(5) for _ in range(agents)]
            noise = [rng.random() for _ in range(2 + config.num_prey)]
            if rules.play(world, action, noise).done:
                world = rules.start([rng.random() for _ in range(entities)])
            for agent in range(agents):
                rules.observation(world, agent)
                rules.available(world, agent)
        return steps

    return work


def plain_drive(level: str, steps: int = 400) -> Timed:
    """Returns work that plays plain Traffic Junction: observations, who hears whom."""
    env: Any = make_env("traffic_junction", {"level": level})
    rules = _reference("traffic_junction").Reference(env.config)
    rng, cars = random.Random(0), env.spec.num_agents
    world = rules.start()

    def work() -> int:
        nonlocal world
        for _ in range(steps):
            action = [rng.randrange(2) for _ in range(cars)]
            noise = [rng.random() for _ in range(env.spec.step_noise)]
            if rules.play(world, action, noise).done:
                world = rules.start()
            for car in range(cars):
                rules.observation(world, car)
                for other in range(cars):
                    rules.hears(world, car, other)
        return steps

    return work


def plain_fight(name: str, steps: int = 200) -> Timed:
    """Returns work that plays plain Combat: observations, states, legal actions."""
    env: Any = make_env("combat", {"map": name})
    rules = _reference("combat").Reference(env.config)
    view, spec = _reference("combat_view"), env.spec
    rng, agents = random.Random(0), env.spec.num_agents
    own = env.map
    ranges = (own.sight, own.shoot, env.config.move_amount)

    def start() -> Any:
        return rules.start([rng.random() for _ in range(spec.reset_noise)])

    world = start()

    def work() -> int:
        nonlocal world
        for _ in range(steps):
            action = []
            for agent in range(agents):
                legal = view.available(name, world, agents, agent, *ranges[1:])
                action.append(rng.choice([k for k, able in enumerate(legal) if able]))
                view.observation(
                    name, world, agents, agent, *ranges, own.all_health, False
                )
            view.state(name, world, agents, spec.num_actions)
            noise = [rng.random() for _ in range(spec.step_noise)]
            if rules.play(world, action, noise)[1]:
                world = start()
        return steps

    return work


def batched(
    name: str, config: dict[str, Any], size: int, device: str, steps: int = 30
) -> Timed:
    """Returns work that steps a batched environment, auto-reset and view included.

    Actions are drawn as on the plain side: in Combat, among the legal ones.
    """
    env = make_env(name, config, device=device)
    generator = torch.Generator(device).manual_seed(0)

    def noise(*shape: int) -> torch.Tensor:
        return torch.rand(size, *shape, generator=generator, device=device)

    state = env.reset(noise(env.spec.reset_noise))
    shown = first(env, state)
    agents, actions = env.spec.num_agents, env.spec.num_actions
    free = name != "combat"

    def draw() -> torch.Tensor:
        if free:
            shape = (size, agents)
            return torch.randint(actions, shape, generator=generator, device=device)
        return (noise(agents, actions) * shown.available).argmax(-1)

    def work() -> int:
        nonlocal state, shown
        for _ in range(steps):
            state, shown = step(
                env,
                state,
                draw(),
                noise(env.spec.step_noise),
                noise(env.spec.reset_noise),
            )
        return steps * size

    return work


def hunting_team(device: str) -> Setting:
    """Returns the game of an untrained CommNet on Predator-Prey."""
    env = make_env("predator_prey", device=device)
    torch.manual_seed(0)
    team = make_team("commnet", CommNetConfig(), env.spec).to(device)
    return Setting(env, team.eval().requires_grad_(False), Threat(), (0,))


def with_team(size: int, device: str, steps: int = 30) -> Timed:
    """Returns work that steps environment, CommNet and channel, without an attack."""
    setting = hunting_team(device)
    stream = Stream(
        setting.env,
        setting.team,
        CLEAN,
        malicious=torch.zeros(size, 1, dtype=torch.long, device=device),
        world_generator=torch.Generator(device).manual_seed(0),
        generator=torch.Generator(device).manual_seed(1),
    ).play()

    def work() -> int:
        for _ in range(steps):
            next(stream)
        return steps * size

    return work
