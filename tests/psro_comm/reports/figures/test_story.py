"""Figures hold what they were given, in both formats, the same bytes each time."""

import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from psro_comm.disk.access import StoreError
from psro_comm.metagame.report import Report
from psro_comm.reports.figures.learning import (
    Curves,
    learning_curve,
    plot_learning,
    plot_malicious,
)
from psro_comm.reports.figures.story import plot_worst_case
from tests.hand_made_report import interval, make_report

PNG = b"\x89PNG\r\n\x1a\n"


def training(shift: float, updates: int = 40) -> list[dict[str, float | None]]:
    """Every fourth update ends no episode."""
    return [
        {
            "env_steps": 100.0 * (k + 1),
            "team/return_mean": None if k % 4 == 0 else 50.0 + shift - k,
            "team/success_mean": None if k % 4 == 0 else 0.8 - k / 100,
        }
        for k in range(updates)
    ]


def make_curves(shift: float = 0.0) -> Curves:
    return Curves(training(shift), training(shift), training(shift), 51.0, 0.9, 20.0)


def comments(path: Path) -> str:
    """All text of an SVG file: matplotlib draws letters, and notes what they say."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    tree = ET.parse(path, parser=parser)
    return "\n".join(e.text or "" for e in tree.iter() if callable(e.tag))


def check(files: list[Path], path: Path) -> str:
    assert files == [Path(f"{path}.svg"), Path(f"{path}.png")]
    assert files[1].read_bytes().startswith(PNG)
    assert all(file.stat().st_size > 5000 for file in files)
    assert not [p for p in path.parent.iterdir() if p.name.endswith(".tmp")]
    return comments(files[0])


def test_a_curve_leaves_out_updates_without_episodes():
    steps, returns = learning_curve(training(0.0))
    assert steps.shape == returns.shape == (30,)
    assert steps[0] == 200.0
    # in the middle of a straight line the window changes little
    np.testing.assert_allclose(returns[15], 50.0 - (steps[15] / 100.0 - 1), atol=0.5)
    assert learning_curve([{"env_steps": 1.0, "team/return_mean": None}]).size == 0


def logged_tests(points: int = 6) -> list[dict[str, float | None]]:
    """A training that tested whole episodes at some of its updates."""
    rows = training(0.0, updates=5 * (points - 1) + 1)
    for k in range(points):
        rows[5 * k] |= {"test/return_mean": 3.0 * k, "test/success_mean": 0.1 * k}
    return rows


def test_a_curve_is_of_whole_episodes_where_the_training_played_them():
    rows = logged_tests()
    steps, returns = learning_curve(rows)
    assert steps.tolist() == [100.0, 600.0, 1100.0, 1600.0, 2100.0, 2600.0]
    assert returns.tolist() == [0.0, 3.0, 6.0, 9.0, 12.0, 15.0]
    np.testing.assert_allclose(learning_curve(rows, "success")[1], returns / 30)


@pytest.mark.parametrize(
    ("fresh", "said", "unsaid"),
    [
        (logged_tests(), "whole episodes, the same worlds at each point", "ended"),
        (training(0.0), "some runs: whole episodes", "each point"),
    ],
)
def test_a_figure_says_of_which_episodes_its_curves_are(tmp_path, fresh, said, unsaid):
    curves = Curves(logged_tests(), logged_tests(), fresh, 51.0, 0.9)
    for drawn in (
        plot_learning([curves], tmp_path / "l"),
        plot_malicious({1: [curves]}, tmp_path / "m"),
    ):
        words = comments(drawn[0])
        assert said in words
        assert unsaid not in words
    old = comments(plot_learning([make_curves()], tmp_path / "o")[0])
    assert "episodes that ended in training, short ones first" in old
    assert "whole" not in old


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_learning_has_three_panels(tmp_path, seeds):
    runs = [make_curves(float(k)) for k in range(seeds)]
    text = check(plot_learning(runs, tmp_path / "l", "a title"), tmp_path / "l")
    for words in (
        "a title",
        "an attack trains,",
        "a filter,",
        "on the frozen attack",
        "on the frozen filter",
        "clean: no attack, no filter",
        "return at which an attack is frozen",
        "environment steps",
    ):
        assert words in text


def test_a_curve_is_of_the_quantity_asked_for():
    steps, success = learning_curve(training(0.0), "success")
    np.testing.assert_allclose(
        success[15], 0.8 - (steps[15] / 100 - 1) / 100, atol=0.01
    )


def test_numbers_of_malicious_agents_are_compared_by_success(tmp_path):
    groups = {1: [make_curves()], 2: [make_curves(float(k)) for k in range(3)]}
    text = check(plot_malicious(groups, tmp_path / "m", "a map"), tmp_path / "m")
    for words in ("a map", "success, %", "1 malicious", "2 malicious", "clean"):
        assert words in text
    with pytest.raises(ValueError, match="no training"):
        plot_malicious({1: [Curves([], [], [], 1.0, 1.0)]}, tmp_path / "n")


def test_a_panel_without_data_says_so(tmp_path):
    runs = [make_curves()._replace(fresh=[], threshold=None)]
    text = check(plot_learning(runs, tmp_path / "l"), tmp_path / "l")
    assert "not in this run" in text
    assert "is frozen" not in text


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_worst_case_shows_each_defender_in_each_column(tmp_path, seeds):
    reports = [make_report() for _ in range(seeds)]
    for k, report in enumerate(reports):
        report["columns"][0]["return"] = interval(40.0 + k)
    given = list(map(Report.from_dict, reports))
    text = check(plot_worst_case(given, tmp_path / "w"), tmp_path / "w")
    for words in (
        "no attack",
        "meta-equilibrium",
        "held-out attackers",
        "its own fresh attacker",
        "vanilla-filter",
        "vanilla-filter-long",
        "R-MACRL",
    ):
        assert words in text


def test_equal_data_make_equal_files_and_leave_no_trace(tmp_path):
    before = dict(matplotlib.rcParams)
    one = plot_learning([make_curves()], tmp_path / "one")
    two = plot_learning([make_curves()], tmp_path / "two")
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in two]
    assert dict(matplotlib.rcParams) == before


def test_nothing_to_plot_is_said(tmp_path):
    bare = Report.from_dict({**make_report(), "columns": [], "worst_case": []})
    with pytest.raises(ValueError, match="no training"):
        plot_learning([Curves([], [], [], 1.0, 1.0)], tmp_path / "l")
    with pytest.raises(ValueError, match="no training"):
        plot_learning([], tmp_path / "l")
    with pytest.raises(ValueError, match="nothing"):
        plot_worst_case([bare], tmp_path / "w")
    with pytest.raises(ValueError, match="nothing"):
        plot_worst_case([], tmp_path / "w")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(StoreError, match="cannot write"):
        plot_learning([make_curves()], tmp_path / "absent" / "l")
