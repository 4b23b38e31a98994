"""Measures ours against other people's packages: `make bench-peers`.

JaxMARL's SMAX and MPE, PettingZoo's MPE (mpe2), and OpenSpiel's own loop over sampled
episodes. All run on one core. Games differ in their rules; where two are not the same
game, the label says so.
"""

import contextlib
import importlib.util
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

import torch

from games.engine.play import play_episodes
from games.engine.side import Side
from games.engine.worlds import make_worlds
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.best_response import new_policy
from oracles.strategies.filters.config import FilterConfig
from psro_comm.benchmarks.tables import table
from psro_comm.benchmarks.timing import Line, Timed, rates
from psro_comm.benchmarks.worlds import batched, hunting_team, plain_drive
from psro_comm.psro.registered import sampled

_NEEDED = ("jax", "jaxmarl", "mpe2")
_STEPS = 30  # between two looks at the clock
_WORLDS = 1000  # of each cell of a payoff table

PEERS = "On one core; the best of several batch sizes counts for each side"


def lines(device: str, rounds: int) -> Iterator[Line]:
    """Measures every peer, one after another.

    Raises:
      ValueError: a package is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(f"{', '.join(missing)} not installed: make bench-peers")
    if device == "cpu":
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    yield from _smax(device, rounds)
    yield from _mpe(device, rounds)
    yield _junction(device, rounds)
    yield _loop(device)


@contextlib.contextmanager
def _streams_kept() -> Iterator[None]:
    """Keeps stdout and stderr, which JaxMARL's import writes to and then replaces."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO()) for _ in range(2))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _best(found: dict[str, float], prefix: str) -> float:
    return max(rate for name, rate in found.items() if name.startswith(prefix))


def _smax(device: str, rounds: int) -> list[Line]:
    """Measures StarCraft's 3m: three marines against three."""
    sizes = (256, 1024) if device == "cpu" else (4096, 16384)
    fight = {f"ours {n}": batched("combat", {"map": "3m"}, n, device) for n in sizes}
    fight |= {f"smax {n}": jax_env("smax", n) for n in sizes}
    found = rates(fight, rounds)
    label = "3m, against SMAX's (JaxMARL, heuristic enemy)"
    return [Line(label, _best(found, "ours"), _best(found, "smax"), "steps/s", 1.0)]


def _mpe(device: str, rounds: int) -> list[Line]:
    """Measures games of three agents on a plane, or on a board."""
    sizes = (256, 1024) if device == "cpu" else (4096, 65536)
    hunt = {f"ours {n}": batched("predator_prey", {}, n, device) for n in sizes}
    hunt |= {f"jax {n}": jax_env("MPE_simple_spread_v3", n) for n in sizes}
    hunt["mpe2"] = mpe2()
    found = rates(hunt, rounds)
    label, ours = "Predator-Prey, against another game,", _best(found, "ours")
    return [
        Line(f"{label} MPE spread (JaxMARL)", ours, _best(found, "jax"), "steps/s", 0),
        Line(f"{label} MPE spread (mpe2)", ours, found["mpe2"], "steps/s", 0),
    ]


def _junction(device: str, rounds: int) -> Line:
    """Measures Traffic Junction by IC3Net's rules, which the tests wrote anew."""
    drive = {
        "ours": batched("traffic_junction", {"level": "hard"}, 256, device),
        "plain": plain_drive("hard"),
    }
    found = rates(drive, rounds)
    label = "Traffic Junction hard, against its rules in plain Python"
    return Line(label, found["ours"], found["plain"], "steps/s", 30.0)


def _loop(device: str) -> Line:
    """Measures a 6 by 6 payoff table, against OpenSpiel's `sample_episodes`."""
    both = {"ours": table(_WORLDS, device, together=True), "loop": stock_loop(device)}
    found = rates(both, 1)
    label = f"6 by 6 table of {_WORLDS} worlds, against sample_episodes"
    ours = found["ours"] * _WORLDS  # from cells to episodes
    return Line(label, ours, found["loop"], "episodes/s", 50.0)


def stock_loop(device: str, episodes: int = 4) -> Timed:
    """Returns work that samples episodes of one cell as OpenSpiel's PSRO does."""
    setting = hunting_team(device)
    generator = torch.Generator(device).manual_seed(0)
    filter_ = new_policy(setting, Side.DEFENDER, "two_stage", FilterConfig(), generator)
    attack = new_policy(setting, Side.ATTACKER, "gaussian", AttackConfig(), generator)
    channel = setting.channel(
        attack.eval().requires_grad_(False), filter_.eval().requires_grad_(False)
    )
    played = 0

    def rollout(defender: int, attacker: int) -> float:
        nonlocal played
        worlds = make_worlds(setting.env.spec, 0, played, 1, (0,), device)
        played += 1
        outcome = play_episodes(setting.env, setting.team, channel, worlds, generator)
        return float(outcome.returns[0])

    def work() -> int:
        sampled(rollout, episodes)
        return episodes

    return work


def jax_env(name: str, size: int) -> Timed:
    """Returns work that steps an environment of JaxMARL: legal actions, views, resets.

    Actions are drawn as on our side: among the legal ones, where some are not.
    """
    with _streams_kept():
        import jax
        import jaxmarl
        from jaxmarl.environments.smax import map_name_to_scenario

    if name == "smax":
        scenario = map_name_to_scenario("3m")
        env: Any = jaxmarl.make("HeuristicEnemySMAX", scenario=scenario)
    else:
        env = jaxmarl.make(name)

    def act(key: Any, state: Any) -> dict[str, Any]:
        keys = dict(
            zip(env.agents, jax.random.split(key, len(env.agents)), strict=True)
        )
        if name != "smax":
            return {a: env.action_space(a).sample(k) for a, k in keys.items()}
        legal = env.get_avail_actions(state)
        return {
            a: (jax.random.uniform(k, legal[a].shape) * legal[a]).argmax()
            for a, k in keys.items()
        }

    def one(key: Any, state: Any) -> tuple[Any, Any]:
        first, second = jax.random.split(key)
        seen, state, reward, _, _ = env.step(second, state, act(first, state))
        used = [part.sum() for part in (*seen.values(), *reward.values())]
        return state, sum(used)  # else the compiler would leave the views out

    def step(carry: Any, key: Any) -> tuple[Any, None]:
        state, total = carry
        state, used = jax.vmap(one)(jax.random.split(key, size), state)
        return (state, total + used.sum()), None

    @jax.jit
    def run(key: Any, carry: Any) -> Any:
        return jax.lax.scan(step, carry, jax.random.split(key, _STEPS))[0]

    start = jax.random.split(jax.random.PRNGKey(0), size)
    carry: Any = (jax.jit(jax.vmap(env.reset))(start)[1], jax.numpy.zeros(()))
    number = 0

    def work() -> int:
        nonlocal carry, number
        number += 1
        carry = jax.block_until_ready(run(jax.random.PRNGKey(number), carry))
        return _STEPS * size

    return work


def mpe2(steps: int = 300) -> Timed:
    """Returns work that steps PettingZoo's MPE, one world, as its users do."""
    from mpe2 import simple_spread_v3

    env = simple_spread_v3.parallel_env()
    env.reset(seed=0)

    def work() -> int:
        for _ in range(steps):
            drawn = {agent: env.action_space(agent).sample() for agent in env.agents}
            env.step(drawn)
            if not env.agents:
                env.reset()
        return steps

    return work
