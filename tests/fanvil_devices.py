"""Fanvil files as rendered, and as a simulated Fanvil device understands them."""

from __future__ import annotations

from provisioner.catalogue.loader import load
from provisioner.kit import PhoneKit
from provisioner.render import render, render_first_contact
from web.simulated.device import DeviceConfig, Fetched
from web.simulated.fanvil import DEVICES

MODELS = ["fanvil/h2u-v2", "fanvil/x4u", "fanvil/h5", "fanvil/i30"]


def fitting() -> list[tuple[str, str]]:
    return [
        (model, preset)
        for model, presets in {
            "fanvil/h2u-v2": ["guest-room", "bathroom", "corridor"],
            "fanvil/h5": ["guest-room", "bathroom", "corridor"],
            "fanvil/x4u": ["office", "reception", "manager", "guest-room"],
            "fanvil/i30": ["door-station"],
        }.items()
        for preset in presets
    ]


def body_of(kit: PhoneKit, *, masked: bool = False) -> str:
    files = render(load().folder, kit, masked=masked)
    return next(f for f in files if f.name == f"{kit.phone.mac}.cfg").body.decode()


def understood(kit: PhoneKit) -> DeviceConfig:
    files = {f.name: f.body for f in render(load().folder, kit)}

    def fetch(url: str, _agent: str) -> Fetched:
        body = files.get(url.rsplit("/", 1)[-1])
        return Fetched(404) if body is None else Fetched(200, body)

    device = DEVICES[kit.model.id](kit.phone.mac, fetch, "")
    return device.boot(dhcp_url=kit.urls.directory.text)


def boot_from_nothing(kit: PhoneKit) -> DeviceConfig:
    """Boot a fresh device on the site's plain URL, where only the first contact is answered."""
    first = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    site = {f"{kit.urls.base}{f.name}": f.body for f in first}
    own = {kit.urls.file(f.name).text: f.body for f in render(load().folder, kit)}

    def fetch(url: str, _agent: str) -> Fetched:
        body = (site | own).get(url)
        return Fetched(404) if body is None else Fetched(200, body)

    device = DEVICES[kit.model.id](kit.phone.mac, fetch, "")
    return device.boot(dhcp_url=f"{kit.urls.base}$mac.cfg")
