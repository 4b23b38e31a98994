"""The figure of a study shows every solver, with one seed as with several."""

import pytest

from psro_comm.reports.figures.meta_solvers import plot_study


def result(seeds: int) -> dict:
    return {
        "iterations": 2,
        "env_steps": 1_200_000,
        "solvers": ["nash", "uniform"],
        "rows": [
            {
                "solver": name,
                "seed": seed,
                "steps": [
                    {"nash_conv": 9.0 - k, "population_nash_conv": 7.0 - k}
                    for k in range(2)
                ],
                "fresh": {"estimate": 20.0 + seed, "low": 19.0, "high": 25.0},
            }
            for seed in range(seeds)
            for name in ("nash", "uniform")
        ],
    }


def test_the_worst_attack_known_is_drawn_where_it_was_measured(tmp_path):
    found = result(2)
    without, _ = plot_study(found, tmp_path / "old")
    for row in found["rows"]:
        row["worst_known"] = {"estimate": 11.0, "low": 10.0, "high": 12.0}
    svg, _ = plot_study(found, tmp_path / "new")
    assert "worst known" in svg.read_text()
    assert "worst known" not in without.read_text()


@pytest.mark.parametrize("seeds", [1, 3])
def test_every_solver_is_in_the_legend_and_on_the_axis(tmp_path, seeds):
    svg, png = plot_study(result(seeds), tmp_path / "study", "echo")
    text = svg.read_text()
    for words in ("uniform", "NashConv", "fresh attack"):
        assert words in text
    assert png.stat().st_size > 5000
