"""Snom desk phones with the vendor's own firmware, 8 and 10."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from web.simulated import snom_xml, snom_zones
from web.simulated.device import DeviceConfig, Fetch, SimAccount, SimKey, SimulatedDevice
from web.simulated.snom_spec import SnomSpec

MODULE_KEYS = 18
_MAX_NESTING = 4
_OK = 200
_GROUPS = 10
_BUILD_8 = "1.1.5-IFX-05.01.12"
_BUILD_10 = "2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43)"

_KEY_WORDS = {
    "speed": "speed_dial",
    "icom": "intercom",
    "orbit": "park",
    "redirect": "forward",
    "transfer": "transfer",
    "dtmf": "dtmf",
    "multicast": "paging",
    "url": "url",
    "conference": "conference",
    "recorder": "record",
    "none": "none",
}
_KEY_EVENTS = {
    "F_VOICEMAIL_INFO": "voicemail",
    "F_RETRIEVE": "voicemail",
    "F_DND": "dnd",
    "F_REDIRECT": "forward",
    "F_TRANSFER": "transfer",
    "F_CONFERENCE": "conference",
    "F_DIRECTORY_SEARCH": "directory",
    "F_ADR_BOOK": "directory",
    "F_CALL_LIST": "history",
    "F_REC": "record",
}


class SnomDesk(SimulatedDevice):
    """A desk phone or loudspeaker: asks for its type's file and then for its own.

    Attributes:
        spec: which model it is.
        modules: how many expansion modules are attached.
    """

    vendor = "snom"

    def __init__(self, spec: SnomSpec, mac: str, fetch: Fetch, firmware: str = "") -> None:
        self.spec = spec
        super().__init__(mac, fetch, firmware)
        self.model_id = spec.model_id
        self.pnp_model = spec.type_string
        self.flash = snom_xml.Flash()
        self.modules = 0

    @property
    def default_firmware(self) -> str:
        """The version of the recorded User-Agent, unless the model never had it."""
        return self.spec.firmware or "10.1.169.16"

    @property
    def user_agent(self) -> str:
        """As recorded from real phones; firmware 8 counts no modules."""
        old = self.firmware.startswith("8.")
        known = f"{self.spec.type_string}-SIP {self.firmware} {_BUILD_8 if old else _BUILD_10}"
        tail = "" if old else f" SXM:0 UXM:0 UXMC:{self.modules}"
        return f"Mozilla/4.0 (compatible; {known} {self.mac.upper()}{tail})"

    @property
    def sip_user_agent(self) -> str:
        """Type and version."""
        return f"{self.spec.type_string}/{self.firmware}"

    def provision(self, url: str) -> bool:
        """Fetch what ``url`` stands for, follow the lists in it, apply, remember the server."""
        seen: set[str] = set()
        changed = False
        for address in self._addresses(url):
            changed |= self._load(address, seen, 0)
        self.server_url = self.flash.get("setting_server") or self.server_url
        self.config = self._understood()
        self.applied += changed
        return changed

    def _addresses(self, url: str) -> list[str]:
        mac = self.mac.upper()
        if "{mac}" in url:
            return [url.replace("{mac}", mac)]
        name = urlsplit(url).path.rsplit("/", 1)[-1]
        if "." in name:
            return [url]
        folder = url if url.endswith("/") else url + "/"
        kind = self.spec.type_string
        return [f"{folder}{kind}.htm", f"{folder}{kind}-{mac}.htm"]

    def _load(self, address: str, seen: set[str], depth: int) -> bool:
        if address in seen or depth > _MAX_NESTING:
            return False
        seen.add(address)
        answer = self.get(address)
        root = snom_xml.parse(answer.body) if answer.status == _OK else None
        if root is None:
            return False
        changed = snom_xml.apply(root, self.flash)
        for named in snom_xml.files_named(root):
            target = urljoin(address, named.replace("{mac}", self.mac.upper()))
            changed |= self._load(target, seen, depth + 1)
        return changed

    def _understood(self) -> DeviceConfig:
        flash = self.flash
        zone = snom_zones.zone_of_code(flash.get("timezone"))
        if zone is None and not flash.get("timezone"):
            zone = snom_zones.zone_of_rule(flash.get("utc_offset"), flash.get("dst"))
        return DeviceConfig(
            accounts=tuple(self._accounts()),
            keys=tuple(self._keys()),
            provisioning_url=flash.get("setting_server"),
            language=flash.get("language"),
            utc_offset_min=zone.offset_min if zone else None,
            dst_start=zone.start if zone else None,
            dst_end=zone.end if zone else None,
            vlan_id=int(flash.get("vlan_id") or 0),
            ntp_server=flash.get("ntp_server"),
            admin_password=flash.get("http_pass"),
            emergency_numbers=tuple(flash.get("keyboard_lock_emergency").split()),
            multicast_listen=tuple(self._groups()),
            raw={
                f"{name}[{idx}]" if idx else name: setting.value
                for (name, idx), setting in flash.settings.items()
            },
        )

    def _accounts(self) -> list[SimAccount]:
        """Identities in use; a hidden one stands in for another and is none of its own."""
        get = self.flash.get
        return [
            self._account(n)
            for n in range(1, self.spec.accounts + 1)
            if get("user_active", n) == "on" and get("hide_identity", n) != "true"
        ]

    def _account(self, n: int) -> SimAccount:
        get = self.flash.get
        host, _, port = get("user_host", n).partition(":")
        hop, _, options = get("user_outbound", n).split(",", 1)[0].partition(";")
        hop_host, _, hop_port = hop.partition(":")
        transport = dict(o.partition("=")[::2] for o in options.split(";")).get("transport", "udp")
        chosen_port = hop_port if hop_host == host and hop_port else port
        events = get("codec_priority_list", n).endswith("telephone-event")
        info = get("user_dtmf_info", n) == "sip_info_only"
        return SimAccount(
            number=n,
            user=get("user_name", n),
            auth_user=get("user_pname", n) or get("user_name", n),
            secret=get("user_pass", n),
            server=host,
            port=int(chosen_port or 5060),
            transport=transport,
            display_name=get("user_realname", n),
            label=get("user_idle_text", n),
            expires_s=int(get("user_expiry", n) or 3600),
            mwi=bool(get("user_mailbox", n)),
            auto_answer=get("user_auto_connect", n) == "on",
            dtmf="info" if info else "rfc4733" if events else "inband",
        )

    def _keys(self) -> list[SimKey]:
        total = self.spec.keys + self.modules * MODULE_KEYS
        made = [self._key(idx, key) for idx, key in sorted(self.flash.keys.items()) if idx < total]
        made += [self._soft_key(n) for n in range(self.spec.soft_keys)]
        return [key for key in made if key is not None]

    def _key(self, idx: int, key: snom_xml.FunctionKey) -> SimKey | None:
        if key.kind == "line" and key.context == "active":
            return None  # the factory state: a free line key
        own = self.spec.keys
        module, place = divmod(idx - own, MODULE_KEYS)
        slot = f"line-{idx + 1}" if idx < own else f"exp{module + 1}-{place + 1}"
        return _read(slot, key)

    def _soft_key(self, n: int) -> SimKey | None:
        """A key under the screen: older phones count from 1 and have the number in the name."""
        old = self.spec.soft_first == 1
        text = self.flash.get(f"gui_fkey{n + 1}") if old else self.flash.get("context_key", n)
        kind, _, value = text.partition(" ")
        return _read(f"soft-{n + 1}", snom_xml.FunctionKey(kind, value)) if kind else None

    def _groups(self) -> list[str]:
        if self.flash.get("multicast_listen") != "on":
            return []
        addresses = (self.flash.get("mc_address", n) for n in range(1, _GROUPS + 1))
        return [address.split(",", 1)[0] for address in addresses if address]


def _read(slot: str, key: snom_xml.FunctionKey) -> SimKey:
    account = int(key.context) if key.context.isdigit() else 1
    word, value, pickup = _KEY_WORDS.get(key.kind, key.kind), key.value, ""
    if key.kind == "keyevent":
        word, value = _KEY_EVENTS.get(key.value, "none"), ""
    elif key.kind == "blf":
        value, _, pickup = key.value.partition("|")
    return SimKey(slot, word, value, key.label, account, pickup)
