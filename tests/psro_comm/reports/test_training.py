"""What a training brought, in sentences that follow the intervals."""

import pytest

from psro_comm.metagame.rows import Row, Trained
from psro_comm.reports.training import training_lines
from tests.hand_made_report import row


def lines(role: str, **earned: float) -> list[str]:
    """Sentences of returns by `defender__attacker`."""
    rows = [
        Row.from_dict(row("", *pair.replace("_x_", "|").split("|"), mean))
        for pair, mean in earned.items()
    ]
    renamed = [
        Row(r.label, r.defender.replace("_", "-"), r.attacker.replace("_", "-"), *rest)
        for r in rows
        for rest in [(r.returns, r.success, r.distortion, r.episodes)]
    ]
    return training_lines(Trained("echo", 0, role, "x", renamed, []))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (
            30.0,
            "The attack takes 20.00 [19.29, 20.71] of 50.00 [49.50, 50.50] behind no",
        ),
        (50.2, "Cannot tell whether the attack takes anything behind no filter: -0.20"),
        (55.0, "The attack fails behind no filter: the team earns 5.00 [4.29, 5.71]"),
    ],
)
def test_an_attack_takes_something_nothing_or_cannot_tell(left, words):
    (line,) = lines("attack", no_filter_x_no_attack=50.0, no_filter_x_mine=left)
    assert line.startswith(words)


def test_the_opponent_of_the_training_comes_first():
    first, second = lines(
        "attack",
        no_filter_x_no_attack=50.0,
        no_filter_x_mine=40.0,
        theirs_x_no_attack=48.0,
        theirs_x_mine=30.0,
    )
    assert "18.00" in first
    assert "behind theirs" in first
    assert "behind no filter" in second


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (45.0, "The filter brings 15.00 [14.29, 15.71] under a-lie: 45.00"),
        (30.1, "Cannot tell whether the filter brings or costs anything under a-lie"),
        (20.0, "The filter costs 10.00 [9.29, 10.71] under a-lie: 20.00"),
    ],
)
def test_a_filter_brings_something_costs_or_cannot_tell(kept, words):
    (line,) = lines("filter", no_filter_x_a_lie=30.0, mine_x_a_lie=kept)
    assert line.startswith(words)


def test_without_rows_nothing_was_measured():
    assert lines("filter") == lines("attack") == ["Nothing was measured."]
