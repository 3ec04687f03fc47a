"""What a Yealink device makes of its parameters: accounts, keys, handsets, clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from web.simulated.device import DeviceConfig, SimAccount, SimHandset, SimKey

STATIC_SINCE = 81
NUMBERED_SERVERS_SINCE = 73
EXTENSION_SINCE = 80
TEMPLATES_SINCE = 87

_TYPES = {
    "1": "conference", "2": "forward", "3": "transfer", "5": "dnd", "9": "pickup", "10": "park",
    "11": "dtmf", "12": "voicemail", "13": "speed_dial", "14": "intercom", "15": "line",
    "16": "blf", "17": "url", "23": "group_pickup", "24": "paging", "25": "record",
    "28": "history", "29": "directory", "61": "directory",
}  # fmt: skip
_SOFT_ONLY = frozenset({"28", "29", "30", "31", "32", "33", "43", "51", "52"})
_TRANSPORTS = {"0": "udp", "1": "tcp", "2": "tls", "3": "dns"}
_DTMF = {"0": "inband", "1": "rfc4733", "2": "info", "3": "rfc4733"}
_LANGUAGES = {
    "English": "en", "German": "de", "French": "fr", "Italian": "it", "Spanish": "es",
    "Portuguese": "pt", "Polish": "pl", "Turkish": "tr", "Russian": "ru", "Chinese_S": "zh",
    "Chinese_T": "zh",
}  # fmt: skip
_HANDSET_LANGUAGES = ("en", "fr", "de", "it", "pl", "pt", "es", "tr", "ru", "cs", "sv", "sk")
_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")
_WEEK_RULE = re.compile(r"(\d{1,2})/([1-5])/([1-7])/(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a model is made of.

    Attributes:
        product: its name in PnP and in boot files; ``agent`` is what its User-Agents begin with.
        code: name of its common file.
        bare_mac: Android models write their MAC without colons.
        lines_from_zero: its keys count accounts from 0.
    """

    model_id: str
    product: str
    agent: str
    code: str
    firmware: str
    accounts: int
    line_keys: int = 0
    soft_keys: int = 0
    memory_keys: int = 0
    modules: int = 0
    module_keys: int = 0
    handsets: int = 0
    multicell: bool = False
    bare_mac: bool = False
    lines_from_zero: bool = False


class _Server(NamedTuple):
    """The names of the parameters that say where an account registers."""

    address: str
    port: str
    transport: str
    expires: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Parameters in the eyes of one device at one firmware; what is absent is at its default."""

    parameters: Mapping[str, str]
    hardware: Hardware
    version: int

    def get(self, name: str, default: str = "") -> str:
        """Return a parameter that is written alike in all firmwares."""
        return self.parameters.get(name, default)

    def static(self, name: str, default: str = "") -> str:
        """Return a parameter that carries ``static.`` since firmware 81."""
        prefix = "static." if self.version >= STATIC_SINCE else ""
        return self.parameters.get(prefix + name, default)

    def number(self, name: str, default: int) -> int:
        """Return a whole number; the default when it is none."""
        text = self.get(name)
        return int(text) if text.isdecimal() else default

    def config(self) -> DeviceConfig:
        """Return what the device would now do."""
        summer = self.get("local_time.summer_time") == "1"
        by_week = summer and self.get("local_time.dst_time_type") == "1"
        tagged = self.static("network.vlan.internet_port_enable") == "1"
        vlan = self.static("network.vlan.internet_port_vid", "1")
        accounts = tuple(self._accounts())
        return DeviceConfig(
            accounts=accounts,
            keys=tuple(self._keys()),
            handsets=tuple(self._handsets({account.number for account in accounts})),
            provisioning_url=self.static("auto_provision.server.url"),
            language=self._language(),
            utc_offset_min=_offset(self.get("local_time.time_zone")),
            dst_start=_change(self.get("local_time.start_time")) if by_week else None,
            dst_end=_change(self.get("local_time.end_time")) if by_week else None,
            vlan_id=int(vlan) if tagged else 0,
            ntp_server=self.get("local_time.ntp_server1"),
            admin_password=self.static("security.user_password[admin]", "admin"),
            emergency_numbers=tuple(
                self.get("phone_setting.emergency.number", "112,911,110").split(",")
            ),
            multicast_listen=tuple(self._listened()),
            raw=dict(self.parameters),
        )

    def _accounts(self) -> Iterator[SimAccount]:
        for n in range(1, self.hardware.accounts + 1):
            path = f"account.{n}"
            user = self.get(f"{path}.user_name")
            if self.get(f"{path}.enable") != "1" or not user:
                continue
            server = self._server(n)
            yield SimAccount(
                number=n,
                user=user,
                auth_user=self.get(f"{path}.auth_name", user),
                secret=self.get(f"{path}.password"),
                server=self.get(server.address),
                port=self.number(server.port, 5060),
                transport=_TRANSPORTS.get(self.get(server.transport, "0"), "udp"),
                display_name=self.get(f"{path}.display_name"),
                label=self.get(f"{path}.label"),
                expires_s=self.number(server.expires, 3600),
                mwi=self.get(f"{path}.subscribe_mwi") == "1",
                hotline=self._hotline(n),
                auto_answer=self.get(f"{path}.auto_answer") == "1",
                dtmf=_DTMF.get(self.get(f"{path}.dtmf.type", "1"), "rfc4733"),
            )

    def _hotline(self, number: int) -> str:
        if not self.hardware.handsets:
            return self.get("features.hotline_number")
        dials = self.get(f"account.{number}.auto_dial_enable") == "1"
        return self.get(f"account.{number}.auto_dial_num") if dials else ""

    def _server(self, number: int) -> _Server:
        """Where an account's first server is written: in a template, or with the account."""
        account = f"account.{number}"
        if self.version < NUMBERED_SERVERS_SINCE:
            names = ("sip_server_host", "sip_server_port", "transport", "expires")
            return _Server(*(f"{account}.{name}" for name in names))
        template = self.get(f"{account}.sip_server.template")
        is_dect = self.hardware.handsets > 0 and self.version >= TEMPLATES_SINCE
        in_template = self.hardware.multicell or (is_dect and template)
        owner = f"template.{template}" if in_template else account
        names = ("address", "port", "transport_type", "expires")
        return _Server(*(f"{owner}.sip_server.1.{name}" for name in names))

    def _keys(self) -> Iterator[SimKey]:
        for n in range(1, self.hardware.line_keys + 1):
            factory = "15" if n <= self.hardware.accounts else "0"
            yield from self._key(f"linekey.{n}", f"line-{n}", factory)
        for n in range(1, self.hardware.memory_keys + 1):
            yield from self._key(f"memorykey.{n}", f"memory-{n}", "0")
        for n in range(1, self.hardware.soft_keys + 1):
            yield from self._key(f"programablekey.{n}", f"soft-{n}", "0")
        for module in range(1, self.hardware.modules + 1):
            for n in range(1, self.hardware.module_keys + 1):
                yield from self._key(f"expansion_module.{module}.key.{n}", f"exp{module}-{n}", "0")

    def _key(self, path: str, slot: str, factory: str) -> Iterator[SimKey]:
        code = self.get(f"{path}.type", factory)
        word = _TYPES.get(code)
        misplaced = code in _SOFT_ONLY and not slot.startswith("soft")
        if word is None or misplaced:
            return
        first = 0 if self.hardware.lines_from_zero else 1
        written = self.number(f"{path}.line", first)
        pickup = "extension" if self.version >= EXTENSION_SINCE else "pickup_value"
        yield SimKey(
            slot=slot,
            type=word,
            value=self.get(f"{path}.value"),
            label=self.get(f"{path}.label"),
            account=written + 1 - first,
            pickup=self.get(f"{path}.{pickup}") if word == "blf" else "",
        )

    def _handsets(self, accounts: set[int]) -> Iterator[SimHandset]:
        """A single base joins a handset to accounts; in a multicell system X belongs to X."""
        for n in range(1, self.hardware.handsets + 1):
            incoming = self.get(f"handset.{n}.incoming_lines", str(n)).split(",")[0]
            account = n if self.hardware.multicell or not incoming.isdecimal() else int(incoming)
            if account in accounts:
                name = self.get(f"handset.{n}.name", f"Handset {n}")
                yield SimHandset(n, name, account, self.get(f"handset.{n}.ipui"))

    def _language(self) -> str:
        if not self.hardware.handsets:
            return _LANGUAGES.get(self.get("lang.gui"), "en")
        index = self.number("custom.handset.language", 0)
        heeded = self.static("auto_provision.handset_configured.enable") == "1"
        return _HANDSET_LANGUAGES[index] if heeded and index < len(_HANDSET_LANGUAGES) else ""

    def _listened(self) -> Iterator[str]:
        last = 31 if self.version >= STATIC_SINCE else 10
        for n in range(1, last + 1):
            group = self.get(f"multicast.listen_address.{n}.ip_address")
            if group:
                yield group


def _offset(text: str) -> int | None:
    """Minutes of ``+1``, ``-3:30`` or ``0``; None outside -11 to +14 hours."""
    match = _ZONE.fullmatch(text)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    signed = -minutes if match[1] == "-" else minutes
    return signed if -11 * 60 <= signed <= 14 * 60 else None


def _change(text: str) -> tuple[int, int, int, int] | None:
    """``month/week/weekday/hour`` with 7 as Sunday."""
    match = _WEEK_RULE.fullmatch(text)
    if match is None:
        return None
    return int(match[1]), int(match[2]), int(match[3]) % 7, int(match[4])
