r"""Writes parts of a report as LaTeX, to be read in by `\\input`."""

from collections.abc import Sequence

from psro_comm.reports.text import Section, printable

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    # In the fonts that LaTeX begins with, these are other signs.
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def escaped(text: str) -> str:
    """Returns a text as LaTeX shows it, whatever signs are in it."""
    return "".join(_SIGNS.get(sign, sign) for sign in printable(text))


def latex_table(section: Section) -> str:
    """Returns a section as a `table` of the package booktabs, with bullets above it."""
    parts = []
    if section.bullets:
        lines = "\n".join(rf"  \item {escaped(line)}" for line in section.bullets)
        parts.append(f"\\begin{{itemize}}\n{lines}\n\\end{{itemize}}")
    if section.rows:
        body = "\n".join(map(_line, section.rows))
        columns = "l" + "r" * (len(section.head) - 1)
        parts.append(
            f"\\begin{{table}}\n\\caption{{{escaped(section.title)}}}\n\\centering\n"
            f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{_line(section.head)}\n"
            f"\\midrule\n{body}\n\\bottomrule\n\\end{{tabular}}\n\\end{{table}}"
        )
    return "\n\n".join([*parts, *map(escaped, section.notes)])


def _line(cells: Sequence[str]) -> str:
    return "  " + " & ".join(map(escaped, cells)) + r" \\"
