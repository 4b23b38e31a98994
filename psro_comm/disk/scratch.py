"""A folder for what need not be kept, which goes with the work that made it."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Yields an empty folder, and removes it with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="psro_comm-") as folder:
        yield Path(folder)
