"""The tree keeps the rules of `tests/rules/`, and each rule can be broken.

A rule takes a path relative to the root and its text, or all of them, and returns one
line for each breach.
"""

import pytest

from tests.paths import ROOT
from tests.rules import packages, registries, rooms, style

OURS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for layer in rooms.LAYERS
    for path in sorted((ROOT / layer).rglob("*.py"))
}
TESTS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in sorted((ROOT / "tests").rglob("*.py"))
}

PER_FILE = (
    rooms.check_direction,
    packages.check_homes,
    packages.check_disk,
    packages.check_unsafe,
    style.check_length,
    style.check_documented,
)


def test_the_walk_finds_the_tree():
    assert {
        "games/engine/env.py",
        "bin/__init__.py",
        "oracles/teams/backbones/__init__.py",
    } <= set(OURS)
    assert "tests/test_architecture.py" in TESTS


@pytest.mark.parametrize("rule", PER_FILE, ids=lambda rule: rule.__name__)
def test_our_packages_keep_the_rule(rule):
    found = [line for path, text in OURS.items() for line in rule(path, text)]
    assert not found, "\n".join(found)


def test_tests_are_short_as_well():
    found = [
        line for path, text in TESTS.items() for line in style.check_length(path, text)
    ]
    assert not found, "\n".join(found)


def test_every_registry_entry_is_tested():
    found = registries.check_registries(OURS, TESTS)
    assert not found, "\n".join(found)


def test_every_file_is_in_a_room():
    assert [path for path in OURS if not rooms.room_of(path)] == [
        f"{layer}/__init__.py" for layer in ("games", "oracles")
    ]


def test_tests_mirror_the_tree():
    mirrored = {path.rpartition("/")[0] for path in TESTS}
    folders = {path.rpartition("/")[0] for path in OURS}
    assert {
        folder
        for folder in mirrored
        if folder.split("/")[1:2] in (["games"], ["oracles"], ["psro_comm"], ["bin"])
        if folder.removeprefix("tests/") not in folders
    } == set()


def test_no_circle_of_imports():
    assert rooms.check_circles(OURS) == []


def test_no_folder_is_crowded():
    assert rooms.check_crowding([*OURS, *TESTS]) == []


BAD = [
    # upward, sideways, and into the tests; whichever way it is written
    (rooms.check_direction, "games/engine/x.py", "import oracles.learning.ppo"),
    (rooms.check_direction, "games/engine/x.py", "from games.environments import echo"),
    (rooms.check_direction, "games/environments/x.py", "import games.openspiel.x"),
    (
        rooms.check_direction,
        "games/engine/x/y.py",
        "from ....oracles.learning import a",
    ),
    (rooms.check_direction, "oracles/teams/x.py", "import oracles.strategies.threat"),
    (
        rooms.check_direction,
        "oracles/teams/x.py",
        "def f():\n  import psro_comm.disk.x",
    ),
    (rooms.check_direction, "oracles/teams/x.py", "import_module('psro_comm.names')"),
    (rooms.check_direction, "psro_comm/metagame/x.py", "from games.engine import env"),
    (rooms.check_direction, "psro_comm/disk/x.py", "import psro_comm.metagame.payoffs"),
    (rooms.check_direction, "psro_comm/studies/x.py", "import psro_comm.reports.text"),
    (rooms.check_direction, "psro_comm/studies/x.py", "import psro_comm.validation.x"),
    (rooms.check_direction, "psro_comm/lab/x.py", "import bin.evaluate"),
    (rooms.check_direction, "psro_comm/lab/x.py", "from psro_comm import hall"),
    (rooms.check_direction, "bin/x.py", "from bin.evaluate import main"),
    (rooms.check_direction, "bin/x.py", "from . import evaluate"),
    (rooms.check_direction, "psro_comm/studies/x.py", "import psro_comm.api.play"),
    (rooms.check_direction, "bin/x.py", "import psro_comm"),
    (rooms.check_direction, "bin/x.py", "from tests.reference import echo"),
    # packages with a home
    (packages.check_homes, "games/engine/play.py", "import pyspiel"),
    (packages.check_homes, "oracles/x.py", "from open_spiel.python import policy"),
    (packages.check_homes, "psro_comm/psro/solver.py", "import cvxpy as cp"),
    (packages.check_homes, "psro_comm/psro/solver.py", "def f():\n  import ray"),
    (packages.check_homes, "psro_comm/reports/x.py", "import matplotlib.pyplot as plt"),
    (packages.check_homes, "games/engine/x.py", "def f():\n  import smac.env"),
    (packages.check_homes, "games/environments/smac/x.py", "from smac.env import X"),
    (packages.check_homes, "games/environments/pettingzoo/x.py", "import pettingzoo"),
    (packages.check_homes, "psro_comm/api/x.py", "def f():\n  import gymnasium"),
    (packages.check_homes, "psro_comm/lab/ray_cluster.py", "import ray"),
    (packages.check_homes, "psro_comm/psro/solver.py", "from absl import flags"),
    (packages.check_homes, "oracles/ppo.py", "from absl.flags import FLAGS"),
    # files
    (packages.check_disk, "games/x.py", "with open('a') as f: pass"),
    (packages.check_disk, "bin/x.py", "Path('a').write_text('b')"),
    (packages.check_disk, "bin/x.py", "run.folder.mkdir(parents=True)"),
    (packages.check_disk, "psro_comm/psro/solver.py", "os.replace(a, b)"),
    (packages.check_disk, "psro_comm/psro/solver.py", "from os import replace"),
    (packages.check_disk, "psro_comm/psro/solver.py", "Path(a).open()"),
    (packages.check_disk, "oracles/x.py", "np.save(path, array)"),
    (packages.check_disk, "oracles/x.py", "from safetensors.torch import save_file"),
    (packages.check_disk, "psro_comm/lab/x.py", "tempfile.TemporaryDirectory()"),
    # what executes bytes that it reads
    (packages.check_unsafe, "psro_comm/disk/store.py", "import pickle"),
    (packages.check_unsafe, "psro_comm/disk/store.py", "from pickle import loads"),
    (packages.check_unsafe, "psro_comm/disk/store.py", "torch.load(path)"),
    (packages.check_unsafe, "psro_comm/disk/x.py", "torch.load(p, weights_only=False)"),
    (packages.check_unsafe, "psro_comm/lab/x.py", "torch.load(p, weights_only=True)"),
    (packages.check_unsafe, "psro_comm/disk/store.py", "from torch import load"),
    (packages.check_unsafe, "psro_comm/disk/x.py", "np.load(p, allow_pickle=True)"),
    (packages.check_unsafe, "psro_comm/command/flags.py", "eval('1')"),
    (packages.check_unsafe, "psro_comm/command/flags.py", "exec(text)"),
    # length: docstring and signature are free, the rest counts
    (style.check_length, "games/x.py", "a = 1\n" * 301),
    (style.check_length, "games/x.py", "def f():\n" + "  a = 1\n" * 51),
    (style.check_length, "games/x.py", "def f():\n  'Doc.'\n" + "  a = 1\n" * 51),
    (style.check_length, "games/x.py", "class A:\n def f():\n" + "  a = 1\n" * 51),
    # docstrings
    (style.check_documented, "games/x.py", "a = 1"),
    (style.check_documented, "games/x.py", "'Doc.'\ndef f(): pass"),
    (style.check_documented, "games/x.py", "'Doc.'\nclass A:\n  a: int"),
    (style.check_documented, "games/x.py", "'Doc.'\nclass A:\n 'Doc.'\n def f(): pass"),
]


@pytest.mark.parametrize(
    ("rule", "path", "source"), BAD, ids=[f"{r.__name__}-{s[:30]!r}" for r, _, s in BAD]
)
def test_a_breach_is_found_once(rule, path, source):
    assert len(rule(path, source)) == 1


GOOD = [
    (
        rooms.check_direction,
        "oracles/learning/x.py",
        "from games.engine import env\nimport oracles.learning.y",
    ),
    (rooms.check_direction, "bin/x.py", "from psro_comm.disk import store"),
    (rooms.check_direction, "psro_comm/metagame/x.py", "import psro_comm.names"),
    (rooms.check_direction, "games/engine/x.py", "import binascii\nfrom .env import a"),
    (
        packages.check_homes,
        "psro_comm/psro/solver.py",
        "import pyspiel\nfrom absl import logging",
    ),
    (packages.check_homes, "bin/x.py", "from absl import app, flags"),
    (
        packages.check_homes,
        "games/environments/smac/env.py",
        "def f():\n  from smac.env import A",
    ),
    (packages.check_homes, "games/x.py", "import rays\nfrom games import ray_casts"),
    (packages.check_disk, "psro_comm/disk/store.py", "open('a')\nos.replace(a, b)"),
    (packages.check_disk, "bin/x.py", "'a'.replace('a', 'b')\ndataclasses.replace(a)"),
    (
        packages.check_unsafe,
        "psro_comm/disk/weights.py",
        "torch.load(p, weights_only=True)",
    ),
    (
        packages.check_unsafe,
        "oracles/x.py",
        "policy.eval()\nnp.load(p, allow_pickle=False)",
    ),
    (style.check_length, "games/x.py", "a = 1\n" * 300),
    (style.check_length, "games/x.py", "def f():\n  'Doc.'\n" + "  a = 1\n" * 50),
    (style.check_documented, "games/x.py", "'Doc.'\ndef _f(): pass\nclass _A: pass"),
]


def test_a_circle_is_found_unless_one_import_is_lazy():
    a, b = "import games.engine.b", "from games.engine import a"
    files = {"games/engine/a.py": a, "games/engine/b.py": b}
    assert len(rooms.check_circles(files)) == 2
    lazy = {**files, "games/engine/b.py": f"def f():\n  {b}"}
    assert rooms.check_circles(lazy) == []


def test_a_crowded_folder_is_found():
    paths = [f"games/{k}.py" for k in range(21)]
    assert rooms.check_crowding(paths[:20]) == []
    assert len(rooms.check_crowding(paths)) == 1


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    GOOD,
    ids=[f"{r.__name__}-{s[:30]!r}" for r, _, s in GOOD],
)
def test_what_is_allowed_passes(rule, path, source):
    assert rule(path, source) == []


REGISTRY = {"games/envs.py": 'ENVS: dict[str, type] = {"echo": Echo, "grid": Grid}'}


@pytest.mark.parametrize(
    ("tests", "untested"),
    [
        ("def test_echo(): make_env('echo')", ["echo", "grid"]),
        (
            "@pytest.mark.parametrize('name', ['echo'])\ndef test_it(name): ...",
            ["grid"],
        ),
        ("@pytest.mark.parametrize('name', sorted(ENVS))\ndef test_it(name): ...", []),
        ("@pytest.fixture(params=envs.ENVS)\ndef env(request): ...", []),
        (
            "A = B = sorted(ENVS)\n@pytest.mark.parametrize('a', A)\ndef test(a): ...",
            [],
        ),
    ],
)
def test_an_untested_registry_entry_is_found(tests, untested):
    found = registries.check_registries(REGISTRY, {"tests/games/test_x.py": tests})
    assert found == [f"games/envs.py: ENVS[{key!r}] is in no test" for key in untested]


def test_a_key_in_the_tests_of_another_layer_does_not_count():
    text = "@pytest.mark.parametrize('name', ['echo', 'grid'])\ndef test_it(name): ..."
    assert (
        len(registries.check_registries(REGISTRY, {"tests/oracles/test_x.py": text}))
        == 2
    )


def test_a_contract_test_covers_what_it_names():
    tests = {
        "tests/games/environments/test_env_contract.py": "for name in ENVS: check(name)"
    }
    assert registries.check_registries(REGISTRY, tests) == []


@pytest.mark.parametrize(
    "source",
    ["ATTACKS = {}", "ATTACKS['a'] = A", "ATTACKS = scan()", "ATTACKS = {n: A}"],
)
def test_a_registry_is_one_literal_dict(source):
    (found,) = registries.check_registries(
        {"oracles/strategies/attacks.py": source}, {}
    )
    assert "not one literal dict" in found
