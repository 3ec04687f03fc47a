"""Gigaset's N610 to N870 IP PRO in the role All-in-one: a base with its own DECT manager."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from web.simulated.device import (
    DeviceConfig,
    Fetch,
    SimAccount,
    SimHandset,
    SimulatedDevice,
)

_OK = 200
_FACTORY_PASSWORD = "admin"  # noqa: S105 - printed in its manual
_IPUI_DIGITS = 10
_TRANSPORTS = {"1": "udp", "2": "tcp", "3": "tls"}
_DTMF = {"1": "inband", "2": "rfc4733", "4": "info"}
_ZONES = """
    Africa/Cairo America/Anchorage America/Caracas America/Chicago America/Denver
    America/Los_Angeles America/New_York America/Sao_Paulo Asia/Dhaka Asia/Dubai Asia/Hong_Kong
    Asia/Karachi Asia/Tokyo Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Sydney
    Europe/Amsterdam Europe/Andorra Europe/Astrakhan Europe/Athens Europe/Belfast Europe/Belgrade
    Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Bucharest Europe/Budapest
    Europe/Busingen Europe/Chisinau Europe/Copenhagen Europe/Dublin Europe/Gibraltar
    Europe/Guernsey Europe/Helsinki Europe/Isle_of_Man Europe/Istanbul Europe/Jersey
    Europe/Kaliningrad Europe/Kiev Europe/Kirov Europe/Lisbon Europe/Ljubljana Europe/London
    Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Mariehamn Europe/Minsk Europe/Monaco
    Europe/Moscow Europe/Nicosia Europe/Oslo Europe/Paris Europe/Podgorica Europe/Prague Europe/Riga
    Europe/Rome Europe/Samara Europe/San_Marino Europe/Sarajevo Europe/Simferopol Europe/Skopje
    Europe/Sofia Europe/Stockholm Europe/Tallinn Europe/Tirane Europe/Tiraspol Europe/Ulyanovsk
    Europe/Uzhgorod Europe/Vaduz Europe/Vatican Europe/Vienna Europe/Vilnius Europe/Volgograd
    Europe/Warsaw Europe/Zagreb Europe/Zaporozhye Europe/Zurich Greenwich Pacific/Honolulu
    Pacific/Noumea
"""
ZONES = frozenset(_ZONES.split())
"""The names in its own list."""


class GigasetBase(SimulatedDevice):
    """A base: its provider profiles, its handsets and their accounts.

    Attributes:
        product: its name in the User-Agent, such as ``N870 IP PRO``.
        handset_ids: handsets in the order of the file: an IPUI, or a number of five digits.
        refused: what it threw away, and why.
    """

    vendor = "gigaset"

    def __init__(
        self, product: str, lines: int, mac: str, fetch: Fetch, firmware: str = ""
    ) -> None:
        super().__init__(mac, fetch, firmware)
        self.product, self.lines = product, lines
        self.model_id = f"gigaset/{product.lower().replace(' ', '-')}"
        self.pnp_model = product
        self.flash: dict[str, str] = {}
        self.handset_ids: list[str] = []
        self.refused: list[str] = []

    @property
    def default_firmware(self) -> str:
        """The version of the recorded User-Agent."""
        return "2.11.0"

    @property
    def user_agent(self) -> str:
        """As recorded from a real base; 83 is the hardware."""
        return f"Gigaset {self.product}/83.V{self.firmware}+build.a546b91;{self.mac.upper()}"

    @property
    def sip_user_agent(self) -> str:
        """The product's name comes first, as its maker says."""
        return f"{self.product}/83.V{self.firmware}"

    def provision(self, url: str) -> bool:
        """Fetch ``provisioning.xml``, or else the base's own file, and apply it."""
        before = (dict(self.flash), list(self.handset_ids), self.firmware)
        for address in self._addresses(url):
            answer = self.get(address)
            root = _parsed(answer.body) if answer.status == _OK else None
            if root is not None:
                self._apply(root)
                break
        changed = before != (self.flash, self.handset_ids, self.firmware)
        self.server_url = (
            self.flash.get("Provisioning.global.ProvisioningServer") or self.server_url
        )
        self.config = self._understood()
        self.applied += changed
        return changed

    def _addresses(self, url: str) -> list[str]:
        if urlsplit(url).path.endswith(".xml"):
            return [url]
        folder = url if url.endswith("/") else url + "/"
        return [f"{folder}provisioning.xml", f"{folder}{self.mac}.xml"]

    def _apply(self, root: ET.Element) -> None:
        nvm = root.find("nvm")
        entries = list(nvm) if nvm is not None else []
        # only on top of the file does it mean: and no others
        if entries and entries[0].get("name") == "DeleteNotProvisionedHS":
            self._forget()
        for entry in entries:
            self._take(entry)
        image = root.find("firmware/file")
        if image is None or image.get("version", "") == self.firmware:
            return
        if self.get(image.get("url", "")).status == _OK:
            self.firmware = image.get("version", "")

    def _take(self, entry: ET.Element) -> None:
        name, value = entry.get("name", ""), entry.get("value", "")
        if entry.tag == "oper" and name == "add_hs":
            if len(self.handset_ids) >= self.lines:
                self.refused.append(f"{value}: no more handsets")
            elif value not in self.handset_ids:
                self.handset_ids.append(value)
        elif entry.tag == "param":
            if not value:
                self.refused.append(f"{name}: empty")
            elif name == "DmGlobal.0.TimeZone" and value not in ZONES:
                self.refused.append(f"{value}: no such zone")
            else:
                self.flash[name] = value

    def _forget(self) -> None:
        self.handset_ids = []
        own = ("SipAccount.", "hs.")
        self.flash = {name: v for name, v in self.flash.items() if not name.startswith(own)}

    def _understood(self) -> DeviceConfig:
        get = self.flash.get
        return DeviceConfig(
            accounts=tuple(self._accounts()),
            handsets=tuple(self._handsets()),
            provisioning_url=get("Provisioning.global.ProvisioningServer", ""),
            utc_offset_min=_standard_offset_min(get("DmGlobal.0.TimeZone", "")),
            ntp_server=get("DmGlobal.0.NtpServer", "").split(",")[0],
            admin_password=get("WebUIAccounts.1.Password", _FACTORY_PASSWORD),
            raw=dict(self.flash),
        )

    def _accounts(self) -> Iterator[SimAccount]:
        for number, handset in enumerate(self.handset_ids, start=1):
            own = partial(self._of, f"SipAccount.{handset}")
            profile = partial(self._of, f"SipProvider.{own('ProviderId', '0')}")
            if not own("UserName"):
                continue
            yield SimAccount(
                number=number,
                user=own("UserName"),
                auth_user=own("AuthName", own("UserName")),
                secret=own("AuthPassword"),
                server=profile("RegServerAddress"),
                port=int(profile("RegServerPort", "5060")),
                transport=_TRANSPORTS.get(profile("TransportProtocol"), "udp"),
                display_name=own("DisplayName"),
                label=own("DisplayName"),
                expires_s=int(profile("RegServerRefreshTimer", "180")),
                mwi=profile("MWISubscription") == "1" and own("VoiceMailActive") == "1",
                dtmf=_DTMF.get(profile("DTMFTransmission"), "rfc4733"),
            )

    def _handsets(self) -> Iterator[SimHandset]:
        for number, handset in enumerate(self.handset_ids, start=1):
            known = len(handset) == _IPUI_DIGITS
            yield SimHandset(
                slot=number if known else int(handset),
                name=self._of(f"SipAccount.{handset}", "DisplayName"),
                account=number,
                ipui=handset.upper() if known else "",
            )

    def _of(self, thing: str, name: str, default: str = "") -> str:
        return self.flash.get(f"{thing}.{name}", default)


def _parsed(body: bytes) -> ET.Element | None:
    try:
        root = ET.fromstring(body)  # noqa: S314 - a simulated phone reads its test server
    except ET.ParseError:
        return None
    return root if (root.tag, root.get("productID")) == ("provisioning", "e2") else None


def _standard_offset_min(zone: str) -> int | None:
    if zone not in ZONES:
        return None
    offsets = [datetime(2027, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)]
    return min(int(o.total_seconds()) // 60 for o in offsets if o is not None)


DEVICES: dict[str, Callable[[str, Fetch, str], SimulatedDevice]] = {
    f"gigaset/{name.lower()}-ip-pro": partial(GigasetBase, f"{name} IP PRO", lines)
    for name, lines in (("N610", 8), ("N670", 20), ("N770", 100), ("N870", 250), ("N870E", 250))
}
"""A maker for each model id: ``DEVICES[id](mac, fetch, firmware)``; empty firmware: the model's."""
