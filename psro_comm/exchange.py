"""The meta-game as files that other tools read: Gambit's .nfg."""

from pathlib import Path

import numpy as np
import pyspiel

from games.adversarial_comm import as_matrix_game
from psro_comm.files import decode_json, encode_json, read_bytes, write_atomic
from psro_comm.payoffs import PayoffTable


def labels_path(path: Path) -> Path:
    """Where the names of a .nfg file's strategies are kept: `<path>.labels.json`."""
    return path.with_name(path.name + ".labels.json")


def write_nfg(path: Path, table: PayoffTable, title: str) -> None:
    """Writes the meta-game for Gambit and OpenSpiel, and its labels beside it.

    Payoffs are rounded to OpenSpiel's 15 digits, and its writer drops the names of
    the strategies; the exact samples are in the run's `payoffs.json`.

    Args:
      path: the .nfg file.
      table: a table without missing cells.
      title: of the game, in one line without double quotes.

    Raises:
      ValueError: a cell is missing, there is none, or the title does not fit.

    Source: paper section 4, the meta-game U.
    """
    game = as_matrix_game(table.mean(), table.defenders, table.attackers, title)
    labels = {
        "title": title,
        "defenders": table.defenders,
        "attackers": table.attackers,
    }
    # Labels first: a .nfg file then never lies there with none beside it.
    write_atomic(labels_path(path), encode_json(labels))
    write_atomic(path, pyspiel.game_to_nfg_string(game).encode())


def read_nfg(path: Path) -> pyspiel.MatrixGame:
    """Reads what `write_nfg` wrote, with the policies' names on rows and columns.

    Raises:
      ValueError: a file is absent or damaged, the game is not one of two players and
        zero sum, or it does not fit its labels.
    """
    sidecar = labels_path(path)
    labels = decode_json(read_bytes(sidecar), sidecar)
    absent = {"title", "defenders", "attackers"} - set(labels)
    if absent:
        raise ValueError(f"{sidecar} lacks {sorted(absent)}")
    try:
        game = pyspiel.load_nfg_game(read_bytes(path).decode())
    except (pyspiel.SpielError, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not an .nfg file: {error}") from error
    if not isinstance(game, pyspiel.MatrixGame):
        raise ValueError(f"{path} must have two players, got {game.num_players()}")
    matrix = np.asarray(game.row_utilities())
    if (matrix != -np.asarray(game.col_utilities())).any():
        raise ValueError(f"{path} is not zero-sum")
    return as_matrix_game(
        matrix, labels["defenders"], labels["attackers"], labels["title"]
    )
