"""Phones: which there are, in pages that stay quick however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field
from sqlalchemy import Select, or_, select

from monitors.store.statuses import KeptStatus, statuses_of
from provisioner.inventory.fetches import FetchEvent, last_fetches
from provisioner.inventory.tables import PhoneRow, RoomRow
from provisioner.mac import MacAddress, parse_mac
from web.accounts.people import Scope
from web.api.areas.reading import seen_by
from web.api.operation import Call, Operation, Reply
from web.api.paging import Page, Paged, Words, page
from web.api.shapes.values import Answer, MacText, UtcTime

TAG = "phones"
Json = dict[str, Any]


class PhoneEntry(Answer):
    """A phone at a glance."""

    mac: MacText
    site: str
    room: str
    floor: str
    position: str
    model: str
    preset: str
    extensions: list[str] = Field(description="that it registers, its handsets' included")
    firmware: str = Field(description="that it has shown; empty: not yet")
    armed_until: UtcTime | None = Field(description="until when it may make first contact")
    provisioned_at: UtcTime | None = Field(description="when it first came with its own token")
    rendered: bool = Field(description="its files are up to date")
    problem: str = Field(description="why they could not be made, or empty")
    address: str | None = Field(description="where it fetched from last")
    fetched_at: UtcTime | None
    state: str | None = Field(description="what the monitor says of it; null: not judged yet")
    rule: str | None = Field(description="of its diagnosis")
    since: UtcTime | None


class PhonesAsked(Paged):
    """Which phones are wanted."""

    site: Words | None = Field(default=None, description="only of this site")
    room: Words | None = Field(default=None, description="only in this room")
    floor: Words | None = Field(default=None, description="only on this floor")
    model: Words | None = Field(default=None, description="only of this model")
    mac: Words | None = Field(default=None, description="only this one, in any notation")
    find: Words | None = Field(default=None, description="in MAC, room, position or model")


class SitePhonesAsked(Paged):
    """Which phones of a site are wanted."""

    room: Words | None = Field(default=None, description="only in this room")
    floor: Words | None = Field(default=None, description="only on this floor")
    model: Words | None = Field(default=None, description="only of this model")
    find: Words | None = Field(default=None, description="in MAC, room, position or model")


def phones(call: Call) -> Reply:
    """List the phones of all sites that the user of the token sees, by MAC."""
    asked: PhonesAsked = call.query
    query = _chosen(asked).where(seen_by(call.who, PhoneRow.site_id))
    if asked.site is not None:
        query = query.where(PhoneRow.site_id == asked.site)
    if asked.mac is not None:
        query = query.where(PhoneRow.mac == str(parse_mac(asked.mac) or ""))
    return _page(call, query)


def phones_of_site(call: Call) -> Reply:
    """List the phones of a site, by MAC."""
    return _page(call, _chosen(call.query).where(PhoneRow.site_id == call.site))


def _chosen(asked: PhonesAsked | SitePhonesAsked) -> Select[PhoneRow, str]:
    query = (
        select(PhoneRow, RoomRow.floor)
        .join(RoomRow, (RoomRow.site_id == PhoneRow.site_id) & (RoomRow.id == PhoneRow.room_id))
        .order_by(PhoneRow.mac)
    )
    wanted = {
        PhoneRow.room_id: asked.room, RoomRow.floor: asked.floor, PhoneRow.model: asked.model
    }  # fmt: skip
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if asked.find:
        query = query.where(_holds(asked.find))
    if asked.after:
        query = query.where(PhoneRow.mac > str(parse_mac(asked.after) or asked.after))
    return query


def _holds(text: str) -> Any:  # noqa: ANN401 - a condition
    columns = (PhoneRow.mac, PhoneRow.room_id, PhoneRow.position, PhoneRow.model)
    digits = text.replace(":", "").replace("-", "").lower()
    likes = [c.icontains(text, autoescape=True) for c in columns]
    if digits:
        likes.append(PhoneRow.mac.contains(digits, autoescape=True))
    return or_(*likes)


def _page(call: Call, query: Select[PhoneRow, str]) -> Reply:
    """Read one page: four queries, however many phones there are."""
    here = call.installation
    with here.database.read() as session:
        rows = list(session.execute(query.limit(call.query.limit + 1)))
    macs = [row.PhoneRow.mac for row in rows]
    states = statuses_of(here.monitoring, macs)
    fetched = last_fetches(here.events, macs) if macs else {}
    found = []
    for row in rows:
        mac = row.PhoneRow.mac
        entry = _entry(row.PhoneRow, row.floor, states.get(mac), fetched.get(mac))
        found.append((MacAddress(mac).colons, entry))
    return page(call, found)


def _entry(row: PhoneRow, floor: str, kept: KeptStatus | None, last: FetchEvent | None) -> Json:
    return {
        "mac": row.mac,
        "site": row.site_id,
        "room": row.room_id,
        "floor": floor,
        "position": row.position,
        "model": row.model,
        "preset": row.preset,
        "extensions": _extensions(row.accounts, row.handsets),
        "firmware": row.firmware,
        "armed_until": row.armed_until,
        "provisioned_at": row.token_seen_at,
        "rendered": not row.dirty,
        "problem": row.problem,
        "address": last.address if last else None,
        "fetched_at": last.at if last else None,
        "state": str(kept.status.state) if kept else None,
        "rule": kept.status.rule if kept else None,
        "since": kept.status.since if kept else None,
    }


def _extensions(accounts: Iterable[str], handsets: Iterable[Json]) -> list[str]:
    return list(dict.fromkeys((*accounts, *(h["extension"] for h in handsets))))


OPERATIONS = (
    Operation(
        id="list_phones", method="GET", path="/phones", tag=TAG, scope=Scope.READ,
        summary="The phones of all sites that the token's user sees", handler=phones,
        query=PhonesAsked, answers={200: Page[PhoneEntry]},
    ),
    Operation(
        id="list_phones_of_site", method="GET", path="/sites/{site}/phones", tag=TAG,
        scope=Scope.READ, summary="The phones of a site", handler=phones_of_site,
        query=SitePhonesAsked, answers={200: Page[PhoneEntry]},
    ),
)  # fmt: skip
