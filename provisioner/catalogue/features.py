"""What a model can do beyond its keys, by the names that data files use."""

from __future__ import annotations

FEATURES: dict[str, str] = {
    "screen": "shows text",
    "touch": "has a touch screen",
    "message-lamp": "has a lamp for voice mail",
    "wallpaper": "shows a picture",
    "hotel-texts": "shows the hotel's name and room",
    "hotline": "dials a number when lifted",
    "multicast-listen": "plays multicast pages",
    "ldap": "searches an LDAP directory",
    "xml-phonebook": "fetches an XML phone book",
    "relay": "opens a door",
    "camera": "sends video",
    "wifi": "has Wi-Fi",
    "bluetooth": "has Bluetooth",
    "tftp-only": "cannot follow an HTTP URL",
    "action-urls": "reports its events by HTTP",
    "tls": "speaks SIP over TLS",
}

NEEDED_BY: dict[str, str] = {
    "calls.hotline": "hotline",
    "calls.voicemail_lamp": "message-lamp",
    "directory.phonebook": "xml-phonebook",
    "directory.ldap_server": "ldap",
    "door.open_s": "relay",
    "door.second_open_code": "relay",
    "door.local_code": "relay",
    "hotel": "hotel-texts",
    "paging.listen": "multicast-listen",
    "screen.backlight_s": "screen",
    "screen.title": "screen",
    "screen.wallpaper": "wallpaper",
    "telemetry.action_urls": "action-urls",
}
"""Which feature a setting, or a whole section, needs."""


def lacking(setting: str, features: frozenset[str]) -> str:
    """Return the feature that a dotted setting needs and a device lacks, or an empty text."""
    section = setting.split(".", 1)[0]
    needed = NEEDED_BY.get(setting) or NEEDED_BY.get(section, "")
    return needed if needed not in features else ""
