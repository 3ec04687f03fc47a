"""The bytes of the library: one file for each content, named by its SHA-256.

A content is written beside its place, brought to the disk and then moved there, so that a name
that can be seen is a whole file, whatever stops the program. Contents are never changed.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from provisioner.filestore.findings import FileRefusedError

T = TypeVar("T")

FILE_MODE, FOLDER_MODE = 0o640, 0o750
PIECE_BYTES = 1024 * 1024
MAX_VIEWS = 32
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that lie in the vault."""

    digest: str
    size_bytes: int


class Vault:
    """The folder of contents.

    Args:
        folder: made when something is put into it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._views: OrderedDict[str, memoryview] = OrderedDict()
        self._lock = threading.Lock()

    def take(
        self, source: Path, max_bytes: int, check: Callable[[Path, Content], T]
    ) -> tuple[Content, T]:
        """Copy a file in, if ``check`` does not raise; equal bytes are stored once.

        Args:
            source: the file.
            max_bytes: more are refused.
            check: is given the copy; what it returns is returned.

        Raises:
            FileRefusedError: there is no such file, it is empty or too large.
            OSError: it cannot be read, or the disk is full.
        """
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        draft = self._folder / f".new-{uuid4().hex}"
        try:
            content = _copy(source, draft, max_bytes)
            result = check(draft, content)
            target = self._folder / content.digest
            draft.replace(target)
            os.utime(target)  # young: ``sweep`` leaves it alone until it is written down
            _to_disk(self._folder)
        finally:
            draft.unlink(missing_ok=True)
        return content, result

    def view(self, digest: str) -> memoryview | None:
        """Return a content, mapped and not read; None when it is not there."""
        with self._lock:
            found = self._views.pop(digest, None) or self._mapped(digest)
            if found is None:
                return None
            self._views[digest] = found
            while len(self._views) > MAX_VIEWS:
                self._views.popitem(last=False)  # whoever still sends it keeps it open
        return found

    def holds(self, digest: str) -> bool:
        """Whether a content is there."""
        return (self._folder / digest).is_file()

    def discard(self, digest: str) -> None:
        """Remove a content; downloads that are going on still end well."""
        with self._lock:
            self._views.pop(digest, None)
        (self._folder / digest).unlink(missing_ok=True)

    def sweep(self, kept: Collection[str], older_than_s: float) -> int:
        """Remove what a crash left: drafts, and contents that nobody names; returns how many."""
        before = time.time() - older_than_s
        gone = 0
        for file in self._folder.glob("*") if self._folder.is_dir() else ():
            is_ours = file.name.startswith(".new-") or _DIGEST.fullmatch(file.name)
            if is_ours and file.name not in kept and file.stat().st_mtime < before:
                self.discard(file.name)
                gone += 1
        return gone

    def _mapped(self, digest: str) -> memoryview | None:
        try:
            with (self._folder / digest).open("rb") as file:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):
            return None


def _copy(source: Path, draft: Path, max_bytes: int) -> Content:
    """Copy to a new file, brought to the disk; the digest is that of the copy."""
    if not source.is_file():
        raise FileRefusedError(f"{source}: there is no such file")
    made, size = hashlib.sha256(), 0
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with source.open("rb") as file, os.fdopen(descriptor, "wb") as out:
        while piece := file.read(PIECE_BYTES):
            size += len(piece)
            if size > max_bytes:
                raise FileRefusedError(f"{source.name}: more than {max_bytes} bytes")
            made.update(piece)
            out.write(piece)
        if not size:
            raise FileRefusedError(f"{source.name}: the file is empty")
        out.flush()
        os.fchmod(out.fileno(), FILE_MODE)  # whatever the umask
        os.fsync(out.fileno())
    return Content(made.hexdigest(), size)


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
