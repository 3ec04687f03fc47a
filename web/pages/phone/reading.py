"""One phone for its page: who and where it is, and all that can be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitors.status import State
from monitors.store.memory import PLACE
from monitors.store.readings import readings_of
from provisioner.inventory.fetches import FetchEvent
from provisioner.inventory.phone_reports import reports_of
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow
from web.installation import Installation
from web.overview.diagnosis import read_diagnoses
from web.overview.narrow import read_some
from web.overview.reading import StoredSite
from web.overview.values import DiagnosisView


@dataclass(frozen=True, slots=True)
class Facts:
    """What the inventory says of a phone.

    Attributes:
        accounts: extension and name.
        handsets: name and extension, of a DECT base.
        firmware: as it said last.
        offered: the firmware that its files offer it.
        problem: why its files cannot be rendered.
        mates: MACs of the other phones of its room.
    """

    mac: str
    room: str
    floor: str
    position: str
    model: str
    preset: str
    accounts: tuple[tuple[str, str], ...]
    handsets: tuple[tuple[str, str], ...]
    firmware: str
    offered: str
    problem: str
    armed_until: datetime | None
    token_seen_at: datetime | None
    mates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Socket:
    """Where it is plugged in, as it was seen last."""

    switch: str
    port: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PhonePage:
    """Everything of a phone but its timeline and its charts.

    Attributes:
        mates: the other phones of its room: MAC, place, state.
        address: its own, as it said or fetched from last.
        fetched: its last fetch.
    """

    facts: Facts
    stored: StoredSite
    view: DiagnosisView
    state: State
    mates: tuple[tuple[str, str, State], ...]
    address: str
    fetched: FetchEvent | None
    socket: Socket | None


def read_phone_page(
    installation: Installation, site: str, mac: str, language: str, now: datetime
) -> PhonePage | None:
    """Return a phone of a site; None: the site has none of this MAC. A fixed number of queries."""
    with installation.database.read() as session:
        facts = _facts(session, site, mac)
    if facts is None:
        return None
    stored = read_some(installation, site, (mac, *facts.mates), language, now)
    reports = reports_of(installation.events, mac, 1)
    fetched = stored.fetched.get(mac)
    own = reports[0].ip if reports else ""
    return PhonePage(
        facts=facts,
        stored=stored,
        view=phone_evidence(installation, stored, mac),
        state=_state(stored, mac),
        mates=tuple((m, stored.phones[m].place, _state(stored, m)) for m in facts.mates),
        address=own or (fetched.address if fetched else ""),
        fetched=fetched,
        socket=_socket(installation, mac),
    )


def phone_evidence(installation: Installation, stored: StoredSite, mac: str) -> DiagnosisView:
    """Return what can be said of a phone, with its evidence."""
    return read_diagnoses(installation, stored, [mac])[0]


def _facts(session: Session, site: str, mac: str) -> Facts | None:
    row = PhoneRow
    columns = (
        row.mac, row.room_id, RoomRow.floor, row.position, row.model, row.preset, row.accounts,
        row.handsets, row.firmware, row.offered, row.problem, row.armed_until, row.token_seen_at,
    )  # fmt: skip
    query = select(*columns).join(RoomRow).where(row.site_id == site, row.mac == mac)
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    handsets = tuple((_text(h, "name"), _text(h, "extension")) for h in found.handsets)
    numbers = [*found.accounts, *(extension for _, extension in handsets)]
    names = _names(session, site, numbers)
    beside = select(row.mac).where(row.site_id == site, row.room_id == found.room_id)
    mates = session.scalars(beside.where(row.mac != mac).order_by(row.position))
    return Facts(
        mac=found.mac,
        room=found.room_id,
        floor=found.floor,
        position=found.position,
        model=found.model,
        preset=found.preset,
        accounts=tuple((number, names.get(number, "")) for number in found.accounts),
        handsets=tuple((name or names.get(number, ""), number) for name, number in handsets),
        firmware=found.firmware,
        offered=found.offered,
        problem=found.problem,
        armed_until=found.armed_until,
        token_seen_at=found.token_seen_at,
        mates=tuple(mates),
    )


def _names(session: Session, site: str, numbers: list[str]) -> Mapping[str, str]:
    account = AccountRow
    query = select(account.extension, account.name).where(
        account.site_id == site, account.extension.in_(numbers)
    )
    return {row.extension: row.name for row in session.execute(query)}


def _text(values: Any, name: str) -> str:  # noqa: ANN401 - JSON
    return str(values.get(name) or "") if isinstance(values, dict) else ""


def _socket(installation: Installation, mac: str) -> Socket | None:
    kept = readings_of(installation.monitoring, [mac])[mac].get(PLACE)
    value = kept.value if kept else None
    last = value.get("last") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(last, dict):
        return None
    seconds = value.get("last_at_s")
    if not isinstance(seconds, int | float):
        return None
    at = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return Socket(_text(last, "switch"), _text(last, "port") or _text(last, "if_index"), at)


def _state(stored: StoredSite, mac: str) -> State:
    kept = stored.statuses.get(mac)
    return kept.status.state if kept else State.UNKNOWN
