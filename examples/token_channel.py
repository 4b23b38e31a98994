"""PSRO between players that are not ours: words on a channel of three tokens.

A sender names one of three things by its token. With probability 0.6 a liar swaps it by
a map, his policy; a reader decodes it by a map, hers, and is paid 1 where she names the
thing. Policies are ids such as "021": what token 0, 1 and 2 become. So could be
language models, and an id the name of a prompt. Run `python examples/token_channel.py`.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

import psro_comm as pc

THINGS = np.array([0.5, 0.3, 0.2])  # how often each is named
LIES = 0.6  # share of messages that the liar may swap
MAPS = ["".join(each) for each in product("012", repeat=3)]


def play(attack: str, filter: str, seeds: Sequence[int]) -> list[float]:
    """Plays one message in each world; equal seeds are the same world for everybody."""
    paid = []
    for seed in seeds:
        world = np.random.default_rng(seed)
        thing, lied = int(world.choice(3, p=THINGS)), world.random() < LIES
        token = int(attack[thing]) if lied else thing
        paid.append(float(int(filter[token]) == thing))
    return paid


def value(attack: str, filter: str) -> float:
    """Returns the exact mean of `play`."""
    honest = sum(THINGS[t] for t in range(3) if int(filter[t]) == t)
    lied = sum(THINGS[t] for t in range(3) if int(filter[int(attack[t])]) == t)
    return float((1 - LIES) * honest + LIES * lied)


def respond(mixture: pc.Mixture) -> str:
    """Returns the best response to a mixture: here exact, elsewhere a training."""

    def earns(policy: str) -> float:
        met = mixture.weights.items()
        if mixture.side == "attack":
            return -sum(weight * value(policy, other) for other, weight in met)
        return sum(weight * value(other, policy) for other, weight in met)

    return max(MAPS, key=earns)


if __name__ == "__main__":
    players = pc.Players(respond, play, filters=["012"], attacks=["012"])
    found = pc.psro(players, iterations=12, worlds=400, width=0.02)
    print(found)
    exact = np.array([[value(attack, name) for attack in MAPS] for name in MAPS])
    print("exact:", pc.analyze(exact, filters=MAPS, attacks=MAPS).value.estimate)
    print(pc.worst_case(players, {"mixed": found.weights["filter"], "012": {"012": 1}}))
