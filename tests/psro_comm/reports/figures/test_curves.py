"""The picture of curves has a panel for each budget and a line for each defender."""

import re

import pytest

from psro_comm.reports.figures.curves import plot_curves
from tests.hand_made_suite import DRAWN
from tests.psro_comm.reports.figures.test_story import comments
from tests.psro_comm.reports.test_suite import FOUND


def test_each_budget_has_a_panel_and_each_defender_a_line(tmp_path):
    files = plot_curves(DRAWN, tmp_path / "c")
    assert [file.suffix for file in files] == [".svg", ".png", ".pdf"]
    text = comments(files[0])
    for words in ("strong", "weak", "in mean norms", "number of liars", "none"):
        assert words in text
    assert "floor, all muted" in text
    panels = re.findall(r'id="axes_\d+"', files[0].read_text())
    assert len(panels) == 2


def test_without_curves_there_is_no_picture(tmp_path):
    with pytest.raises(ValueError, match="no curves"):
        plot_curves(FOUND, tmp_path / "c")
    assert not list(tmp_path.iterdir())
