"""What the monitor must know of a phone's settings; kept when its files are made. Pure."""

from __future__ import annotations

from typing import TypedDict

from provisioner.key_types import KeyType
from provisioner.kit import PhoneKit

_REPORTS = frozenset({"telemetry", "telemetry.action_urls"})


class WatchedFacts(TypedDict, total=False):
    """What a phone was told; a phone without files has none of it.

    ``reports``: it reports what happens to it. ``voice_vlan`` 0: untagged. ``emergency``: false
    when it should have an emergency key and has none.
    """

    transport: str
    only_from_registrar: bool
    reports: bool
    voice_vlan: int
    emergency: bool


def watched_facts(kit: PhoneKit) -> WatchedFacts:
    """Return what the monitor must know of a phone."""
    settings = kit.settings
    return {
        "transport": settings.sip.transport,
        "only_from_registrar": settings.sip.only_from_registrar,
        "reports": settings.telemetry.action_urls
        and "telemetry.action_urls" in kit.dialect.settings,
        "voice_vlan": settings.network.vlan_id,
        "emergency": not any(o.key.type is KeyType.EMERGENCY for o in kit.plan.left_over),
    }
