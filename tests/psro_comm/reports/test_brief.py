"""The two small tables hold the numbers of the large ones, and the paper's."""

from psro_comm.reports.brief import render_brief
from psro_comm.reports.seeds import FinishedRun, by_variant
from tests.psro_comm.reports.test_results import finished, line_of


def brief(*runs: FinishedRun) -> str:
    return render_brief(by_variant(runs))


def test_returns_success_and_the_papers_figures_stand_below_one_another():
    text = brief(finished(0))
    cells = line_of(text, "predator_prey_p05, 1 seed: return").split(" | ")[1:]
    estimates = [float(cell.split(" [")[0]) for cell in cells]
    # clean, attacked, filter: known, fresh; R-MACRL: fresh; the meta-equilibrium
    assert estimates == [50.0, 30.0, 45.0, 35.0, 38.2, 41.0, 39.0]
    paper = line_of(text, "the paper")
    assert "31.91 ± 0.94 | 35.38 ± 1.28" in paper
    assert len(line_of(text, "success, %").split(" | ")) == len(cells) + 1
    assert "the paper" not in brief(finished(0, task="echo"))


def test_what_can_be_told_is_bold_and_the_rest_is_not():
    text = brief(finished(0))
    line = line_of(text, "predator_prey_p05 | vanilla filter")
    cells = [cell.strip("| ") for cell in line.split(" | ")[2:]]
    assert [cell.startswith("**5.0") for cell in cells] == [True, False, False]
    bold = [cell.startswith("**") and cell.endswith("**") for cell in cells]
    assert bold == [True, True, True]  # 5.0, -2.0 and 3.2, each +- 0.5
    line = line_of(text, "predator_prey_p05 | long vanilla filter")
    cells = [cell.strip("| ") for cell in line.split(" | ")[2:]]  # 1.0, 0.4, 0.2 +- 0.5
    assert [cell.startswith("**") for cell in cells] == [True, False, False]


def test_several_seeds_are_pooled_and_tasks_follow_one_another():
    text = brief(finished(0), finished(1, shift=2.0), finished(0, task="echo"))
    assert "predator_prey_p05, 2 seeds: return | 51.00 [" in text
    assert text.index("| echo, 1 seed") < text.index("| predator_prey_p05, 2 seeds")


def test_a_story_without_the_long_filter_has_no_line_of_it():
    def without(report):
        kept = [
            line
            for line in report["comparison"]
            if line["theirs"] != "vanilla-filter-long"
        ]
        report["comparison"] = kept

    text = brief(finished(0, spoil=without))
    assert "long vanilla filter" not in text
    assert line_of(text, "predator_prey_p05 | vanilla filter")
