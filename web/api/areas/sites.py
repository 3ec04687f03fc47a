"""Sites: which there are, and their heads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from monitors.store.tables import incident, status
from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow, SiteRow
from web.accounts.people import Role, Scope
from web.api.areas.editing import keyed, merged, removed, store
from web.api.areas.reading import found, head, seen_by
from web.api.etags import check_new, check_unchanged
from web.api.operation import Call, Document, Operation, Reply
from web.api.paging import Page, Paged, page
from web.api.problems import not_found
from web.api.shapes.documents import MergePatch, SiteHead, Write, Written
from web.api.shapes.values import Answer, UtcTime

TAG = "sites"
COUNTED = ("rooms", "accounts", "phones")


class SiteEntry(Answer):
    """A site at a glance."""

    id: str
    name: str
    country: str
    timezone: str
    rooms: int
    accounts: int
    phones: int
    states: dict[str, int] = Field(description="phones by what the monitor says of them")
    judged_at: UtcTime | None = Field(description="when the monitor judged any of them last")
    open_incidents: int


def sites(call: Call) -> Reply:
    """List the sites that the user of the token sees, by id."""
    query = select(SiteRow.id, SiteRow.name, SiteRow.country, SiteRow.timezone)
    query = query.where(seen_by(call.who, SiteRow.id)).order_by(SiteRow.id)
    if call.query.after:
        query = query.where(SiteRow.id > call.query.after)
    with call.installation.database.read() as session:
        rows = list(session.execute(query.limit(call.query.limit + 1)).mappings())
        ids = [row["id"] for row in rows]
        counts = [
            _counts(session, column, ids)
            for column in (RoomRow.site_id, AccountRow.site_id, PhoneRow.site_id)
        ]
    states, judged, going = _monitored(call, ids)
    entries = [
        {
            **row,
            **{n: c[row["id"]] for n, c in zip(COUNTED, counts, strict=True)},
            "states": states.get(row["id"], {}),
            "judged_at": judged.get(row["id"]),
            "open_incidents": going.get(row["id"], 0),
        }
        for row in rows
    ]
    return page(call, [(entry["id"], entry) for entry in entries])


def _counts(
    session: Session, column: InstrumentedAttribute[str], ids: Sequence[str]
) -> Counter[str]:  # fmt: skip
    query = select(column, func.count()).where(column.in_(ids)).group_by(column)
    return Counter({row[0]: row[1] for row in session.execute(query)})


def _monitored(
    call: Call, ids: Iterable[str]
) -> tuple[dict[str, dict[str, int]], dict[str, Any], dict[str, int]]:
    """States, last judging and open incidents, by site."""
    wanted = list(ids)
    by_state = (
        select(status.c.site, status.c.state, func.count(), func.max(status.c.judged_at))
        .where(status.c.site.in_(wanted))
        .group_by(status.c.site, status.c.state)
    )
    going = (
        select(incident.c.site, func.count())
        .where(incident.c.site.in_(wanted), incident.c.closed_at.is_(None))
        .group_by(incident.c.site)
    )
    states: dict[str, dict[str, int]] = {}
    judged: dict[str, Any] = {}
    with call.installation.monitoring.read() as session:
        for site, state, count, at in session.execute(by_state):
            states.setdefault(site, {})[state] = count
            judged[site] = max(at, judged.get(site, at))
        return states, judged, {row[0]: row[1] for row in session.execute(going)}


def get(call: Call) -> Reply:
    """Answer with the head of a site."""
    return found(head(call), f"site {call.site!r}")


def put(call: Call) -> Reply:
    """Make a site, or replace its head."""
    return _write(call, keyed(call.body, "id", call.site), head(call))


def patch(call: Call) -> Reply:
    """Change parts of a site's head."""
    before = head(call)
    if before is None:
        raise not_found(f"there is no site {call.site!r}")
    return _write(call, keyed(merged(before, call.body), "id", call.site), before)


def _write(call: Call, wanted: dict[str, Any], before: dict[str, Any] | None) -> Reply:
    if before is None:
        check_new(call)
        edit = Edit(call.site, head=wanted, if_match={"head": ""})
        new = store(call, edit, ("head",), new=True, location=f"/sites/{call.site}")
        return _tagged(call, new)
    tag = etag_of(before)
    check_unchanged(call, tag)
    parts = {n: v for n, v in wanted.items() if n not in before or before[n] != v}
    parts |= dict.fromkeys(removed(before, wanted))
    edit = Edit(call.site, head=parts, if_match={"head": tag})
    return _tagged(call, store(call, edit, ("head",)))


def _tagged(call: Call, reply: Reply) -> Reply:
    after = None if call.dry_run else head(call)
    return Reply(reply.value, reply.status, etag_of(after) if after else "", reply.location)


_BOTH = {200: Written, 201: Written}
OPERATIONS = (
    Operation(
        id="list_sites", method="GET", path="/sites", tag=TAG, scope=Scope.READ,
        summary="The sites that the token's user sees", handler=sites, query=Paged,
        answers={200: Page[SiteEntry]},
    ),
    Operation(
        id="get_site", method="GET", path="/sites/{site}", tag=TAG, scope=Scope.READ,
        summary="The head of a site: everything but rooms and accounts", handler=get,
        answers={200: Document(SiteHead)}, has_etag=True,
    ),
    Operation(
        id="put_site", method="PUT", path="/sites/{site}", tag=TAG, scope=Scope.CHANGE,
        role=Role.ADMIN, summary="Make a site, or replace its head", handler=put, query=Write,
        body=Document(SiteHead), answers=_BOTH, must_match=True, has_etag=True, new_site=True,
        refusals=(409,), note="A secret that is left out keeps its value.",
    ),
    Operation(
        id="patch_site", method="PATCH", path="/sites/{site}", tag=TAG, scope=Scope.CHANGE,
        role=Role.ADMIN, summary="Change parts of a site's head", handler=patch, query=Write,
        body=Document(MergePatch), answers={200: Written}, must_match=True, has_etag=True,
        refusals=(409,), note="A merge patch; a secret that is null is removed.",
    ),
)  # fmt: skip
