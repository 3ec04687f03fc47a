"""What stands around the phones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from web.api.shapes.values import Answer, Line, MacText, Sent, SentMac, UtcTime
from web.labels.packing import PAPERS
from web.labels.pieces import Kind


def _paper(name: str) -> str:
    if name not in PAPERS:
        raise ValueError(f"must be one of {', '.join(PAPERS)}")
    return name


Paper = Annotated[str, AfterValidator(_paper), Field(json_schema_extra={"enum": list(PAPERS)})]
Code = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
HOURS_MAX = 168


class DhcpSnippet(Answer):
    """Configuration for a DHCP server."""

    server: Literal["dnsmasq", "kea", "isc", "mikrotik"]
    text: str


class PbxTrouble(Answer):
    """An open incident about the PBX."""

    incident: int
    rule: str
    since: UtcTime


class PbxState(Answer):
    """How bellwire and the PBX stand."""

    kind: str = Field(description="asterisk, kamailio or freeswitch; empty: the site names none")
    host: str
    port: int
    user: str = Field(description="as whom bellwire asks it")
    registrar: str = Field(description="where phones register; empty: not set for the whole site")
    accounts: int
    troubles: list[PbxTrouble]
    judged_at: UtcTime | None


class PbxFileText(Answer):
    """A file for the PBX."""

    name: str
    text: str


class PbxFiles(Answer):
    """What the PBX must include."""

    files: list[PbxFileText]
    remarks: list[str] = Field(description="what they do not do as one might expect")
    revealed: bool = Field(description="secrets are in the clear; else stand-ins are there")


class BudgetGroup(Answer):
    """One power supply."""

    group: int
    used_w: float | None
    total_w: float | None
    state: str


class Budget(Answer):
    """All power supplies of a switch."""

    used_w: float | None
    total_w: float | None
    groups: list[BudgetGroup]


class SwitchEntry(Answer):
    """A switch as it was read last."""

    name: str
    host: str
    platform: str = Field(description="as the site file says; empty: found out by itself")
    state: str
    read_at: UtcTime | None = Field(description="null: nobody has read it yet")
    ports: int
    budget: Budget | None
    failure: str = Field(description="why it could not be read, or empty")


class Switches(Answer):
    """The switches of a site, in the order of its file."""

    switches: list[SwitchEntry]


class PortNeighbour(Answer):
    """Who hangs on a port."""

    mac: MacText | None
    ip: str | None
    name: str | None
    is_phone: bool


class Port(Answer):
    """A port of a switch."""

    pse: str | None = Field(description="its number as a power port; null: it is none")
    if_index: int | None
    if_name: str | None
    admin: bool | None = Field(description="whether somebody allows power")
    state: str
    power_mw: int | None
    link: str
    neighbour: PortNeighbour | None
    mapping: str = Field(description="how sure it is which socket this is")


class SwitchPorts(Answer):
    """A switch with its ports, as ``bellwire switch read --json`` says it."""

    name: str
    platform: str
    read_at: UtcTime
    ports: list[Port]
    budget: Budget | None
    remarks: list[str]


class SheetWish(Sent):
    """Which key sheets are wanted; what is left out chooses everything."""

    room: Line = ""
    floor: Line = ""
    mac: SentMac | Literal[""] = ""
    model: Line = ""
    kinds: Annotated[tuple[Kind, ...], Field(max_length=3)] = ()
    languages: Annotated[tuple[Code, ...], Field(max_length=3)] = ()
    paper: Paper = "a4"
    hours: Annotated[int, Field(ge=1, le=HOURS_MAX)] = 1


class Sheet(Answer):
    """A link to key sheets: a page to be printed."""

    url: str
    expires_at: UtcTime
    notes: list[str]
