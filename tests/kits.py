"""PhoneKits for tests: any model with any preset on a small hotel, without a database."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

from pydantic import SecretStr

from provisioner.assembly import assemble
from provisioner.catalogue.loader import Catalogue, load
from provisioner.inventory.records import Accessory, Account, Handset, Phone, Room, Site
from provisioner.key_types import PhoneKey
from provisioner.kit import PhoneKit
from provisioner.mac import MacAddress
from provisioner.phone_secrets import PhoneSecrets
from provisioner.resolve import Place

TOKEN = "abcdefghijklmnopqrstuvwx23"

SITE = Site(
    id="hotel-aurora",
    name="Hotel Aurora",
    country="ES",
    timezone="Europe/Madrid",
    languages=("es", "en"),
    networks=(ip_network("10.20.0.0/16"),),
    url="http://prov.aurora.example:8080",
    numbers={
        "reception": "100",
        "emergency": "112",
        "housekeeping": "107",
        "room_service": "108",
        "wake_up": "*55",
        "voicemail": "*97",
        "spa": "109",
    },
    settings={
        "sip": {"registrar": "pbx.aurora.example", "port": 5060, "expires_s": 600},
        "locale": {"ntp_servers": ["10.20.0.1"]},
        "network": {"vlan_id": 20},
    },
)

SECRETS = PhoneSecrets(
    token=SecretStr(TOKEN),
    admin_password=SecretStr("Adm1nPass-0001"),
    user_password=SecretStr("UserPass-0001"),
    menu_pin=SecretStr("482915"),
    dect_pin=SecretStr("7391"),
)


def account(extension: str, name: str = "") -> Account:
    """An account whose secret tells which one it is."""
    return Account(
        SITE.id,
        extension,
        name or f"Ext {extension}",
        SecretStr(f"Secret-of-{extension}-xyz"),
        voicemail=True,
    )


def make_kit(
    model_id: str,
    preset_id: str,
    *,
    mac: str = "0c383e000214",
    extensions: tuple[str, ...] = ("2214",),
    keys: tuple[PhoneKey, ...] = (),
    handsets: int = 0,
    accessories: tuple[Accessory, ...] = (),
    settings: dict[str, object] | None = None,
    firmware: str | None = None,
    site: Site = SITE,
    names: dict[str, str] | None = None,
) -> PhoneKit:
    """Return the kit of one phone in room 214 of a small hotel."""
    catalogue: Catalogue = load()
    model = catalogue.model(model_id)
    children = tuple(
        Handset(n, f"Handset {n}", str(300 + n), f"{n:010X}" if n % 2 else "")
        for n in range(1, handsets + 1)
    )
    phone = Phone(
        site=site.id, room="214", position="bedside", mac=MacAddress(mac), model=model.id,
        preset=preset_id, accounts=extensions if not handsets else (), keys=keys,
        settings=settings or {}, handsets=children, accessories=accessories,
    )  # fmt: skip
    everyone = {*extensions, *(h.extension for h in children)}
    accounts = {e: account(e, (names or {}).get(e, "")) for e in everyone}
    place = Place(
        vendor=catalogue.vendors[model.vendor],
        model=model,
        site=site,
        preset=catalogue.presets[preset_id],
        room=Room(site.id, "214", name="214", floor="2", template="guest-room", extension="2214"),
        template=None,
        phone=phone,
    )
    return assemble(catalogue, place, accounts, SECRETS, firmware)


def with_site(**changes: object) -> Site:
    """The small hotel with something different."""
    return replace(SITE, **changes)  # type: ignore[arg-type]
