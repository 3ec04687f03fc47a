"""The part ``calls`` of a site: read, and put back by the one way to change a site."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from provisioner.edits.documents import etag_of, head_document
from provisioner.edits.edit import Edit
from provisioner.edits.written import site_as_written
from provisioner.inventory import store
from provisioner.inventory.calls import Calls
from provisioner.inventory.calls_plan import site_plan
from provisioner.inventory.phones import require_site
from provisioner.inventory.records import Site
from provisioner.inventory.tables import AccountRow
from provisioner.numbering.plan import Plan
from web.installation import Installation

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallsPart:
    """How a site's calls are guarded, as it is stored.

    Attributes:
        accounts: names of accounts by extension.
        document: the part as a site file writes it; empty where nothing is said.
        etag: of it.
        head_etag: of the whole head of the site.
    """

    site: Site
    accounts: Mapping[str, str]
    document: Json
    etag: str
    head_etag: str

    @property
    def is_guarded(self) -> bool:
        """Whether the site has the part at all."""
        return self.site.calls is not None

    @property
    def calls(self) -> Calls:
        """The rules in force; those of the product where nothing is said."""
        return self.site.calls or Calls()

    @property
    def plan(self) -> Plan:
        """How the site reads numbers."""
        return site_plan(self.site, self.accounts, self.site.calls)

    def copied(self) -> Json:
        """Return the document, to be changed."""
        return copy.deepcopy(self.document)


def read_part(installation: Installation, site: str) -> CallsPart:
    """Return the rules of a site; raises UnknownThingError."""
    accounts = select(AccountRow.extension, AccountRow.name).where(AccountRow.site_id == site)
    with installation.database.read() as session:
        record = store.site_of(require_site(session, site), installation.box)
        names = {row.extension: row.name for row in session.execute(accounts)}
    head = head_document(site_as_written(record, installation.catalogue))
    document = head.get("calls") or {}
    ordered = dict(sorted(names.items(), key=lambda pair: (len(pair[0]), pair[0])))
    return CallsPart(record, ordered, document, etag_of(document), etag_of(head))


def store_part(installation: Installation, part: CallsPart, wanted: Json, who: str) -> bool:
    """Put changed rules in the place of those that were read; returns whether any differ.

    Raises:
        StaleError: the head of the site was changed meanwhile.
        EditError: they cannot be; says where and why.
    """
    edit = Edit(part.site.id, head={"calls": wanted}, if_match={"head": part.head_etag})
    return bool(installation.edits.apply(edit, who=who).plan.changes)
