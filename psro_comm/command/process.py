"""Begins a program, and ends it when it is told to, in one line at most.

Ctrl-C is 130, SIGTERM 143, SIGHUP (a closed terminal) 129, however often they come. A
signal that the caller ignores, as nohup and a shell's `&` do, stays ignored. Imports
nothing that takes time: `bin/__init__.py` comes here first.
"""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WATCH_S = 0.5
_PROGRAMS = ("-m", "psro-comm")  # `python -m bin.NAME`, and the installed program
STOPPED = "stopped: the same command continues the run"


class Stopped(KeyboardInterrupt):
    """The exception that a signal raises: all of them end a program as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        """Keeps the signal's number; `code` is the program's exit status."""
        super().__init__()
        self.code = 128 + number


def watch_imports() -> None:
    """Ends the process at once at a signal: nothing has begun that could be lost.

    A worker, which a parent starts, ends with that parent instead; it does not wait
    until it has loaded what it needs to do so in its own way.
    """
    if "--multiprocessing-fork" in sys.orig_argv:
        threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    elif os.path.basename(sys.argv[0]) in _PROGRAMS:  # others look after themselves
        _handle(_leave)


def one_thread() -> None:
    """Lets torch and numpy compute in one thread, as the Makefile does.

    Small tensors lose more to threads than they gain, and sums split over threads round
    otherwise. Who sets a number of threads keeps it. Only what is imported later obeys.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, os.environ.get("OMP_NUM_THREADS", "1"))


def watch_work() -> None:
    """Raises `Stopped` at a signal, so that the work ends in order."""
    _handle(_raise)
    sys.unraisablehook = _once_more


def ignore() -> None:
    """Ignores signals from now on: the program ends already."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _once_more(unraisable: "sys.UnraisableHookArgs") -> None:
    """Sends a signal again that came where Python cannot raise, as in a destructor."""
    stop = unraisable.exc_value
    if not isinstance(stop, Stopped):
        sys.__unraisablehook__(unraisable)
        return
    again = threading.Timer(0.01, os.kill, [os.getpid(), stop.code - 128])
    again.daemon = True
    again.start()


def _handle(handler: "signal._HANDLER") -> None:
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)
