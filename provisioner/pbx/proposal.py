"""A whole Asterisk for one site, closed to strangers: a proposal beside the exported files.

The exported files (``asterisk.export``) are included from Asterisk's own; these are those own
files, for a PBX that is new or is to be closed: few modules, no anonymous caller, an empty default
context, a manager user that may do what bellwire needs. They are the operator's from then on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from jinja2 import Environment, TemplateError

from provisioner.errors import InventoryError
from provisioner.pbx.asterisk import PbxFile
from provisioner.pbx.asterisk_syntax import environment
from provisioner.pbx.endpoints import Endpoint, endpoints
from provisioner.pbx.hardening import hardening_of
from provisioner.pbx.site import PbxSite
from provisioner.syntaxes import UnsafeValueError

WHOLE = (
    "asterisk.conf", "modules.conf", "pjsip.conf", "extensions.conf", "acl.conf",
    "voicemail.conf", "rtp.conf", "http.conf", "manager.conf", "logger.conf", "indications.conf",
)  # fmt: skip
EMPTY = (
    "ccss.conf", "cdr.conf", "cel.conf", "features.conf", "pjproject.conf", "pjsip_notify.conf",
    "stasis.conf", "udptl.conf",
)  # fmt: skip
"""Files whose absence Asterisk calls an error."""
_FEWEST_CALLS = 50
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of Asterisk and why it is loaded; ``when``: where the site has one of these."""

    name: str
    why: str
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ami:
    bind: str
    port: int
    username: str
    secret: str
    from_where: tuple[str, ...]


def needed_modules(pbx: PbxSite, folder: Path) -> tuple[Module, ...]:
    """Return the modules that a site's Asterisk needs, in the order they are loaded.

    Raises:
        InventoryError: something of the site cannot be written; names what.
    """
    has = _what_it_has(pbx, endpoints(pbx))
    return tuple(
        module for module in _modules(folder) if not module.when or has.intersection(module.when)
    )


def proposal(pbx: PbxSite, folder: Path, ami_from: Iterable[str] = ()) -> tuple[PbxFile, ...]:
    """Write the files of a whole Asterisk, which include those of ``export``.

    Args:
        pbx: the site as ``pbx_site`` gives it.
        folder: the catalogue's folder, where ``pbx/asterisk/`` holds the templates.
        ami_from: addresses and networks from which bellwire logs in, besides this machine.

    Raises:
        InventoryError: something of the site cannot be written; names what.
    """
    made = endpoints(pbx)
    facts: dict[str, object] = {
        "site": pbx.site,
        "hardening": hardening_of(pbx),
        "modules": needed_modules(pbx, folder),
        "transports": transports(pbx),
        "port": sip_port(pbx),
        "ami": _ami(pbx, ami_from),
        "guarded": pbx.site.calls is not None,
        "most_calls": max(_FEWEST_CALLS, 2 * len(made)),
    }
    whole = [PbxFile(name, _rendered(folder, pbx, name, facts)) for name in WHOLE]
    nothing = _rendered(folder, pbx, "nothing.conf", facts)
    return (*whole, *(PbxFile(name, nothing) for name in EMPTY))


def transports(pbx: PbxSite) -> tuple[str, ...]:
    """Return how the site's phones reach the PBX in the clear: ``udp``, ``tcp`` or both.

    Empty where every phone uses TLS.
    """
    used = {phone.settings.sip.transport for phone in pbx.phones if phone.accounts}
    if not used:
        return ("udp",)
    return tuple(one for one in ("udp", "tcp") if one in used)


def sip_port(pbx: PbxSite) -> int:
    """Return the port of SIP in the clear, as most phones have it."""
    sips = [phone.settings.sip for phone in pbx.phones if phone.accounts]
    ports = [sip.port for sip in sips if sip.transport != "tls"]
    return max(sorted(set(ports)), key=ports.count, default=5060)


def _what_it_has(pbx: PbxSite, made: tuple[Endpoint, ...]) -> set[str]:
    found = {
        "voicemail": any(endpoint.mailbox for endpoint in made),
        "srtp": any(endpoint.srtp != "off" for endpoint in made) or bool(hardening_of(pbx).tls),
        "opus": any("opus" in endpoint.codecs for endpoint in made),
        "calls": pbx.site.calls is not None,
    }
    return {name for name, has in found.items() if has}


def _ami(pbx: PbxSite, ami_from: Iterable[str]) -> _Ami:
    known = pbx.site.pbx
    others = tuple(dict.fromkeys(ami_from))
    if known is None or known.kind != "asterisk" or not known.username or known.secret is None:
        return _Ami(_LOOPBACK, 5038, "", "", ())
    # a name tells nothing of which interface it is
    bind = known.host if _is_address(known.host) else "0.0.0.0" if others else _LOOPBACK  # noqa: S104
    secret = known.secret.get_secret_value()
    return _Ami(bind, known.port, known.username, secret, ("127.0.0.1/32", "::1/128", *others))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _rendered(folder: Path, pbx: PbxSite, name: str, facts: dict[str, object]) -> str:
    try:
        return _environment(folder).get_template(f"whole/{name}.j2").render(facts)
    except (UnsafeValueError, TemplateError) as problem:
        raise InventoryError(f"site {pbx.site.id}: {name}: {problem}") from problem


@cache
def _environment(folder: Path) -> Environment:
    return environment(folder / "pbx" / "asterisk")


@cache
def _modules(folder: Path) -> tuple[Module, ...]:
    text = (folder / "pbx/asterisk/modules.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["modules"]
    return tuple(Module(r["name"], r["why"], tuple(r.get("when", ()))) for r in rows)
