"""A program that notes its flags, and fails or waits where they say so."""

import os
import sys
import time
from pathlib import Path


def main() -> None:
    given = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
    folder = Path(given["folder"])
    (folder / f"{given['name']}-{os.getpid()}").touch()
    if "wait" in given:
        time.sleep(float(given["wait"]))
    if "fail" in given:
        sys.exit(f"error: {given['fail']}")
    print("workers", given.get("workers"))


if __name__ == "__main__":
    main()
