"""Speed, as ratios within this run: `make bench`. One thread, nothing else running.

Every line compares two things measured side by side, in turns, so that a busy machine
slows both; the ratio of their best times is what counts.
"""

import importlib.util
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from absl import flags

from games.channel import NoAttack, NoFilter
from games.env import step
from games.matches import play_cells
from games.play import Stream
from games.predator_prey import PredatorPrey, PredatorPreyConfig
from games.worlds import make_worlds
from oracles.attacks import AttackConfig
from oracles.backbones import make_team
from oracles.backbones.commnet import CommNetConfig
from oracles.best_response import new_attack, new_filter
from oracles.filters import FilterConfig
from oracles.learner import Setting
from oracles.tampering import Threat
from psro_comm.meta_solvers import GAP_TOLERANCE, solve_many, solve_zero_sum
from psro_comm.shell import run_main

flags.DEFINE_enum("device", "cpu", ("cpu", "cuda"), "Where to compute.")
flags.DEFINE_integer("rounds", 5, "Measurements of each; the best counts.", 1)

Timed = Callable[[], int]  # does some work, returns how much


def _reference() -> ModuleType:
    """The plain-Python environment of the tests, measured as the baseline."""
    path = Path(__file__).parent.parent / "tests" / "reference" / "predator_prey.py"
    spec = importlib.util.spec_from_file_location("reference_predator_prey", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is missing: run from a checkout")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def rates(contestants: dict[str, Timed], rounds: int) -> dict[str, float]:
    """Best rate of each contestant, work per second, measured in turns."""
    best = dict.fromkeys(contestants, 0.0)
    for work in contestants.values():
        work()
    for _ in range(rounds):
        for name, work in contestants.items():
            began = time.perf_counter()
            done = work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            best[name] = max(best[name], done / (time.perf_counter() - began))
    return best


def plain_python(steps: int = 2000) -> Timed:
    """Steps of the reference, observations included (but no state for critics)."""
    config = PredatorPreyConfig()
    rules = _reference().Reference(config)
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


def batched(size: int, device: str, steps: int = 30) -> Timed:
    """Steps of the batched environment, auto-reset and observations included."""
    env = PredatorPrey(device=device)
    generator = torch.Generator(device).manual_seed(0)

    def noise(width: int) -> torch.Tensor:
        return torch.rand(size, width, generator=generator, device=device)

    state = env.reset(noise(env.spec.reset_noise))
    shape = (size, env.spec.num_agents)

    def work() -> int:
        nonlocal state
        for _ in range(steps):
            action = torch.randint(5, shape, generator=generator, device=device)
            state, _ = step(
                env,
                state,
                action,
                noise(env.spec.step_noise),
                noise(env.spec.reset_noise),
            )
        return steps * size

    return work


def _setting(device: str) -> Setting:
    env = PredatorPrey(device=device)
    torch.manual_seed(0)
    team = make_team("commnet", CommNetConfig(), env.spec).to(device)
    return Setting(env, team.eval().requires_grad_(False), Threat(), (0,))


def with_team(size: int, device: str, steps: int = 30) -> Timed:
    """Steps of environment and CommNet, channel included, nobody on it."""
    setting = _setting(device)
    stream = Stream(
        setting.env,
        setting.team,
        NoAttack(),
        NoFilter(),
        captured=torch.zeros(size, 1, dtype=torch.long, device=device),
        world_generator=torch.Generator(device).manual_seed(0),
        generator=torch.Generator(device).manual_seed(1),
    ).play()

    def work() -> int:
        for _ in range(steps):
            next(stream)
        return steps * size

    return work


def table(episodes: int, device: str, *, together: bool) -> Timed:
    """Cells of a 6 by 6 payoff table, in one rollout or one after the other."""
    setting = _setting(device)
    generator = torch.Generator(device).manual_seed(0)
    filters = [new_filter(setting, FilterConfig(), generator) for _ in range(6)]
    attacks = [new_attack(setting, AttackConfig(), generator) for _ in range(6)]
    for policy in (*filters, *attacks):
        policy.eval().requires_grad_(False)
    worlds = make_worlds(setting.env.spec, 0, 0, episodes, (0,), device)
    cells = [(d, a) for d in range(6) for a in range(6)]

    def work() -> int:
        for part in [cells] if together else [[cell] for cell in cells]:
            play_cells(
                setting.env, setting.team, filters, attacks, part, worlds, generator
            )
        return len(cells)

    return work


def games(size: int, count: int, *, together: bool) -> Timed:
    """Nash equilibria of random games, together or each compiled by itself."""
    matrices = np.random.default_rng(0).standard_normal((count, size, size))

    def work() -> int:
        solved = solve_many(matrices) if together else map(solve_zero_sum, matrices)
        worst = max(game.gap for game in solved)
        if worst > GAP_TOLERANCE:
            raise ValueError(f"a gap of {worst:.1e}, promised {GAP_TOLERANCE:.0e}")
        return count

    return work


def solved(rounds: int) -> list[tuple[str, float, float, str, float]]:
    """The meta-games: against one by one, and against the promised times."""
    both = {
        "together": games(10, 100, together=True),
        "each": games(10, 100, together=False),
    }
    rate = rates(both, rounds)
    large = rates({"200": games(200, 1, together=False)}, rounds)["200"]
    label = "1000 resamples of a 10 by 10 game, against"
    return [
        (f"{label} one by one", rate["together"], rate["each"], "games/s", 2.0),
        (f"{label} 10 s", rate["together"], 100.0, "games/s", 1.0),
        ("Nash of a 200 by 200 table, against 2 s", large, 0.5, "games/s", 1.0),
    ]


def main(_: list[str]) -> None:
    """Measures and prints every promised ratio, and whether it is kept."""
    torch.set_num_threads(1)
    device, rounds = flags.FLAGS.device, flags.FLAGS.rounds
    lines = []
    steps = rates(
        {
            "plain": plain_python(),
            "256": batched(256, device),
            "1024": batched(1024, device),
            "team": with_team(1024, device),
        },
        rounds,
    )
    for name, label, promised in (
        ("256", "Predator-Prey, batch 256, against plain Python", 6.0),
        ("1024", "Predator-Prey, batch 1024, against plain Python", 10.0),
        ("team", "the same with CommNet (64 units), batch 1024", 2.0),
    ):
        lines.append((label, steps[name], steps["plain"], "steps/s", promised))
    for episodes, promised in ((16, 3.0), (256, 1.0)):
        cells = rates(
            {
                "one": table(episodes, device, together=True),
                "each": table(episodes, device, together=False),
            },
            2 if episodes > 16 else rounds,
        )
        label = f"6 by 6 table in one rollout, {episodes} episodes a cell"
        lines.append((label, cells["one"], cells["each"], "cells/s", promised))
    lines += solved(rounds)
    kept = True
    for label, ours, theirs, unit, promised in lines:
        ratio = ours / theirs
        kept &= bool(np.round(ratio, 2) >= promised)
        print(
            f"{label:<52} {ours:>11,.1f} against {theirs:>8,.1f} {unit}:"
            f" {ratio:5.1f} times (promised {promised:g})"
        )
    if not kept:
        raise ValueError("a promised ratio was not reached on this machine, now")


if __name__ == "__main__":
    run_main(main)
