"""Lists by name the games of known value and the options of PSRO to compare."""

from collections.abc import Mapping
from typing import Any

from games.engine.registry import Entry

KNOWN_GAMES: dict[str, Entry] = {  # functions of a seed
    "matrix": Entry("psro_comm.validation.known_games:hidden_matrix"),
    "cube": Entry("psro_comm.validation.known_games:cube"),
    "signalling": Entry("psro_comm.validation.known_games:signalling"),
    "signalling_weak": Entry("psro_comm.validation.known_games:signalling_weak"),
}

OPTIONS: dict[str, Mapping[str, Any]] = {  # of `validate`
    "plain": {},
    "warm_start": {"warm_start": True},
}
