"""Pictures of a suite hold its defenders, its attacks and its lines."""

import dataclasses

import pytest

from psro_comm.metagame.suite import Kept
from psro_comm.reports.figures.suite import plot_attacks, plot_kept
from tests.psro_comm.reports.figures.test_story import comments
from tests.psro_comm.reports.test_suite import FOUND

NOBODY = Kept("mute", *[FOUND.floor] * 2, "any", FOUND.floor, "any", FOUND.reach, {})


@pytest.fixture
def drawn(tmp_path):
    """Returns a function that draws and checks the files; it returns their text."""

    def check(plot, found):
        files = plot(found, tmp_path / "p")
        assert [file.suffix for file in files] == [".svg", ".png", ".pdf"]
        assert files[2].read_bytes().startswith(b"%PDF")
        again = plot(found, tmp_path / "again")
        assert [a.read_bytes() for a in files] == [b.read_bytes() for b in again]
        return comments(files[0])

    return check


def test_what_is_kept_has_dots_and_lines_for_each_defender(drawn):
    text = drawn(plot_kept, FOUND)
    for words in ("strong", "weak", "no attack", "worst found", "worst black box"):
        assert words in text
    assert "floor, all muted" in text
    assert "liar muted" in text


def test_each_attack_has_a_line_and_who_cannot_be_hurt_no_column(drawn, tmp_path):
    both = dataclasses.replace(FOUND, kept=[*FOUND.kept, NOBODY])
    text = drawn(plot_attacks, both)
    for words in ("swap", "trained on others", "strong", "41.50", "24.25"):
        assert words in text
    assert "mute" not in text
    nobody = dataclasses.replace(FOUND, kept=[NOBODY])
    assert plot_attacks(nobody, tmp_path / "none") == []
