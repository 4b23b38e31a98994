"""Runs a program so that it ends with an exit code and at most one line on stderr.

The codes: 0 done, 1 bad command line (absl's), 2 failed, 130 Ctrl-C, 143 SIGTERM, 129
SIGHUP. Output that nobody reads any more is no failure.
"""

import sys
from collections.abc import Callable
from typing import NoReturn

from absl import app, flags, logging

from psro_comm.command.output import Output, take_over
from psro_comm.command.process import STOPPED, Stopped, ignore, watch_work
from psro_comm.lab.progress import speak

_USER_ERRORS = (ValueError, OSError, ImportError, MemoryError, FloatingPointError)
_PROFILING = ("run_with_profiling", "profile_file")  # absl's: they write any file
_NO_PROFILE = "must not be set: python -m cProfile -m bin.NAME does the same"
FAILED, INTERRUPTED = 2, 130


def run_main(
    main: Callable[[list[str]], object], *, takes_words: bool = False
) -> NoReturn:
    """Parses the flags, runs `main(argv)` and exits.

    What is no flag is refused, unless the program `takes_words`.

    What a user can cause (a bad value, a damaged file, a full disk, a missing package,
    Ctrl-C) ends as one line; an error in the code keeps its traceback, and
    `--verbosity=1` shows it for all. absl names the nearest flags to an unknown one.
    """
    take_over()
    for name in _PROFILING:
        flags.register_validator(name, lambda given: not given, _NO_PROFILE)
    # Before the parse, so that a user's --verbosity wins; absl's default hides info.
    speak()
    app.run(lambda argv: sys.exit(_guarded(main, argv, takes_words)))
    raise AssertionError("app.run exits")


def _guarded(
    main: Callable[[list[str]], object], argv: list[str], takes_words: bool
) -> int:
    watch_work()
    try:
        code = _ended(main, argv, takes_words)
        ignore()
    except KeyboardInterrupt as stop:
        ignore()
        _report(STOPPED, stop)
        return stop.code if isinstance(stop, Stopped) else INTERRUPTED
    return code


def _ended(
    main: Callable[[list[str]], object], argv: list[str], takes_words: bool
) -> int:
    """Runs `main`, and returns the exit code of whatever but a signal ends it."""
    try:
        if len(argv) > 1 and not takes_words:
            raise app.UsageError(f"not a flag: {argv[1]!r}")
        main(argv)
        _hand_over()
    except RuntimeError as error:
        # torch says in this type alone that memory is out, on a CPU and on a GPU.
        if "memory" not in str(error):
            return _of_a_plugin(error)
        _report(f"error: out of memory: {str(error).splitlines()[0]}", error)
        return FAILED
    except _USER_ERRORS as error:
        _report(f"error: {str(error) or type(error).__name__}", error)
        return FAILED
    except Exception as error:
        return _of_a_plugin(error)
    return 0


def _of_a_plugin(error: Exception) -> int:
    """Reports an error that a plugin raised; any other is raised again."""
    from psro_comm.settings.plugins import place_in_plugin

    where = place_in_plugin(error)
    if not where:
        raise error
    _report(f"error: {type(error).__name__}: {error} ({where})", error)
    return FAILED


def _hand_over() -> None:
    """Raises `OSError` where the system did not take what was printed."""
    if sys.stdout is not None:
        sys.stdout.flush()
    if isinstance(sys.stdout, Output) and sys.stdout.refused:
        raise OSError(f"cannot print: {sys.stdout.refused}; what was made is saved")


def _report(message: str, error: BaseException) -> None:
    if logging.get_verbosity() >= logging.DEBUG:
        logging.error("traceback", exc_info=error)
    if sys.stderr is not None:
        sys.stderr.write(" ".join(message.split()) + "\n")
