"""Simulated Snom devices, by bellwire's model id."""

from __future__ import annotations

from collections.abc import Callable

from web.simulated.device import Fetch, SimulatedDevice
from web.simulated.snom_dect import SnomBase
from web.simulated.snom_desk import SnomDesk
from web.simulated.snom_m3 import SnomM3
from web.simulated.snom_spec import Line, SnomSpec
from web.simulated.snom_vtech import SnomVtech

Maker = Callable[[str, Fetch, str], SimulatedDevice]

_KINDS: dict[Line, Callable[[SnomSpec, str, Fetch, str], SimulatedDevice]] = {
    "desk": SnomDesk,
    "rtx": SnomBase,
    "conference": SnomVtech,
    "c620": SnomVtech,
    "m100": SnomVtech,
    "m500": SnomVtech,
    "core": SnomVtech,
    "m3": SnomM3,
}


def maker(spec: SnomSpec) -> Maker:
    """Return what makes devices of a model: ``maker(spec)(mac, fetch, firmware)``."""

    def make(mac: str, fetch: Fetch, firmware: str = "") -> SimulatedDevice:
        return _KINDS[spec.line](spec, mac, fetch, firmware)

    return make


SPECS = (
    SnomSpec("snom/d785", "snomD785", keys=24, soft_keys=4),
    SnomSpec("snom/d717", "snomD717", accounts=6, keys=3, soft_keys=4),
    SnomSpec("snom/715", "snom715", accounts=4, keys=3, firmware="10.1.54.13"),
    SnomSpec("snom/d120", "snomD120", accounts=2, keys=2),
    SnomSpec("snom/d865", "snomD865", keys=36, soft_keys=4),
    SnomSpec("snom/pa1", "snomPA1", accounts=1),
    SnomSpec("snom/pa1-plus", "snomPA1P", accounts=4),
    SnomSpec("snom/m400", "snomM400", "rtx", 20),
    SnomSpec("snom/m700", "snomM700", "rtx", 1000),
    SnomSpec("snom/m900", "snomM900", "rtx", 1000),
    SnomSpec("snom/c520-wimi", "C520-WiMi", "conference", 3),
    SnomSpec("snom/c620-wimi", "C620-WiMi", "c620", 3),
    SnomSpec("snom/hd350w", "HD350W", "core", 1),
)
"""The devices that a sample hotel may have; any other is made from a spec of its own."""

DEVICES: dict[str, Maker] = {spec.model_id: maker(spec) for spec in SPECS}
