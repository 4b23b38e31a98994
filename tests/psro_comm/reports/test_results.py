"""Tables over seeds say what the numbers say, and refuse to mix what does not fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from psro_comm.disk.access import StoreError
from psro_comm.disk.store import RunStore
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.report import Report
from psro_comm.reports.brief import render_brief
from psro_comm.reports.results import inserted, render_task, write_results
from psro_comm.reports.seeds import (
    FinishedRun,
    Variant,
    by_variant,
    command,
    differences,
    pooled,
    read_finished,
)
from psro_comm.reports.text import percent
from psro_comm.settings.experiment import describe
from psro_comm.settings.tasks import preset
from tests.hand_made_report import make_report
from tests.hand_made_run import TASK, stored


def finished(
    seed: int,
    shift: float = 0.0,
    spoil: Callable[[dict[str, Any]], object] = lambda report: None,
    **changed: Any,
) -> FinishedRun:
    """A run whose returns and differences lie `shift` above the hand-made report's."""
    task = changed.get("task", TASK)
    report = make_report() | {"task": task, "seed": seed}
    for part, key in (("rows", "return"), ("comparison", "difference")):
        for line in report[part]:
            line[key] = {k: v + shift for k, v in line[key].items()}
    config = {**describe(preset(task, "quick", seed)), **changed}
    spoil(report)
    return FinishedRun(Path(f"run-{seed}"), config, Report.from_dict(report))


BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"


def line_of(text: str, start: str) -> str:
    """The one line of a table that begins with `start`."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return line


def test_one_seed_keeps_its_interval_and_several_get_one_over_seeds() -> None:
    wide = Interval(1.0, -9.0, 11.0)
    assert pooled([wide]) == wide
    # t_1(97.5 %) = 12.7062, s / sqrt(2) = |3 - 1| / 2 = 1
    found = pooled([wide, wide._replace(estimate=3.0)])
    assert found == pytest.approx((2.0, 2.0 - 12.7062, 2.0 + 12.7062), abs=1e-4)
    with pytest.raises(ValueError, match="nothing"):
        pooled([])


def test_an_interval_that_contains_zero_prints_cannot_tell() -> None:
    text = render_task([finished(0)])
    fresh = "its own fresh attacker: R-MACRL minus"
    assert line_of(text, f"{fresh} vanilla-filter").endswith(
        "| 3.20 [2.70, 3.70] | higher by 3.20 [2.70, 3.70] | 3.20* |"
    )
    long = line_of(text, f"{fresh} vanilla-filter-long")
    assert "0.20 [-0.30, 0.70]" in long
    assert long.endswith("| 0.20 |")
    assert "cannot tell: the interval contains zero" in long
    assert "higher" not in long


def test_a_flipped_sign_flips_the_words() -> None:
    def flip(report: dict[str, Any]) -> None:
        for line in report["comparison"]:
            found = line["difference"]
            low, high = -found["high"], -found["low"]
            line["difference"] = {
                "estimate": -found["estimate"],
                "low": low,
                "high": high,
            }

    text = render_task([finished(0, spoil=flip)])
    line = line_of(text, "its own fresh attacker: R-MACRL minus vanilla-filter")
    assert "lower by 3.20 [2.70, 3.70]" in line
    line = line_of(text, "held-out attackers: R-MACRL minus vanilla-filter")
    assert "higher by 2.00 [1.50, 2.50]" in line


def test_seeds_that_disagree_cannot_tell_though_each_alone_could() -> None:
    # 3.2 above zero in each: 2.2, 3.2 and 4.2 still are; 3.2 -+ 7 are not.
    near = [finished(k, shift) for k, shift in enumerate((-1.0, 0.0, 1.0))]
    apart = [finished(k, shift) for k, shift in enumerate((-7.0, 0.0, 7.0))]
    name = "its own fresh attacker: R-MACRL minus vanilla-filter"
    near_line, apart_line = (line_of(render_task(r), name) for r in (near, apart))
    assert "| higher by 3.20" in near_line
    assert near_line.endswith("| 2.20* | 3.20* | 4.20* |")
    assert "| cannot tell" in apart_line
    assert apart_line.endswith("| -3.80* | 3.20* | 10.20* |")
    reports = [run.report for run in apart]
    found = differences(reports)["vanilla-filter", "fresh"]
    assert [one.estimate for one in found] == pytest.approx([-3.8, 3.2, 10.2])


def test_the_table_says_over_what_its_intervals_are() -> None:
    one, three = render_task([finished(5)]), render_task(list(map(finished, range(3))))
    assert "one seed (5)" in one
    assert "over worlds only" in one
    assert "mean over 3 seeds (0, 1, 2)" in three
    assert "t interval over seeds" in three
    clean = "clean: no attack, no filter"
    assert "| 1 | 1000 | 0.00 |" in line_of(one, clean)
    assert "| 3 | 3000 | 0.00 |" in line_of(three, clean)
    attacked = "attack, full strength"
    assert line_of(one, attacked).startswith(f"| {attacked} | 30.00 [29.50, 30.50] |")
    assert "| 1.25 |" in line_of(one, attacked)


def test_the_papers_figures_stand_beside_ours_and_only_for_its_tasks() -> None:
    text = render_task([finished(0)])
    clean = line_of(text, "clean: no attack, no filter")
    assert clean.endswith("| about 30 (inferred) |")
    broken = line_of(text, "vanilla filter, fresh attacker")
    assert broken.endswith("| drop about 20 % |")
    ours = line_of(text, "R-MACRL, meta-equilibrium attacker")
    assert ours.endswith("| 35.38 ± 1.28 |")
    theirs = line_of(text, "vanilla-filter, meta-equilibrium attacker")
    assert theirs.endswith("| 31.91 ± 0.94 |")
    assert "40.74 ± 0.23" in render_task([finished(0, task="predator_prey_p0")])
    assert "±" not in render_task([finished(0, task="echo")])
    own = describe(preset(TASK, "quick"))["threat"]
    two = finished(0, threat={**own, "num_malicious": 2})
    assert "±" not in render_task([two])
    assert "the paper" not in render_brief({Variant.of(two): [two]})


def test_the_gate_leaves_out_a_share_that_one_seed_lacks() -> None:
    share = "lost when all messages are zeroed, %"
    assert line_of(render_task([finished(0), finished(1)]), share).endswith("| 2 |")
    without = finished(1, spoil=lambda r: r["gate"].pop("fall_percent_all_muted"))
    assert share not in render_task([finished(0), without])


def test_shares_are_cut_to_what_a_share_can_be() -> None:
    found = Interval(0.99, 0.9, 1.2)
    assert percent(found) == "99.0 [90.0, 100.0]"
    text = render_task([finished(0), finished(1)])
    assert line_of(
        text, "points of success lost when all messages are zeroed"
    ).endswith("| 2 |")


def test_a_line_that_only_some_seeds_have_is_refused() -> None:
    runs = [finished(0), finished(1, spoil=lambda report: report["rows"].pop())]
    with pytest.raises(ValueError, match="1 of 2 reports"):
        render_task(runs)


def test_runs_are_grouped_by_variant_and_sorted_by_seed() -> None:
    runs = [finished(2), finished(0, task="echo"), finished(1)]
    groups = {
        str(variant): [run.config["seed"] for run in group]
        for variant, group in by_variant(runs).items()
    }
    assert groups == {"echo": [0], TASK: [1, 2]}


def test_one_seed_twice_or_two_configurations_are_refused() -> None:
    with pytest.raises(ValueError, match="same seed, 4"):
        by_variant([finished(4), finished(4)])
    with pytest.raises(ValueError, match=r"more than the seed: attack: 1 -> 2"):
        by_variant([finished(0, attack=1), finished(1, attack=2)])
    by_variant([finished(0, device="cpu"), finished(1, device="cuda")])


def test_an_unfinished_run_is_named(tmp_path: Path) -> None:
    RunStore.open(tmp_path / "half", {"task": TASK, "seed": 0}).close()
    with pytest.raises(StoreError, match="half holds no report of a whole story"):
        read_finished(tmp_path / "half")
    with pytest.raises(StoreError, match="there is no run"):
        read_finished(tmp_path / "nothing")


def test_the_command_names_the_budget_and_what_differs_from_it() -> None:
    config = dict(describe(preset("echo", "smoke", 7)))
    plain = "python -m bin.quickstart --task=echo --budget=smoke --seed=7"
    assert command(config) == plain
    assert command({**config, "device": "cuda"}) == plain
    config["attack"] = {**config["attack"], "alpha": 0.25}
    assert command(config) == f"{plain} --attack.alpha=0.25"
    older = {key: value for key, value in config.items() if key != "learner"}
    assert command(older) == f"{plain} --attack.alpha=0.25"


def test_results_replace_what_is_between_the_marks() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter"
    once = inserted(text, "new")
    assert once == f"before\n{BEGIN}\nnew\n{END}\nafter"
    assert inserted(once, "new") == once
    other = text + once.replace("results:", "other:")
    assert inserted(other, "x", "other").startswith(text)
    for bad in ("no marks", f"{END} {BEGIN}", f"{text}{text}"):
        with pytest.raises(ValueError, match="results:"):
            inserted(bad, "new")


def test_everything_is_written_and_a_bad_readme_stops_before_that(
    tmp_path: Path,
) -> None:
    runs = [read_finished(stored(tmp_path / f"r{seed}", seed)) for seed in (0, 1)]
    readme, out = tmp_path / "README.md", tmp_path / "docs" / "results"
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="once each"):
        write_results(by_variant(runs), out, "make it", readme)
    assert not out.exists()
    readme.write_text(f"# A\n{BEGIN}\n{END}\nB\n")
    written = write_results(by_variant(runs), out, "make it", readme)
    assert all(path.exists() for path in written)
    for name in ("learning", "worst-case", "payoffs"):
        picture = out / f"{TASK}-{name}.png"
        assert picture in written
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert f"]({picture.name})" in (out / "results.md").read_text()
    assert readme.read_text().startswith("# A\n")
    assert readme.read_text().endswith("\nB\n")
    assert "](docs/results/results.md), made by `make it`" in readme.read_text()
