"""A request to an Identity: who asks, and for what. Pure.

By path first, then User-Agent; the MAC's maker (OUI) is only a hint. Nothing here knows which
phones exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.schema import PathRule, Role, Vendor
from provisioner.mac import MacAddress, parse_mac
from provisioner.phone_secrets import TOKEN_PATTERN

IsAtHome = Callable[[str, str], bool]
MAX_PATH = 512
MAX_AGENT = 512
_TOKEN = re.compile(TOKEN_PATTERN, re.IGNORECASE)
_USUAL = re.compile(rf"/p/({TOKEN_PATTERN})/([A-Za-z0-9_-][A-Za-z0-9._-]{{0,127}})")
_SAFE = re.compile(r"[\x20-\x7e]*")


@dataclass(slots=True)  # not frozen: one is made for each request
class FetchRequest:
    """What a phone asked, whatever the protocol.

    Attributes:
        address: the peer, after trusted proxies.
        client_mac: MAC in a verified client certificate's name, or None.
        query: what follows the question mark, undecoded.
        byte_range, if_range: the Range and If-Range headers as sent.
        head: only the headers are wanted.
    """

    protocol: str
    path: str
    address: str
    agent: str = ""
    if_none_match: str = ""
    client_mac: MacAddress | None = None
    query: str = ""
    byte_range: str = ""
    if_range: str = ""
    head: bool = False


@dataclass(frozen=True, slots=True)
class Agent:
    """What a User-Agent says."""

    vendor: str
    model: str
    firmware: str
    mac: MacAddress | None


@dataclass(slots=True)  # not frozen: one is made for each request
class Identity:
    """Who asks, and for what.

    Attributes:
        token: as given in the path, lower case; empty when there is none.
        name: last part of the path.
        mac: from the path, else from the User-Agent.
        roles: what the name means, by vendor; empty: no vendor asks for such a name.
        vendor: the likeliest vendor id, or empty.
    """

    token: str
    name: str
    mac: MacAddress | None
    path_mac: MacAddress | None
    agent: Agent | None
    roles: dict[str, Role]
    vendor: str
    model: str
    firmware: str


def identify(
    request: FetchRequest, catalogue: Catalogue, is_at_home: IsAtHome = lambda *_: False
) -> Identity:
    """Return what can be known from the request alone; never raises.

    Args:
        request: what was asked.
        catalogue: vendor knowledge.
        is_at_home: whether a token is that of a phone which may ask from an address. Only what
            phones ask so is read from memory the next time: to anybody else a quicker answer
            would tell which names have been asked before, and so which phones there are.
    """
    token, name = split_path(request.path)
    read = _remembered if token and is_at_home(token, request.address) else _without_token
    return Identity(token, *read(catalogue, name, request.agent[:MAX_AGENT]))


def _without_token(
    catalogue: Catalogue, name: str, agent_text: str
) -> tuple[str, MacAddress | None, MacAddress | None, Agent | None, dict[str, Role], str, str, str]:
    """The fields of an Identity after its token, in their order."""
    agent = _read_agent(catalogue, agent_text)
    roles, path_mac, path_model = read_name(catalogue, name)
    mac = path_mac or (agent.mac if agent else None)
    vendor = _vendor(catalogue, agent, roles, mac)
    model = _model(catalogue, vendor, agent.model if agent else path_model or "")
    firmware = agent.firmware if agent else ""
    return name, mac, path_mac, agent, roles, vendor, model, firmware


_remembered = lru_cache(maxsize=16384)(_without_token)


def split_path(path: str) -> tuple[str, str]:
    """Return (token, file name) of a request path.

    ``/p/<token>/<name>`` carries a token, also below a folder of the site's URL; directories are
    otherwise ignored, double slashes and percent escapes are understood, and a path that is
    overlong or not plain ASCII has no name.
    """
    usual = _USUAL.fullmatch(path)
    if usual is not None:
        return usual[1], usual[2]
    text = unquote(path.split("?", 1)[0], errors="replace")
    if len(text) > MAX_PATH or not _SAFE.fullmatch(text):
        return "", ""
    parts = [part for part in text.replace("\\", "/").split("/") if part]
    if ".." in parts:
        return "", ""
    for at, (marker, token) in enumerate(pairwise(parts)):
        if marker == "p" and _TOKEN.fullmatch(token):
            return token.lower(), parts[-1] if len(parts) > at + 2 else ""
    if len(parts) > 1 and parts[0] == "p":
        return "?", parts[-1] if len(parts) > 2 else ""  # noqa: PLR2004
    return "", parts[-1] if parts else ""


@lru_cache(maxsize=8192)
def read_agent(catalogue: Catalogue, text: str) -> Agent | None:
    """Return what a User-Agent says, or None when it is no vendor's."""
    return _read_agent(catalogue, text)


def _read_agent(catalogue: Catalogue, text: str) -> Agent | None:
    for vendor in catalogue.vendors.values():
        for rule in vendor.agents:
            match = re.search(rule.pattern, text)
            if match is None:
                continue
            groups = match.groupdict()
            return Agent(
                vendor=vendor.id,
                model=(groups.get("model") or rule.model).strip(),
                firmware=(groups.get("firmware") or "").strip(),
                mac=parse_mac(groups.get("mac")),
            )
    return None


def read_name(
    catalogue: Catalogue, name: str
) -> tuple[dict[str, Role], MacAddress | None, str | None]:
    """Return (role by vendor, MAC, model word) of a file name."""
    roles: dict[str, Role] = {}
    mac: MacAddress | None = None
    model: str | None = None
    for vendor in catalogue.vendors.values():
        found = _first_rule(vendor, name)
        if found is None:
            continue
        rule, match = found
        roles[vendor.id] = rule.role
        groups = match.groupdict()
        mac = mac or parse_mac(groups.get("mac"))
        model = model or groups.get("model")
    return roles, mac, model


def _first_rule(vendor: Vendor, name: str) -> tuple[PathRule, re.Match[str]] | None:
    for rule in vendor.paths:
        match = re.fullmatch(rule.pattern, name)
        if match is not None:
            return rule, match
    return None


def _vendor(
    catalogue: Catalogue, agent: Agent | None, roles: dict[str, Role], mac: MacAddress | None
) -> str:
    if agent is not None:
        return agent.vendor
    if len(roles) == 1:
        return next(iter(roles))
    by_oui = [v.id for v in catalogue.vendors.values() if mac is not None and mac.oui in v.ouis]
    return by_oui[0] if by_oui else ""


def _model(catalogue: Catalogue, vendor: str, product: str) -> str:
    """Return the model id when the catalogue knows the product, else the product's own name."""
    if not product:
        return ""
    found = catalogue.model_of_agent(vendor, product)
    return found.id if found else product[:64]
