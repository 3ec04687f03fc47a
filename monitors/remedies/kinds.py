"""What can be done to a phone, by which way, and which of it fits which diagnosis."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import Field

from provisioner.catalogue.reading import checked_record
from provisioner.catalogue.record import Record, Source

_FILE = Path(__file__).with_name("fitting.toml")


class Remedy(StrEnum):
    """What can be done."""

    RESYNC = "resync"  # the phone is told to fetch its files
    REBOOT = "reboot"  # the phone is told to restart
    POE_CYCLE = "poe-cycle"  # its power is taken away and given back
    POE_ON = "poe-on"  # power that somebody switched off is switched on

    @property
    def is_power(self) -> bool:
        """Whether something is written to a switch."""
        return self in {Remedy.POE_CYCLE, Remedy.POE_ON}


class WayKind(StrEnum):
    """How it is done; of the power, the first that there is serves."""

    SNMP_CYCLE = "snmp-cycle"  # the maker's variable that takes power away and gives it back
    CLI = "cli"
    SNMP_ADMIN = "snmp-admin"  # PoE off, a wait, PoE on
    PBX = "pbx"  # NOTIFY through the PBX
    DIRECT = "direct"  # NOTIFY straight to the phone


class _Fitting(Record):
    """The data file."""

    rules: dict[str, tuple[Remedy, ...]]
    sources: tuple[Source, ...] = Field(min_length=1)


@cache
def fitting() -> Mapping[str, tuple[Remedy, ...]]:
    """Return remedies by rule of the diagnosis, the gentlest first.

    Raises:
        CatalogueError: the data file is wrong.
    """
    values = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return checked_record(_FILE.name, values, _Fitting).rules
