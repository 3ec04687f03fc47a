"""What a site's DHCP server must say, to copy."""

from __future__ import annotations

from typing import get_args

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from provisioner.dhcp import Target, snippet
from provisioner.errors import BellwireError
from provisioner.inventory import store
from provisioner.inventory.tables import SiteRow
from web.pages.desk import desk

PAGES = Blueprint("dhcp", __name__)
SERVERS: dict[Target, str] = {
    "dnsmasq": "dnsmasq",
    "kea": "Kea",
    "isc": "ISC dhcpd",
    "mikrotik": "MikroTik RouterOS",
}


@PAGES.get("/sites/<site>/dhcp", defaults={"server": "dnsmasq"})
@PAGES.get("/sites/<site>/dhcp/<server>")
def snippets(site: str, server: Target) -> ResponseReturnValue:
    """Show the lines for one kind of server."""
    if server not in get_args(Target):
        abort(404)
    installation = desk().installation
    with installation.database.read() as reading:
        row = reading.get(SiteRow, site)
        if row is None:
            abort(404)
        found = store.site_of(row, installation.box)
    text, problem = "", ""
    try:
        text = snippet(found, installation.catalogue, server)
    except BellwireError as refused:
        problem = str(refused)
    return render_template(
        "dhcp.html", servers=SERVERS, server=server, text=text, problem=problem, url=found.url
    )
