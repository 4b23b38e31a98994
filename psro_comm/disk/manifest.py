"""The list of a run's finished files, each with its sha256.

A flipped bit loads silently from a safetensors file; so nothing is loaded from a run
but through `Manifest.read`, which compares the checksum first.
"""

import re
from collections.abc import Collection
from pathlib import Path

from psro_comm.disk.access import MAX_BYTES, StoreError, exists, read_own
from psro_comm.disk.files import decode_json, encode_json, sha256, write_atomic

_FORMAT = 1
_MOST_BYTES = 1 << 26  # of the list itself
_FILE = re.compile(r"(policies/)?[A-Za-z0-9][A-Za-z0-9_.-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Manifest:
    """The list of finished files in one folder; a file that it omits does not exist.

    Attributes:
      root: the folder whose files it lists.
    """

    def __init__(self, root: Path) -> None:
        """Reads the folder's manifest, if there is one.

        Raises:
          StoreError: it is damaged.
        """
        self.root = root
        self._path = root / "manifest.json"
        self._digests = _decode(self._path) if exists(self._path) else {}

    def __contains__(self, file: str) -> bool:
        """Returns whether `file`, a path relative to the root, is finished."""
        return file in self._digests

    def files(self) -> tuple[str, ...]:
        """Returns the finished files, relative to the root, sorted."""
        return tuple(sorted(self._digests))

    def holds(self, file: str, data: bytes) -> bool:
        """Returns whether `file` is finished and was written with exactly `data`."""
        return self._digests.get(file) == sha256(data)

    def read(self, file: str) -> bytes:
        """Returns the bytes of a finished file.

        Raises:
          StoreError: it is unfinished, missing, or one bit of it changed.
        """
        path = self.root / file
        if file not in self:
            raise StoreError(f"{path} does not exist, or was never finished")
        data = read_own(path)
        if not self.holds(file, data):
            raise StoreError(f"{path} is damaged: its sha256 is not the manifest's")
        return data

    def write(self, file: str, data: bytes, *, instead_of: str | None = None) -> None:
        """Writes a file and lists it; after a kill it is whole, or it is not listed.

        Args:
          file: path relative to the root.
          data: content of the file.
          instead_of: a file that leaves the list in the same moment.

        Raises:
          StoreError: the disk refuses, it is larger than may be read again, or another
            file differs from it only in case: on some disks they would be one.
        """
        alike = [each for each in self._digests if each.lower() == file.lower()]
        if alike not in ([], [file]):
            raise StoreError(f"{self.root / file} differs only in case from {alike[0]}")
        if len(data) > MAX_BYTES:
            path = self.root / file
            raise StoreError(f"{path} would have {len(data):,} bytes: too many to read")
        if file in self and not self.holds(file, data):
            # It leaves the list first: a kill in between must not look like damage.
            self._save({k: v for k, v in self._digests.items() if k != file})
        write_atomic(self.root / file, data)
        others = {k: v for k, v in self._digests.items() if k != instead_of}
        self._save({**others, file: sha256(data)})

    def drop(self, files: Collection[str]) -> None:
        """Takes files from the list: they are to be made again."""
        kept = {k: v for k, v in self._digests.items() if k not in files}
        if len(kept) < len(self._digests):
            self._save(kept)

    def _save(self, digests: dict[str, str]) -> None:
        write_atomic(self._path, _encode(digests))
        self._digests = digests


def _encode(digests: dict[str, str]) -> bytes:
    # The manifest holds its own checksum: a flipped bit in a file's name would
    # otherwise read as "does not exist".
    own = sha256(encode_json(digests))
    return encode_json({"format": _FORMAT, "artefacts": digests, "sha256": own})


def _decode(path: Path) -> dict[str, str]:
    data = read_own(path, _MOST_BYTES)
    manifest = decode_json(data, path)
    digests = manifest.get("artefacts") if isinstance(manifest, dict) else None
    if not isinstance(digests, dict) or _encode(digests) != data:
        raise StoreError(f"{path} is damaged, or of another version of psro_comm")
    for file, digest in digests.items():
        if not (_FILE.fullmatch(file) and _DIGEST.fullmatch(str(digest))):
            raise StoreError(f"{path} lists {file!r}, which no run holds")
    return digests
