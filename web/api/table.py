"""The table of operations: all there is."""

from __future__ import annotations

from web.api.areas import (
    accounts,
    actions,
    catalogue,
    changes,
    figures,
    finding,
    health,
    incidents,
    journal,
    network,
    people,
    phone,
    phone_work,
    phones,
    rooms,
    site_files,
    sites,
    staged,
    system,
    waiting,
)
from web.api.operation import Operation

TAGS = {
    "system": "The API itself.",
    "sites": "Sites and their heads.",
    "site files": "Whole site files, planned and applied.",
    "rooms": "Rooms with their phones.",
    "accounts": "SIP accounts.",
    "phones": "Phones: what they are, what they are told, what they fetched.",
    "waiting": "Phones that asked and are in no inventory.",
    "changes": "The history of a site, and taking changes back.",
    "health": "How phones are, and why.",
    "incidents": "What is wrong, what was, and maintenance.",
    "mending": "Remedies: asked for, done, and their journal.",
    "network": "DHCP, PBX, switches and key sheets.",
    "catalogue": "Models, presets, room templates.",
    "library": "Firmware and other files.",
    "users": "Users and their tokens.",
    "audit": "Who did what.",
}
"""Areas in their order."""
OPERATIONS: tuple[Operation, ...] = (
    *system.OPERATIONS,
    *sites.OPERATIONS,
    *finding.OPERATIONS,
    *site_files.OPERATIONS,
    *rooms.OPERATIONS,
    *accounts.OPERATIONS,
    *phones.OPERATIONS,
    *phone.OPERATIONS,
    *phone_work.OPERATIONS,
    *figures.OPERATIONS,
    *waiting.OPERATIONS,
    *changes.OPERATIONS,
    *staged.OPERATIONS,
    *health.OPERATIONS,
    *incidents.OPERATIONS,
    *actions.OPERATIONS,
    *network.OPERATIONS,
    *catalogue.OPERATIONS,
    *journal.OPERATIONS,
    *people.OPERATIONS,
)
"""Every operation of the API."""
