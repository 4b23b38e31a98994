"""A run's own tables: the last one that the manifest lists, unchanged."""

from pathlib import Path

import pytest

from psro_comm.disk.files import encode_json
from psro_comm.disk.manifest import Manifest
from psro_comm.disk.tables import history, last_table, table_of


@pytest.fixture
def run(tmp_path: Path) -> Path:
    manifest = Manifest(tmp_path)
    for number in (1, 2):
        manifest.write(f"payoffs-00{number}.json", encode_json({"table": number}))
        manifest.write(f"iteration-00{number}.json", encode_json({"step": number}))
    return tmp_path


def test_the_last_listed_table_is_the_runs(run: Path) -> None:
    assert last_table(run) == table_of(run) == run / "payoffs-002.json"
    assert history(run) == [{"step": 1}, {"step": 2}]
    # What the manifest does not list was never finished.
    (run / "payoffs-003.json").write_bytes(encode_json({"table": 3}))
    (run / "iteration-003.json").write_bytes(encode_json({"step": 3}))
    assert last_table(run) == run / "payoffs-002.json"
    assert len(history(run)) == 2


@pytest.mark.parametrize("name", ["payoffs-002.json", "iteration-001.json"])
def test_an_edited_or_deleted_file_is_no_answer(run: Path, name: str) -> None:
    read = last_table if name.startswith("payoffs") else history
    (run / name).write_bytes(encode_json({"table": 9}))
    with pytest.raises(ValueError, match=f"{name} is damaged: its sha256"):
        read(run)
    (run / name).unlink()
    with pytest.raises(ValueError, match=f"cannot read .*{name}"):
        read(run)


def test_a_folder_without_tables_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no payoffs-\*.json: not a run"):
        last_table(tmp_path)
