"""What a DHCP server must tell a site's phones, for four servers.

The URL is the site's first-contact URL. It holds no token: DHCP answers everybody who asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Literal, get_args

from pydantic import JsonValue

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.schema import Vendor
from provisioner.errors import CatalogueError, InventoryError
from provisioner.inventory.records import Site

Target = Literal["dnsmasq", "kea", "isc", "mikrotik"]

NTP = 42
VLAN = 132
_TFTP_SERVER = 66
_VENDOR_SPECIFIC = 43
_PORT_PARAMETERS = 159

# What no server's syntax takes for its own sign inside a text; a URL needs nothing else.
_PLAIN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9:/?@!&*+=._~%$(){}\[\]-]+")
_PLAIN_CLASS = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]*")
_SITE_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class _Group:
    """The phones of one vendor at a site, known by the beginning of option 60 or by their OUI."""

    name: str
    vendor: str
    url: str
    codes: tuple[int, ...]
    classes: tuple[str, ...]
    ouis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Needs:
    """All that a server must tell the phones of a site; VLAN 0 is untagged."""

    site: Site
    groups: tuple[_Group, ...]
    vlan_id: int
    ntp_servers: tuple[IPv4Address, ...]
    subnet: IPv4Network | None

    @property
    def tag(self) -> str:
        """What names of this site begin with."""
        return f"bw-{self.site.id}"


def snippet(site: Site, catalogue: Catalogue, target: Target) -> str:
    """Return the configuration that makes a DHCP server send a site's phones to bellwire.

    Args:
        site: whose phones.
        catalogue: what each vendor's phones read from DHCP.
        target: ``dnsmasq``, ``kea``, ``isc`` or ``mikrotik``.

    Raises:
        InventoryError: the site has no URL, or one that DHCP cannot carry; no such target.
        CatalogueError: a vendor's rule cannot be written.
    """
    if target not in _WRITERS:
        raise InventoryError(f"{target!r}: known DHCP servers are {', '.join(get_args(Target))}")
    return "\n".join(_WRITERS[target](_needs(site, catalogue))) + "\n"


def _needs(site: Site, catalogue: Catalogue) -> _Needs:
    if not _SITE_ID.fullmatch(site.id):
        raise InventoryError(f"site id {site.id!r} must be lower-case letters, digits and hyphens")
    base = site.url.rstrip("/") + "/"
    if not _PLAIN_URL.fullmatch(base):
        raise InventoryError(f"site {site.id}: url {site.url!r} cannot be told by DHCP")
    vendors = sorted(catalogue.vendors.values(), key=lambda vendor: vendor.id)
    return _Needs(
        site=site,
        groups=tuple(_group(site, base, vendor) for vendor in vendors if _can_tell(vendor)),
        vlan_id=_vlan_id(site),
        ntp_servers=_ntp_servers(site),
        subnet=next((net for net in site.networks if isinstance(net, IPv4Network)), None),
    )


def _can_tell(vendor: Vendor) -> bool:
    return bool(vendor.dhcp.options and (vendor.ouis or vendor.dhcp.vendor_classes))


def _group(site: Site, base: str, vendor: Vendor) -> _Group:
    url = vendor.dhcp.url.replace("{base}", base)
    wrong = [name for name in vendor.dhcp.vendor_classes if not _PLAIN_CLASS.fullmatch(name)]
    if wrong or not _PLAIN_URL.fullmatch(url):
        key = "dhcp.vendor_classes" if wrong else "dhcp.url"
        problem = f"{wrong[0] if wrong else url!r} cannot be written for a DHCP server"
        raise CatalogueError(f"phones/{vendor.id}/vendor.toml", key, problem)
    return _Group(
        name=f"bw-{site.id}-{vendor.id}",
        vendor=vendor.name,
        url=url,
        codes=tuple(dict.fromkeys(vendor.dhcp.options)),
        classes=vendor.dhcp.vendor_classes,
        ouis=vendor.ouis,
    )


def _section(site: Site, name: str) -> Mapping[str, JsonValue]:
    section = site.settings.get(name)
    return section if isinstance(section, Mapping) else {}


def _vlan_id(site: Site) -> int:
    value = _section(site, "network").get("vlan_id")
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _ntp_servers(site: Site) -> tuple[IPv4Address, ...]:
    """Option 42 carries addresses alone; a name reaches the phones by their own files."""
    named = _section(site, "locale").get("ntp_servers")
    found = []
    for server in named if isinstance(named, list | tuple) else ():
        try:
            found.append(IPv4Address(str(server)))
        except AddressValueError:
            continue
    return tuple(found)


def _head(needs: _Needs, sign: str, *lines: str) -> Iterator[str]:
    yield f"{sign} {needs.tag}: where its phones find bellwire. Written by bellwire."
    yield from (f"{sign} {line}" for line in lines)
    if needs.vlan_id:
        yield f"{sign} Option {VLAN} moves phones to VLAN {needs.vlan_id}: answer it on the"
        yield f"{sign} untagged network too, where they ask first."


def _octets(oui: str) -> str:
    return ":".join(oui[i : i + 2] for i in range(0, 6, 2))


def _dnsmasq(needs: _Needs) -> Iterator[str]:
    yield from _head(needs, "#", "Put it into /etc/dnsmasq.d/ and restart dnsmasq.")
    for group in needs.groups:
        yield from ("", f"# {group.vendor}")
        yield from (f"dhcp-vendorclass=set:{group.name},{name}" for name in group.classes)
        yield from (f"dhcp-mac=set:{group.name},{_octets(o)}:*:*:*" for o in group.ouis)
        option = f"dhcp-option=tag:{group.name}"
        yield from (f'{option},{code},"{group.url}"' for code in group.codes)
        if needs.vlan_id:
            yield f'{option},{VLAN},"{needs.vlan_id}"'
        if needs.ntp_servers:
            yield f"{option},{NTP},{','.join(map(str, needs.ntp_servers))}"


def _kea(needs: _Needs) -> Iterator[str]:
    yield from _head(
        needs,
        "//",
        "A whole document, for kea-dhcp4 -t. Merge into your own Dhcp4: all of option-def and",
        "client-classes. Your subnets stay as they are; the one here is only an example.",
        *(
            f"{group.vendor}: option {_PORT_PARAMETERS} is left out, Kea keeps it for RFC 7618."
            for group in needs.groups
            if _PORT_PARAMETERS in group.codes
        ),
    )
    document = {
        "Dhcp4": {
            "option-def": [
                {"name": f"bw-{code}", "code": code, "type": "string"} for code in _own_codes(needs)
            ],
            "client-classes": [_kea_class(needs, group) for group in needs.groups],
            "interfaces-config": {"interfaces": []},
            "lease-database": {"type": "memfile", "persist": False},
            "subnet4": [{"id": 1, "subnet": str(needs.subnet)}] if needs.subnet else [],
        }
    }
    yield json.dumps(document, indent=2, ensure_ascii=False)


def _own_codes(needs: _Needs) -> tuple[int, ...]:
    """The codes that Kea does not know by itself."""
    codes = {code for group in needs.groups for code in group.codes}
    return (*(code for code in (160,) if code in codes), *((VLAN,) if needs.vlan_id else ()))


def _kea_class(needs: _Needs, group: _Group) -> dict[str, JsonValue]:
    told: list[JsonValue] = [
        {"code": code, "data": group.url} for code in group.codes if code != _PORT_PARAMETERS
    ]
    if needs.vlan_id:
        told.append({"code": VLAN, "data": str(needs.vlan_id)})
    if needs.ntp_servers:
        told.append({"code": NTP, "data": ", ".join(map(str, needs.ntp_servers))})
    tests = [f"substring(option[60].text,0,{len(c)}) == '{c}'" for c in group.classes]
    tests += [f"substring(pkt4.mac,0,3) == 0x{oui}" for oui in group.ouis]
    made: dict[str, JsonValue] = {"name": group.name, "test": " or ".join(f"({t})" for t in tests)}
    if _VENDOR_SPECIFIC in group.codes:
        definition: dict[str, JsonValue] = {
            "name": "vendor-encapsulated-options",
            "code": _VENDOR_SPECIFIC,
            "type": "string",
        }
        made["option-def"] = [definition]
    return made | {"option-data": told}


def _isc(needs: _Needs) -> Iterator[str]:
    yield from _head(
        needs,
        "#",
        "Include it in dhcpd.conf. The option lines may stand there once only: with more than",
        "one site, leave them out of all files but the first.",
    )
    codes = sorted({code for group in needs.groups for code in group.codes} - {_TFTP_SERVER})
    yield from (f"option bw-url-{code} code {code} = text;" for code in codes)
    if needs.vlan_id:
        yield f"option bw-vlan code {VLAN} = text;"
    for group in needs.groups:
        yield from ("", f"# {group.vendor}", f'class "{group.name}" {{')
        yield from _isc_class(needs, group)
        yield "}"


def _isc_class(needs: _Needs, group: _Group) -> Iterator[str]:
    field = "option vendor-class-identifier"
    tests = [f'substring({field}, 0, {len(name)}) = "{name}"' for name in group.classes]
    tests += [f"substring(hardware, 1, 3) = {_octets(oui)}" for oui in group.ouis]
    yield "  match if " + "\n    or ".join(tests) + ";"
    for code in group.codes:
        name = "tftp-server-name" if code == _TFTP_SERVER else f"bw-url-{code}"
        yield f'  option {name} "{group.url}";'
    if needs.vlan_id:
        yield f'  option bw-vlan "{needs.vlan_id}";'
    if needs.ntp_servers:
        yield f"  option ntp-servers {', '.join(map(str, needs.ntp_servers))};"


def _mikrotik(needs: _Needs) -> Iterator[str]:
    yield from _head(
        needs,
        "#",
        "RouterOS 7.16 or newer. Write the name of your DHCP server instead of dhcp1.",
        "RouterOS matches no part of a MAC address: the matchers see only phones that send",
        "option 60. For the others give the network of one vendor's phones its set:",
        *(f"  /ip dhcp-server network set [find] dhcp-option-set={g.name}" for g in needs.groups),
    )
    shared = dict(_mikrotik_shared(needs))
    yield from ("", "/ip dhcp-server option")
    for name, value in shared.items():
        yield f"add name={name} code={name.rpartition('-')[2]} value={value}"
    for group in needs.groups:
        # A dollar begins a variable inside RouterOS' double quotes.
        text = group.url.replace("$", "\\$")
        for code in group.codes:
            yield f"add name={group.name}-{code} code={code} value=\"s'{text}'\""
    yield from ("", "/ip dhcp-server option sets")
    for group in needs.groups:
        names = (*(f"{group.name}-{code}" for code in group.codes), *shared)
        yield f"add name={group.name} options={','.join(names)}"
    yield from ("", "/ip dhcp-server matcher")
    for group in needs.groups:
        for number, name in enumerate(group.classes, start=1):
            yield (
                f'add name={group.name}-{number} server=dhcp1 code=60 value="{name}" '
                f"matching-type=substring option-set={group.name}"
            )


def _mikrotik_shared(needs: _Needs) -> Iterator[tuple[str, str]]:
    if needs.vlan_id:
        yield f"{needs.tag}-{VLAN}", f"\"s'{needs.vlan_id}'\""
    if needs.ntp_servers:
        addresses = "".join(f"'{address}'" for address in needs.ntp_servers)
        yield f"{needs.tag}-{NTP}", f'"{addresses}"'


_WRITERS: Mapping[str, Callable[[_Needs], Iterator[str]]] = {
    "dnsmasq": _dnsmasq,
    "kea": _kea,
    "isc": _isc,
    "mikrotik": _mikrotik,
}
