"""Who is in a call, as the PBX knows it."""

from __future__ import annotations

import re

from monitors.remedies.case import Calls
from provisioner.errors import PbxError
from provisioner.inventory.records import Pbx
from provisioner.pbx.ami import AmiClient

TIMEOUT_S = 5.0
_CHANNEL = re.compile(r"(?:PJSIP|SIP)/(?P<extension>.+)-[0-9a-fA-F]+")


def calls_at(pbx: Pbx | None) -> Calls:
    """Ask the PBX which extensions have a channel, ringing ones included."""
    if pbx is None or not pbx.host:
        return Calls(problem="the site file names no PBX that could be asked")
    if pbx.kind != "asterisk":
        return Calls(problem=f"calls of a {pbx.kind} cannot be asked for")
    secret = pbx.secret.get_secret_value() if pbx.secret else ""
    try:
        with AmiClient.connect(pbx.host, pbx.port, pbx.username, secret, TIMEOUT_S) as ami:
            events = ami.collect("CoreShowChannels", "CoreShowChannelsComplete")
    except PbxError as problem:
        return Calls(problem=str(problem))
    found = (_CHANNEL.fullmatch(event.get("Channel", "")) for event in events)
    return Calls(frozenset(match["extension"] for match in found if match))
