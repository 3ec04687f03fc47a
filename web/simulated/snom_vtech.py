"""What VTech builds for Snom: modules in XML or as dotted lines, all or nothing each."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from web.simulated import snom_vtech_names
from web.simulated.device import DeviceConfig, Fetch, SimAccount, SimHandset, SimulatedDevice
from web.simulated.snom_spec import SnomSpec

_OK = 200
_SLOT = re.compile(r"(hs_settings|cordless)\.(\d+)\.default_account")
_LINE = re.compile(r"\s*([A-Za-z_]+)\.([\w.]+)\s*=\s?(.*)")


class SnomVtech(SimulatedDevice):
    """A conference phone, a hotel phone, or a base with its handsets.

    Attributes:
        refused: modules it threw away, and why.
        boots: how often it restarted, as it does after every change.
    """

    vendor = "snom"

    def __init__(self, spec: SnomSpec, mac: str, fetch: Fetch, firmware: str = "") -> None:
        self.spec = spec
        super().__init__(mac, fetch, firmware)
        self.model_id = spec.model_id
        self.pnp_model = spec.type_string
        self.flash: dict[str, str] = {}
        self.refused: list[str] = []
        self.boots = 0

    @property
    def default_firmware(self) -> str:
        """The version of the known image name of the C520."""
        return self.spec.firmware or "1.2.0.6"

    @property
    def user_agent(self) -> str:
        """Assumed: no recording of such a device's User-Agent is known."""
        return f"VTech {self.spec.type_string} {self.firmware}"

    @property
    def sip_user_agent(self) -> str:
        """Assumed too."""
        return self.user_agent

    def provision(self, url: str) -> bool:
        """Fetch, check each module, store the good ones, restart when something changed."""
        before = dict(self.flash)
        for address in self._addresses(url):
            answer = self.get(address)
            if answer.status == _OK:
                self._store(answer.body)
        changed = before != self.flash
        self.server_url = self.flash.get("provisioning.server_address", "") or self.server_url
        self.config = self._understood()
        self.applied += changed
        self.boots += changed
        return changed

    def _addresses(self, url: str) -> list[str]:
        if "." in urlsplit(url).path.rsplit("/", 1)[-1]:
            return [url]
        folder = url if url.endswith("/") else url + "/"
        kind = quote(self.spec.type_string)
        return [f"{folder}{kind}.cfg", f"{folder}{kind}_{self.mac.upper()}.cfg"]

    def _store(self, body: bytes) -> None:
        known = snom_vtech_names.known(self.spec.line)
        for module, values in _modules(body):
            if module not in known:
                self.refused.append(f"{module} is not known")
                continue
            checks = (snom_vtech_names.problem(known, module, p, v) for p, v in values.items())
            reason = next((problem for problem in checks if problem), "")
            if reason:
                self.refused.append(reason)
                continue
            self.flash |= {f"{module}.{path}": value for path, value in values.items()}

    def _understood(self) -> DeviceConfig:
        get = self.flash.get
        numbers = range(1, self.spec.accounts + 1)
        enabled = [n for n in numbers if get(f"sip_account.{n}.sip_account_enable") == "1"]
        return DeviceConfig(
            accounts=tuple(self._account(n) for n in enabled),
            provisioning_url=get("provisioning.server_address", ""),
            language=get("user_pref.language", ""),
            utc_offset_min=_standard_offset_min(get("time_date.selected_timezone", "")),
            handsets=tuple(self._handsets()),
            ntp_server=get("time_date.ntp_server_addr", ""),
            admin_password=get("profile.admin.access_password", ""),
            raw=dict(self.flash),
        )

    def _account(self, n: int) -> SimAccount:
        own = {
            name.removeprefix(f"sip_account.{n}."): value
            for name, value in self.flash.items()
            if name.startswith(f"sip_account.{n}.")
        }
        return SimAccount(
            number=n,
            user=own.get("user_id", ""),
            auth_user=own.get("authentication_name", ""),
            secret=own.get("authentication_access_password", ""),
            server=own.get("primary_registration_server_address", ""),
            port=int(own.get("primary_registration_server_port", "5060")),
            transport=own.get("transport_mode", "udp"),
            display_name=own.get("display_name", ""),
            label=own.get("label", ""),
            expires_s=int(own.get("primary_registration_expires", "3600")),
            mwi=own.get("mwi_enable") == "1",
        )

    def _handsets(self) -> Iterator[SimHandset]:
        """Slots whose account is given, in whichever module this device keeps them."""
        for path, account in self.flash.items():
            match = _SLOT.fullmatch(path)
            if match:
                own = f"{match[1]}.{match[2]}."
                name = self.flash.get(own + "handset_name") or self.flash.get(own + "device_name")
                ipei = self.flash.get(own + "ipei", "")
                yield SimHandset(int(match[2]), name or "", int(account), ipei)


def _modules(body: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """The modules of a file; nothing when it is neither settings XML nor dotted lines."""
    if body.lstrip().startswith(b"<"):
        try:
            root = ET.fromstring(body)  # noqa: S314 - a simulated phone reads its test server
        except ET.ParseError:
            return
        if root.tag == "settings":
            yield from ((str(module.tag), dict(_paths(module))) for module in root)
        return
    found: dict[str, dict[str, str]] = {}
    for line in body.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match:
            found.setdefault(match[1], {})[match[2]] = match[3]
    yield from found.items()


def _paths(element: ET.Element, above: str = "") -> Iterator[tuple[str, str]]:
    for child in element:
        name = child.get("id", "") if child.tag == "idx" else str(child.tag)
        path = f"{above}.{name}" if above else name
        if len(child):
            yield from _paths(child, path)
        else:
            yield path, child.text or ""


def _standard_offset_min(zone: str) -> int | None:
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    offsets = [datetime(2026, month, 1, tzinfo=place).utcoffset() for month in (1, 7)]
    return min(int(o.total_seconds()) // 60 for o in offsets if o is not None)
