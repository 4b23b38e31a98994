"""Our games as OpenSpiel games: the only folder of `games` that imports pyspiel."""
