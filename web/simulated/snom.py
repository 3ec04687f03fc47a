"""Simulated Snom devices, by bellwire's model id."""

from __future__ import annotations

from collections.abc import Callable

from web.simulated.device import Fetch, SimulatedDevice
from web.simulated.snom_dect import SnomM700
from web.simulated.snom_desk import Snom715, SnomD717, SnomD785
from web.simulated.snom_vtech import SnomC520

DEVICES: dict[str, Callable[[str, Fetch, str], SimulatedDevice]] = {
    "snom/d785": SnomD785,
    "snom/d717": SnomD717,
    "snom/715": Snom715,
    "snom/m700": SnomM700,
    "snom/c520-wimi": SnomC520,
}
