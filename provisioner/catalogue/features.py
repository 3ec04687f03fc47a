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
