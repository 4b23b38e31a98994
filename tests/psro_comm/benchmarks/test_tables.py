"""A table is measured by the cells that were played, together and one by one."""

from psro_comm.benchmarks import tables


def test_cell_by_cell_only_the_diagonal_is_played_and_counted(monkeypatch):
    played = []
    monkeypatch.setattr(tables, "play_cells", lambda *given: played.append(given[4]))
    assert tables.table(1, "cpu", together=True)() == 36
    assert [len(cells) for cells in played] == [36]
    played.clear()
    assert tables.table(1, "cpu", together=False)() == 6
    assert played == [[(k, k)] for k in range(6)]
