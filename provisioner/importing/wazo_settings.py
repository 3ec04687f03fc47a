"""What wazo's raw configuration says of a phone, in the words of PhoneSettings. Pure.

The keys are those that wazo-provd's own schema of a raw configuration lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.importing.found import Found, Json
from provisioner.whole_numbers import whole_number

LINE_KEYS = frozenset({
    "username", "auth_username", "password", "display_name", "number", "voicemail",
    "registrar_ip", "registrar_port", "proxy_ip", "proxy_port", "backup_registrar_ip",
    "backup_registrar_port", "backup_proxy_ip", "backup_proxy_port", "outbound_proxy_ip",
    "outbound_proxy_port", "dtmf_mode", "srtp_mode",
})  # fmt: skip
_DTMF = {"RTP-in-band": "inband", "RTP-out-of-band": "rfc4733", "SIP-INFO": "info"}
_SRTP = {"disabled": "off", "preferred": "optional", "required": "required"}
_OWN = frozenset({
    "sip_lines", "funckeys", "protocol", "ip", "http_port", "tftp_port", "http_base_url",
    "config_version", "_comment", "timezone", "locale", "ntp_enabled", "vlan_enabled",
    "syslog_enabled", "dns_enabled", "dns_ip", "X_xivo_phonebook_ip", "X_xivo_user_uuid", "X_type",
    "admin_username", "user_username",
})  # fmt: skip
"""Read elsewhere, or wazo's own machinery: of no meaning without it."""

Where = tuple[str, str]


def _same(value: Any) -> Any:  # noqa: ANN401 - JSON
    return value


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    return str(value)


def _number(value: Any) -> Any:  # noqa: ANN401 - what is no number is refused when it is checked
    number = whole_number(str(value))
    return value if number is None else number


_MAP: Mapping[str, tuple[Where, Callable[[Any], Any]]] = {
    "ntp_ip": (("locale", "ntp_servers"), lambda value: [str(value)]),
    "vlan_id": (("network", "vlan_id"), _number),
    "vlan_priority": (("network", "vlan_priority"), _number),
    "vlan_pc_port_id": (("network", "pc_vlan_id"), _number),
    "syslog_ip": (("telemetry", "syslog_server"), _text),
    "syslog_port": (("telemetry", "syslog_port"), _number),
    "admin_password": (("access", "admin_password"), _text),
    "user_password": (("access", "user_password"), _text),
    "sip_dtmf_mode": (("sip", "dtmf"), lambda value: _DTMF.get(value, value)),
    "sip_srtp_mode": (("sip", "srtp"), lambda value: _SRTP.get(value, value)),
    "sip_transport": (("sip", "transport"), _same),
    "sip_registrar_ip": (("sip", "registrar"), _text),
    "sip_registrar_port": (("sip", "port"), _number),
    "sip_backup_registrar_ip": (("sip", "backup_registrar"), _text),
    "sip_backup_registrar_port": (("sip", "backup_port"), _number),
    "sip_outbound_proxy_ip": (("sip", "outbound_proxy"), _text),
    "sip_outbound_proxy_port": (("sip", "outbound_proxy_port"), _number),
    "exten_voicemail": (("calls", "voicemail"), _text),
    "exten_pickup_call": (("sip", "pickup_code"), _text),
}
_SWITCHED = {"ntp_ip": "ntp_enabled", "vlan_id": "vlan_enabled", "vlan_priority": "vlan_enabled",
             "vlan_pc_port_id": "vlan_enabled", "syslog_ip": "syslog_enabled",
             "syslog_port": "syslog_enabled"}  # fmt: skip
_OF_LINE = ("registrar", "backup_registrar", "outbound_proxy")


def settings_of(raw: Json, found: Found) -> Json:
    """Return a phone's settings; what is not taken over is noted."""
    given = {**raw, **_of_first_line(raw)}
    made: Json = {}
    for key, value in given.items():
        if key in _MAP:
            switch = _SWITCHED.get(key)
            if value not in (None, "") and (switch is None or raw.get(switch, True)):
                (section, name), read = _MAP[key]
                made.setdefault(section, {})[name] = read(value)
        elif key not in _OWN and not key.startswith("sip_proxy") and value not in (None, ""):
            found.leave(key)
    return made


def _of_first_line(raw: Json) -> Json:
    """Servers and modes of the first line, as if they were the phone's."""
    given = raw.get("sip_lines")
    lines: Json = given if isinstance(given, dict) else {}
    numbers = sorted(filter(str.isdigit, lines), key=int)
    line = lines[numbers[0]] if numbers and isinstance(lines[numbers[0]], dict) else {}
    server = {"registrar_ip": line.get("registrar_ip") or line.get("proxy_ip"),
              "registrar_port": line.get("registrar_port") or line.get("proxy_port")}  # fmt: skip
    values = {**line, **server}
    names = [f"{part}_{end}" for part in _OF_LINE for end in ("ip", "port")]
    made = {f"sip_{n}": values[n] for n in (*names, "dtmf_mode", "srtp_mode") if values.get(n)}
    return made | ({"exten_voicemail": line["voicemail"]} if line.get("voicemail") else {})


def head_of(raw: Json) -> Json:
    """Return what a configuration says of the site."""
    made: Json = {}
    if raw.get("timezone"):
        made["timezone"] = str(raw["timezone"])
    locale = re.fullmatch(r"([a-z]{2})_([A-Z]{2})", str(raw.get("locale") or ""))
    if locale:
        made |= {"languages": [locale[1]], "country": locale[2]}
    return made
