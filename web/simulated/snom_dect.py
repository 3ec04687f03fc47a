"""Snom's DECT bases that RTX builds: M300 to M900."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from urllib.parse import urljoin, urlsplit

from web.simulated import snom_xml, snom_zones
from web.simulated.device import DeviceConfig, Fetch, SimAccount, SimHandset, SimulatedDevice
from web.simulated.snom_spec import SnomSpec

_SECTIONS = frozenset(
    {"global", "server", "extension", "multicell", "firmware-settings", "phone-settings"}
)
_MAX_NESTING = 4
_OK = 200
_UNKNOWN_IPUI = "FFFFFFFFFF"
_RULES = {
    "ac_code": re.compile(r"\d{4}"),
    "subscr_dect_ac_code": re.compile(r"\d{4}"),
    "subscr_dect_ipui": re.compile(r"0x[0-9A-Fa-f]{10}"),
    "keepalive_interval": re.compile(r"on|off"),
    "network_sync_enable": re.compile(r"on|off"),
    "auto_resync_polling": re.compile(r"enabled|disabled"),
    "auto_resync_period": re.compile(r"\d{1,5}"),
    "disable_http_server": re.compile(r"enabled|disabled"),
    "fp_fwu_sw_version": re.compile(r"\d{1,4}"),
    "fp_fwu_branch_version": re.compile(r"\d{1,4}"),
    "pp_fwu_sw_version": re.compile(r"\d{1,4}"),
    "pp_fwu_branch_version": re.compile(r"\d{1,4}"),
}
_DTMF = {"off": "rfc4733", "sip_info": "info"}


class SnomBase(SimulatedDevice):
    """A base: its servers, its extensions and the handset each of them rings."""

    vendor = "snom"

    def __init__(self, spec: SnomSpec, mac: str, fetch: Fetch, firmware: str = "") -> None:
        self.spec = spec
        super().__init__(mac, fetch, firmware)
        self.model_id = spec.model_id
        self.pnp_model = spec.type_string
        self.flash: dict[tuple[str, int], str] = {}
        self.refused: list[str] = []

    @property
    def default_firmware(self) -> str:
        """The version of the User-Agent recorded from an M900."""
        return self.spec.firmware or "05.20.0001"

    @property
    def user_agent(self) -> str:
        """Unlike a desk phone it writes its MAC in lower case."""
        model = self.spec.type_string.removeprefix("snom")
        return f"Mozilla/4.0 (compatible; Snom {model} {self.firmware} {self.mac})"

    @property
    def sip_user_agent(self) -> str:
        """As in its PnP request."""
        kind = self.spec.type_string
        return f"{kind}/{self.firmware} (MAC={self.mac.upper()}; SER= 00000; HW=255)"

    def provision(self, url: str) -> bool:
        """Fetch the type's file and the base's own, follow lists, apply."""
        name = urlsplit(url).path.rsplit("/", 1)[-1]
        folder = url if url.endswith("/") else url + "/"
        mac = self.mac.upper()
        kind = self.spec.type_string
        wanted = [f"{folder}{kind}.htm", f"{folder}{kind}-{mac}.htm"]
        if "." in name:
            wanted = [url.replace("{mac}", mac)]
        seen: set[str] = set()
        before = dict(self.flash)
        for address in wanted:
            self._load(address, seen, 0)
        changed = before != self.flash
        self.server_url = self._get("setting_server") or self.server_url
        self.config = self._understood()
        self.applied += changed
        return changed

    def _load(self, address: str, seen: set[str], depth: int) -> None:
        if address in seen or depth > _MAX_NESTING:
            return
        seen.add(address)
        answer = self.get(address)
        root = snom_xml.parse(answer.body) if answer.status == _OK else None
        if root is None:
            return
        for section in snom_xml.parts(root):
            if section.tag in _SECTIONS:
                self._apply(section)
        for named in snom_xml.files_named(root):
            self._load(urljoin(address, named.replace("{mac}", self.mac.upper())), seen, depth + 1)

    def _apply(self, section: ET.Element) -> None:
        for tag in section:
            name, value = str(tag.tag), tag.text or ""
            idx = int(tag.get("idx", "0"))
            rule = _RULES.get(name)
            if idx > self.spec.accounts or (rule and not rule.fullmatch(value)):
                self.refused.append(f"{name}[{idx}]")
                continue
            # servers and extensions share names, not numbers
            kept = f"server.{name}" if section.tag == "server" else name
            kept += f".{tag.get('type')}" if tag.get("type") else ""
            self.flash[kept, idx] = value

    def _get(self, name: str, idx: int = 0) -> str:
        return self.flash.get((name, idx), "")

    def _understood(self) -> DeviceConfig:
        active = [
            n for n in range(1, self.spec.accounts + 1) if self._get("user_active", n) == "on"
        ]
        zone = snom_zones.zone_of_base(self._get)
        return DeviceConfig(
            accounts=tuple(self._account(n) for n in active),
            handsets=tuple(self._handset(n) for n in active),
            provisioning_url=self._get("setting_server"),
            language=self._get("language"),
            utc_offset_min=zone.offset_min if zone else None,
            dst_start=zone.start if zone else None,
            dst_end=zone.end if zone else None,
            vlan_id=int(self._get("vlan_id") or 0),
            ntp_server=self._get("ntp_server"),
            admin_password=self._get("http_pass"),
            raw={f"{n}[{i}]" if i else n: v for (n, i), v in self.flash.items()},
        )

    def _account(self, n: int) -> SimAccount:
        server = int(self._get("subscr_sip_ua_data_server_id", n) or 1)
        host, _, port = self._get("server.user_host", server).partition(":")
        return SimAccount(
            number=n,
            user=self._get("user_name", n),
            auth_user=self._get("user_pname", n) or self._get("user_name", n),
            secret=self._get("user_pass", n),
            server=host,
            port=int(port or 5060),
            transport=self._get("server.srv_sip_transport", server) or "udp",
            display_name=self._get("user_realname", n),
            label=self._get("subscr_sip_line_name", n),
            expires_s=int(self._get("server.user_expiry", server) or 3600),
            mwi=bool(self._get("user_mailnumber", n)),
            dtmf=_DTMF.get(self._get("server.user_dtmf_info", server), "rfc4733"),
        )

    def _handset(self, n: int) -> SimHandset:
        ipui = self._get("subscr_dect_ipui", n).removeprefix("0x").upper()
        return SimHandset(
            slot=int(self._get("subscr_sip_hs_idx", n) or n),
            name=self._get("subscr_sip_line_name", n),
            account=n,
            ipui="" if ipui == _UNKNOWN_IPUI else ipui,
        )
