"""The two generations of Fanvil firmware: how each names the same things."""

from __future__ import annotations

from dataclasses import dataclass

from web.simulated.fanvil_flash import Flash, Place
from web.simulated.fanvil_text import ConfigFile

AUTOUPDATE = "AUTOUPDATE CONFIG MODULE"
_SHARED = {
    "SIP CONFIG MODULE", "MCAST CFG MODULE", "MMI CONFIG MODULE", "QOS CONFIG MODULE",
    "DOT1X CONFIG MODULE", "TR069 CONFIG MODULE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Generation:
    """How a generation of firmware names things.

    Attributes:
        modules: those that only this generation has.
        server: the stored server's address, file name, protocol and mode.
        digest: the switch that makes a file's content count instead of its version.
        tls: the transport code that means TLS.
        softkeys: the module of what stands below the screen; ``place`` is the word of a soft key.
    """

    modules: frozenset[str]
    server: tuple[str, str, str, str]
    digest: Place
    time_module: str
    daylight: str
    key_module: str
    phone_module: str
    tls: str
    softkeys: str
    place: str
    upgrade_module: str

    def value_of(self, flash: Flash, name: str, default: str = "") -> str:
        """Return a parameter of the module that provisions."""
        return flash.get((AUTOUPDATE, "", name), default)


NEW = Generation(
    modules=frozenset(
        {"NET CONFIG MODULE", "MM CONFIG MODULE", "CALL FEATURE MODULE", "PHONE FEATURE MODULE",
         "DEVICE MANAGER MODULE", "VQM CONFIG MODULE", "CTI CONFIG MODULE", "LOG CONFIG MODULE",
         "DSSKEY CONFIG MODULE", "MAINTENANCE CONFIG MODULE", "FIRMWARE CHECK MODULE",
         "UI MAINTAIN CONFIG MODULE"}
    ),
    server=("Flash Server IP", "Flash File Name", "Flash Protocol", "Flash Mode"),
    digest=("MAINTENANCE CONFIG MODULE", "", "Auto Server Digest"),
    time_module="PHONE FEATURE MODULE",
    daylight="DST Type",
    key_module="DSSKEY CONFIG MODULE",
    phone_module="PHONE FEATURE MODULE",
    tls="3",
    softkeys="PHONE FEATURE MODULE",
    place="dss",
    upgrade_module="FIRMWARE CHECK MODULE",
)  # fmt: skip
OLD = Generation(
    modules=frozenset(
        {"GLOBAL CONFIG MODULE", "LAN CONFIG MODULE", "TELE CONFIG MODULE", "DSP CONFIG MODULE",
         "DEBUG CONFIG MODULE", "AAA CONFIG MODULE", "ACCESS CONFIG MODULE",
         "PHONE CONFIG MODULE", "SCREEN KEY CONFIG MODULE", "EGS CFG MODULE"}
    ),
    server=("Download Server IP", "Config File Name", "Download Protocol", "Download Mode"),
    digest=(AUTOUPDATE, "", "Auto Server Digest"),
    time_module="GLOBAL CONFIG MODULE",
    daylight="Enable DST",
    key_module="PHONE CONFIG MODULE",
    phone_module="PHONE CONFIG MODULE",
    tls="2",
    softkeys="SCREEN KEY CONFIG MODULE",
    place="dsskey",
    upgrade_module=AUTOUPDATE,
)  # fmt: skip


def known(file: ConfigFile, own: Generation) -> dict[Place, str]:
    """Return the values that a generation knows; the others are skipped without a word."""
    other = OLD if own is NEW else NEW
    if file.modules & other.modules and not file.modules & own.modules:
        return {}
    foreign = {*other.server, other.digest[2]} if other is OLD else {*other.server}
    unknown = foreign | {"".join(name.split()) for name in foreign}  # as sysConf writes them
    return {
        place: value
        for place, value in file.values.items()
        if place[0] in own.modules | _SHARED or (place[0] == AUTOUPDATE and place[2] not in unknown)
    }
