"""Runs a program so that it ends with an exit code and at most one line on stderr.

The codes: 0 done, 1 bad command line (absl's), 2 failed, 130 Ctrl-C, 143 SIGTERM.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from absl import app, logging

from psro_comm.lab.progress import speak

_USER_ERRORS = (ValueError, OSError, ImportError, MemoryError, FloatingPointError)
FAILED, INTERRUPTED, TERMINATED = 2, 130, 143


class _Terminated(KeyboardInterrupt):
    """The exception that SIGTERM raises: it ends a program the way that Ctrl-C does."""


def run_main(
    main: Callable[[list[str]], object], *, takes_words: bool = False
) -> NoReturn:
    """Parses the flags, runs `main(argv)` and exits.

    What is no flag is refused, unless the program `takes_words`.

    What a user can cause (a bad value, a damaged file, a full disk, a missing package,
    Ctrl-C) ends as one line; an error in the code keeps its traceback, and
    `--verbosity=1` shows it for all. absl names the nearest flags to an unknown one.
    """
    # Before the parse, so that a user's --verbosity wins; absl's default hides info.
    speak()
    app.run(lambda argv: sys.exit(_guarded(main, argv, takes_words)))
    raise AssertionError("app.run exits")


def _guarded(
    main: Callable[[list[str]], object], argv: list[str], takes_words: bool
) -> int:
    signal.signal(signal.SIGTERM, _terminate)
    try:
        if len(argv) > 1 and not takes_words:
            raise app.UsageError(f"not a flag: {argv[1]!r}")
        main(argv)
    except KeyboardInterrupt as stop:
        terminated = isinstance(stop, _Terminated)
        _report("stopped: the same command continues the run", stop)
        return TERMINATED if terminated else INTERRUPTED
    except RuntimeError as error:
        # torch says in this type alone that memory is out, on a CPU and on a GPU.
        if "memory" not in str(error):
            raise
        _report(f"error: out of memory: {str(error).splitlines()[0]}", error)
        return FAILED
    except _USER_ERRORS as error:
        _report(f"error: {str(error) or type(error).__name__}", error)
        return FAILED
    return 0


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise _Terminated


def _report(message: str, error: BaseException) -> None:
    if logging.get_verbosity() >= logging.DEBUG:
        logging.error("traceback", exc_info=error)
    sys.stderr.write(" ".join(message.split()) + "\n")
