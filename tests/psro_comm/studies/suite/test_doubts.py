"""The doubts of a suite, each with a search that deserves it and one that does not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from games.engine.threat import Threat
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.curves import Curve, Point
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.suite import Kept
from psro_comm.studies.suite.attackers import Candidate
from psro_comm.studies.suite.doubts import doubts, outdone

WORLDS = 50
SOME = Interval(8.0, 7.5, 8.5)


def attack(name: str, artefact: str | None = None, knows: bool = False) -> Candidate:
    return Candidate(Mixed(name, {}, np.ones(0)), knows, artefact)


FLIP, SWAP = attack("flip"), attack("swap")
PPO, ES = attack("gaussian-ppo on d", "p"), attack("affine on d", "e")
PGD = attack("pgd on d", "g", knows=True)


class Lab:
    """What the doubts read of a lab: its folder, with the metrics of trainings."""

    def __init__(self, root: Any) -> None:
        self.store = self
        self.root = root

    def log(self, **rows: list[str]) -> None:
        lines = [
            f'{{"artefact": "{artefact}", {line}}}\n'
            for artefact, some in rows.items()
            for line in some
        ]
        (self.root / "metrics.jsonl").write_text("".join(lines))


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def doubted(lab: Any, *left: tuple[Candidate, float], spread: float = 0.1) -> list[str]:
    """What is said of a defender whom these attacks leave so much on average."""
    luck = np.random.default_rng(0)
    means = {each.name: mean for each, mean in left}
    worlds = {
        name: mean + spread * luck.standard_normal(WORLDS)
        for name, mean in means.items()
    }
    worst = min(means, key=means.__getitem__)
    kept = Kept("d", SOME, SOME, worst, SOME, worst, SOME, means)
    return doubts(lab, lambda _, name: worlds[name], [each for each, _ in left], [kept])


def test_a_search_that_deserves_trust_gets_it(lab):
    assert doubted(lab, (FLIP, 2.0), (SWAP, 3.0), (ES, 1.0), (PGD, 0.5)) == []
    assert doubted(lab, (FLIP, 2.0), (SWAP, 3.0)) == []


def test_a_training_that_finds_less_than_no_training_is_doubted(lab):
    (only,) = doubted(lab, (FLIP, 1.0), (SWAP, 3.0), (ES, 2.0), (PPO, 1.5))
    assert only.startswith("d: flip leaves 1.00, the best attack trained here 1.50")
    assert doubted(lab, (FLIP, 1.0), (ES, 1.01), spread=1.0) == []


def test_knowledge_that_helps_nobody_is_doubted(lab):
    (only,) = doubted(lab, (SWAP, 3.0), (ES, 1.0), (PGD, 2.0))
    assert only.startswith("d: affine on d, which knows neither")
    assert "leaves 1.00, the best that does, pgd on d, 2.00" in only


def curve(*values: float) -> list[str]:
    return [f'"update": {n}, "test/return_mean": {v}' for n, v in enumerate(values)]


def test_a_worst_attack_that_was_still_improving_is_doubted(lab):
    left = (SWAP, 3.0), (ES, 1.0)
    lab.log(e=curve(8, 7, 6, 5, 4, 3.5, 3, 2.5, 1.5, 1))
    (only,) = doubted(lab, *left)
    assert "affine on d was still improving" in only
    assert "from 1.50 to 1.00 at the end" in only
    lab.log(e=curve(8, 7, 4, 2, 1, 1.1, 1, 1.1, 1, 1))
    assert doubted(lab, *left) == []


@pytest.mark.parametrize(("late", "blind"), [(-0.5, True), (0.4, False)])
def test_a_critic_that_explains_nothing_is_doubted(lab, late, blind):
    key = "attack/explained_variance"
    lab.log(p=[f'"update": {n}, "{key}": {-1.0 if n < 9 else late}' for n in range(12)])
    found = doubted(lab, (SWAP, 3.0), (ES, 1.0), (PPO, 2.0))
    assert [("explains nothing" in each) for each in found] == [True] * blind


def test_a_mute_team_is_never_doubted(lab):
    kept = Kept("mute", SOME, SOME, "any", SOME, "any", SOME, {})
    assert doubts(lab, lambda *_: np.ones(3), [FLIP, ES], [kept]) == []


@pytest.mark.parametrize(
    ("threat", "axis", "said"),
    [
        (Threat(), "cap", ["d: pgd of the curve over cap leaves 3.00 [2.00, 4.00]"]),
        (Threat(cap=1.0), "cap", []),  # 7 there
        (Threat(cap=3.0), "cap", []),  # not on the axis
        (Threat(rate=0.5), "rate", []),
        (Threat(num_malicious=2), "liars", ["d: pgd of the curve over liars leaves"]),
    ],
)
def test_a_curve_below_the_worst_case_under_the_same_threat(threat, axis, said):
    along = {
        "cap": (1.0, 4.0, None),
        "rate": (0.5, 0.75, 1.0),
        "liars": (0.0, 1.0, 2.0),
    }
    points = [
        Point(budget, Interval(mean, mean - 1, mean + 1), "pgd", budget)
        for budget, mean in zip(along[axis], (7.0, 3.0, 3.0), strict=True)
    ]
    rest = ("flip", SOME, "flip", SOME, {"flip": 8.0})
    curve, kept = Curve("d", axis, points, SOME), Kept("d", SOME, SOME, *rest)
    found = outdone([kept], [curve], threat)
    assert [line[: len(words)] for line, words in zip(found, said, strict=True)] == said
    # As low as the worst case itself is no news.
    low = replace(kept, worst=Interval(3.5, 2.5, 4.5))
    assert outdone([low], [curve], threat) == []
