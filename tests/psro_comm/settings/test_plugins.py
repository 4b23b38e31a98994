"""Plugins may add to the registries, and nothing else; what is wrong is one line."""

import subprocess
import sys

import pytest

import psro_comm as pc
from oracles.strategies.registry import ATTACKS
from psro_comm.command import shell
from psro_comm.settings import plugins, registries

ATTACK = """
import psro_comm as pc

@pc.attack("half")
def half(view):
    return {} * view.sent
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a plugin; what it registers is gone after the test."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    known = {*plugins._IN_FORCE}

    def write(text, name="a_plugin"):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return path

    yield write
    for name in {*plugins._IN_FORCE} - known:
        plugins.unload(name)


def test_a_plugin_registers_and_is_known_by_its_sha256(write):
    path = write(ATTACK.format("-0.5"))
    found = pc.plugin(path)
    assert found.name == "a_plugin"
    assert found.added == {"ATTACKS": ("half",)}
    assert found.to_dict() == {"name": "a_plugin", "sha256": found.sha256}
    assert len(found.sha256) == 64
    assert pc.plugin(path) is found  # not imported again
    assert found in plugins.in_force()


def test_a_changed_file_is_imported_anew(write):
    first = pc.plugin(write(ATTACK.format("-0.5")))
    before = ATTACKS["half"].load().code
    # Of equal length, within a second: Python's own cache would not see it.
    second = pc.plugin(write(ATTACK.format("-0.7")))
    assert first.sha256 != second.sha256
    assert ATTACKS["half"].load().code != before
    assert [each.name for each in plugins.in_force()].count("a_plugin") == 1


def test_what_lies_beside_a_plugin_can_be_imported(write):
    write("SIZE = -0.5\n", "beside_it")
    path = write("import beside_it\n" + ATTACK.format("beside_it.SIZE"))
    assert pc.plugin(path).added == {"ATTACKS": ("half",)}


def test_a_package_is_hashed_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    folder = tmp_path / "whole_plugin"
    folder.mkdir()
    (folder / "__init__.py").write_text(ATTACK.format("SIZE"))
    (folder / "other.py").write_text("A = 1\n")
    first = pc.plugin("whole_plugin")
    (folder / "other.py").write_text("A = 2\n")
    second = pc.plugin("whole_plugin")
    plugins.unload("whole_plugin")
    assert first.sha256 != second.sha256
    assert "half" not in ATTACKS


def test_a_changed_part_of_a_package_is_imported_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    folder = tmp_path / "in_parts"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import inner\n")
    (folder / "inner.py").write_text(ATTACK.format("-0.5"))
    first = pc.plugin("in_parts")
    (folder / "inner.py").write_text(ATTACK.format("-0.75"))
    second = pc.plugin("in_parts")
    plugins.unload("in_parts")
    assert first.added == second.added == {"ATTACKS": ("half",)}
    part = pc.plugin("in_parts.inner")  # which the package has imported before
    plugins.unload("in_parts.inner")
    assert part.added == {"ATTACKS": ("half",)}
    assert "half" not in ATTACKS


def test_a_file_is_run_as_it_was_hashed_and_leaves_nothing(write):
    path = write(ATTACK.format("-0.5"))
    pc.plugin(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


ENTRY = "import psro_comm as pc\n{}\n"
BAD = [
    ("x = 1", "registers nothing: it must add to one of ATTACKS, FILTERS"),
    ("import nope", "fails: ModuleNotFoundError: No module named 'nope'"),
    ("1 / 0", "fails: ZeroDivisionError"),
    ("def (", "fails: SyntaxError"),
    ("raise SystemExit(3)", "fails: SystemExit: 3"),
    ("pc.ATTACKS['noise'] = pc.Entry(print)", "changes ATTACKS['noise']"),
    ("del pc.ATTACKS['noise']", "changes ATTACKS['noise']: it may only add"),
    ("pc.ATTACKS['bad'] = print", "ATTACKS['bad'] is <built-in function print>"),
    ("pc.ATTACKS['a@b'] = pc.Entry(print)", "ATTACKS['a@b'] is 'a@b', must be a text"),
    ("pc.attack('untrained')(print)", "attack name is 'untrained', must be a text"),
    ("@pc.attack\ndef bad(view): pass", "attack name is <function bad"),
    ("raise ValueError('one\\ntwo')", "fails: ValueError: one two"),
    ("pc.attack('a')(lambda v: 1)\npc.attack('a')(max)", "'a', must be a new one"),
    ("pc.ATTACKS['bad'] = pc.Entry(print)", "is of kind None, must be of kind 'bad'"),
    ("pc.ORACLES['bad'] = pc.Entry(print, int)", "its config must be a dataclass"),
    ("pc.attack('noise')(print)", "attack name is 'noise', must be a new one"),
    ("pc.attack('bad')(3)", "attack 'bad' is 3, must be a function"),
]


@pytest.mark.parametrize(("body", "words"), BAD, ids=[body for body, _ in BAD])
def test_a_bad_plugin_leaves_everything_as_it_was(write, body, words):
    before = {name: {**entries} for name, entries in registries.REGISTRIES.items()}
    with pytest.raises(ValueError, match=r"plugin") as error:
        pc.plugin(write(ENTRY.format(body)))
    assert words in str(error.value)
    assert "\n" not in str(error.value).strip()
    assert {n: {**e} for n, e in registries.REGISTRIES.items()} == before
    assert "a_plugin" not in sys.modules


FAILING = """
import psro_comm as pc

class Wrong(pc.Tampering):
    kind = "wrong"
    def offset(self, view, memory, generator):
        return view.nothing, memory

pc.ATTACKS["wrong"] = pc.Entry(Wrong)
"""


def test_an_error_in_a_plugin_is_one_line_with_its_place(write, capsys):
    pc.plugin(write(FAILING))
    with pytest.raises(AttributeError) as error:
        ATTACKS["wrong"].load().offset(None, 3, None, None)
    assert plugins.place_in_plugin(error.value) == "a_plugin.py, line 7"
    with pytest.raises(AttributeError) as ours:
        _ = pc.nothing
    assert plugins.place_in_plugin(ours.value) == ""
    code = shell._ended(lambda argv: ATTACKS["wrong"].load().offset(*"abcd"), [], False)
    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (2, 1)
    assert "error: AttributeError: 'str' object has no attribute 'nothing'" in said
    told = RuntimeError()  # of another process, whose traceback is text
    told.__cause__ = RuntimeError(f'File "{write(FAILING)}", line 3, in offset')
    assert plugins.place_in_plugin(told) == "a_plugin.py, line 3"


def test_two_settings_of_one_name_are_refused(write):
    text = """
from dataclasses import dataclass
import psro_comm as pc
@dataclass(frozen=True)
class Config:
    cap: int = 1
pc.ENVS["threat"] = pc.Entry(print, Config)
"""
    with pytest.raises(ValueError, match=r"a second setting 'threat\.cap'"):
        pc.plugin(write(text))


@pytest.mark.parametrize(
    "source",
    ["none.py", "no_such_module", "os", "", "a b.py", "psro_comm.nothing", None, 3],
)
def test_what_is_no_plugin_is_refused(source):
    with pytest.raises(ValueError, match=r"plugin is .*, must be "):
        pc.plugin(source)


def test_a_name_that_a_module_has_is_refused(write):
    with pytest.raises(ValueError, match="a module has this one"):
        pc.plugin(write(ATTACK.format("1"), "json"))


def test_importing_the_front_door_needs_nothing_heavy():
    heavy = {"torch", "numpy", "absl", "scipy", "cvxpy", "pyspiel", "pandas"}
    code = f"import sys, psro_comm; print({heavy} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
