"""The tree keeps the rules of `tests/architecture.py`, and each rule can be broken."""

from pathlib import Path

import pytest

from tests import architecture as rules

ROOT = Path(__file__).resolve().parent.parent
OURS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for layer in rules.LAYERS
    for path in sorted((ROOT / layer).rglob("*.py"))
}
TESTS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in sorted((ROOT / "tests").rglob("*.py"))
}

PER_FILE = (
    rules.check_direction,
    rules.check_homes,
    rules.check_disk,
    rules.check_unsafe,
    rules.check_length,
    rules.check_documented,
)


def test_the_walk_finds_the_tree():
    assert {"games/env.py", "bin/__init__.py", "oracles/backbones/__init__.py"} <= set(
        OURS
    )
    assert "tests/test_architecture.py" in TESTS


@pytest.mark.parametrize("rule", PER_FILE, ids=lambda rule: rule.__name__)
def test_our_packages_keep_the_rule(rule):
    found = [line for path, text in OURS.items() for line in rule(path, text)]
    assert not found, "\n".join(found)


def test_tests_are_short_as_well():
    found = [
        line for path, text in TESTS.items() for line in rules.check_length(path, text)
    ]
    assert not found, "\n".join(found)


def test_every_registry_entry_is_tested():
    found = rules.check_registries(OURS, TESTS)
    assert not found, "\n".join(found)


BAD = [
    # upward, sideways, and into the tests; whichever way it is written
    (rules.check_direction, "games/x.py", "import oracles.ppo"),
    (rules.check_direction, "games/x.py", "from psro_comm import payoffs"),
    (rules.check_direction, "games/combat/x.py", "from ...oracles import ppo"),
    (rules.check_direction, "oracles/x.py", "def f():\n  from psro_comm import store"),
    (rules.check_direction, "oracles/x.py", "importlib.import_module('psro_comm.x')"),
    (rules.check_direction, "psro_comm/x.py", "import bin.evaluate"),
    (rules.check_direction, "bin/x.py", "from bin.evaluate import main"),
    (rules.check_direction, "bin/x.py", "from . import evaluate"),
    (rules.check_direction, "bin/x.py", "from tests.reference import echo"),
    # packages with a home
    (rules.check_homes, "games/play.py", "import pyspiel"),
    (rules.check_homes, "oracles/x.py", "from open_spiel.python import policy"),
    (rules.check_homes, "psro_comm/solver.py", "import cvxpy as cp"),
    (rules.check_homes, "psro_comm/solver.py", "def f():\n  import ray"),
    (rules.check_homes, "psro_comm/report.py", "import matplotlib.pyplot as plt"),
    (rules.check_homes, "games/combat/x.py", "def f():\n  import smac.env"),
    (rules.check_homes, "games/smac/env.py", "from smac.env import StarCraft2Env"),
    (rules.check_homes, "psro_comm/parallel.py", "import ray"),
    (rules.check_homes, "psro_comm/solver.py", "from absl import flags"),
    (rules.check_homes, "oracles/ppo.py", "from absl.flags import FLAGS"),
    # files
    (rules.check_disk, "games/x.py", "with open('a') as f: pass"),
    (rules.check_disk, "bin/x.py", "Path('a').write_text('b')"),
    (rules.check_disk, "bin/x.py", "run.folder.mkdir(parents=True)"),
    (rules.check_disk, "psro_comm/solver.py", "os.replace(a, b)"),
    (rules.check_disk, "psro_comm/solver.py", "from os import replace"),
    (rules.check_disk, "psro_comm/solver.py", "Path(a).open()"),
    (rules.check_disk, "oracles/x.py", "np.save(path, array)"),
    (rules.check_disk, "oracles/x.py", "from safetensors.torch import save_file"),
    (rules.check_disk, "psro_comm/solver.py", "tempfile.TemporaryDirectory()"),
    # what executes bytes that it reads
    (rules.check_unsafe, "psro_comm/store.py", "import pickle"),
    (rules.check_unsafe, "psro_comm/store.py", "from pickle import loads"),
    (rules.check_unsafe, "psro_comm/store.py", "torch.load(path)"),
    (rules.check_unsafe, "psro_comm/store.py", "from torch import load"),
    (rules.check_unsafe, "psro_comm/store.py", "np.load(path, allow_pickle=True)"),
    (rules.check_unsafe, "psro_comm/config.py", "eval('1')"),
    (rules.check_unsafe, "psro_comm/config.py", "exec(text)"),
    # length: docstring and signature are free, the rest counts
    (rules.check_length, "games/x.py", "a = 1\n" * 301),
    (rules.check_length, "games/x.py", "def f():\n" + "  a = 1\n" * 51),
    (rules.check_length, "games/x.py", "def f():\n  'Doc.'\n" + "  a = 1\n" * 51),
    (rules.check_length, "games/x.py", "class A:\n def f():\n" + "  a = 1\n" * 51),
    # docstrings
    (rules.check_documented, "games/x.py", "a = 1"),
    (rules.check_documented, "games/x.py", "'Doc.'\ndef f(): pass"),
    (rules.check_documented, "games/x.py", "'Doc.'\nclass A:\n  a: int"),
    (rules.check_documented, "games/x.py", "'Doc.'\nclass A:\n 'Doc.'\n def f(): pass"),
]


@pytest.mark.parametrize(
    ("rule", "path", "source"), BAD, ids=[f"{r.__name__}-{s[:30]!r}" for r, _, s in BAD]
)
def test_a_breach_is_found_once(rule, path, source):
    assert len(rule(path, source)) == 1


GOOD = [
    (rules.check_direction, "oracles/x.py", "from games import env\nimport oracles.y"),
    (rules.check_direction, "bin/x.py", "import games, oracles, psro_comm.store"),
    (rules.check_direction, "games/x.py", "import binascii\nfrom .env import step"),
    (
        rules.check_homes,
        "psro_comm/solver.py",
        "import pyspiel\nfrom absl import logging",
    ),
    (rules.check_homes, "bin/x.py", "from absl import app, flags"),
    (rules.check_homes, "games/smac/env.py", "def f():\n  from smac.env import A"),
    (rules.check_homes, "games/x.py", "import rays\nfrom games import ray_casts"),
    (rules.check_disk, "psro_comm/store.py", "open('a')\nos.replace(a, b)"),
    (rules.check_disk, "bin/x.py", "'a'.replace('a', 'b')\ndataclasses.replace(a)"),
    (
        rules.check_unsafe,
        "oracles/x.py",
        "policy.eval()\nnp.load(p, allow_pickle=False)",
    ),
    (rules.check_length, "games/x.py", "a = 1\n" * 300),
    (rules.check_length, "games/x.py", "def f():\n  'Doc.'\n" + "  a = 1\n" * 50),
    (rules.check_documented, "games/x.py", "'Doc.'\ndef _f(): pass\nclass _A: pass"),
]


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
    found = rules.check_registries(REGISTRY, {"tests/games/test_x.py": tests})
    assert found == [f"games/envs.py: ENVS[{key!r}] is in no test" for key in untested]


def test_a_key_in_the_tests_of_another_layer_does_not_count():
    text = "@pytest.mark.parametrize('name', ['echo', 'grid'])\ndef test_it(name): ..."
    assert len(rules.check_registries(REGISTRY, {"tests/oracles/test_x.py": text})) == 2


def test_a_contract_test_covers_what_it_names():
    tests = {"tests/games/test_env_contract.py": "for name in ENVS: check(name)"}
    assert rules.check_registries(REGISTRY, tests) == []


@pytest.mark.parametrize(
    "source",
    ["ATTACKS = {}", "ATTACKS['a'] = A", "ATTACKS = scan()", "ATTACKS = {n: A}"],
)
def test_a_registry_is_one_literal_dict(source):
    (found,) = rules.check_registries({"oracles/attacks.py": source}, {})
    assert "not one literal dict" in found
