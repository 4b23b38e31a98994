"""Tables and intervals as text and Markdown."""

from collections.abc import Mapping, Sequence

from psro_comm.metagame.intervals import Interval


def markdown_table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """A Markdown table, first column left-aligned, the others right-aligned."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        for line in [head, rule, *rows]
    )


def interval(found: Mapping[str, float]) -> Interval:
    """An interval from its JSON data."""
    return Interval(found["estimate"], found["low"], found["high"])


def percent(share: Interval) -> str:
    """A share in per cent, cut to what a share can be: `99.6 [99.5, 100.0]`."""
    estimate, low, high = (100.0 * min(max(number, 0.0), 1.0) for number in share)
    return f"{estimate:.1f} [{low:.1f}, {high:.1f}]"


def columns(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """A table whose first column is left-aligned, the others right-aligned."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *rest = cells
        padded = [first.ljust(widths[0])]
        padded += [c.rjust(w) for c, w in zip(rest, widths[1:], strict=True)]
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), *map(line, rows)])
