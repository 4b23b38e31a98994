"""Makes general games of meta-games, for what is computed for both."""

import numpy as np

from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.meta_game import MetaGame


def as_normal_form(game: MetaGame) -> NormalFormGame:
    """Returns a meta-game as a game of two players, `defender` and `attacker`."""
    payoffs = np.array([game.mean, -game.mean])
    sides = game.defenders, game.attackers
    return NormalFormGame(("defender", "attacker"), sides, payoffs, title=game.title)
