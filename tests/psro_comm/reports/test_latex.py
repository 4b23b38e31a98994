"""LaTeX and pages of any section, whatever signs are in its names."""

from psro_comm.reports.pages.frame import page, section_part
from psro_comm.reports.tables.latex import escaped, latex_table
from psro_comm.reports.text import Section, columns, markdown_table, printable

SECTION = Section(
    "the 50 % & more",
    bullets=["a_b is $1"],
    head=("name", "x"),
    rows=[("b\x1b[31m<red>", "1"), ("two\nlines", "2")],
    notes=["~100 #"],
)


def test_signs_are_shown_as_they_are() -> None:
    assert escaped("a_b^2~{x}$&#%\\") == (
        r"a\_b\textasciicircum{}2\textasciitilde{}\{x\}\$\&\#\%\textbackslash{}"
    )
    assert escaped("<a|b>") == r"\textless{}a\textbar{}b\textgreater{}"
    assert printable("b\x1b[31m\nЗащита 😀") == "b\\x1b[31m\\nЗащита 😀"


def test_a_section_is_a_table_with_a_caption() -> None:
    text = latex_table(SECTION)
    assert r"\caption{the 50 \% \& more}" in text
    assert r"  \item a\_b is \$1" in text
    assert r"  two\textbackslash{}nlines & 2 \\" in text
    assert r"\begin{tabular}{lr}" in text
    assert text.endswith(r"\textasciitilde{}100 \#")


def test_no_form_of_a_table_is_broken_by_a_name() -> None:
    rows, head = SECTION.rows, SECTION.head
    assert len(columns(rows, head).splitlines()) == 3
    assert "\x1b" not in columns(rows, head)
    assert len(markdown_table(rows, head).splitlines()) == 4
    assert "&lt;red>" in markdown_table(rows, head)
    named = Section("a <b>\nc", ["d <e>\nf"], ("x|y", "z\n"), [("1", "2")], ["<g>\n"])
    text = named.as_markdown({})
    assert "<" not in text.replace("&lt;", "")
    assert text.splitlines()[:3] == ["## a &lt;b>\\nc", "", "* d &lt;e>\\nf"]
    assert "| x\\|y | z\\n |" in text
    made = page("a <title>", [section_part(SECTION)])
    assert "&lt;red&gt;" in made
    assert "a &lt;title&gt;" in made
    assert "<li>a_b is $1</li>" in made
