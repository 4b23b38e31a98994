"""Writes and reads meta-games as files and objects that other tools read.

`.nfg` is for Gambit, OpenSpiel and others, JSON and CSV are for everybody.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pyspiel

from games.openspiel.adversarial_comm import as_matrix_game
from psro_comm.disk.files import (
    decode_json,
    encode_json,
    sha256,
    write_atomic,
)
from psro_comm.disk.tables import read_verified
from psro_comm.metagame.formats.delimited import from_delimited
from psro_comm.metagame.formats.frame import from_spreadsheet
from psro_comm.metagame.formats.nfg import parse_nfg
from psro_comm.metagame.formats.options import Options
from psro_comm.metagame.formats.plain import facts_of, from_json, to_csv
from psro_comm.metagame.formats.role_symmetric import to_role_symmetric
from psro_comm.metagame.formats.text import SEPARATORS, decoded
from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.payoffs import PayoffTable

FORMATS = (".nfg", ".json", ".csv", ".tsv", ".xlsx")
GAMEANALYSIS = ".ga.json"  # the end of a file's name, for gameanalysis' form
DEFAULT = Options()
_MADE_FOR = "nfg_sha256"  # in a labels file: the .nfg file that it belongs to
_TABS = "\t"


def labels_path(path: Path) -> Path:
    """Returns the file of a .nfg file's names of strategies: `<path>.labels.json`."""
    return path.with_name(path.name + ".labels.json")


def write_meta_game(
    path: Path, game: MetaGame, write: Callable[[Path, bytes], None] = write_atomic
) -> None:
    """Writes a meta-game in the format that the name of the file asks for.

    .nfg: for Gambit and OpenSpiel, payoffs rounded to 15 digits. Its writer drops the
      names: they are in `<path>.labels.json` beside it, with the standard errors and
      the sha256 of the .nfg file.
    .json: everything but the single worlds, exact.
    .ga.json: for gameanalysis, with the single worlds where they are known.
    .csv: with standard errors, a line for each cell, `defender,attacker,mean,
      std_error,episodes`; without, the plain matrix, attackers across.

    Args:
      path: path of the file.
      game: the meta-game.
      write: what writes a file.

    Raises:
      ValueError: another format, a title with quotes or several lines (.nfg), or names
        that gameanalysis does not take (.ga.json).

    Source: paper section 4, the meta-game U.
    """
    kind = _format(path)
    if kind == ".csv":
        write(path, to_csv(game).encode())
    elif kind in (".tsv", ".xlsx"):
        raise ValueError(f"{path}: {kind} is read, but not written: .csv is")
    elif path.name.lower().endswith(GAMEANALYSIS):
        write(path, encode_json(to_role_symmetric(game)))
    elif kind == ".json":
        write(path, encode_json({"mean": game.mean.tolist(), **facts_of(game)}))
    else:
        data = pyspiel.game_to_nfg_string(to_matrix_game(game)).encode()
        labels = {**facts_of(game), _MADE_FOR: sha256(data)}
        # Labels first: then there is never a .nfg file without labels.
        write(labels_path(path), encode_json(labels))
        write(path, data)


def read_meta_game(path: Path, options: Options = DEFAULT) -> MetaGame:
    """Reads a meta-game: what `write_meta_game` wrote, a run's table, or another's.

    What was understood where a file could mean more is in the game's `notes`.

    Args:
      path: path of a .nfg (Gambit's own too, with or without names), a .json (a run's
        payoffs-*.json and gameanalysis' too), a .csv, .tsv or .xlsx in either form.
      options: how to read what is ambiguous, which is refused else.

    Raises:
      ValueError: an unknown format, a file that is absent, damaged or ambiguous, a game
        that is not one of two players whose payoffs sum to a constant, a cell missing.
    """
    kind, data = _format(path), read_verified(path)
    _check_effect(path, options)
    try:
        if kind == ".json":
            return from_json(decode_json(data, path), path.stem, options)
        if kind == ".nfg":
            return _labelled(path, data, parse_nfg(decoded(data), options))
        if kind == ".xlsx":
            return from_spreadsheet(data, path.stem, options)
        separators = (_TABS,) if kind == ".tsv" else tuple(SEPARATORS)
        return from_delimited(decoded(data), path.stem, options, separators)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"{path} is no meta-game: {error}") from error


def _labelled(path: Path, data: bytes, game: MetaGame) -> MetaGame:
    """Returns the game of a .nfg file with what its labels file knows beyond it.

    Labels of another .nfg file are stale, and left out; names in the .nfg file win.
    """
    sidecar = labels_path(path)
    if not sidecar.exists():
        return game
    labels = decode_json(read_verified(sidecar), sidecar)
    if not isinstance(labels, dict) or labels.get(_MADE_FOR) != sha256(data):
        said = f"{sidecar.name} was not made for this file, and is left out"
        return dataclasses.replace(game, notes=(*game.notes, said))
    known = from_json({"mean": game.mean.tolist(), **labels}, game.title, DEFAULT)
    named = [
        ours if ours != tuple(map(str, range(len(ours)))) else theirs
        for ours, theirs in (
            (game.defenders, known.defenders),
            (game.attackers, known.attackers),
        )
    ]
    return dataclasses.replace(
        known, defenders=named[0], attackers=named[1], notes=game.notes
    )


def to_matrix_game(game: MetaGame) -> pyspiel.MatrixGame:
    """Returns OpenSpiel's matrix game, policies' names on rows and columns."""
    return as_matrix_game(game.mean, game.defenders, game.attackers, game.title)


def to_tensor_game(game: MetaGame) -> pyspiel.TensorGame:
    """Returns OpenSpiel's tensor game, for its tools for any number of players."""
    return pyspiel.create_tensor_game(
        game.title,
        game.title,
        [list(game.defenders), list(game.attackers)],
        [game.mean.ravel().tolist(), (-game.mean).ravel().tolist()],
    )


def write_nfg(
    path: Path,
    table: PayoffTable,
    title: str,
    write: Callable[[Path, bytes], None] = write_atomic,
) -> None:
    """Writes a run's table for Gambit and OpenSpiel, and its labels beside it.

    The exact samples are in the run's `payoffs-*.json`. In a run's folder, `write` is
    its store's, which lists both.

    Raises:
      ValueError: a cell is missing, there is none, or the title does not fit.
    """
    write_meta_game(path, MetaGame.of(table, title), write)


def read_nfg(path: Path) -> pyspiel.MatrixGame:
    """Reads an .nfg file as OpenSpiel's matrix game; see `read_meta_game`."""
    return to_matrix_game(read_meta_game(path))


def _check_effect(path: Path, options: Options) -> None:
    """Raises `ValueError` if an option has no effect on files of this kind."""
    kind = path.suffix.lower()
    of_kind = {
        "names": (".csv", ".tsv", ".xlsx"),
        "row_role": (".json",),
        "sum_tolerance": (".json", ".nfg"),
    }
    for name, kinds in of_kind.items():
        if getattr(options, name) != getattr(DEFAULT, name) and kind not in kinds:
            raise ValueError(f"--{name} has no effect on {path}: {kinds} have a use")


def _format(path: Path) -> str:
    kind = path.suffix.lower()
    if kind == ".efg":
        raise ValueError(
            f"{path} is an extensive game: write its normal form, for example with"
            " pygambit.read_efg(path).to_nfg()"
        )
    if kind not in FORMATS:
        raise ValueError(f"{path} must end in one of {', '.join(FORMATS)}")
    return kind
