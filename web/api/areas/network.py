"""What stands around the phones: DHCP, the PBX, switches, key sheets."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from pydantic import Field
from sqlalchemy import select

from monitors.store.memory import switches_of
from provisioner.dhcp import snippet
from provisioner.inventory import store
from provisioner.inventory.audit import note
from provisioner.inventory.phones import require_site
from provisioner.inventory.tables import PhoneRow
from provisioner.mac import MacAddress
from web.accounts.people import Role, Scope
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Flag
from web.api.problems import ProblemError, not_found
from web.api.shapes.network import (
    DhcpSnippet,
    PbxFiles,
    PbxState,
    Sheet,
    SheetWish,
    SwitchEntry,
    Switches,
    SwitchPorts,
)
from web.labels.gathering import Request, gather
from web.labels.links import sign
from web.overview.switch_ports import KnownPhone, budget_row, description
from web.pages.network.pbx import pbx_files, pbx_view

TAG = "network"
Json = dict[str, Any]


class PbxFilesAsked(Asked):
    """Whether secrets are wanted."""

    reveal: Flag = Field(default=False, description="secrets in the clear; needs scope secrets")


def dhcp(call: Call) -> Reply:
    """Write what the site's DHCP server must say."""
    here, server = call.installation, call.path["server"]
    with here.database.read() as session:
        site = store.site_of(require_site(session, call.site), here.box)
    return Reply({"server": server, "text": snippet(site, here.catalogue, server)})


def pbx(call: Call) -> Reply:
    """Say how the PBX stands."""
    view = pbx_view(call.installation, call.site)
    if view is None:
        raise not_found(f"there is no site {call.site!r}")
    names = ("kind", "host", "port", "user", "registrar", "accounts", "judged_at")
    troubles = [{"incident": n, "rule": rule, "since": at} for n, rule, at in view.troubles]
    return Reply({**{n: getattr(view, n) for n in names}, "troubles": troubles})


def pbx_configuration(call: Call) -> Reply:
    """Write the files for the site's Asterisk; secrets only where asked for, and audited."""
    reveal = call.query.reveal
    if reveal and not call.who.is_at_least(Role.ADMIN):
        raise ProblemError("role", "reveal needs a user with the role admin")
    if reveal and not call.who.may(Scope.SECRETS):
        raise ProblemError("scope", "reveal needs a token with the scope secrets")
    here = call.installation
    made, remarks = pbx_files(here, call.site, call.now, masked=not reveal)
    if reveal:
        with here.database.write() as session:
            names = ", ".join(file.name for file in made)
            note(session, call.now, call.who.signature, "pbx-file", call.site, names)
    files = [{"name": file.name, "text": file.text} for file in made]
    return Reply({"files": files, "remarks": list(remarks), "revealed": reveal})


def switches(call: Call) -> Reply:
    """List the switches of a site, as they were read last."""
    told = _switches(call)
    kept = switches_of(call.installation.monitoring, call.site, told)
    entries = []
    for name, switch in told.items():
        last = kept.get(name)
        entries.append(
            {
                **switch,
                "name": name,
                "state": str(last.reading.state) if last else "unknown",
                "read_at": last.at if last else None,
                "ports": len(last.reading.ports) if last else 0,
                "budget": budget_row(last.reading.budget) if last else None,
                "failure": last.reading.failure.text if last and last.reading.failure else "",
            }
        )
    return Reply({"switches": [SwitchEntry.model_validate(entry) for entry in entries]})


def _switches(call: Call) -> dict[str, Json]:
    """What the site file says of its switches, by name; nothing secret."""
    with call.installation.database.read() as session:
        told = require_site(session, call.site).switches
    return {
        str(one.get("name") or one["host"]): {
            "host": one["host"], "platform": one.get("platform", ""),
        }
        for one in told
    }  # fmt: skip


def ports(call: Call) -> Reply:
    """Show the ports of a switch, as they were read last."""
    name, here = call.path["switch"], call.installation
    if name not in _switches(call):
        raise not_found(f"site {call.site} has no switch {name!r}")
    last = switches_of(here.monitoring, call.site, [name]).get(name)
    if last is None:
        raise not_found(f"nobody has read switch {name!r} yet")
    shown = description(last.reading, _is_phone(call))
    return Reply({**shown, "name": name, "read_at": last.at, "remarks": last.reading.remarks})


def _is_phone(call: Call) -> KnownPhone:
    makers = {oui for v in call.installation.catalogue.vendors.values() for oui in v.ouis}
    with call.installation.database.read() as session:
        ours = set(session.scalars(select(PhoneRow.mac).where(PhoneRow.site_id == call.site)))
    return lambda mac: mac.oui in makers or mac in ours


def sheet(call: Call) -> Reply:
    """Make a link to key sheets, for a browser."""
    wish: SheetWish = call.body
    mac = str(MacAddress(wish.mac)) if wish.mac else ""
    request = Request(
        call.site, wish.room, wish.floor, mac, wish.model, wish.kinds, wish.languages, wish.paper
    )
    notes = gather(call.installation, request).notes
    until = call.now.replace(tzinfo=UTC) + timedelta(hours=wish.hours)
    address = f"{call.base}/labels/{sign(call.installation.box, request, until)}"
    ends = until.replace(tzinfo=None)
    return Reply({"url": address, "expires_at": ends, "notes": list(notes)}, 201)


_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
OPERATIONS = (
    Operation(
        id="get_dhcp", path="/sites/{site}/dhcp/{server}", handler=dhcp, refusals=(409,),
        summary="What a DHCP server must say", answers={200: DhcpSnippet}, **_READ,
    ),
    Operation(
        id="get_pbx", path="/sites/{site}/pbx", handler=pbx, summary="How the PBX stands",
        answers={200: PbxState}, **_READ,
    ),
    Operation(
        id="get_pbx_files", path="/sites/{site}/pbx/files", handler=pbx_configuration,
        query=PbxFilesAsked, summary="The files for Asterisk, secrets masked", role=Role.INSTALLER,
        answers={200: PbxFiles}, note="The audit log notes what is revealed.", **_READ,
    ),
    Operation(
        id="list_switches", path="/sites/{site}/switches", handler=switches,
        summary="The switches of a site", answers={200: Switches}, **_READ,
    ),
    Operation(
        id="get_switch_ports", path="/sites/{site}/switches/{switch}/ports", handler=ports,
        summary="Ports, power and who hangs on them", answers={200: SwitchPorts}, **_READ,
    ),
    Operation(
        id="make_sheet_link", method="POST", path="/sites/{site}/sheets", handler=sheet, tag=TAG,
        scope=Scope.READ, summary="A link to key sheets, for a browser", body=SheetWish,
        body_needed=False, answers={201: Sheet},
    ),
)  # fmt: skip
