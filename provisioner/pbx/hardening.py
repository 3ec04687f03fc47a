"""From where a site's accounts may register, and what of it a person should know."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.inventory.pbx_hardening import ANYWHERE, Hardening
from provisioner.pbx.endpoints import Endpoint
from provisioner.pbx.site import PbxSite

_NO_NETWORKS = "the site names no networks: its accounts may register from anywhere"


def hardening_of(pbx: PbxSite) -> Hardening:
    """Return how a site's PBX is closed to strangers; a site that says nothing has the defaults."""
    return pbx.site.pbx.hardening if pbx.site.pbx else Hardening()


def apps_from(pbx: PbxSite, made: tuple[Endpoint, ...]) -> tuple[str, ...]:
    """Return the networks from which apps may register, those of the site included.

    Empty: their accounts have no wider list than the others.
    """
    wider = hardening_of(pbx).soft_phones_from
    if not wider or not pbx.site.networks or not any(endpoint.has_apps for endpoint in made):
        return ()
    if wider == ANYWHERE:
        return wider
    return tuple(dict.fromkeys((*map(str, pbx.site.networks), *wider)))


def hardening_remarks(pbx: PbxSite, made: tuple[Endpoint, ...]) -> tuple[str, ...]:
    """Return what is less closed, or more, than one might expect, in sentences."""
    return tuple(_remarks(pbx, made))


def _remarks(pbx: PbxSite, made: tuple[Endpoint, ...]) -> Iterator[str]:
    hardening = hardening_of(pbx)
    apps = [endpoint.extension for endpoint in made if endpoint.has_apps]
    if not pbx.site.networks:
        yield _NO_NETWORKS
    elif apps and not hardening.soft_phones_from:
        yield (
            f"apps use {_few(apps)}: they register from the site's networks alone, until "
            f"pbx.hardening.soft_phones_from says from where else"
        )
    elif apps and hardening.soft_phones_from == ANYWHERE:
        yield f"{_few(apps)} may register from anywhere, because apps use them"
    if hardening.tls is None and any(endpoint.srtp == "required" for endpoint in made):
        yield (
            "voice is encrypted, but its keys travel in the clear: without pbx.hardening.tls "
            "whoever reads along at the network hears it"
        )


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown  # noqa: PLR2004
