"""What the tests of Snom's templates share: a server of rendered files and booted phones."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.catalogue.loader import load
from provisioner.kit import PhoneKit
from provisioner.render import RenderedFile, render
from web.simulated.device import Fetched, SimulatedDevice
from web.simulated.snom import DEVICES

MAC = "00041396d9b4"
NASTY = """a&b<c>d"e'f;g=h#i%j]]>k"""
DESK = [("snom/d785", ""), ("snom/d717", ""), ("snom/715", "10.1.54.13"), ("snom/715", "8.7.5.35")]
_READ_AS = {"door_open": "dtmf", "emergency": "speed_dial"}


def serve(files: tuple[RenderedFile, ...]) -> Callable[[str, str], Fetched]:
    """A server that has these files, under any directory, and a page for everything else."""
    bodies = {n.lower(): f.body for f in files for n in (f.name, *f.aliases)}

    def fetch(url: str, agent: str) -> Fetched:
        body = bodies.get(url.rsplit("/", 1)[-1].lower())
        return Fetched(404, b"<html>not here</html>") if body is None else Fetched(200, body)

    return fetch


def booted(kit: PhoneKit, modules: int = 0) -> SimulatedDevice:
    """The kit's device after it has fetched the kit's files."""
    fetch = serve(render(load().folder, kit))
    device = DEVICES[kit.model.id](str(kit.phone.mac), fetch, kit.firmware or "")
    if modules:
        device.modules = modules
    device.boot(dhcp_url=kit.urls.directory.text)
    return device


def wanted_keys(kit: PhoneKit) -> dict[str, tuple[str, str, str]]:
    """Type word, value and label by slot, in the words of a simulated phone."""
    made = {}
    for placed in kit.plan.slots:
        if placed.key is not None:
            kind = _READ_AS.get(placed.key.type, placed.key.type.value)
            value = "" if kind in {"line", "voicemail"} else placed.key.value
            made[placed.slot.id] = (kind, value, placed.key.label)
    return made
