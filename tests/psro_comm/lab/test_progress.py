"""Progress on a terminal: aligned, seldom, with an estimate of the time left."""

import math
import multiprocessing
import re

import pytest
from absl import logging

from psro_comm.lab.progress import Progress, format_duration, speak, tee


def progress(total, times, every_s=5.0):
    """The lines of a progress whose calls come at the given seconds."""
    now, lines = iter([0.0, *times]), []
    shower = Progress(
        "attack-001", total, every_s=every_s, clock=lambda: next(now), emit=lines.append
    )
    for _ in times:
        shower({"update": 0, "team/return_mean": 31.25, "a/approx_kl": 0.5})
    return lines


def test_progress_speaks_first_last_and_seldom_between():
    lines = progress(10, [1, 2, 3, 6, 7, 8, 9, 10, 11, 12])
    assert [line.split()[1] for line in lines] == ["1/10", "4/10", "9/10", "10/10"]


def test_progress_estimates_the_time_left_from_the_mean_update():
    lines = progress(60, [10.0, 20.0])
    assert "10s gone   9m50s left" in lines[0]
    assert "20s gone   9m40s left" in lines[1]


def test_progress_in_steps_foretells_how_many_calls_there_will_be():
    lines = []
    shower = Progress("x", 999, steps=100, every_s=0.0, emit=lines.append)
    for seen in (24, 48, 60, 84, 99):
        shower({"env_steps": seen})
    assert [line.split()[1] for line in lines] == ["1/4", "2/4", "3/5", "4/4", "5/5"]


def test_progress_shows_the_last_number_of_each_quantity_and_no_nan():
    lines = []
    shower = Progress("x", 9, show=("a/b", "c/d"), every_s=0.0, emit=lines.append)
    for values in ({"a/b": math.nan}, {"a/b": 2.0}, {"c/d": 3.0}, {"a/b": math.nan}):
        shower(values)
    assert not any("nan" in line for line in lines)
    assert [line.count(" b ") for line in lines] == [0, 1, 1, 1]
    assert "b          2  d          3" in lines[-1]


def test_a_line_from_before_a_training_is_shown_and_not_counted():
    lines = []
    shower = Progress("x", 2, every_s=0.0, clock=lambda: 1.0, emit=lines.append)
    for steps in (0, 10, 20):
        shower({"env_steps": steps, "a/b": 1.0})
    assert [line.split()[1] for line in lines] == ["0/2", "1/2", "2/2"]


def test_progress_lines_are_aligned():
    lines = progress(100, [float(i) for i in range(1, 101)], every_s=0.0)
    assert len(lines) == 100
    assert len({len(line) for line in lines}) == 1
    assert "return_mean      31.25  approx_kl        0.5" in lines[0]


@pytest.mark.parametrize("value", [-2.345678e-7, -1234567.0, math.nan, 1e-300])
def test_a_number_of_any_size_keeps_the_lines_aligned(value):
    lines = []
    shower = Progress("team", 9, every_s=0.0, clock=lambda: 0.0, emit=lines.append)
    for number in (2.0, value):
        shower({"attack/policy_loss": number})
    assert len(lines[0]) == len(lines[1])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.4, "59s"), (59.6, "1m00s"), (3599.6, "1h00m"), (7380, "2h03m")],
)
def test_durations_are_short(seconds, text):
    assert format_duration(seconds) == text


def test_tee_passes_everything_to_everyone_in_order():
    seen = []
    tee(lambda v: seen.append((1, v)), lambda v: seen.append((2, v)))({"a/b": 3})
    assert seen == [(1, {"a/b": 3}), (2, {"a/b": 3})]


def say_twice():
    for number in (1, 2):  # a worker speaks anew for every job
        speak(in_worker=True)
        logging.info("line %d", number)


def test_a_worker_says_its_lines_once_and_nothing_of_flags(capfd):
    process = multiprocessing.get_context("spawn").Process(target=say_twice)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    said = capfd.readouterr().err
    assert re.sub(r"\d\d:\d\d:\d\d", "CLOCK", said) == "CLOCK  line 1\nCLOCK  line 2\n"


def test_before_the_first_update_nobody_knows_how_long_it_takes():
    lines = []
    progress = Progress("es", 694, steps=1000, emit=lines.append, clock=lambda: 2.0)
    progress({"update": 0, "env_steps": 0, "test/return_mean": 5.0})
    assert "0/? " in lines[0]
    assert lines[0].endswith("? left")
    progress({"update": 1, "env_steps": 500, "test/return_mean": 4.0})
    progress({"update": 2, "env_steps": 1000, "test/return_mean": 4.0})
    assert "2/2 " in lines[-1]
