"""How a payoff file is to be read where it can be read in more than one way."""

from dataclasses import dataclass

NAMES = ("auto", "both", "columns", "rows", "none")


@dataclass(frozen=True)
class Options:
    """The choices of who reads a file; the defaults refuse what is ambiguous.

    Attributes:
      names: where a plain matrix holds names: `both`, in its first line (`columns`), in
        its first column (`rows`), or nowhere (`none`); `auto` looks, and refuses where
        two of them fit.
      row_role: the role that is the row player in a file of two roles; None is
        `defender`, or else the first of the alphabet.
      sum_tolerance: by how much the sum of both players' payoffs may differ from cell
        to cell, in payoffs; None is 1e-5 of the cell's larger one and of
        the spread.

    Raises:
      ValueError: a value that is not allowed.
    """

    names: str = "auto"
    row_role: str | None = None
    sum_tolerance: float | None = None

    def __post_init__(self) -> None:
        """Checks the choices."""
        if self.names not in NAMES:
            raise ValueError(f"names is {self.names!r}, allowed: {', '.join(NAMES)}")
        if self.sum_tolerance is not None and not 0 <= self.sum_tolerance < 1e308:
            raise ValueError(
                f"sum_tolerance is {self.sum_tolerance}, must be at least 0 and finite"
            )
