"""The picture of a meta-game: sorted, framed, and with any names."""

import re
import xml.dom.minidom

import numpy as np
import pytest
from PIL import Image

from psro_comm.metagame.meta_game import MetaGame
from psro_comm.metagame.population.analysis import describe
from psro_comm.reports.figures.labels import shortened, ticks, titled
from psro_comm.reports.figures.meta_game import plot_meta_game
from psro_comm.reports.figures.population import plot_population
from psro_comm.reports.figures.response_graph import plot_response_graph
from psro_comm.reports.tables.population import population_sections
from psro_comm.reports.text import Sides, printable


def game(size: int) -> MetaGame:
    """Payoffs 0, 1, 2, ... with a standard error of 1 and 50 episodes each."""
    names = tuple(f"policy-{k}" for k in range(size))
    mean = np.arange(size**2, dtype=float).reshape(size, size)
    noise, episodes = np.ones((size, size)), np.full((size, size), 50)
    return MetaGame(names, names, mean, std_error=noise, episodes=episodes, title="a")


def drawn(game: MetaGame, folder) -> str:
    """The text of a game's SVG, in which words are text, after checking all files."""
    m, n = game.mean.shape
    files = plot_meta_game(game, np.eye(m)[-1], np.eye(n)[0], folder / "g")
    assert [file.suffix for file in files] == [".svg", ".png", ".pdf"]
    assert all(file.stat().st_size > 1000 for file in files)
    text = files[0].read_text()
    xml.dom.minidom.parseString(text)
    return text


@pytest.mark.parametrize(
    ("size", "shown", "hidden"),
    [
        (2, ("±2", "n=50"), ()),
        (12, ("143",), ("n=50",)),
        (31, ("policy-30",), ("n=50", "957")),
    ],
)
def test_the_larger_a_meta_game_the_less_a_cell_says(tmp_path, size, shown, hidden):
    text = drawn(game(size), tmp_path)
    for words in ("attacker, minimises", "policy-1", *shown):
        assert words in text
    assert not [words for words in hidden if words in text]


def test_the_strongest_come_first(tmp_path):
    text = drawn(game(3), tmp_path)
    # Row 2 earns most; column 0 takes most. Names of columns are written first.
    places = [text.index(f">policy-{k}<") for k in range(3)]
    assert places == sorted(places)
    last = [text.rindex(f">policy-{k}<") for k in range(3)]
    assert last == sorted(last, reverse=True)


def test_a_png_is_for_print(tmp_path):
    drawn(game(2), tmp_path)
    image = Image.open(tmp_path / "g.png")
    assert image.mode != "P"
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_names_are_drawn_as_they_are(tmp_path):
    names = ("$x^2$", "$\\bad{", "\x1b[31mred", "x" * 300)
    text = drawn(MetaGame(names, ("a", "b"), np.arange(8.0).reshape(4, 2)), tmp_path)
    assert "$x^2$" in text
    assert "$\\bad{" in text
    assert "\\x1b[31mred" in text
    assert "\x1b" not in text
    assert "x" * 300 not in text


def test_one_forbidden_cell_does_not_take_all_colours(tmp_path):
    mean = np.random.default_rng(0).normal(size=(6, 6))
    mean[0, 0] = -1e10
    names = tuple("abcdef")
    drawn(MetaGame(names, names, mean), tmp_path)
    colours = Image.open(tmp_path / "g.png").convert("RGB").getcolors(1 << 24)
    assert len(colours) > 100


def test_labels():
    assert printable("a\tb\u202e") == "a\\tb\\u202e"
    short, legend = shortened(["one", "y" * 40, "y" * 41])
    assert short[0] == "one"
    assert len(set(short)) == 3
    assert all(len(name) <= 24 for name in short)
    assert [name for _, name in legend] == ["y" * 40, "y" * 41]
    assert ticks(3) == [0, 1, 2]
    assert len(ticks(1000)) <= 60
    assert titled("word " * 100).count("\n") == 2


def test_colours_tell_the_usual_payoffs_apart_beside_many_forbidden_ones(tmp_path):
    mean = np.array([[1, 0, 0.3], [0, 1, 0.4], [5, -1e10, 5], [-1e10] * 3])
    forbidden = MetaGame(tuple("abcd"), tuple("xyz"), mean)
    plot_meta_game(forbidden, np.eye(4)[0], np.eye(3)[2], tmp_path / "g")
    image = np.asarray(Image.open(tmp_path / "g.png").convert("RGB"))
    colours = {tuple(each) for each in image.reshape(-1, 3)[::7]}
    # Those of 5 and of 0.3 differ, not only of -1e10: a table of two had few.
    assert len(colours) > 30
    text = (tmp_path / "g.svg").read_text()
    assert "1e10" not in text  # the scale of the colour bar


def test_players_are_called_as_asked_in_every_figure_and_section(tmp_path):
    sides = Sides("filter <a>", "attack")
    mean = np.array([[0.9, 0.2, 0.5], [0.1, 0.8, 0.4]])
    table = MetaGame(("f" * 70 + "1", "b"), ("x", "y" * 70, "z"), mean)
    plot_meta_game(table, np.eye(2)[0], np.eye(3)[0], tmp_path / "g", sides)
    plot_response_graph(table, tmp_path / "r", sides)
    found = describe(table, table.mean[None])
    plot_population(found, tmp_path / "p", "t", sides)
    for name in ("g", "r", "p-ratings", "p-map", "p-top"):
        text = " ".join((tmp_path / f"{name}.svg").read_text().split())
        assert "filter &lt;a&gt;" in text
        assert "attack" in text
        assert not re.search("defender|attacker", text), name
    words = "".join(each.as_text() for each in population_sections(found, sides))
    assert "FILTER <A> RATINGS" in words
    assert not re.search("(?i)defender|attacker", words)
