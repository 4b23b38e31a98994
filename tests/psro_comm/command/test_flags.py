"""Flags are the fields of the configuration, and change only what the user sets."""

import dataclasses
import re
from pathlib import Path

import pytest
from absl import flags

from games.engine.settings import integer
from psro_comm.command.common import folder_of_runs
from psro_comm.command.flags import define_flags, from_flags


@dataclasses.dataclass(frozen=True)
class Inner:
    """Inner knobs.

    Attributes:
      rate: step size, per update.
    """

    rate: float = 0.1
    steps: int = integer(3, least=0)
    verbose: bool = True
    cap: float | None = 2.0
    careful: bool | None = None

    def __post_init__(self):
        if self.rate <= 0:
            raise ValueError(f"rate must be positive, got {self.rate}")


@dataclasses.dataclass(frozen=True)
class Outer:
    """Outer knobs."""

    task: str = dataclasses.field(default="echo", metadata={"choices": ("echo", "pp")})
    sizes: tuple[int, ...] = (64, 64)
    inner: Inner = dataclasses.field(default_factory=Inner)


def parsed(*arguments: str) -> flags.FlagValues:
    values = flags.FlagValues()
    define_flags(Outer, Outer(), values)
    values(["program", *arguments])
    return values


PRESET = Outer("pp", (7,), Inner(0.5, 9, False, 1.0, True))


def test_no_flag_leaves_the_preset_as_it_is():
    assert from_flags(PRESET, parsed()) == PRESET


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("--task=echo", dataclasses.replace(PRESET, task="echo")),
        ("--sizes=1,2,3", dataclasses.replace(PRESET, sizes=(1, 2, 3))),
        ("--sizes=", dataclasses.replace(PRESET, sizes=())),
    ],
)
def test_a_flag_changes_its_field_only(argument, expected):
    assert from_flags(PRESET, parsed(argument)) == expected


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("--inner.rate=1e-3", {"rate": 1e-3}),
        ("--inner.rate=0.1", {"rate": 0.1}),  # the default, but set by the user
        ("--inner.steps=0", {"steps": 0}),
        ("--inner.verbose", {"verbose": True}),
        ("--noinner.verbose", {"verbose": False}),
        ("--inner.verbose=false", {"verbose": False}),
        ("--inner.cap=none", {"cap": None}),
        ("--inner.cap=3", {"cap": 3.0}),
        ("--inner.careful=false", {"careful": False}),
        ("--inner.careful=none", {"careful": None}),
    ],
)
def test_a_dotted_flag_changes_its_inner_field_only(argument, change):
    expected = dataclasses.replace(
        PRESET, inner=dataclasses.replace(PRESET.inner, **change)
    )
    found = from_flags(PRESET, parsed(argument))
    assert found == expected
    value = getattr(found.inner, next(iter(change)))
    assert type(value) is type(next(iter(change.values())))


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--inner.steps=1.5", "inner.steps=1.5"),
        ("--inner.rate=fast", "inner.rate=fast"),
        ("--inner.rate=nan", "not a finite number"),
        ("--inner.rate=inf", "not a finite number"),
        ("--inner.rate=none", "inner.rate=none"),
        ("--inner.careful=maybe", "neither true nor false"),
        ("--sizes=1,x", "sizes=1,x"),
        ("--task=eco", "'eco', must be one of echo, pp; did you mean 'echo'"),
        ("--inner.stps=3", "Did you mean: inner.steps"),
    ],
)
def test_a_bad_value_or_name_is_refused_at_the_command_line(argument, message):
    with pytest.raises(flags.Error, match=message):
        parsed(argument)


def test_what_a_dataclass_refuses_names_its_section():
    with pytest.raises(ValueError, match=r"^inner.rate must be positive, got -1\.0$"):
        from_flags(PRESET, parsed("--inner.rate=-1"))


def test_the_help_shows_meaning_and_default():
    text = parsed().get_help()
    assert "--inner.rate: step size, per update. (default: 0.1)" in text
    assert "--inner.steps: (at least 0; default: 3)" in text
    assert "--sizes: (default: 64,64)" in text
    assert "--[no]inner.verbose: (default: True)" in text
    assert "--task: (one of echo, pp; default: echo)" in text


def test_a_flag_file_repeats_the_run(tmp_path):
    arguments = ["--inner.cap=none", "--sizes=1,2", "--noinner.verbose", "--task=pp"]
    first = parsed(*arguments)
    flag_file = tmp_path / "flags.txt"
    flag_file.write_text(first.flags_into_string())
    again = parsed(f"--flagfile={flag_file}")
    assert from_flags(Outer(), again) == from_flags(Outer(), first)
    assert from_flags(Outer(), again).inner.cap is None


@pytest.mark.parametrize("where", ["", "file", "file/deeper"])
def test_the_folder_of_runs_is_a_folder(tmp_path, monkeypatch, where):
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    values = flags.FlagValues()
    flags.DEFINE_string("runs_dir", where, "", flag_values=values)
    values.mark_as_parsed()
    monkeypatch.setattr(flags, "FLAGS", values)
    why = ", but file is a file" if where else ""
    words = f"--runs_dir is {where!r}, must name a folder{why}"
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        folder_of_runs()
    values.runs_dir = "new/runs"
    assert folder_of_runs() == Path("new/runs")
