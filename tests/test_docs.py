"""The documents: every command, flag, file and error text in them exists."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

DOCS = (
    *("README.md", "BUILD.md"),
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
    *sorted(f"docs/decisions/{p.name}" for p in (ROOT / "docs/decisions").glob("*.md")),
)
CODE = ("games", "oracles", "psro_comm", "bin")
MAKE = {"run": "quickstart", "bench": "bench"}  # the programs behind two targets
FOLDERS = (  # where a document may leave a folder's name out
    *("", "oracles", "psro_comm"),
    "games/engine",
    "games/environments",
    "oracles/learning",
    "oracles/strategies",
    "oracles/teams/backbones",
    "tests/starcraft_standin",
)

# Imports what is heavy once and gives each program, whose flags would clash, a process
# of its own. Prints one JSON line per command that it refuses.
CHECK = """
import importlib, json, os, sys
import psro_comm.command.request, psro_comm.studies.crossplay
import psro_comm.studies.story, psro_comm.studies.training
from absl import flags
from absl.testing import flagsaver

def refusal(line):
    try:
        with flagsaver.flagsaver():
            rest = flags.FLAGS(["program", *line])
            if rest[1:]:
                return f"not a flag: {rest[1]}"
            if "task" in flags.FLAGS:
                psro_comm.command.request.request()
    except (flags.Error, ValueError) as error:
        return str(error)

for program, lines in json.load(sys.stdin).items():
    if (child := os.fork()):
        if os.waitpid(child, 0)[1]:
            print(json.dumps([program, [], "it cannot be imported"]), flush=True)
        continue
    importlib.import_module(f"bin.{program}")
    for line in lines:
        if (why := refusal(line)) is not None:
            print(json.dumps([program, line, why]), flush=True)
    os._exit(0)
"""


def text_of(doc: str) -> str:
    """A document, shell variables filled in and continued lines joined."""
    text = (ROOT / doc).read_text().replace("\\\n", " ")
    return re.sub(r"\$\w+", "0", text)


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Programs and their arguments, of `python -m bin.NAME` and `make NAME FLAGS=`."""
    plain = re.findall(r"python -m bin\.(\w+)([^\n`#;|()]*)", text)
    made = re.findall(r'make (run|bench) FLAGS="([^"]*)"', text)
    made = [(MAKE[target], given) for target, given in made]
    found = []
    for program, given in plain + made:
        words = [w for w in shlex.split(given) if w not in ("--help", "--helpfull")]
        if "--" in words:  # a sweep: behind it stand a program and its own flags
            mark = words.index("--")
            found.append((words[mark + 1], words[mark + 2 :]))
            words = words[:mark]
        found.append((program, words))
    return found


def refused(found: list[tuple[str, list[str]]], flag_folder: Path) -> list[list]:
    """The commands that their programs refuse, each with the reason."""
    flag_file = flag_folder / "flags.txt"
    flag_file.write_text("--seed=1\n")
    todo: dict[str, list[list[str]]] = {}
    for program, line in found:
        line = [re.sub(r"(?<=--flagfile=).*", str(flag_file), word) for word in line]
        todo.setdefault(program, []).append(
            ["--against=none", *line] if program == "train_filter" else line
        )
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        input=json.dumps(todo),
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def all_commands():
    written = (*DOCS, "docs/sweep.sbatch")
    return [found for doc in written for found in commands(text_of(doc))]


def test_every_program_is_explained(all_commands):
    programs = {path.stem for path in (ROOT / "bin").glob("[a-z]*.py")}
    assert {program for program, _ in all_commands} == programs


def test_every_command_is_accepted_by_its_program(all_commands, tmp_path):
    found = refused(all_commands, tmp_path)
    # Only an owner of the game, or of these runs, gets past these lines.
    lacking = (
        *("bin.doctor --smac", "does not exist in runs", "ray is not installed"),
        "wandb is not installed",
        "pip install pettingzoo",
    )
    found = [row for row in found if not any(words in row[-1] for words in lacking)]
    assert found == []


def test_a_flag_a_value_and_a_word_too_many_are_found(tmp_path):
    text = """
        python -m bin.run_psro --psro.rounds=3
        python -m bin.evaluate --task=chess   # a comment
        `python -m bin.train_team team`, make run FLAGS="--threat.mix_weight=7"
    """
    assert len(refused(commands(text), tmp_path)) == 4


@pytest.mark.parametrize("doc", DOCS)
def test_every_file_that_is_named_exists(doc):
    words = re.findall(r"(?<![\w*/<>-])[\w./-]+\.(?:py|txt|toml|lock)\b", text_of(doc))
    written = {"flags.txt", "report.txt"}  # by a run
    named = {word for word in words if not word.startswith("runs/")} - written
    missing = [
        word
        for word in sorted(named)
        if not any((ROOT / folder / word).exists() for folder in FOLDERS)
        and "NAME" not in word
    ]
    assert missing == []
    assert named or doc not in ("BUILD.md", "docs/python.md")


PAGES = sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", [Path("README.md"), Path("BUILD.md"), *PAGES], ids=str)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(#[^)]*)?\)", (ROOT / page).read_text())
    here = [link for link, _ in links if not link.startswith("https://")]
    missing = [link for link in here if not (ROOT / page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("doc", DOCS)
def test_every_make_target_that_is_named_exists(doc):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:`|    |; do )make ([\w-]+)", text_of(doc))) <= {*targets}


def sources() -> str:
    """Every text of the code, with `...` for what is filled in; and the Makefile."""
    texts = [(ROOT / "Makefile").read_text()]
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = [getattr(part, "value", None) for part in node.values]
                    texts.append(
                        "".join(p if isinstance(p, str) else "..." for p in parts)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts)


def test_every_error_text_that_is_explained_is_raised_somewhere():
    section = text_of("docs/errors.md")
    errors = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert len(errors) > 10
    known = sources()
    for error in errors:
        for part in error.split("..."):
            assert part.strip(" :;,") in known, f"{error}: no source says {part!r}"


def test_the_results_have_their_place():
    lines = [line.strip() for line in text_of("docs/results.md").splitlines()]
    begin, end = (lines.index(f"<!-- results:{w} -->") for w in ("begin", "end"))
    assert begin < end
