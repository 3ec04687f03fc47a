"""How a simulated device asks by SIP plug-and-play, in its vendor's shape of the message."""

from __future__ import annotations

import socket

from provisioner.sip.message import SipRequest, SipResponse, parse_message
from web.simulated.device import SimulatedDevice

RESEND_S = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0)
"""How long each SUBSCRIBE is waited for before the next copy (RFC 3261, timer E)."""


def ask(device: SimulatedDevice, group: tuple[str, int], own_host: str = "127.0.0.1") -> str:
    """Send the SUBSCRIBE and return the URL of the NOTIFY; empty when nobody answers with one.

    Both the 200 and the NOTIFY must come, as a device wants it; the NOTIFY is answered. Silence
    is met with the same SUBSCRIBE again, as RFC 3261 section 17.1.2 has it for UDP.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind((own_host, 0))
        channel.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own_host))
        asked = subscribe(device, (own_host, channel.getsockname()[1]))
        for wait_s in RESEND_S:
            channel.sendto(asked, group)
            channel.settimeout(wait_s)
            try:
                return _listen(channel)
            except TimeoutError:
                continue
        return ""


def _listen(channel: socket.socket) -> str:
    is_accepted, url = False, ""
    while not (is_accepted and url):
        data, source = channel.recvfrom(65_535)
        message = parse_message(data)
        if isinstance(message, SipResponse):
            is_accepted = message.status == 200  # noqa: PLR2004
        elif isinstance(message, SipRequest) and message.method == "NOTIFY":
            url = message.body.decode().strip()
            channel.sendto(_ok(data), source)
    return url


def subscribe(device: SimulatedDevice, own: tuple[str, int]) -> bytes:
    """Return the SUBSCRIBE as the device's vendor writes it (their pages on plug-and-play)."""
    mac, model, version = device.mac, device.pnp_model, device.firmware
    domain = "224.0.1.75"
    user = f"MAC{mac}"
    if device.vendor == "snom":
        user = f"MAC%3a{mac.upper()}"
    from_user = "512" if device.model_id == "snom/m700" else user
    vendor = {"snom": "snom", "yealink": "Yealink", "fanvil": "Fanvil"}[device.vendor]
    said = f'profile-type="device";vendor="{vendor}";model="{model}";version="{version}"'
    host, port = own
    lines = [
        f"SUBSCRIBE sip:{user}@{domain} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{mac}",
        f"From: <sip:{from_user}@{domain}>;tag={mac}",
        f"To: <sip:{user}@{domain}>",
        f"Call-ID: {mac}@{host}",
        "CSeq: 1 SUBSCRIBE",
        f"Contact: <sip:{from_user}@{host}:{port}>",
        "Max-Forwards: 70",
        "Expires: 0",
        f"Event: ua-profile;{said}",
        "Accept: application/url",
        f"User-Agent: {device.sip_user_agent}",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _ok(notify: bytes) -> bytes:
    """The 200 to a NOTIFY: its own Via, From, To, Call-ID and CSeq come back."""
    wanted = ("via:", "from:", "to:", "call-id:", "cseq:")
    head = notify.split(b"\r\n\r\n", 1)[0].decode().split("\r\n")[1:]
    echoed = [line for line in head if line.lower().startswith(wanted)]
    return "\r\n".join(["SIP/2.0 200 OK", *echoed, "Content-Length: 0", "", ""]).encode()
