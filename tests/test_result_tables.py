"""The tables of docs/ are those of the stored results, and of the pages they cite."""

import json
import re

import pytest

from psro_comm.reports.brief import render_brief
from psro_comm.reports.results import render_results, write_results
from psro_comm.reports.seeds import FinishedRun, by_variant, read_finished
from psro_comm.reports.tables.marl_eval import as_marl_eval
from tests.hand_made_run import stored
from tests.paths import ROOT

RESULTS = ROOT / "docs/results"
LEADERBOARDS = sorted(RESULTS.rglob("leaderboard.json"))
STORED = sorted(RESULTS.rglob("results.json"))
SUMMARY = (ROOT / "docs/results.md").read_text()
BLOCKS = re.findall(r"<!-- ([\w-]+):begin -->(.*?)<!-- \1:end -->", SUMMARY, re.DOTALL)
INTERVAL = re.compile(r"-?[\d.]+ \[-?[\d.]+, -?[\d.]+\]")


def rows(text):
    """The lines of a page's tables."""
    return [line for line in text.splitlines() if line.startswith("|")]


def cells(line):
    return [cell.strip(" *") for cell in line.strip("|").split("|")]


def differing(folder):
    """Lines of a page's tables, and of its summary, that its data do not make."""
    data = json.loads((folder / "results.json").read_text())
    variants = by_variant([FinishedRun.from_dict(run) for run in data["runs"]])
    page = (folder / "results.md").read_text()
    found = {*rows(page)} ^ {*rows(render_results(variants, data["made_by"]))}
    for _, block in BLOCKS:
        if f"made by `{data['made_by']}`" in block:
            found |= {*rows(block)} ^ {*rows(render_brief(variants))}
    return sorted(found)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.parent.name)
def test_the_tables_of_stories_are_their_data(path):
    assert differing(path.parent) == []


def test_data_are_stored_beside_a_page_and_a_changed_number_is_found(tmp_path):
    runs = [read_finished(stored(tmp_path / f"r{seed}", seed)) for seed in (0, 1)]
    out = tmp_path / "out"
    assert out / "results.json" in write_results(by_variant(runs), out, "made so")
    assert differing(out) == []
    text = (out / "results.md").read_text()
    number = INTERVAL.search(text)[0]
    (out / "results.md").write_text(text.replace(number, f"9{number}", 1))
    assert len(differing(out)) == 2  # as it is, and as it should be


@pytest.mark.parametrize("path", LEADERBOARDS, ids=lambda path: path.parent.name)
def test_the_leaderboards_table_is_its_data(path):
    text = (path.parent / "leaderboard.md").read_text()
    data = json.loads(path.read_text())
    for task, lines in data.items():
        table = text.partition(f"### {task}\n")[2].partition("###")[0]
        found = {cells(line)[0]: cells(line) for line in rows(table)}
        for line in lines:
            row = found[line["defender"]]
            assert row[1] == str(len(line["seeds"]))
            for place, name in ((2, "clean"), (3, "worst")):
                parts = [line[name][key] for key in ("estimate", "low", "high")]
                told = [float(number) for number in re.findall(r"-?[\d.]+", row[place])]
                assert told == pytest.approx(parts, abs=0.0051)
            reached = [seed["reached"] for seed in line["seeds"]]
            shares = ("-" if r is None else f"{100 * r:.0f} %" for r in reached)
            assert row[4] == ", ".join(shares)


@pytest.mark.parametrize("path", LEADERBOARDS, ids=lambda path: path.parent.name)
def test_what_marl_eval_gets_is_the_leaderboards_data(path):
    found = {
        task: {line["defender"]: dict(map(measured, line["seeds"])) for line in lines}
        for task, lines in json.loads(path.read_text()).items()
    }
    given = json.loads((path.parent / "marl_eval.json").read_text())
    assert given == as_marl_eval(found)


def measured(line):
    """A seed, and what marl-eval's data have of it."""
    names = {"worst_return": "worst", "clean_return": "clean"}
    return line["seed"], {name: line[key]["estimate"] for name, key in names.items()}


@pytest.mark.parametrize(("mark", "block"), BLOCKS, ids=[mark for mark, _ in BLOCKS])
def test_a_summary_has_the_numbers_of_the_page_that_it_cites(mark, block):
    pages = re.findall(r"\[(results/\S*results\.md)\]", block)
    assert len(pages) == 1
    sections = (ROOT / "docs" / pages[0]).read_text().split("\n## ")[1:]
    by_task = {section.split("\n")[0]: section for section in sections}
    seen = 0
    for line in rows(block):
        first, *numbers = cells(line)
        if (task := first.split(",")[0]) in by_task:
            seen += 1
            told = [n for n in numbers if INTERVAL.fullmatch(n)]
            assert told
            for number in told:
                assert f"| {number} |" in by_task[task], (task, number)
    assert seen >= len(by_task)


def test_the_table_of_meta_solvers_is_rounded_from_its_page():
    page = (RESULTS / "meta_solvers/results.md").read_text()
    told = SUMMARY.partition("## Meta-solvers")[2]
    names = {"Nash": "nash", "projected replicator dynamics": "prd"}
    names |= {"quantal response": "quantal", "uniform": "uniform"}
    names |= {"last iterate (self-play)": "last_iterate"}
    lines = {cells(line)[0]: cells(line)[1:] for line in rows(told)[2:]}
    assert {*lines} == {*names}
    for name, (own, population, *returns) in lines.items():
        means = re.findall(rf"^{names[name]}  +(-?[\d.]+ \[.*)$", page, re.MULTILINE)
        mixture, pool, kept = (INTERVAL.findall(line) for line in means[-3:])
        wanted = [(own, [each.split(" ")[0] for each in mixture])]
        wanted += [(population, [pool[2]]), (returns[0], [kept[0]])]
        wanted += [(returns[1], [kept[1]])]
        for cell, parts in wanted:
            shown = [float(n) for n in re.findall(r"-?[\d.]+", cell)]
            exact = [float(n) for n in re.findall(r"-?[\d.]+", " ".join(parts))]
            assert shown == pytest.approx(exact, abs=0.0551), (name, cell)
