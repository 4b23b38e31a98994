"""Takes games from OpenSpiel, and gives them back as its tensor games."""

from dataclasses import replace
from difflib import get_close_matches
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pyspiel

from psro_comm.metagame.general.normal_form import NormalFormGame, regrets

PREFIX = "openspiel:"  # before the name of a game, instead of a file
MOST_CELLS = 50_000  # profiles of a game that is turned into its normal form
_MOST_STATES = 20_000  # of a tree that is walked to count its strategies


def load(text: str) -> NormalFormGame:
    """Returns the normal form of one of OpenSpiel's games.

    Args:
      text: its name and parameters, such as `blotto(coins=5,fields=3,players=3)`.

    Raises:
      ValueError: no such game, or one whose normal form is too large.
    """
    known = pyspiel.registered_names()
    name = text.partition("(")[0]
    if name not in known:  # OpenSpiel itself would print all names
        near = get_close_matches(name, known, n=3)
        hint = f": {', '.join(near)}?" if near else ""
        raise ValueError(f"OpenSpiel has no game {name!r}{hint}")
    try:
        return from_openspiel(pyspiel.load_game(text), text)
    except pyspiel.SpielError as error:
        said = str(error).splitlines()[0].removesuffix(".")[:200]
        raise ValueError(f"OpenSpiel makes no normal form of {text}: {said}") from error


def from_openspiel(game: pyspiel.Game, title: str = "") -> NormalFormGame:
    """Returns the normal form of an OpenSpiel game.

    Matrix and tensor games keep the names of their actions. Of a game that all play at
    once, once, all profiles are played; of another, OpenSpiel makes the normal form, in
    which a strategy says what to do wherever its player may come.

    Raises:
      ValueError: the normal form is too large, or has no end.
    """
    title = title or game.get_type().long_name
    if isinstance(game, pyspiel.MatrixGame):
        rows = [game.row_action_name(i) for i in range(game.num_rows())]
        columns = [game.col_action_name(j) for j in range(game.num_cols())]
        tables = [game.row_utilities(), game.col_utilities()]
        return _named(title, [rows, columns], np.array(tables))
    if not isinstance(game, pyspiel.TensorGame):
        kind = game.get_type()
        if kind.information == pyspiel.GameType.Information.ONE_SHOT:
            return _played(game, title)
        _check_size(game, title)
        game = pyspiel.extensive_to_tensor_game(game)
    players = range(game.num_players())
    names = [
        [_short(game.action_name(p, a)) for a in range(game.shape()[p])]
        for p in players
    ]
    tables = [np.array(game.player_utilities(p)) for p in players]
    return _named(title, names, np.array(tables).reshape(-1, *game.shape()))


def taken(thing: Any) -> NormalFormGame | None:
    """Returns the game of an OpenSpiel game or PSRO solver; None of anything else."""
    if isinstance(thing, pyspiel.Game):
        return from_openspiel(thing)
    is_solver = hasattr(thing, "get_meta_game") and hasattr(thing, "get_policies")
    return from_psro(thing) if is_solver else None


def from_psro(solver: Any) -> NormalFormGame:
    """Returns the meta-game of OpenSpiel's PSRO solver, of any number of players.

    A policy is called by its `name` if it has one, else by its class and its number. A
    note says how much deviations gain from the solver's own mixtures.

    Args:
      solver: an `open_spiel.python.algorithms.psro_v2.psro_v2.PSROSolver`, symmetric
        or not.

    Raises:
      ValueError: a payoff is not known.
    """
    names = [
        [_called(policy, k) for k, policy in enumerate(population)]
        for population in solver.get_policies()
    ]
    payoffs = np.array([np.asarray(each) for each in solver.get_meta_game()])
    game = _named("PSRO's meta-game", names, payoffs)
    gained = float(regrets(game, solver.get_meta_strategies()).sum())
    notes = (
        "OpenSpiel's solver keeps means alone: without standard errors there are no"
        " intervals",
        f"the solver's own mixtures have NashConv {gained:.4g} in this table",
    )
    return replace(game, notes=notes)


def _called(policy: Any, number: int) -> str:
    name = getattr(policy, "name", None)
    return name if isinstance(name, str) else f"{type(policy).__name__} {number}"


def to_tensor_game(game: NormalFormGame) -> pyspiel.TensorGame:
    """Returns OpenSpiel's tensor game, with the names of the strategies."""
    return pyspiel.create_tensor_game(
        game.title,
        game.title,
        [list(names) for names in game.strategies],
        [table.ravel().tolist() for table in game.payoffs],
    )


def _named(title: str, names: list[list[str]], payoffs: np.ndarray) -> NormalFormGame:
    players = tuple(f"player {p}" for p in range(len(names)))
    return NormalFormGame(players, tuple(map(tuple, names)), payoffs, title=title)


def _played(game: pyspiel.Game, title: str) -> NormalFormGame:
    """Returns the normal form of a game of one move of all players at once."""
    start = game.new_initial_state()
    players = range(game.num_players())
    actions = [start.legal_actions(p) for p in players]
    shape = [len(own) for own in actions]
    _check_cells(shape, title)
    payoffs = np.empty((len(shape), *shape))
    for cell in np.ndindex(*shape):
        state = start.clone()
        state.apply_actions([own[i] for own, i in zip(actions, cell, strict=True)])
        if not state.is_terminal():
            raise ValueError(f"{title} goes on after a move of all players")
        payoffs[(slice(None), *cell)] = state.returns()
    names = [[start.action_to_string(p, a) for a in actions[p]] for p in players]
    return _named(title, names, payoffs)


def _check_size(game: pyspiel.Game, title: str) -> None:
    """Raises `ValueError` if a game's tree or normal form is too large."""
    places: list[dict[str, int]] = [{} for _ in range(game.num_players())]
    states, seen = [game.new_initial_state()], 0
    while states:
        state = states.pop()
        seen += 1
        if seen > _MOST_STATES:
            raise ValueError(
                f"{title} has more than {_MOST_STATES:,} states: its normal form is too"
                " large"
            )
        if state.is_terminal():
            continue
        if state.is_simultaneous_node():
            players = range(game.num_players())
            moves = [state.legal_actions(p) or [0] for p in players]
            for p in players:
                places[p][state.information_state_string(p)] = len(moves[p])
            following = [state.clone() for _ in range(prod(map(len, moves)))]
            for child, joint in zip(following, product(*moves), strict=True):
                child.apply_actions(list(joint))
        else:
            if not state.is_chance_node():
                key = state.information_state_string()
                places[state.current_player()][key] = len(state.legal_actions())
            following = [state.child(action) for action in state.legal_actions()]
        states += following
    _check_cells([prod(own.values()) for own in places], title)


def _check_cells(shape: list[int], title: str) -> None:
    if prod(shape) > MOST_CELLS:
        sides = " by ".join(f"{n:,}" if n < 1e9 else f"{n:.0e}" for n in shape)
        raise ValueError(
            f"the normal form of {title} has {sides} profiles, at most"
            f" {MOST_CELLS:,} in all are read"
        )


def _short(name: str) -> str:
    """Returns the name of a strategy of OpenSpiel's normal form on one line."""
    lines = (line.strip() for line in name.splitlines())
    return "; ".join(line.replace("  ---  action = ", ": ") for line in lines if line)
