"""Plugins: modules of users, which register what they add when they are imported.

A plugin is a `.py` file or an importable module. Worker processes import it, too, and a
run records its name and sha256. It may add entries to registries, and change none.
"""

import hashlib
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Collection, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from games.engine.registry import Entry
from games.engine.settings import refusal
from psro_comm.disk.files import StoreError, read_bytes
from psro_comm.settings.registries import REGISTRIES, checked_additions

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


def by_hand(entry: Any) -> bool:
    """Returns whether this process registered an entry, without a plugin."""
    ours = not isinstance(entry, Entry) or isinstance(entry.target, str)
    brought = (
        REGISTRIES[registry].get(key)
        for each in in_force()
        for registry, keys in each.added.items()
        for key in keys
    )
    return not ours and all(entry is not each for each in brought)


def place_in_plugin(error: BaseException) -> str:
    """Returns the file and line of a plugin that raised an error; empty for another."""
    known = []
    for each in in_force():
        module = sys.modules.get(each.name)
        file = Path(getattr(module, "__file__", None) or each.source)
        known.append(str(file.parent if file.name == "__init__.py" else file))
    told = [
        (frame.filename, str(frame.lineno))
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    # Another process sends its traceback as text.
    told += re.findall(r'File "([^"]+)", line (\d+)', str(error.__cause__ or ""))
    for where, line in reversed(told):
        if any(where == one or where.startswith(f"{one}/") for one in known):
            return f"{Path(where).name}, line {line}"
    return ""


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
    before, imported = _registered(), {*sys.modules}
    try:
        name, path = _found(source)
        known, digest = _IN_FORCE.get(name), _sha256(path)
        if known is not None and known.sha256 == digest:
            return known
        # Looking for a module imports its package, which is to register in the import.
        _take_back(name, imported, before)
        if known is not None:
            unload(name)
            before = _registered()
        taken = sys.modules.get(name)
        if taken is not None and getattr(taken, "__file__", None) != str(path):
            words = "a file with another name: a module has this one"
            raise refusal("plugin", str(source), words)
        sys.modules.pop(name, None)
        added = _imported(name, path, str(source), before, imported)
    except BaseException:
        _restore(before)
        raise
    is_file = str(source).endswith(".py")
    found = Plugin(name, str(path) if is_file else name, digest, added)
    _IN_FORCE[name] = found
    return found


def _registered() -> dict[str, dict[str, Any]]:
    return {each: dict(entries) for each, entries in REGISTRIES.items()}


def _restore(before: Mapping[str, Mapping[str, Any]]) -> None:
    for each, entries in REGISTRIES.items():
        entries.clear()
        entries.update(before[each])


def _imported(
    name: str,
    path: Path,
    source: str,
    before: Mapping[str, Mapping[str, Any]],
    imported: Collection[str],
) -> dict[str, tuple[str, ...]]:
    """Imports a plugin; returns what it added. One that fails leaves nothing."""
    try:
        _import(name, path, source)
        return checked_additions(before, name)
    except BaseException:
        _take_back(name, imported, before)
        raise


def _take_back(
    name: str, imported: Collection[str], before: Mapping[str, Mapping[str, Any]]
) -> None:
    """Forgets modules of a plugin's package that are new, and what they registered."""
    top = name.partition(".")[0]
    for module in {*sys.modules} - {*imported}:
        if module == top or module.startswith(f"{top}."):
            sys.modules.pop(module, None)
    _restore(before)


def unload(name: str) -> None:
    """Takes back what a plugin registered, by the name of its module."""
    known = _IN_FORCE.pop(name)
    for registry, keys in known.added.items():
        for key in keys:
            REGISTRIES[registry].pop(key, None)
    for module in [*sys.modules]:
        if module == name or module.startswith(f"{name}."):
            sys.modules.pop(module, None)


def _found(given: Any) -> tuple[str, Path]:
    """Returns the module's name and its file.

    Raises:
      ValueError: there is none.
    """
    if not isinstance(given, str | Path):
        raise refusal("plugin", given, "the path of a .py file, or a module's name")
    source = str(given)
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
    except Exception as error:  # of the package that it is in
        raise _failure(source, error) from error
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
        loader = _Source(name, str(path))
        spec = importlib.util.spec_from_file_location(name, path, loader=loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loader.exec_module(module)
        return module
    except StoreError:
        raise
    except (Exception, SystemExit) as error:
        raise _failure(source, error) from error


class _Source(SourceFileLoader):
    """Runs a file itself: Python's cache takes edits within a second for none."""

    def get_code(self, fullname: str) -> CodeType:
        """Returns the code of the file as it is now."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _failure(source: str, error: BaseException) -> ValueError:
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return ValueError(f"plugin {source!r} fails: {said}")
