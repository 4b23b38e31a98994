"""Liars that nobody trains, to learn from: the registry of their families of lies.

An entry is a function of `families.Scene`. One more is one function and one line.
"""

from games.engine.registry import Entry

_HERE = "oracles.strategies.liars.families"
LIARS: dict[str, Entry] = {
    "constant": Entry(f"{_HERE}:constant"),
    "linear": Entry(f"{_HERE}:linear"),
    "other_world": Entry(f"{_HERE}:other_world"),
    "replay": Entry(f"{_HERE}:replay"),
    "mirror": Entry(f"{_HERE}:mirror"),
    "frozen": Entry(f"{_HERE}:frozen"),
    "network": Entry(f"{_HERE}:network"),
    "noise": Entry(f"{_HERE}:noise"),
}

BRED, RATED = 32, 8
"""Liars of a generation that evolves (`coevolving.py`), and worlds that rate each."""
