"""Looking for something by any of its names."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field

from web.accounts.people import Scope
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Words
from web.api.shapes.values import Answer, MacText
from web.pages.finding.reading import search
from web.pages.finding.understanding import meaning_of


class SearchAsked(Asked):
    """What is looked for."""

    text: Words = Field(description="a room, extension, MAC, address or name, or its beginning")


class FoundSite(Answer):
    """A site."""

    id: str
    name: str


class FoundRoom(Answer):
    """A room."""

    site: str
    id: str
    name: str
    floor: str
    extension: str


class FoundAccount(Answer):
    """An account."""

    site: str
    extension: str
    name: str


class FoundPhone(Answer):
    """A phone."""

    site: str
    mac: MacText
    room: str
    position: str
    model: str
    state: str


class FoundWaiting(Answer):
    """A phone that waits."""

    mac: MacText
    model: str
    address: str


class FoundThings(Answer):
    """What it may mean, at most 20 of each kind."""

    sites: list[FoundSite]
    rooms: list[FoundRoom]
    accounts: list[FoundAccount]
    phones: list[FoundPhone]
    waiting: list[FoundWaiting]


def find(call: Call) -> Reply:
    """Look for a text among all that the user of the token sees."""
    found = search(call.installation, call.who, meaning_of(call.query.text))
    return Reply(
        {
            "sites": [{"id": name, "name": title} for name, title in found.sites],
            "rooms": [asdict(room) for room in found.rooms],
            "accounts": [asdict(account) for account in found.accounts],
            "phones": [asdict(phone) for phone in found.phones],
            "waiting": [asdict(phone) for phone in found.waiting],
        }
    )


OPERATIONS = (
    Operation(
        id="search", method="GET", path="/search", tag="sites", scope=Scope.READ,
        summary="Look for a room, extension, MAC, address or name", handler=find,
        query=SearchAsked, answers={200: FoundThings},
    ),
)  # fmt: skip
