"""A run of the wrong program is told from its artefacts, with the program to use."""

import re

import pytest

from psro_comm.disk.manifest import Manifest
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.reports.leaderboard import read_suites
from psro_comm.reports.origins import origin
from psro_comm.reports.seeds import read_finished
from tests.hand_made_run import stored
from tests.paths import ROOT

LEFT = [  # artefacts as each program leaves them, and what the line says of them
    (["gate", "team-gate"], "nothing is finished in it"),
    (["trained", "report"], "bin.train_attack or bin.train_filter: bin.evaluate"),
    (["trained"], "bin.train_attack or bin.train_filter: bin.evaluate"),
    (["crossplay-a8706fe632", "team-gate"], "bin.evaluate: the same command"),
    (["suite-0123456789", "suite-measure"], "bin.make_leaderboard --suites=it"),
    (["suite-0123456789", "vanilla-attack"], "bin.quickstart, and not finished"),
    (["psro", "payoffs-000"], "bin.run_psro: python -m bin.analyze_payoffs --run=it"),
    (["iteration-001"], "bin.run_psro: python -m bin.analyze_payoffs --run=it"),
    (["defence-0123456789"], r"bin.study_defence: .*it/report.html shows it"),
    (["inspection-a-b-3-defended"], r"bin.inspect_messages: .*it/report.html"),
    (["combined"], "bin.study_meta_solvers: the study's own page"),
    (["step-000", "payoffs-000"], "bin.validate_psro: the same command"),
    (["options", "plain-000"], "bin.study_options: the same command"),
]


@pytest.mark.parametrize(("names", "said"), LEFT, ids=[names[0] for names, _ in LEFT])
def test_what_is_no_story_is_named_and_sent_to_what_reads_it(tmp_path, names, said):
    root = tmp_path / "it"
    with RunStore.open(root, {"task": "echo"}) as store:
        for name in names:
            store.save_json(name, {"role": "attack"})
    with pytest.raises(StoreError) as refusal:
        read_finished(root)
    assert re.search(said, str(refusal.value))
    assert "\n" not in str(refusal.value)
    programs = re.findall(r"bin\.(\w+)", str(refusal.value))
    assert all((ROOT / "bin" / f"{each}.py").exists() for each in programs)


def test_a_story_is_sent_to_its_tables_by_who_wants_a_suite(tmp_path):
    root = stored(tmp_path / "story", 0)
    said = r"holds no suite, .*; it is of bin.quickstart: .* --runs=story"
    with pytest.raises(StoreError, match=said):
        read_suites([root])


def test_a_run_with_a_team_alone_may_begin_a_story(tmp_path):
    root = tmp_path / "T"
    RunStore.open(root, {"task": "echo"}).close()
    Manifest(root).write("team.safetensors", b"")
    assert origin(root).endswith("python -m bin.quickstart --team=T tells its story")


def test_a_study_of_several_runs_is_no_run(tmp_path):
    (tmp_path / "solvers.json").write_text("{}")
    said = r"is of several runs, and of bin.study_meta_solvers: .*/solvers.html"
    with pytest.raises(StoreError, match=said):
        read_finished(tmp_path / "solvers")
    with pytest.raises(StoreError, match=said):
        read_suites([tmp_path / "solvers"])
