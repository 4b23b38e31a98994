"""The note on the machine says what can change the last bit of a result."""

import subprocess

import torch

from psro_comm.disk import environment, files


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
