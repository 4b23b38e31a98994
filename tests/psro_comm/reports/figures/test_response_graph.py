"""The response graph as a picture."""

from pathlib import Path

import numpy as np

from psro_comm.metagame.meta_game import MetaGame
from psro_comm.reports.figures.response_graph import best_moves, plot_response_graph

CYCLE = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def test_moves_lead_to_the_best_answer_of_one_player() -> None:
    moves = best_moves(np.array([[3.0, 2.0], [1.0, 0.0]]))
    assert sorted(moves) == [
        ((0, 0), (0, 1)),
        ((1, 0), (0, 0)),
        ((1, 0), (1, 1)),
        ((1, 1), (0, 1)),
    ]


def test_the_graph_is_drawn_with_names_as_they_are(tmp_path: Path) -> None:
    game = MetaGame(("$a_b", "x\x1b[31m", "long " * 30), ("1", "2", "3"), CYCLE)
    files = plot_response_graph(game, tmp_path / "graph")
    assert {file.suffix for file in files} == {".svg", ".png", ".pdf"}
    assert all(file.stat().st_size > 1000 for file in files)
    names = [str(k) for k in range(20)]
    large = MetaGame(names, names, np.zeros((20, 20)))
    assert plot_response_graph(large, tmp_path / "large") == []
