"""Records as somebody would write them in a site file, secrets in the clear. Pure.

What a site file leaves out because the room template or the shipped preset says it is left out
here too: so a document stays short, and what follows a template goes on following it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.presets import RoomTemplate
from provisioner.edits.written_calls import calls_part
from provisioner.edits.written_parts import monitoring_part, pbx_part, switch_part
from provisioner.edits.written_templates import preset_part, room_template_part
from provisioner.inventory.records import Account, Phone, Room, Site
from provisioner.key_types import PhoneKey

Json = dict[str, Any]


def site_as_written(site: Site, catalogue: Catalogue | None) -> Json:
    """Return the head of a site: all of it but rooms and accounts.

    Args:
        site: the record.
        catalogue: its presets and room templates are left out where the site's own are alike;
            None: each is written as a whole.
    """
    settings = dict(site.settings)
    sip = settings.pop("sip", {})
    presets = catalogue.presets if catalogue else {}
    rooms = catalogue.rooms if catalogue else {}
    made: Json = {
        "id": site.id,
        "name": site.name,
        "country": site.country,
        "timezone": site.timezone,
        "languages": list(site.languages),
        "networks": [str(network) for network in site.networks],
        "url": site.url,
        "sip": sip,
        "numbers": dict(site.numbers),
        "settings": settings,
        "presets": {n: preset_part(p, presets.get(n)) for n, p in site.presets.items()},
        "room_templates": {
            n: room_template_part(r, rooms.get(n)) for n, r in site.room_templates.items()
        },
        "phonebook": [
            _filled({"name": c.name, "number": c.number, "group": c.group}) for c in site.phonebook
        ],
        "switches": [switch_part(switch) for switch in site.switches],
        "pbx": pbx_part(site.pbx),
        "monitoring": monitoring_part(site.monitoring),
        "calls": calls_part(site.calls),
    }
    nothing = {"calls": (None,)}  # guarded by the limits of the product is not unguarded
    plain: Json = _plain(
        {n: value for n, value in made.items() if value not in nothing.get(n, (None, {}, []))}
    )
    return plain


def room_as_written(
    room: Room,
    phones: Iterable[Phone],
    site: Site,
    catalogue: Catalogue,
    *,
    whole: bool = False,
) -> Json:
    """Return a room with its phones.

    Args:
        room: the record.
        phones: those that stand in it.
        site: where it is.
        catalogue: the vendor knowledge.
        whole: write each phone's preset, also where the room template says it.
    """
    template = None if whole else template_of(room.template, site, catalogue)
    made = {
        "id": room.id,
        "name": room.name,
        "floor": room.floor,
        "template": room.template,
        "extension": room.extension,
        "settings": dict(room.settings),
        "phones": {
            phone.position: phone_as_written(phone, room, template, catalogue)
            for phone in sorted(phones, key=lambda phone: phone.position)
        },
    }
    plain: Json = _plain(_filled(made))
    return plain


def phone_as_written(
    phone: Phone, room: Room, template: RoomTemplate | None, catalogue: Catalogue
) -> Json:
    """Return a phone as it stands below its position."""
    place = template.position(phone.position) if template else None
    made = {
        "model": phone.model,
        "mac": phone.mac.colons,
        "preset": phone.preset if place is None or place.preset != phone.preset else "",
        **_numbers(phone, room, catalogue),
        "keys": [from_json(_key_as_written(key)) for key in phone.keys],
        "settings": dict(phone.settings),
        "handsets": [
            _filled({"name": h.name, "extension": h.extension, "ipui": h.ipui, "model": h.model})
            for h in phone.handsets
        ],
        "accessories": [{"model": a.model, "count": a.count} for a in phone.accessories],
        "tftp_without_token": phone.tftp_without_token,
    }
    return _filled(made)


@lru_cache(maxsize=20_000)
def _key_as_written(key: PhoneKey) -> bytes:
    """A key as JSON; the phones of a hotel have many alike."""
    return to_json(key.model_dump(mode="json", exclude_defaults=True, exclude={"optional"}))


def account_as_written(account: Account) -> Json:
    """Return an account with its secret."""
    made = {
        "extension": account.extension,
        "name": account.name,
        "secret": account.secret.get_secret_value() if account.secret else "",
        "voicemail": account.voicemail,
    }
    return _filled(made) | ({} if account.listed is None else {"listed": account.listed})


def template_of(name: str, site: Site, catalogue: Catalogue) -> RoomTemplate | None:
    """Return a room template of a site; its own come first."""
    return site.room_templates.get(name) or catalogue.rooms.get(name)


def _numbers(phone: Phone, room: Room, catalogue: Catalogue) -> Json:
    """The accounts of a phone, unless they are what a phone of this room gets by itself."""
    model = catalogue.models.get(phone.model)
    has_accounts = model is None or bool(model.accounts)
    implied = () if phone.handsets or not has_accounts else (room.extension,)
    if phone.accounts == implied or not phone.accounts:
        return {}
    if len(phone.accounts) == 1:
        return {"extension": phone.accounts[0]}
    return {"accounts": list(phone.accounts)}


def _filled(values: Mapping[str, Any]) -> Json:
    """Return what is said; empty and false is what a site file leaves out."""
    return {name: value for name, value in values.items() if value not in ("", None, False, {}, [])}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return nested values as JSON has them: no tuples, and numbers without their text."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value
