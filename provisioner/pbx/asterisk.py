"""A site's phones as Asterisk's files: endpoints, ACL, dial plan and voicemail boxes.

``export`` is a pure function of the site; whoever calls it writes the files, for Asterisk's group
alone (mode 0640), because they hold secrets. Each is included from Asterisk's own file of that
name. Two sites may share one Asterisk when their extensions differ: all names of sections and
contexts hold the site's id, and what exists only once is in a file that is the same for all sites.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, TemplateError

from provisioner.errors import InventoryError
from provisioner.inventory.records import Site
from provisioner.pbx.asterisk_syntax import context_prefix, environment
from provisioner.pbx.dial_plan import dial_plan
from provisioner.pbx.endpoints import Endpoint, endpoints
from provisioner.pbx.hardening import apps_from, hardening_of, hardening_remarks
from provisioner.pbx.lifts import lift_plan
from provisioner.pbx.site import PbxSite
from provisioner.syntaxes import UnsafeValueError

FILES = (
    "pjsip_global_bellwire.conf",
    "pjsip_bellwire.conf",
    "acl_bellwire.conf",
    "extensions_bellwire.conf",
    "voicemail_bellwire.conf",
)
RING_S = 30
_SHORTEST_PIN = 4


@dataclass(frozen=True, slots=True)
class PbxFile:
    """A finished file for a PBX; it may hold secrets."""

    name: str
    text: str


def export(pbx: PbxSite, folder: Path) -> tuple[PbxFile, ...]:
    """Write a site for Asterisk.

    Args:
        pbx: the site as ``pbx_site`` gives it.
        folder: the catalogue's folder, where ``pbx/asterisk/`` holds the templates.

    Raises:
        InventoryError: something of the site cannot be written; names what.
    """
    made = endpoints(pbx)
    plan = dial_plan(pbx, made)
    facts: dict[str, object] = {
        "site": pbx.site,
        "bw": context_prefix(pbx.site.id),
        "endpoints": made,
        "usual_codecs": _usual_codecs(made),
        "boxes": _boxes(pbx, made),
        "plan": plan,
        "lifts": lift_plan(pbx, made),
        "hardening": hardening_of(pbx),
        "apps_from": apps_from(pbx, made),
        "remarks": remarks(pbx),
        "ring_s": RING_S,
    }
    return tuple(PbxFile(name, _rendered(folder, pbx.site, name, facts)) for name in FILES)


def remarks(pbx: PbxSite) -> tuple[str, ...]:
    """Return what the exported files do not do as one might expect, in sentences.

    Raises:
        InventoryError: something of the site cannot be written; names what.
    """
    made = endpoints(pbx)
    found = (*hardening_remarks(pbx, made), *dial_plan(pbx, made).remarks)
    return (*found, *lift_plan(pbx, made).remarks)


def _usual_codecs(made: tuple[Endpoint, ...]) -> tuple[str, ...]:
    common = Counter(endpoint.codecs for endpoint in made).most_common(1)
    return common[0][0] if common else ("g722", "alaw", "ulaw")


def _boxes(pbx: PbxSite, made: tuple[Endpoint, ...]) -> tuple[tuple[Endpoint, str], ...]:
    boxes = []
    for endpoint in made:
        if endpoint.mailbox:
            pin = pbx.voicemail_pins.get(endpoint.extension, "")
            if not (pin.isascii() and pin.isdigit() and len(pin) >= _SHORTEST_PIN):
                raise InventoryError(
                    f"the voicemail PIN of {endpoint.extension!r} must be "
                    f"{_SHORTEST_PIN} digits or more"
                )
            boxes.append((endpoint, pin))
    return tuple(boxes)


def _rendered(folder: Path, site: Site, name: str, facts: dict[str, object]) -> str:
    try:
        return _environment(folder).get_template(f"{name}.j2").render(facts)
    except (UnsafeValueError, TemplateError) as problem:
        raise InventoryError(f"site {site.id}: {name}: {problem}") from problem


@cache
def _environment(folder: Path) -> Environment:
    return environment(folder / "pbx" / "asterisk")
