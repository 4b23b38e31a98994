"""Stores a run in one folder: resumable, checksummed, owned by one process.

A run is a pipeline of named artefacts (the team, each policy, each table, each report),
each a pure function of the configuration, the seeds and earlier artefacts. So resuming
is: for each artefact, load it if the store `has` it, else compute and save it. No
solver state is stored.

    runs/<name>/config.json     the configuration; a resume must bring the same
                manifest.json   sha256 of every artefact; what it omits does not exist
                team.safetensors, policies/<name>.safetensors, <name>.json   artefacts
                env.json, status.json, flags.txt                             notes
                lock            held while a process writes here
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from oracles.strategies.facts import check_facts
from oracles.strategies.frozen import Frozen
from psro_comm.disk.access import StoreError, check_tree
from psro_comm.disk.differences import Growth, completed, renamed
from psro_comm.disk.environment import with_machine
from psro_comm.disk.files import (
    check_name,
    decode_frozen,
    decode_json,
    encode_frozen,
    encode_json,
    make_folder,
    remove_temporaries,
    write_atomic,
)
from psro_comm.disk.layout import (
    CHECKPOINTS,
    RESERVED,
    accounted,
    artefact_of,
    candidates,
    run_path,
)
from psro_comm.disk.lock import acquire_lock, release_lock
from psro_comm.disk.manifest import Manifest
from psro_comm.disk.status import Status

__all__ = ["RunStore", "StoreError", "run_path", "write_atomic"]

_NONE = Growth()


class RunStore:
    """The folder of one run, made by `RunStore.open` (to write) or `RunStore.read`.

    Attributes:
      root: the run's folder.
      config: the run's configuration as plain JSON data.
    """

    def __init__(self, root: Path, lock: int | None) -> None:
        """Sets the attributes; use `open` or `read` instead. `lock` None: read only."""
        self.root = root
        self.config: dict[str, Any] = {}
        self._lock = lock
        self._manifest = Manifest(root)
        self._status = Status(root)

    @classmethod
    def open(
        cls,
        root: Path,
        config: Mapping[str, Any],
        *,
        played_before: Mapping[str, Any] | None = None,
        growth: Growth = _NONE,
    ) -> Self:
        """Begins the run in `root`, or continues it.

        Args:
          root: the run's folder, created if absent.
          config: the configuration as plain JSON data.
          played_before: the value that was in force before a field existed, by the
            field's dotted name; older runs continue where `config` says the same.
          growth: what of the configuration may be larger than the run was begun with;
            what does not rest on it is kept, the rest is made again.

        Raises:
          StoreError: another process has it, it was begun with a different
            configuration (each differing key is shown), it is damaged, or holds links,
            pipes or devices. Nothing was changed.
        """
        encoded = encode_json(dict(config))
        make_folder(root)
        check_tree(root)  # before the first file is opened for writing
        make_folder(root / "policies")
        lock = acquire_lock(root / "lock")
        try:
            store = cls(root, lock)
            store._adopt(encoded, played_before or {}, growth)
        except BaseException:
            release_lock(lock)
            raise
        return store

    @classmethod
    def read(cls, root: Path) -> Self:
        """Opens a run for reading only: it takes no lock and refuses every save.

        Raises:
          StoreError: there is no run in `root`, or it is damaged, or holds links, pipes
            or devices.
        """
        if not root.is_dir():
            raise StoreError(f"there is no run in {root}")
        check_tree(root)
        store = cls(root, None)
        if "config.json" not in store._manifest:
            raise StoreError(f"there is no run in {root}")
        store.config = store._begun_with()
        return store

    def _adopt(
        self, encoded: bytes, played_before: Mapping[str, Any], growth: Growth
    ) -> None:
        path = self.root / "config.json"
        self.config = decode_json(encoded, path)
        begun = "config.json" in self._manifest
        if begun:
            old = completed(self._begun_with(), self.config, played_before)
            changed = growth.checked(self.root, old, self.config)
        elif any(self.root.glob("**/*.safetensors")):
            raise StoreError(f"{self.root / 'manifest.json'} is missing")
        for folder in check_tree(self.root):
            remove_temporaries(folder)
        if not begun:
            self._manifest.write("config.json", encoded)
        elif changed:
            self._grow(encoded, growth)

    def _grow(self, encoded: bytes, growth: Growth) -> None:
        """Takes a larger configuration; drops what may rest on the old one."""
        names = {*map(artefact_of, self._manifest.files())} - accounted(self)
        kept = re.compile(growth.kept)
        self.drop(name for name in names if not kept.fullmatch(name))
        self._manifest.write("config.json", encoded)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Notes how the work ended, if there was any, and releases the lock."""
        if self._lock is not None:
            self._status.end(stopped=kind is not None)
        self.close()

    def close(self) -> None:
        """Releases the lock; every later save is refused."""
        if self._lock is not None:
            release_lock(self._lock)
            self._lock = None

    def has(self, name: str) -> bool:
        """Returns whether the artefact `name`, of any kind, is complete."""
        return any(file in self._manifest for file in candidates(name))

    def policies(self) -> tuple[str, ...]:
        """Returns the names of the stored policies, sorted."""
        files = map(Path, self._manifest.files())
        return tuple(file.stem for file in files if file.parent.name == "policies")

    def save_policy(self, name: str, policy: Frozen) -> None:
        """Stores a policy such as `filter-003` for ever, with its facts in the file.

        Raises:
          StoreError: the name is taken by something else, or the disk refuses.
        """
        if name in RESERVED:
            raise StoreError(f"{name!r} is a reserved name")
        self._freeze(name, f"policies/{check_name(name)}.safetensors", policy)

    def load_policy(self, name: str) -> Frozen:
        """Returns a policy.

        Raises:
          StoreError: it is missing, one bit of it changed, or its facts describe no
            policy; the file is named.
        """
        return self._checked(f"policies/{check_name(name)}.safetensors")

    def save_team(self, team: Frozen) -> None:
        """Stores the team under the name `team`, in the manner of `save_policy`."""
        self._freeze("team", "team.safetensors", team)

    def load_team(self) -> Frozen:
        """Returns the team, in the manner of `load_policy`."""
        return self._checked("team.safetensors")

    def save_checkpoint(self, state: Frozen) -> None:
        """Stores the state of the team's training, instead of the last state."""
        self._require_lock()
        # Two files in turn, so that a kill in a save costs one interval, not all.
        old, new = sorted(CHECKPOINTS, key=lambda file: file not in self._manifest)
        self._manifest.write(new, encode_frozen(state), instead_of=old)

    def load_checkpoint(self) -> Frozen | None:
        """Returns the last state of `save_checkpoint`; None if there is none.

        Raises:
          StoreError: it is damaged.
        """
        listed = [file for file in CHECKPOINTS if file in self._manifest]
        return self._load_frozen(listed[0]) if listed else None

    def save_json(self, name: str, obj: Any) -> None:
        """Writes the artefact `<name>.json`, replacing an older one.

        Raises:
          StoreError: NaN or infinity (the key is named), a reserved name, a full disk.
        """
        file = f"{check_name(name)}.json"
        if name in RESERVED:
            raise StoreError(f"{name!r} is a reserved name")
        self._refuse_taken(name, file)
        self._manifest.write(file, encode_json(obj))

    def load_json(self, name: str) -> Any:
        """Returns what `save_json` stored.

        Raises:
          StoreError: it is missing or one bit of it changed; the file is named.
        """
        return self._load(f"{check_name(name)}.json")

    def save_beside(self, path: Path, data: bytes) -> None:
        """Writes a file of another kind in the run's folder, and lists it."""
        self._require_lock()
        self._manifest.write(check_name(path.name), data)

    def drop(self, names: Iterable[str]) -> None:
        """Takes artefacts from the list, which are to be made again."""
        self._require_lock()
        gone = {*names}
        files = [file for file in self._manifest.files() if artefact_of(file) in gone]
        self._manifest.drop(files)

    def save_flags(self, text: str) -> None:
        """Writes the flags to `flags.txt`, which `--flagfile` reads."""
        self._note("flags.txt", text.encode())

    def save_environment(self, description: Mapping[str, Any]) -> None:
        """Adds the machine to the list `env.json`, unless it is there already."""
        if entries := with_machine(self.root / "env.json", description):
            self._note("env.json", encode_json(entries))

    def set_status(self, stage: str, progress: float) -> None:
        """Writes what the run does now (an artefact, or `done`) and the share done."""
        self._require_lock()
        self._status.set(stage, progress)

    def _freeze(self, name: str, file: str, frozen: Frozen) -> None:
        self._refuse_taken(name, file)
        data = encode_frozen(frozen)
        if file in self._manifest and not self._manifest.holds(file, data):
            raise StoreError(f"{self.root / file} is frozen: it cannot be replaced")
        self._manifest.write(file, data)

    def _refuse_taken(self, name: str, file: str) -> None:
        self._require_lock()
        for other in candidates(name):
            if other != file and other in self._manifest:
                raise StoreError(f"the name {name!r} is taken by {self.root / other}")

    def _load(self, file: str) -> Any:
        return decode_json(self._manifest.read(file), self.root / file)

    def _begun_with(self) -> dict[str, Any]:
        found = self._load("config.json")
        if not isinstance(found, dict):
            raise StoreError(f"{self.root / 'config.json'} is damaged: no object")
        return renamed(found)

    def _checked(self, file: str) -> Frozen:
        frozen = self._load_frozen(file)
        try:
            check_facts(frozen.facts)
        except ValueError as error:
            raise StoreError(f"{self.root / file}: {error}") from error
        return frozen

    def _load_frozen(self, file: str) -> Frozen:
        return decode_frozen(self._manifest.read(file), self.root / file)

    def _note(self, file: str, data: bytes) -> None:
        self._require_lock()
        write_atomic(self.root / file, data)

    def _require_lock(self) -> None:
        if self._lock is None:
            raise StoreError(f"{self.root} is open for reading only")
