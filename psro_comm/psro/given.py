"""Names the policies that a run of algorithm 1 is given, and remembers them."""

import re
from collections.abc import Mapping, Sequence

from games.engine.side import Side
from oracles.strategies.frozen import Frozen
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.names import NO_ATTACK, NO_FILTER

Given = tuple[Mapping[str, Frozen], Mapping[str, Frozen]]  # filters and attacks
_OWN = re.compile(  # names of artefacts that such a run makes itself
    r"(attack|filter|payoffs|check|iteration)-\d{3}.*|team.*|gate|start|psro"
    r"|config|env|status|manifest"
)


def begun(store: RunStore, given: Given) -> list[dict[str, Frozen]]:
    """Returns the given policies by their names in this run, which it stores.

    Args:
      store: the run's store.
      given: filters and attacks by the names that the user gave.

    Raises:
      StoreError: the run was begun from other policies.
    """
    digests = [[policy.digest() for policy in side.values()] for side in given]
    if store.has("start"):
        # Runs from before names were kept hold digests alone, and number them.
        start = [
            [
                [f"given-{side.strategy}-{k}", one] if isinstance(one, str) else one
                for k, one in enumerate(stored)
            ]
            for side, stored in zip(Side, store.load_json("start"), strict=True)
        ]
        if [[digest for _, digest in side] for side in start] != digests:
            raise StoreError(
                f"{store.root} was begun from other initial policies: use another --run"
            )
        names = [[name for name, _ in side] for side in start]
    else:
        names = free_names([list(side) for side in given])
        pairs = [zip(*side, strict=True) for side in zip(names, digests, strict=True)]
        store.save_json("start", [[list(pair) for pair in side] for side in pairs])
    return [
        dict(zip(own, side.values(), strict=True))
        for own, side in zip(names, given, strict=True)
    ]


def free_names(asked: Sequence[Sequence[str]]) -> list[list[str]]:
    """Returns names for the given policies of both sides, as a store allows them.

    They are those asked for; what would clash with another of them, or with what the
    run makes itself, has `given-` before it.
    """
    taken = {NO_FILTER, NO_ATTACK}
    found: list[list[str]] = []
    for side in asked:
        found.append([])
        for name in side:
            free = re.sub(r"[^A-Za-z0-9_.-]", "-", name)
            while free.lower() in taken or _OWN.fullmatch(free.lower()):
                free = f"given-{free}"
            taken.add(free.lower())
            found[-1].append(free)
    return found
