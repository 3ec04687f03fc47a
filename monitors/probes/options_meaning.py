"""From a reading of OPTIONS to the signal: what does this answer, or silence, say? Pure.

Silence means little by itself: many phones are told to obey their registrar only. It counts
against a phone that has answered before, with the very configuration it has now.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

from monitors.probes.options_reading import OptionsReading, Outcome
from monitors.signals import Options, Signal
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.identify import MAX_AGENT, Agent, read_agent
from provisioner.mac import MacAddress

SOURCE = "OPTIONS"
_SILENCE = "silence"
_FILE = Path(__file__).with_name("sip_statuses.toml")


class SameDevice(StrEnum):
    """Is what answers the device of the inventory?"""

    YES = "yes"
    NO = "no"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Learned:
    """What a phone has answered before.

    Attributes:
        digest: of the configuration it had; empty: it never answered.
        status: SIP status of its last answer.
        agent: User-Agent of its last answer.
        at: naive UTC, of its last answer.
    """

    digest: str = ""
    status: int = 0
    agent: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the inventory knows of the phone that is asked.

    Attributes:
        model: None: a model that nobody knows; its User-Agent is then not compared.
        digest: of the configuration it has now.
        only_from_registrar: it was told to listen to its registrar only.
    """

    mac: MacAddress
    model: Model | None = None
    digest: str = ""
    only_from_registrar: bool = False


def same_device(catalogue: Catalogue, agent: str, expected: Expected) -> SameDevice:
    """Compare a User-Agent with the inventory.

    A MAC in it decides. A vendor or model that the catalogue reads decides. A text that no
    vendor's rule reads is another device's, unless it holds the vendor's or the model's name.
    """
    model = expected.model
    if not agent or model is None:
        return SameDevice.UNTOLD
    found = read_agent(catalogue, agent[:MAX_AGENT])
    if found is None:
        return SameDevice.UNTOLD if _names(catalogue, agent, model) else SameDevice.NO
    if found.mac is not None:
        return SameDevice.YES if found.mac == expected.mac else SameDevice.NO
    return _same_model(catalogue, found, model)


def _same_model(catalogue: Catalogue, found: Agent, model: Model) -> SameDevice:
    if found.vendor != model.vendor:
        return SameDevice.NO
    if found.model.lower() in {name.lower() for name in model.agents}:
        return SameDevice.YES
    other = catalogue.model_of_agent(found.vendor, found.model)
    if other is None:
        return SameDevice.UNTOLD
    return SameDevice.YES if other.id == model.id else SameDevice.NO


def _names(catalogue: Catalogue, agent: str, model: Model) -> bool:
    """Whether a text holds the vendor's name or one of the model's, as people write them."""
    vendor = catalogue.vendors[model.vendor]
    names = (vendor.id, vendor.name, model.name, *model.agents)
    text = _letters(agent)
    return any(_letters(name) in text for name in names)


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def meaning_of_status(status: int) -> Options | None:
    """Return what a status says; None: as good as silence."""
    for lowest, highest, meaning in _statuses():
        if lowest <= status <= highest:
            return meaning
    return Options.UNKNOWN


def meaning_of_silence(learned: Learned, expected: Expected) -> Options:
    """Return what silence says of a phone.

    It has to have answered with the configuration it has now before its silence is held against
    it. One that was told to obey its registrar only may drop us without a word.
    """
    if learned.digest and learned.digest == expected.digest:
        return Options.SILENT
    return Options.FILTERED if expected.only_from_registrar else Options.NEVER_ANSWERED


def options_signal(
    catalogue: Catalogue,
    reading: OptionsReading,
    learned: Learned,
    expected: Expected,
    now: datetime,
) -> Signal[Options]:
    """Return the signal of a reading.

    Args:
        catalogue: reads User-Agents.
        reading: what the probe brought.
        learned: what the phone had answered before this reading.
        expected: what the inventory knows of it.
        now: naive UTC.
    """
    value = _value(catalogue, reading, learned, expected)
    measured = reading.measured
    if value is Options.OTHER_DEVICE:
        measured = f"{reading.agent} answers"
    age_s = max(0.0, (now - reading.at).total_seconds())
    return Signal(value, age_s, SOURCE, measured)


def _value(
    catalogue: Catalogue, reading: OptionsReading, learned: Learned, expected: Expected
) -> Options:
    if reading.outcome is Outcome.FAILED:
        return Options.UNKNOWN
    if reading.outcome is Outcome.REFUSED:
        return Options.REFUSED
    if reading.outcome is not Outcome.ANSWERED:
        return meaning_of_silence(learned, expected)
    meaning = meaning_of_status(reading.status)
    if meaning is None:
        return meaning_of_silence(learned, expected)
    if same_device(catalogue, reading.agent, expected) is SameDevice.NO:
        return Options.OTHER_DEVICE
    return meaning


def learn(
    catalogue: Catalogue, learned: Learned, reading: OptionsReading, expected: Expected
) -> Learned:
    """Return what is known after a reading; only the phone's own answers teach anything."""
    if reading.outcome is not Outcome.ANSWERED or meaning_of_status(reading.status) is None:
        return learned
    if same_device(catalogue, reading.agent, expected) is SameDevice.NO:
        return learned
    return Learned(expected.digest, reading.status, reading.agent, reading.at)


@cache
def _statuses() -> tuple[tuple[int, int, Options | None], ...]:
    """The table of statuses, in its order."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))["statuses"]
    return tuple(
        (row["from"], row["to"], None if row["means"] == _SILENCE else Options(row["means"]))
        for row in table
    )
