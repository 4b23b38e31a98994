"""What is installed is pinned, and checked by its hash where there is one."""

import re

import pytest

from psro_comm.command.doctor import _GAME, pins
from tests.paths import ROOT


def required(name):
    lines = (ROOT / name).read_text().splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def locked():
    """Version and hashes of each package in the lock."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if match := re.match(r"([a-z0-9-]+)==([\w.]+)", line):
            found[match[1]] = (
                match[2],
                re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line),
            )
    return found


def test_every_package_of_the_lock_has_a_hash_and_none_is_torch():
    found = locked()
    assert len(found) > 40
    assert [name for name, (_, hashes) in found.items() if not hashes] == []
    assert not {name for name in found if name.startswith(("torch", "nvidia", "cuda"))}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_holds_what_is_required(name):
    found = {key: version for key, (version, _) in locked().items()}
    wanted = pins((ROOT / name).read_text())
    plain = {key.lower().replace("_", "-"): value for key, value in wanted.items()}
    assert {key: found.get(key) for key in plain} == plain


@pytest.mark.parametrize(
    "name",
    [
        *("requirements-smac.txt", "requirements-smac-test.txt"),
        *("requirements-torch.txt", "requirements-wandb.txt"),
    ],
)
def test_everything_else_is_pinned_as_well(name):
    exact = re.compile(r"[\w-]+==[\w.]+|git\+https://\S+@[0-9a-f]{40}")
    assert [line for line in required(name) if not exact.fullmatch(line)] == []


def test_setup_takes_nothing_whose_hash_is_not_in_the_lock():
    recipe = (ROOT / "Makefile").read_text()
    assert "--require-hashes --no-deps -r requirements.lock" in recipe
    assert "http://" not in recipe + _GAME
