"""The rendered files in memory, keyed by token and by MAC, never staler than the last commit.

On each request the database's change counter is compared (microseconds); when it moved, the
phones with a newer generation are read again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from provisioner.access import Keeper
from provisioner.bodies import MAX_BYTES, Bodies
from provisioner.db import Database
from provisioner.inventory.stamp import read_stamp
from provisioner.inventory.tables import PhoneRow, SiteRow
from provisioner.mac import MacAddress
from provisioner.render import RenderedFile
from provisioner.secrets import Box


@dataclass(slots=True)
class Entry(Keeper):
    """What the hot path knows of a phone; nobody changes it.

    Attributes:
        version_matters: its files depend on the firmware it reports.
        stored_names: files of the library that its files name.
    """

    site: str
    model: str
    firmware: str
    token_hash: str
    token_seen: bool
    dirty: bool
    base_url: str
    version_matters: bool = False
    stored_names: tuple[str, ...] = ()


class Shelf:
    """All phones by token and MAC, and their finished files."""

    def __init__(self, database: Database, box: Box, max_bytes: int = MAX_BYTES) -> None:
        self._database = database
        self._bodies = Bodies(database, box, max_bytes)
        self._by_mac: dict[str, Entry] = {}
        self._by_token: dict[str, Entry] = {}
        self._stamp = (-1, -1)
        self._seen = -2
        self._lock = threading.RLock()
        self._watch = Watch(database)

    def by_token(self, token_hash: str) -> Entry | None:
        """Return the phone of a token's hash."""
        return self._by_token.get(token_hash)

    def by_mac(self, mac: str) -> Entry | None:
        """Return the phone of a MAC."""
        return self._by_mac.get(mac)

    def refresh(self) -> bool:
        """Read what changed since the last call; cheap when nothing did.

        Returns:
            Whether something may have changed.
        """
        seen = self._watch.version()
        if seen == self._seen and seen >= 0:
            return False
        with self._lock:
            version = self._watch.version()
            if version != self._seen or version < 0:
                self._reread()
                self._seen = version  # only now: another thread may not pass before it is read
        return True

    def file(self, entry: Entry, name: str) -> RenderedFile | None:
        """Return a phone's file by the name it asked for, in any case."""
        return self._bodies.of(entry.mac).get(name.lower())

    def learned(self, entry: Entry, news: Mapping[str, Any]) -> None:
        """Take what a request has taught as known, before it is stored.

        Args:
            entry: the phone.
            news: columns of its row.
        """
        known = {name: news[name] for name in ("armed_until", "firmware") if name in news}
        told = replace(entry, **known, token_seen=entry.token_seen or "token_seen_at" in news)
        with self._lock:
            if self._by_mac.get(entry.mac) is entry:  # else it has changed meanwhile
                self._by_mac[entry.mac] = self._by_token[entry.token_hash] = told

    def read_ahead(self, phones: int) -> bool:
        """Read files that nobody has asked for yet; see ``Bodies.read_ahead``."""
        return self._bodies.read_ahead(phones)

    def close(self) -> None:
        """Let go of the database."""
        self._watch.close()

    def _reread(self) -> None:
        with self._database.read() as session:
            generation, epoch = read_stamp(session)
            if epoch != self._stamp[1]:
                before = set(self._by_mac)
                self._forget(before - self._read(session, after=-1))
            elif generation != self._stamp[0]:
                self._read(session, after=self._stamp[0])
            self._stamp = (generation, epoch)

    def _read(self, session: Session, after: int) -> set[str]:
        """Read the phones changed after a generation; returns their MACs."""
        read: set[str] = set()
        sites = {
            row.id: (tuple(ip_network(n) for n in row.networks), row.url)
            for row in session.execute(select(SiteRow.id, SiteRow.networks, SiteRow.url))
        }
        query = select(
            PhoneRow.mac, PhoneRow.site_id, PhoneRow.model, PhoneRow.firmware,
            PhoneRow.token_hash, PhoneRow.armed_until, PhoneRow.token_seen_at, PhoneRow.dirty,
            PhoneRow.tftp_without_token, PhoneRow.version_matters, PhoneRow.stored_names,
        ).where(PhoneRow.generation > after)  # fmt: skip
        for row in session.execute(query):
            read.add(row.mac)
            networks, url = sites[row.site_id]
            self._put(
                Entry(
                    mac=MacAddress(row.mac),
                    site=row.site_id,
                    model=row.model,
                    firmware=row.firmware,
                    token_hash=row.token_hash,
                    armed_until=row.armed_until,
                    token_seen=row.token_seen_at is not None,
                    dirty=row.dirty,
                    networks=networks,
                    tftp_without_token=row.tftp_without_token,
                    base_url=url,
                    version_matters=row.version_matters,
                    stored_names=tuple(row.stored_names),
                )
            )
        return read

    def _put(self, entry: Entry) -> None:
        old = self._by_mac.get(entry.mac)
        if old is not None and old.token_hash != entry.token_hash:
            self._by_token.pop(old.token_hash, None)
        self._by_mac[entry.mac] = entry
        self._by_token[entry.token_hash] = entry
        self._bodies.doubt(entry.mac)

    def _forget(self, macs: Iterable[str]) -> None:
        for mac in macs:
            gone = self._by_mac.pop(mac)
            if self._by_token.get(gone.token_hash) is gone:
                del self._by_token[gone.token_hash]
            self._bodies.forget(mac)


class Watch:
    """A number that changes when another connection has committed.

    SQLite: ``PRAGMA data_version`` (about 4 us). Elsewhere -1: look at the stamp row each time.
    """

    def __init__(self, database: Database) -> None:
        self._connection: sqlite3.Connection | None = None
        if database.is_sqlite:
            file = make_url(database.url).database or ""
            self._connection = sqlite3.connect(file, check_same_thread=False)

    def version(self) -> int:
        """Return the number; -1: it cannot be told so cheaply."""
        if self._connection is None:
            return -1
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
