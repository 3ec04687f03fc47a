"""Finds: devices with the names that the catalogue gives them, and as lines of JSON. Pure."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace

from monitors.discovery.sighting import Sighting, Via
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.catalogue.schema import Vendor
from provisioner.identify import Agent, read_agent
from provisioner.mac import MacAddress

MAX_FINDS = 4096
_RANK = {via: number for number, via in enumerate(Via)}
_MOST_CHARS = {"vendor": 32, "model": 64, "firmware": 64, "address": 64, "agent": 256}


@dataclass(frozen=True, slots=True)
class Find:
    """A device that is a phone, or of a maker of phones.

    Attributes:
        vendor: id in the catalogue, or its own word when the catalogue does not know it.
        model: id in the catalogue, or its own word; empty: unknown.
        via: the most telling way in which it was seen.
        agent: what it said of itself.
    """

    mac: MacAddress
    vendor: str
    model: str
    firmware: str
    address: str
    via: Via
    agent: str = ""


def recognised(sighting: Sighting, catalogue: Catalogue) -> Find | None:
    """Return the find that a sighting is; None: neither a phone nor of a maker we know."""
    agent = _agent(sighting, catalogue)
    vendor = _vendor(sighting, catalogue, agent)
    if vendor is None and not sighting.is_phone:
        return None
    model = _model(sighting, catalogue, vendor, agent)
    return Find(
        sighting.mac,
        vendor.id if vendor else sighting.vendor.lower()[: _MOST_CHARS["vendor"]],
        model.id if model else sighting.model[: _MOST_CHARS["model"]],
        sighting.firmware or (agent.firmware if agent else ""),
        sighting.address,
        sighting.via,
        sighting.agent[: _MOST_CHARS["agent"]],
    )


def _agent(sighting: Sighting, catalogue: Catalogue) -> Agent | None:
    """What a text that looks like a User-Agent says: LLDP descriptions often do."""
    found = (read_agent(catalogue, product) for product in sighting.products)
    return next((agent for agent in found if agent is not None), None)


def _vendor(sighting: Sighting, catalogue: Catalogue, agent: Agent | None) -> Vendor | None:
    """By what it says, then by the maker of its MAC address."""
    known = catalogue.vendors.values()
    word, asked = sighting.vendor.lower(), sighting.vendor_class
    for vendor in known:
        if any(word == name or word.startswith(f"{name} ") for name in vendor.pnp_vendors if word):
            return vendor
        if asked and asked.startswith(vendor.dhcp.vendor_classes):
            return vendor
    if agent is not None:
        return catalogue.vendors[agent.vendor]
    return next((v for v in known if sighting.mac.oui in v.ouis), None)


def _model(
    sighting: Sighting, catalogue: Catalogue, vendor: Vendor | None, agent: Agent | None
) -> Model | None:
    if vendor is None:
        return None
    by_class = vendor.dhcp.class_models.get(sighting.vendor_class)
    if by_class is not None:
        return catalogue.models[by_class]
    named = [*sighting.products, *([agent.model] if agent and agent.vendor == vendor.id else [])]
    for product in named:
        for text in (product, product.removeprefix(vendor.name).strip()):
            found = catalogue.model_of_agent(vendor.id, text)
            if found is not None:
                return found
    return None


def merged(old: Find, new: Find) -> Find:
    """Return what two finds of one device say together; the more telling one first."""
    first, second = (old, new) if _RANK[old.via] <= _RANK[new.via] else (new, old)
    same = first.vendor == second.vendor or not second.vendor
    return replace(
        first,
        vendor=first.vendor or second.vendor,
        model=first.model or (second.model if same or not first.vendor else ""),
        firmware=first.firmware or second.firmware,
        address=new.address or old.address,
        agent=first.agent or second.agent,
    )


class Finds:
    """All finds of one listening, at most ``most``; the one silent for longest is forgotten."""

    def __init__(self, most: int = MAX_FINDS) -> None:
        self._most = most
        self._finds: OrderedDict[MacAddress, Find] = OrderedDict()

    def take(self, find: Find) -> Find | None:
        """Keep a find; return what is known of the device now, None when that is nothing new."""
        old = self._finds.get(find.mac)
        now = find if old is None else merged(old, find)
        self._finds[find.mac] = now
        self._finds.move_to_end(find.mac)
        if len(self._finds) > self._most:
            self._finds.popitem(last=False)
        return None if now == old else now


def to_line(find: Find) -> str:
    """Return a find as one line of JSON, with its end."""
    return json.dumps(asdict(find), ensure_ascii=True) + "\n"


def from_line(line: str) -> Find:
    """Return the find that a line of JSON holds.

    Raises:
        ValueError: it holds none.
    """
    try:
        data = json.loads(line)
        texts = {name: str(data.get(name) or "")[:most] for name, most in _MOST_CHARS.items()}
        return Find(mac=MacAddress(str(data["mac"])), via=Via(data["via"]), **texts)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as problem:
        raise ValueError(f"no find: {line[:80]!r}") from problem
