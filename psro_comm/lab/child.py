"""Runs a program as the child of a worker, and stops it when the worker is gone.

python -m psro_comm.lab.child PIPE MODULE FLAGS

A killed worker can tell nobody; but the end of a pipe that it held closes with it.
"""

import os
import runpy
import signal
import sys
import threading


def _follow(pipe: int) -> None:
    os.read(pipe, 1)  # nothing is ever written: it returns at the end of the pipe
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Runs the module that the command line names, with its flags."""
    pipe, module, *flags = sys.argv[1:]
    # A worker ignores Ctrl-C, and its child would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_follow, args=(int(pipe),), daemon=True).start()
    sys.argv = [module, *flags]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
