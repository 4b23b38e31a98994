"""Plugins: modules of users, which register what they add when they are imported.

A plugin is a `.py` file or an importable module. Worker processes import it, too, and a
run records its name and sha256. It may add entries to registries, and change none.
"""

import dataclasses
import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from games.engine.registry import Entry
from games.engine.settings import refusal
from games.environments.registry import ENVS
from games.environments.scenes import STAGES
from oracles.strategies.liars import LIARS
from oracles.strategies.registry import ATTACKS, FILTERS, ORACLES
from oracles.teams.backbones import BACKBONES
from oracles.teams.elsewhere import TEAMS
from oracles.teams.teachers import GUIDES, TEACHERS
from oracles.teams.trainings import TRAININGS
from psro_comm.disk.files import StoreError, read_bytes
from psro_comm.metagame.solvers import META_SOLVERS
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import leaves
from psro_comm.settings.tasks import TASKS

REGISTRIES: Mapping[str, MutableMapping[str, Any]] = {
    "ATTACKS": ATTACKS,
    "FILTERS": FILTERS,
    "ORACLES": ORACLES,
    "LIARS": LIARS,
    "ENVS": ENVS,
    "STAGES": STAGES,
    "BACKBONES": BACKBONES,
    "TEAMS": TEAMS,
    "TEACHERS": TEACHERS,
    "GUIDES": GUIDES,
    "TRAININGS": TRAININGS,
    "META_SOLVERS": META_SOLVERS,
    "TASKS": TASKS,
}
_KINDS = ("ATTACKS", "FILTERS")  # whose classes say their own names
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_IN_FORCE: dict[str, "Plugin"] = {}

Sources = Sequence[tuple[str, str]]  # where each was imported from, and its sha256


class Plugin(NamedTuple):
    """A plugin that was imported.

    Attributes:
      name: the name of its module.
      source: what other processes import: an absolute path, or the module's name.
      sha256: of its file; of a package, of all its `.py` files.
      added: the entries that it registered, by registry.
    """

    name: str
    source: str
    sha256: str
    added: Mapping[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, str]:
        """Returns its name and sha256, which a run records."""
        return {"name": self.name, "sha256": self.sha256}


def in_force() -> tuple[Plugin, ...]:
    """Returns the plugins that were loaded, in that order."""
    return tuple(_IN_FORCE.values())


def sources() -> Sources:
    """Returns what another process must load to know the same plugins."""
    return [(each.source, each.sha256) for each in in_force()]


def load_unchanged(plugins: Sources) -> None:
    """Imports the plugins of another process.

    Raises:
      ValueError: the file of one has changed since that process imported it.
    """
    for source, sha256 in plugins:
        if load(source).sha256 != sha256:
            raise ValueError(f"plugin {source!r} has changed while it was in use")


def load(source: str | Path) -> Plugin:
    """Imports a plugin; one whose files have changed is imported anew.

    Args:
      source: path of a `.py` file, or name of a module that can be imported from here.

    Raises:
      ValueError: there is none, it fails, or an entry of a registry is not allowed.
    """
    name, path = _found(str(source))
    digest = _sha256(path)
    known = _IN_FORCE.get(name)
    if known is not None and known.sha256 == digest:
        return known
    if known is not None:
        unload(name)
    taken = sys.modules.get(name)
    if taken is not None and getattr(taken, "__file__", None) != str(path):
        words = "a file with another name: a module has this one"
        raise refusal("plugin", str(source), words)
    before = {each: dict(entries) for each, entries in REGISTRIES.items()}
    sys.modules.pop(name, None)
    try:
        _import(name, path, str(source))
        added = _checked(before, name)
    except BaseException:
        sys.modules.pop(name, None)
        for each, entries in REGISTRIES.items():
            entries.clear()
            entries.update(before[each])
        raise
    is_file = str(source).endswith(".py")
    found = Plugin(name, str(path) if is_file else name, digest, added)
    _IN_FORCE[name] = found
    return found


def unload(name: str) -> None:
    """Takes back what a plugin registered, by the name of its module."""
    known = _IN_FORCE.pop(name)
    for registry, keys in known.added.items():
        for key in keys:
            REGISTRIES[registry].pop(key, None)
    sys.modules.pop(name, None)


def _found(source: str) -> tuple[str, Path]:
    """Returns the module's name and its file."""
    if source.endswith(".py"):
        path = Path(source).resolve()
        if not path.is_file():
            raise refusal("plugin", source, "a .py file that exists, or a module")
        if not path.stem.isidentifier():
            raise refusal("plugin", source, "a file whose name Python can import")
        return path.stem, path
    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        sys.path.append(str(Path.cwd()))  # as `python -m` does
    try:
        spec = importlib.util.find_spec(source)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        words = "a .py file, or a module that can be imported from here"
        raise refusal("plugin", source, words)
    return source, Path(spec.origin).resolve()


def _sha256(path: Path) -> str:
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    digest = hashlib.sha256()
    for file in files:
        if len(files) > 1:
            digest.update(file.relative_to(path.parent).as_posix().encode())
        digest.update(read_bytes(file))
    return digest.hexdigest()


def _import(name: str, path: Path, source: str) -> ModuleType:
    """Imports a module by its file; what lies beside it can be imported, too."""
    try:
        if not source.endswith(".py"):
            return importlib.import_module(name)
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))  # last: it must hide nothing
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    except StoreError:
        raise
    except (Exception, SystemExit) as error:
        kind = type(error).__name__
        raise ValueError(f"plugin {source!r} fails: {kind}: {error}") from error


def _checked(
    before: Mapping[str, Mapping[str, Any]], name: str
) -> dict[str, tuple[str, ...]]:
    """Returns what was added to the registries.

    Raises:
      ValueError: an entry was changed, or is none that the rest can use.
    """
    added = {}
    for registry, entries in REGISTRIES.items():
        old = before[registry]
        changed = [key for key in old if entries.get(key) is not old[key]]
        if changed:
            raise ValueError(
                f"plugin {name!r} changes {registry}[{changed[0]!r}]: it may only add"
            )
        new = tuple(key for key in entries if key not in old)
        for key in new:
            _check_entry(f"plugin {name!r}: {registry}[{key!r}]", registry, key)
        if new:
            added[registry] = new
    if not added:
        raise ValueError(
            f"plugin {name!r} registers nothing: it must add to one of"
            f" {', '.join(REGISTRIES)}"
        )
    names = [leaf.name for leaf in leaves(ExperimentConfig)]
    twice = [each for each in names if names.count(each) > 1]
    if twice:
        raise ValueError(f"plugin {name!r} brings a second setting {twice[0]!r}")
    return added


def _check_entry(where: str, registry: str, key: str) -> None:
    if registry == "TASKS":
        return
    if not _NAME.fullmatch(key):
        raise ValueError(f"{where}: a name must be {_NAME.pattern}")
    entry = REGISTRIES[registry][key]
    if not isinstance(entry, Entry):
        raise ValueError(f"{where} is {entry!r}, must be an Entry")
    if entry.config is not None and not dataclasses.is_dataclass(entry.config):
        raise ValueError(f"{where}: its config must be a dataclass")
    if registry in _KINDS:
        kind = getattr(entry.load(), "kind", None)
        if kind != key:
            raise ValueError(f"{where} is of kind {kind!r}, must be of kind {key!r}")
