"""Adversarial training on Echo: rounds, what they leave, and what is refused."""

import pytest
import torch

from oracles.strategies.jobs import build_setting
from psro_comm.lab.hardening import lies
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.fields import replace
from psro_comm.settings.hardening import HardeningConfig
from psro_comm.settings.portfolio import SEARCHED
from psro_comm.settings.tasks import preset
from psro_comm.studies.defenders import words_of

CONFIG = replace(
    preset("echo", "smoke"),
    {
        "training.env_steps": 20_000,
        "hardening.search_steps": 1,
        "evaluation.episodes": 32,
        "echo.speakers": 2,
    },
)
HARD = replace(
    CONFIG,
    {
        "hardening.start": "plain",
        "hardening.rounds": 1,
        "training.env_steps": 8192,
        "training.imitation_fraction": 0.0,
        "commnet.reliability": 4,
    },
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    with open_lab(Request(CONFIG, root, "plain", 0)) as lab:
        lab.team()
    with open_lab(Request(HARD, root, "hard", 0)) as lab:
        lab.team()
    return root


def test_a_team_learns_on_in_rounds_and_meets_what_was_found(runs):
    with open_lab(Request(HARD, runs, "hard", 0)) as lab:
        team, made = lab.team(), lab.store.policies()
        start = lab.store.load_policy("hardened-0")
        lines = lab.store.root / "metrics.jsonl"
    assert "hardened-0" in made
    assert {f"against-hardened-0-{kind}" for kind in SEARCHED} <= {*made}
    assert team.facts["hardened"]["start"] == "plain"
    assert team.facts["hardened"]["from"] == start.digest()
    assert words_of(team) == ("commnet, weighs messages, hardened on plain in 1 rounds")
    text = lines.read_text()
    assert '"hardened-0-training"' in text
    assert '"hardened-1-training"' in text
    # Half of the budget each.
    assert text.count('"hardened-1-training"') == HARD.training.updates // 2


def test_a_killed_hardening_goes_on_from_its_round(runs):
    with open_lab(Request(HARD, runs, "again", 0)) as lab:
        from psro_comm.disk.store import RunStore

        done = RunStore.read(runs / "hard")
        for name in done.policies():
            lab.store.save_policy(name, done.load_policy(name))
        assert lab.team().digest() == done.load_team().digest()
        assert (
            '"hardened-0-training"'
            not in (lab.store.root / "metrics.jsonl").read_text()
        )


def test_who_lies_is_nobody_the_made_up_fakes_and_the_found(runs):
    with open_lab(Request(HARD, runs, "hard", 0)) as lab:
        setting = build_setting(lab.setting())
        found = [lab.store.load_policy(f"against-hardened-0-{k}") for k in SEARCHED]
    how = HardeningConfig(share=0.6, families=("mirror",))
    first, later = (lies(setting, how, some, 0) for some in ([], found))
    attack = first.channel.attack
    assert [each.kind for each in attack.members] == ["none", "made_up", "random_fake"]
    assert attack.weights.tolist() == pytest.approx([0.4, 0.3, 0.3])
    assert attack.members[1].config.families == ("mirror",)
    attack = later.channel.attack
    assert len(attack.members) == 3 + len(SEARCHED)
    assert attack.weights.sum() == pytest.approx(1.0)
    assert first.channel.threat.redraw_malicious
    assert first.channel.threat.malicious is None
    assert isinstance(attack.weights, torch.Tensor)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"commnet.memory_size": 9}, "must be a team of the backbone commnet"),
        ({"echo.episode_limit": 5}, "was trained under"),
    ],
)
def test_another_kind_of_team_is_refused(runs, changes, words):
    name = f"no-{len(words)}"
    with (
        open_lab(Request(replace(HARD, changes), runs, name, 0)) as lab,
        pytest.raises(ValueError, match=words),
    ):
        lab.team()
    assert not (runs / name / "team.safetensors").exists()


def test_an_ensemble_learns_from_no_lie():
    with pytest.raises(ValueError, match="start is 'plain', must be none for an ensem"):
        replace(CONFIG, {"hardening.start": "plain", "commnet.ensemble": 1})
