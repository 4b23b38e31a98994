"""What a program prints: never fatal, and never a command to the terminal."""

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import TextIO

from psro_comm.disk.access import lead_nowhere

_KEPT = "\n\t"
_CONTROL = [*range(0x20), *range(0x7F, 0xA0)]
_TURNING = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]  # of reading's direction
_ESCAPED = {
    number: chr(number).encode("unicode_escape").decode()
    for number in (*_CONTROL, *_TURNING)
    if chr(number) not in _KEPT
}


class Output(io.TextIOWrapper):
    """A standard stream that escapes control characters, and what its encoding lacks.

    Attributes:
      refused: what the system said when it took no more, and then nothing is written;
        empty where all was, or where nobody reads any more.
    """

    refused = ""
    before: TextIO  # it would close what it shares with this one, if it were let go

    def write(self, text: str, /) -> int:
        """Writes text; returns its length."""
        with self._guarded():
            super().write(text.translate(_ESCAPED))
        return len(text)

    def flush(self) -> None:
        """Hands over what was written."""
        with self._guarded():
            super().flush()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # What is left in buffers goes nowhere, or it would be tried again at exit.
            lead_nowhere(self.fileno())
            if not isinstance(error, BrokenPipeError):
                self.refused = error.strerror or str(error)


def take_over() -> None:
    """Puts such streams in the place of stdout and stderr."""
    for name in ("stdout", "stderr"):
        old: TextIO | None = getattr(sys, name)
        if isinstance(old, io.TextIOWrapper) and not isinstance(old, Output):
            old.flush()
            new = Output(
                old.buffer,
                old.encoding,
                "backslashreplace",
                line_buffering=old.line_buffering,
                write_through=True,  # the buffer below has all of it, for both
            )
            new.before = old
            setattr(sys, name, new)
