"""Phones' finished files in memory, decrypted, while there is room.

A phone that has changed is only doubted: its files are read again when their digests differ. Files
can be read ahead, many phones in one go, so that a storm after a start finds them here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from provisioner.catalogue.schema import Role
from provisioner.db import Database
from provisioner.inventory.tables import RenderedRow
from provisioner.render import RenderedFile
from provisioner.secrets import Box

MAX_BYTES = 256 * 1024 * 1024
AHEAD_SHARE = 0.5
"""So much of the room is filled without being asked."""

Files = Mapping[str, RenderedFile]
"""A phone's files by their names in lower case, aliases included."""

_OF_PHONES = RenderedRow.mac.in_(bindparam("macs", expanding=True))
_DIGESTS = select(RenderedRow.mac, RenderedRow.name, RenderedRow.digest).where(_OF_PHONES)
_WHOLE = select(
    RenderedRow.mac, RenderedRow.name, RenderedRow.role, RenderedRow.aliases,
    RenderedRow.media_type, RenderedRow.digest, RenderedRow.version, RenderedRow.body,
).where(_OF_PHONES)  # fmt: skip


class Bodies:
    """The files of phones, each phone's together.

    Args:
        database: where they are stored.
        box: decrypts them.
        max_bytes: room for bodies; whoever was read first goes first.
    """

    def __init__(self, database: Database, box: Box, max_bytes: int = MAX_BYTES) -> None:
        self._database = database
        self._box = box
        self._max_bytes = max_bytes
        self._files: dict[str, Files] = {}
        self._bytes = 0
        self._doubted: dict[str, int] = {}
        self._doubts = count()
        self._doubting = threading.Lock()
        self._ahead: dict[str, None] = {}
        self._lock = threading.Lock()

    def of(self, mac: str) -> Files:
        """Return a phone's files, as the last commit has them."""
        # in this order: whoever ends the doubt has put the new files there before
        files = None if mac in self._doubted else self._files.get(mac)
        return self._load([mac])[mac] if files is None else files

    def doubt(self, mac: str) -> None:
        """Look before a phone's files are used again: it may have others now."""
        with self._doubting:
            self._doubted[mac] = next(self._doubts)
        self._ahead[mac] = None

    def forget(self, mac: str) -> None:
        """Let go of the files of a phone that is gone."""
        self._ahead.pop(mac, None)
        with self._doubting:
            self._doubted.pop(mac, None)
        with self._lock:
            self._drop(mac)

    def read_ahead(self, phones: int) -> bool:
        """Read files that nobody has asked for yet.

        Args:
            phones: of so many at most.

        Returns:
            Whether there are more, and room for them.
        """
        macs = list(islice(self._ahead, phones))
        wanted = [mac for mac in macs if mac in self._doubted]
        if wanted:
            self._load(wanted)
        for mac in macs:
            self._ahead.pop(mac, None)
        return bool(self._ahead) and self._bytes < self._max_bytes * AHEAD_SHARE

    def _load(self, macs: Sequence[str]) -> dict[str, Files]:
        """Read what is new; returns the files of these phones."""
        with self._lock, self._believing(macs), self._database.reader.connect() as connection:
            loaded = {mac: self._files[mac] for mac in self._unchanged(connection, macs)}
            new: dict[str, dict[str, RenderedFile]] = {m: {} for m in macs if m not in loaded}
            if new:
                for row in connection.execute(_WHOLE, {"macs": list(new)}):
                    file = self._file(row)
                    for name in (file.name, *file.aliases):
                        new[row.mac][name.lower()] = file
            for mac, files in new.items():
                self._keep(mac, files)
        return loaded | new

    @contextmanager
    def _believing(self, macs: Iterable[str]) -> Iterator[None]:
        """Doubt these phones until they are read, and those longer of which a change is seen."""
        before = {mac: self._doubted[mac] for mac in macs if mac in self._doubted}
        yield
        with self._doubting:
            for mac, doubt in before.items():
                if self._doubted.get(mac) == doubt:
                    del self._doubted[mac]

    def _unchanged(self, connection: Connection, macs: Iterable[str]) -> list[str]:
        """Those of the phones whose files are here and are still what is stored."""
        here = [mac for mac in macs if mac in self._files]
        if not here:
            return []
        stored: dict[str, set[tuple[str, str]]] = {mac: set() for mac in here}
        for row in connection.execute(_DIGESTS, {"macs": here}):
            stored[row.mac].add((row.name, row.digest))
        return [
            mac
            for mac in here
            if {(f.name, f.digest) for f in self._files[mac].values()} == stored[mac]
        ]

    def _file(self, row: Row[Any]) -> RenderedFile:
        return RenderedFile(
            row.name,
            tuple(row.aliases),
            Role(row.role),
            row.media_type,
            self._box.open_body(row.body),
            row.digest,
            row.version,
        )

    def _keep(self, mac: str, files: Files) -> None:
        self._drop(mac)
        self._files[mac] = files
        self._bytes += _size(files)
        while self._bytes > self._max_bytes and len(self._files) > 1:
            self._drop(next(iter(self._files)))

    def _drop(self, mac: str) -> None:
        files = self._files.pop(mac, None)
        if files is not None:
            self._bytes -= _size(files)


def _size(files: Files) -> int:
    return sum(len(file.body) for file in {id(f): f for f in files.values()}.values())
