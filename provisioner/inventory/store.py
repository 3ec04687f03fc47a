"""Records to rows and back.

Secrets are encrypted on their way in and decrypted on their way out, nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.catalogue.presets import Preset, RoomTemplate
from provisioner.inventory.calls import calls_of, calls_values
from provisioner.inventory.monitoring import monitoring_of, monitoring_values
from provisioner.inventory.pbx_hardening import hardening_of
from provisioner.inventory.records import (
    SWITCH_SECRETS,
    Accessory,
    Account,
    Contact,
    Handset,
    Inventory,
    Pbx,
    Phone,
    Room,
    Site,
    Switch,
)
from provisioner.inventory.sealed_layers import opened_layer, sealed_layer
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow, SiteRow
from provisioner.key_types import PhoneKey
from provisioner.mac import MacAddress
from provisioner.phone_secrets import PhoneSecrets
from provisioner.secrets import Box

Json = dict[str, Any]


def stored(
    session: Session,
    box: Box,
    site_ids: Iterable[str] | None = None,
    *,
    account_secrets: bool = True,
) -> Inventory:
    """Return what is stored of these sites (of all when None).

    Args:
        session: a reading or a writing one.
        box: opens what is encrypted.
        site_ids: of the sites.
        account_secrets: False: accounts have none, which is quicker where nobody needs them.
    """
    wanted = None if site_ids is None else list(site_ids)
    sites = _rows(session, SiteRow, SiteRow.id, wanted)
    rooms = _rows(session, RoomRow, RoomRow.site_id, wanted)
    accounts = _rows(session, AccountRow, AccountRow.site_id, wanted)
    phones = _rows(session, PhoneRow, PhoneRow.site_id, wanted)
    return Inventory(
        tuple(site_of(row, box) for row in sites),
        tuple(room_of(row, box) for row in rooms),
        tuple(_account(row, box.open(row.secret) if account_secrets else None) for row in accounts),
        tuple(phone_of(row, box) for row in phones),
    )


_UNREAD = frozenset({
    "token_hash", "secrets", "armed_until", "token_seen_at", "firmware", "dirty", "generation",
    "problem", "offered", "version_matters", "stored_names", "watched",
})  # fmt: skip
"""Columns that no record is made of."""


def _rows(session: Session, table: Any, column: Any, wanted: list[str] | None) -> list[Any]:  # noqa: ANN401 - any of the tables
    """Rows with the columns that records are made of: half the price of objects of the mapper."""
    query = select(*(c for c in table.__table__.c if c.name not in _UNREAD))
    if wanted is not None:
        query = query.where(column.in_(wanted))
    return list(session.execute(query))


def site_of(row: SiteRow, box: Box) -> Site:
    """Return the site of a row."""
    return Site(
        id=row.id,
        name=row.name,
        country=row.country,
        timezone=row.timezone,
        languages=tuple(row.languages),
        networks=tuple(ip_network(n) for n in row.networks),
        url=row.url,
        numbers=row.numbers,
        settings=opened_layer(row.settings, box),
        presets={
            name: Preset.model_validate({**p, "settings": opened_layer(p["settings"], box)})
            for name, p in row.presets.items()
        },
        room_templates={
            name: RoomTemplate.model_validate({**r, "settings": opened_layer(r["settings"], box)})
            for name, r in row.room_templates.items()
        },
        phonebook=tuple(Contact(**c) for c in row.phonebook),
        switches=tuple(_switch(s, box) for s in row.switches),
        pbx=_pbx(row.pbx, box),
        monitoring=monitoring_of(row.monitoring, box),
        calls=calls_of(row.calls) if row.calls is not None else None,
    )


def _switch(values: Json, box: Box) -> Switch:
    secrets = {
        name: box.open(values[name]) if values.get(name) else None for name in SWITCH_SECRETS
    }
    return Switch(**{**values, **secrets})


def _pbx(value: Json | None, box: Box) -> Pbx | None:
    if value is None:
        return None
    secret = box.open(value["secret"]) if value["secret"] else None
    return Pbx(**{**value, "secret": secret, "hardening": hardening_of(value.get("hardening"))})


def room_of(row: RoomRow, box: Box) -> Room:
    """Return the room of a row."""
    settings = opened_layer(row.settings, box)
    return Room(row.site_id, row.id, row.name, row.floor, row.template, row.extension, settings)


def account_of(row: AccountRow, box: Box) -> Account:
    """Return the account of a row, with its secret in the clear."""
    return _account(row, box.open(row.secret))


def _account(row: AccountRow, secret: SecretStr | None) -> Account:
    return Account(row.site_id, row.extension, row.name, secret, row.voicemail, row.listed)


def phone_of(row: PhoneRow, box: Box) -> Phone:
    """Return the phone of a row."""
    return Phone(
        site=row.site_id,
        room=row.room_id,
        position=row.position,
        mac=MacAddress(row.mac),
        model=row.model,
        preset=row.preset,
        accounts=tuple(row.accounts),
        keys=tuple(_key(json.dumps(key)) for key in row.keys),
        settings=opened_layer(row.settings, box),
        handsets=tuple(Handset(**h) for h in row.handsets),
        accessories=tuple(Accessory(**a) for a in row.accessories),
        tftp_without_token=row.tftp_without_token,
    )


@lru_cache(maxsize=20_000)
def _key(text: str) -> PhoneKey:
    """A key as it is stored; the phones of a hotel have many alike."""
    return PhoneKey.model_validate_json(text)


def site_values(site: Site, box: Box) -> Json:
    """Return the columns of a site."""
    return {
        "id": site.id,
        "name": site.name,
        "country": site.country,
        "timezone": site.timezone,
        "languages": list(site.languages),
        "networks": [str(n) for n in site.networks],
        "url": site.url,
        "numbers": dict(site.numbers),
        "settings": sealed_layer(site.settings, box),
        "presets": {
            name: {**p.model_dump(mode="json"), "settings": sealed_layer(p.settings, box)}
            for name, p in site.presets.items()
        },
        "room_templates": {
            name: {**r.model_dump(mode="json"), "settings": sealed_layer(r.settings, box)}
            for name, r in site.room_templates.items()
        },
        "phonebook": [asdict(c) for c in site.phonebook],
        "switches": [
            {**asdict(s), **{name: _sealed(getattr(s, name), box) for name in SWITCH_SECRETS}}
            for s in site.switches
        ],
        "pbx": site.pbx
        and {**asdict(site.pbx), "secret": box.seal(site.pbx.secret) if site.pbx.secret else ""},
        "monitoring": monitoring_values(site.monitoring, box),
        "calls": calls_values(site.calls) if site.calls is not None else None,
    }


def _sealed(secret: SecretStr | None, box: Box) -> str:
    return box.seal(secret) if secret else ""


def room_values(room: Room, box: Box) -> Json:
    """Return the columns of a room."""
    values = asdict(replace(room, settings={}))
    values["site_id"] = values.pop("site")
    values["settings"] = sealed_layer(room.settings, box)
    return values


def account_values(account: Account, secret: SecretStr, box: Box) -> Json:
    """Return the columns of an account; its secret is encrypted here."""
    return {
        "site_id": account.site,
        "extension": account.extension,
        "name": account.name,
        "secret": box.seal(secret),
        "voicemail": account.voicemail,
        "listed": account.listed,
    }


def phone_values(phone: Phone, box: Box) -> Json:
    """Return the columns of a phone that a site file decides."""
    return {
        "mac": str(phone.mac),
        "site_id": phone.site,
        "room_id": phone.room,
        "position": phone.position,
        "model": phone.model,
        "preset": phone.preset,
        "accounts": list(phone.accounts),
        "keys": [key.model_dump(mode="json") for key in phone.keys],
        "settings": sealed_layer(phone.settings, box),
        "handsets": [asdict(h) for h in phone.handsets],
        "accessories": [asdict(a) for a in phone.accessories],
        "tftp_without_token": phone.tftp_without_token,
    }


def seal_phone_secrets(secrets: PhoneSecrets, box: Box) -> str:
    """Return a phone's secrets as one encrypted text."""
    return box.seal(
        json.dumps({name: value.get_secret_value() for name, value in asdict(secrets).items()})
    )


def open_phone_secrets(sealed: str, box: Box) -> PhoneSecrets:
    """Return a phone's secrets; raises SecretsError."""
    values = json.loads(box.open(sealed).get_secret_value())
    return PhoneSecrets(**{name: SecretStr(value) for name, value in values.items()})
