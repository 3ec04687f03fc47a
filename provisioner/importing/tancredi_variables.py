"""What Tancredi's variables say, in the words of PhoneSettings. Pure.

Names and values are those of its published list of variables (``docs/_data/variables.tsv``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from provisioner.importing.found import Found, FoundKey, Json, Place
from provisioner.key_types import KeyType
from provisioner.whole_numbers import whole_number

_DTMF = {"inband": "inband", "rfc4733": "rfc4733", "sip_info": "info"}
_TYPES = {
    "line": KeyType.LINE, "blf": KeyType.BLF, "speed_dial": KeyType.SPEED_DIAL,
    "conference": KeyType.CONFERENCE, "direct_pickup": KeyType.PICKUP,
    "group_pickup": KeyType.GROUP_PICKUP, "dnd": KeyType.DND, "dtmf": KeyType.DTMF,
    "forward": KeyType.FORWARD, "ldap": KeyType.DIRECTORY, "multicast_paging": KeyType.PAGING,
    "record": KeyType.RECORD, "transfer": KeyType.TRANSFER, "url": KeyType.URL,
    "voice_mail": KeyType.VOICEMAIL,
}  # fmt: skip
_NEED_VALUE = frozenset({
    KeyType.BLF, KeyType.SPEED_DIAL, KeyType.DTMF, KeyType.PAGING, KeyType.URL
})  # fmt: skip
_MACHINERY = re.compile(
    r"(cap|tmpl|tok\d|provisioning|fanvil|nethesis|mac|short_mac|model|display_name|hostname)"
    r"(_.*|$)"
)
"""Of no meaning without Tancredi, or read elsewhere."""
_ACCOUNT = re.compile(
    r"account_(username|password|display_name|extension|voicemail|encryption|dtmf_type)_\d+"
)
_KEY = re.compile(r"linekey_(type|value|label)_(0|[1-9][0-9]{0,3})")


def _number(text: str) -> Any:  # noqa: ANN401 - what is no number is refused when it is checked
    number = whole_number(text)
    return text if number is None else number


def _list(text: str) -> list[str]:
    return [text]


_MAP: Mapping[str, tuple[str, str, Callable[[str], Any]]] = {
    "ntp_server": ("locale", "ntp_servers", _list),
    "vlan_id_phone": ("network", "vlan_id", _number),
    "vlan_id_pcport": ("network", "pc_vlan_id", _number),
    "adminpw": ("access", "admin_password", str),
    "userpw": ("access", "user_password", str),
    "hostname": ("sip", "registrar", str),
    "outbound_proxy_1": ("sip", "outbound_proxy", str),
    "outbound_proxy_port_1": ("sip", "outbound_proxy_port", _number),
    "pickup_direct": ("sip", "pickup_code", str),
    "account_voicemail_1": ("calls", "voicemail", str),
    "account_dtmf_type_1": ("sip", "dtmf", lambda text: _DTMF.get(text, text)),
    "ldap_server": ("directory", "ldap_server", str),
    "ldap_port": ("directory", "ldap_port", _number),
    "ldap_tls": ("directory", "ldap_tls", str),
    "ldap_base": ("directory", "ldap_base", str),
    "ldap_user": ("directory", "ldap_user", str),
    "ldap_password": ("directory", "ldap_password", str),
}
_OF_SITE = frozenset({"timezone", "tonezone", "language", "sip_udp_port", "sip_tls_port"})


def settings_of(variables: Mapping[str, str]) -> Json:
    """Return a phone's settings. Empty variables are what the phone's firmware has: left out."""
    made: Json = {}
    has_directory = bool(variables.get("ldap_server"))
    for key, (section, name, read) in _MAP.items():
        text = variables.get(key, "")
        if text and (section != "directory" or has_directory):
            made.setdefault(section, {})[name] = read(text)
    encrypted = variables.get("account_encryption_1") in {"1", "true"}
    port = variables.get("sip_tls_port" if encrypted else "sip_udp_port", "")
    if encrypted:
        made.setdefault("sip", {}).update(transport="tls", srtp="required")
    if port:
        made.setdefault("sip", {})["port"] = _number(port)
    return made


def head_of(variables: Mapping[str, str]) -> Json:
    """Return what variables say of the site."""
    made: Json = {}
    if variables.get("timezone"):
        made["timezone"] = variables["timezone"]
    if re.fullmatch("[a-z]{2}", variables.get("tonezone", "")):
        made["country"] = {"uk": "GB"}.get(variables["tonezone"], variables["tonezone"].upper())
    if re.fullmatch("[a-z]{2}", variables.get("language", "")):
        made["languages"] = [variables["language"]]
    return made


def keys_of(place: Place, variables: Mapping[str, str], found: Found) -> Iterator[FoundKey]:
    """Yield the line keys that somebody has set, in their order."""
    numbers = {int(m[2]) for name in variables if (m := _KEY.fullmatch(name)) and m[1] == "type"}
    for number in sorted(numbers):
        word = variables[f"linekey_type_{number}"]
        value = variables.get(f"linekey_value_{number}", "")
        kind = _TYPES.get(word)
        if kind is None:
            if word:
                found.leave(f"line keys of type {word}")
        elif kind in _NEED_VALUE and not value:
            found.refuse(place.at(f"linekey_value_{number}"), f"a key of type {word} needs a value")
        elif kind is not KeyType.LINE:  # a preset has a line key of its own
            yield FoundKey(kind, value, variables.get(f"linekey_label_{number}", ""))


def leave_unknown(variables: Mapping[str, str], found: Found) -> None:
    """Note which of a phone's own variables are not taken over."""
    for name, value in variables.items():
        known = name in _MAP or name in _OF_SITE or _ACCOUNT.fullmatch(name) or _KEY.fullmatch(name)
        if value and not known and not _MACHINERY.fullmatch(name):
            found.leave(re.sub(r"_\d+$", "_N", name))
