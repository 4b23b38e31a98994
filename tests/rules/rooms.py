"""Who may import whom, and what a folder may hold (BUILD 3)."""

import ast
from collections import Counter
from collections.abc import Iterable, Mapping

from tests.rules.syntax import imports

LAYERS = ("games", "oracles", "psro_comm", "bin")
FLOORS = (  # a room imports itself and the rooms of the floors above its line
    {"games/engine/registry.py", "games/engine/settings.py", "games/engine/spec.py"},
    {"games/engine"},
    {"games/environments", "games/openspiel"},
    {"oracles/learning"},
    {"oracles/teams", "oracles/signalling.py"},
    {"oracles/strategies"},
    {"psro_comm/names.py", "psro_comm/disk"},
    {"psro_comm/metagame"},
    {"psro_comm/settings"},
    {"psro_comm/lab"},
    {"psro_comm/psro"},
    {"psro_comm/studies", "psro_comm/validation"},
    {"psro_comm/reports", "psro_comm/command"},
    {"psro_comm/benchmarks", "psro_comm/api"},
    {"bin", "psro_comm/__init__.py"},
)
ALONE = {  # rooms that others may use without the rest: all that they may import
    "psro_comm/disk": {"psro_comm/names.py", "oracles/strategies"},
    "psro_comm/metagame": {
        *("psro_comm/names.py", "psro_comm/disk"),
        *("games/engine/registry.py", "games/openspiel"),
    },
}
MOST_FILES = 20  # in a folder


def room_of(path: str) -> str:
    """The room that a file, or a dotted name as a path, lies in; or `""`."""
    for room in (room for floor in FLOORS for room in floor):
        if f"{path.removesuffix('.py')}/".startswith(f"{room.removesuffix('.py')}/"):
            return room
    return ""


def may_import(room: str, other: str) -> bool:
    """Whether the files of `room` may import those of `other`."""
    if room == other:
        return room != "bin"
    floor = {each: k for k, rooms in enumerate(FLOORS) for each in rooms}
    if other not in floor or other not in ALONE.get(room, {other}):
        return False
    return floor[other] < floor[room]


def check_direction(path: str, source: str) -> list[str]:
    """A file imports its own room and those below it; binaries not each other."""
    found = []
    for name, line, _ in imports(path, ast.parse(source)):
        first = name.split(".")[0]
        other = room_of(name.replace(".", "/"))
        upward = first in LAYERS and not may_import(room_of(path), other)
        if upward or first == "tests":
            found.append(f"{path}:{line}: {room_of(path)} must not import {name}")
    return found


def check_circles(ours: Mapping[str, str]) -> list[str]:
    """No two files need each other while they are imported."""
    names = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in ours
    }
    needs: dict[str, set[str]] = {path: set() for path in ours}
    for path, source in ours.items():
        for name, _, eager in imports(path, ast.parse(source)):
            while eager and name and name not in names:
                name = name.rpartition(".")[0]
            if eager and name and names[name] != path:
                needs[path].add(names[name])
    while free := {path for path, others in needs.items() if not others & set(needs)}:
        needs = {path: others for path, others in needs.items() if path not in free}
    return [f"{path}: is in, or leads to, a circle of imports" for path in needs]


def check_crowding(paths: Iterable[str]) -> list[str]:
    """A folder has at most `MOST_FILES` files."""
    folders = Counter(path.rpartition("/")[0] for path in paths)
    return [
        f"{folder}: {count} files, over {MOST_FILES}"
        for folder, count in folders.items()
        if count > MOST_FILES
    ]
