"""Phones that asked and are in no inventory: who they are, and taking them into a room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from pydantic import Field
from sqlalchemy import select

from provisioner.catalogue.advice import about_waiting
from provisioner.edits.edit import Edit
from provisioner.inventory.fetches import WaitingPhone, forget_waiting, waiting_phones
from provisioner.inventory.site_shape import Extension, RoomId, Slug
from provisioner.inventory.tables import SiteRow
from provisioner.mac import MacAddress
from web.accounts.people import Person, Role, Scope
from web.api.areas.editing import store
from web.api.areas.phone import check_free, document
from web.api.areas.reading import room
from web.api.areas.rooms import match_of, tagged
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Words
from web.api.problems import invalid, not_found
from web.api.shapes.documents import Write, Written
from web.api.shapes.values import Answer, Line, MacText, Sent, UtcTime

TAG = "waiting"
Json = dict[str, Any]
Networks = list[IPv4Network | IPv6Network]


class WaitingEntry(Answer):
    """A phone that waits for somebody to adopt it."""

    mac: MacText
    vendor: str
    model: str = Field(description="id of a model, or what it calls itself; may be empty")
    firmware: str
    agent: str
    address: str
    via: str
    first_seen: UtcTime
    last_seen: UtcTime
    times: int
    advice: str = Field(description="what can be done with it")


class Waiting(Answer):
    """All phones that wait, the one heard of last first."""

    waiting: list[WaitingEntry]


class WaitingAsked(Asked):
    """Which of them are wanted."""

    site: Words | None = Field(default=None, description="only from the networks of this site")


class Adoption(Sent):
    """Where a phone goes."""

    room: RoomId
    position: Slug
    model: Line = Field(default="", description="default: what it said it is")
    extension: Extension | None = Field(default=None, description="default: the room's")


def waiting(call: Call) -> Reply:
    """List the phones that wait; those of a hotel that one does not see are left out."""
    site = call.query.site
    networks = _networks(call)
    if site is not None and (not call.who.sees(site) or site not in networks):
        raise invalid("#site", f"there is no site {site!r}")
    found = [
        w
        for w in waiting_phones(call.installation.events)
        if (inside(w.address, networks[site]) if site else seen(call.who, w, networks))
    ]
    return Reply({"waiting": [_entry(call, w) for w in found]})


def _networks(call: Call) -> dict[str, Networks]:
    with call.installation.database.read() as session:
        rows = session.execute(select(SiteRow.id, SiteRow.networks))
        return {row.id: [ip_network(text) for text in row.networks] for row in rows}


def seen(who: Person, phone: WaitingPhone, networks: dict[str, Networks]) -> bool:
    """Whether somebody may know of a waiting phone: not if it is surely another hotel's. Pure."""
    homes = [site for site, nets in networks.items() if inside(phone.address, nets)]
    return who.sees_all or not homes or any(who.sees(site) for site in homes)


def inside(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address is in one of these networks. Pure."""
    try:
        where = ip_address(address)
    except ValueError:
        return False
    return any(where in network for network in networks)


def _entry(call: Call, phone: WaitingPhone) -> Json:
    advice = about_waiting(call.installation.catalogue, phone.vendor, phone.model)
    return {**asdict(phone), "advice": advice}


def _waits(call: Call) -> WaitingPhone | None:
    wanted = str(call.path["mac"])
    found: Iterable[WaitingPhone] = waiting_phones(call.installation.events)
    networks = _networks(call)
    return next((w for w in found if w.mac == wanted and seen(call.who, w, networks)), None)


def forget(call: Call) -> Reply:
    """Take a phone off the list; it comes back when it asks again."""
    phone = _waits(call)
    if phone is None:
        raise not_found(f"{call.path['mac'].colons} is not waiting")
    forget_waiting(call.installation.events, [phone.mac])
    return Reply(status=204)


def adopt(call: Call) -> Reply:
    """Put a phone at a free position of a room, and arm it."""
    wish: Adoption = call.body
    mac: MacAddress = call.path["mac"]
    phone = _waits(call)
    model = wish.model or (phone.model if phone else "")
    if not model:
        raise invalid("/model", f"{mac.colons} has not said what it is: name its model")
    around = room(call, wish.room)
    if around is None:
        raise invalid("/room", f"site {call.site} has no room {wish.room!r}")
    check_free(around.get("phones", {}), wish.room, wish.position)
    fresh = {"model": model, "mac": mac.colons}
    if wish.extension:
        fresh["extension"] = wish.extension
    phones = {**around.get("phones", {}), wish.position: fresh}
    edit = Edit(
        call.site,
        rooms=({**around, "phones": phones},),
        if_match=match_of("room", wish.room, around),
    )
    where = f"/sites/{call.site}/phones/{mac.colons}"
    place = ("rooms", 0, "phones", wish.position)
    reply = store(call, edit, place, new=not call.dry_run, location=where)
    after = None if call.dry_run else document(call, mac, (wish.room, wish.position))
    return tagged(reply, after)


OPERATIONS = (
    Operation(
        id="list_waiting", method="GET", path="/waiting", tag=TAG, scope=Scope.READ,
        summary="Phones that asked and are in no inventory", handler=waiting, query=WaitingAsked,
        answers={200: Waiting},
    ),
    Operation(
        id="forget_waiting", method="DELETE", path="/waiting/{mac}", tag=TAG, scope=Scope.CHANGE,
        role=Role.INSTALLER, summary="Take a phone off the list", handler=forget,
        answers={204: None},
    ),
    Operation(
        id="adopt_phone", method="POST", path="/sites/{site}/waiting/{mac}/adopt", tag=TAG,
        scope=Scope.CHANGE, role=Role.INSTALLER, summary="Put a phone into a room, and arm it",
        handler=adopt, query=Write, body=Adoption, answers={200: Written, 201: Written},
        refusals=(409,), has_etag=True,
    ),
)  # fmt: skip
