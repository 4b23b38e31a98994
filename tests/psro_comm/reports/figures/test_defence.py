"""Pictures of a defence hold its lies, its curves and its parts."""

import re

import pytest

from psro_comm.reports.figures.defence import plot_beliefs, plot_parts, plot_roc
from tests.psro_comm.reports.figures.test_story import comments
from tests.psro_comm.reports.test_defence import FOUND


@pytest.mark.parametrize(
    ("plot", "panels", "words"),
    [
        (plot_beliefs, 5, ("nobody lies", "made_up@mirror", "may lie", "others")),
        (plot_roc, 3, ("learnt from", "alike what it has", "swap, 0.750", "never")),
        (plot_parts, 1, ("whole", "never met mirror", "floor", "liar muted")),
    ],
)
def test_each_picture_shows_what_it_is_about(tmp_path, plot, panels, words):
    files = plot(FOUND, tmp_path / "p")
    assert [file.suffix for file in files] == [".svg", ".png", ".pdf"]
    text = comments(files[0])
    for word in (*words, "echo, seed 3"):
        assert word in text
    assert len({*re.findall(r'id="(axes_\d+)"', files[0].read_text())}) == panels
