"""Every example of the front door is run: README, docs/python.md and the notebooks."""

import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys

import pytest

import psro_comm as pc
from tests.paths import ROOT

DOCS = ("README.md", "docs/python.md")
NOTEBOOKS = ("first_steps", "payoff_tables")
# What a notebook does: of a cell's last expression it shows the HTML. What is heavy is
# imported once; each list of cells then has a process and a folder of its own.
RUN = """
import ast, json, os, sys, tempfile, traceback
import psro_comm.api.solving, psro_comm.api.suites
import psro_comm.metagame.solvers.cone_program, psro_comm.metagame.solvers.max_entropy
def show(text, space):
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "a block", "exec"), space)
    if last is not None:
        found = eval(compile(ast.Expression(last.value), "last", "eval"), space)
        shown = getattr(found, "_repr_html_", lambda: None)()
        print(found if shown is None else shown)

for folder, texts in json.load(sys.stdin):
    with tempfile.TemporaryFile("w+") as said:
        if not (child := os.fork()):
            for number in (1, 2):
                os.dup2(said.fileno(), number)
            os.chdir(folder)
            space, status = {"__name__": "__main__"}, 0
            try:
                for text in texts:
                    show(text, space)
            except BaseException:
                traceback.print_exc()
                print(text)
                status = 1
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        print(json.dumps([status, said.read()]), flush=True)
"""


def blocks(doc):
    """The blocks of a document that are Python, in order."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / doc).read_text(), re.DOTALL)
    absent = importlib.util.find_spec("pettingzoo") is None
    return [each for each in found if not (absent and "# needs pettingzoo" in each)]


def cells(name):
    """The cells of a notebook that are code, in order; none has an output."""
    notebook = json.loads((ROOT / f"examples/{name}.ipynb").read_text())
    found = [each for each in notebook["cells"] if each["cell_type"] == "code"]
    assert all(each["outputs"] == [] for each in found)
    return ["".join(each["source"]) for each in found]


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each document prints."""
    todo = {doc: blocks(doc) for doc in DOCS}
    todo |= {name: cells(name) for name in NOTEBOOKS}
    jobs = []
    for texts in todo.values():
        folder = tmp_path_factory.mktemp("here")
        (folder / "examples").symlink_to(ROOT / "examples")
        (folder / "my_team.py").symlink_to(ROOT / "examples/my_team.py")
        jobs.append([str(folder), texts])
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(jobs),
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=480,
        check=True,
    )
    answers = dict(zip(todo, map(json.loads, done.stdout.splitlines()), strict=True))
    for doc, (status, text) in answers.items():
        assert status == 0, (doc, text)
    return {doc: text for doc, (_, text) in answers.items()}


def test_the_example_of_the_readme_is_ten_lines_to_a_table_with_intervals(said):
    (block,) = blocks("README.md")
    assert len([line for line in block.splitlines() if line.strip()]) <= 10
    found = re.search(r"^none +\d\.\d+ \[\d\.\d+, \d\.\d+\]", said["README.md"], re.M)
    assert found, said["README.md"]


def test_every_block_of_the_document_runs_in_order(said):
    assert len(blocks("docs/python.md")) >= 8
    assert "return of filters against attacks" in said["docs/python.md"]


def test_every_cell_of_the_notebooks_runs(said):
    assert said["first_steps"].count("<table>") >= 3
    tables = said["payoff_tables"]
    assert tables.count("<table>") >= 2
    assert "the solver's own mixtures have NashConv" in tables
    assert "equilibria found: 3 (all extreme ones)" in tables


@pytest.mark.parametrize("name", sorted(pc.__all__))
def test_every_public_name_is_documented(name):
    found = getattr(pc, name)
    if isinstance(found, dict):  # registries are documented where they are
        return
    text = inspect.getdoc(found)
    assert text, name
    assert len(text.splitlines()[0]) > 20
    helper = name in ("integer", "number")  # of settings, in plugins
    long = inspect.isfunction(found) and len(inspect.signature(found).parameters) > 2
    if long and not helper:
        assert "Args:" in text
        assert "Raises:" in text or "Returns" in text


def test_every_public_call_is_in_the_document():
    text = (ROOT / "docs/python.md").read_text()
    calls = [name for name in pc.__all__ if inspect.isfunction(getattr(pc, name))]
    helpers = {"check", "choice", "integer", "number", "everybody", "checked", "filter"}
    lacking = {name for name in calls if f"pc.{name}" not in text} - helpers
    assert lacking <= {"make_env"}  # the notebook's


def test_the_names_are_those_that_type_checkers_see():
    text = (ROOT / "psro_comm/__init__.py").read_text()
    seen = set(re.findall(r"^    from \S+ import \w+ as (\w+)", text, re.MULTILINE))
    assert seen == {*pc.__all__}
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = pc.nothing
    assert {*pc.__all__} <= {*dir(pc)}
