"""The note on the machine says what can change the last bit of a result."""

import subprocess

import pytest
import torch

from psro_comm.disk import environment, files
from psro_comm.disk.access import StoreError


def test_the_machine_is_described_in_json():
    described = environment.describe_environment()
    assert files.encode_json(described)
    assert described["versions"]["torch"] == str(torch.__version__)
    assert described["torch_threads"] == torch.get_num_threads()


def test_a_package_that_is_absent_is_null():
    assert environment._version("no-such-package") is None


def test_without_git_or_a_repository_the_commit_is_unknown(monkeypatch):
    def absent(*args, **kwargs):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", absent)
    assert environment._commit() is None


def test_the_commit_of_somebody_elses_repository_is_not_ours(tmp_path):
    installed = tmp_path / "venv/psro_comm/disk/environment.py"
    installed.parent.mkdir(parents=True)
    installed.write_text("")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "theirs"]):
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True)
    assert environment._commit(installed) is None
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert environment._commit(installed) is not None


def test_the_machines_of_a_run_are_those_of_its_note(tmp_path):
    assert environment.machines(tmp_path) == []
    note = tmp_path / "env.json"
    note.write_bytes(files.encode_json([{"commit": "a"}, {"commit": "b"}]))
    assert [each["commit"] for each in environment.machines(tmp_path)] == ["a", "b"]
    for damaged in ({}, ["a"], None):
        note.write_bytes(files.encode_json(damaged))
        with pytest.raises(StoreError, match=r"env\.json is damaged: it holds no list"):
            environment.machines(tmp_path)
