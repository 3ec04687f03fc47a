"""Joins inventory, catalogue and secrets into one phone's PhoneKit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provisioner.catalogue.loader import Catalogue
from provisioner.clock import clock_for
from provisioner.errors import InventoryError, UnknownThingError
from provisioner.inventory.records import Account, Phone, Room, Site
from provisioner.key_types import KeyType, PhoneKey
from provisioner.keys import KeyPlan, lay_out
from provisioner.kit import HandsetLine, Line, Offer, PhoneKit, urls_for
from provisioner.phone_secrets import PhoneSecrets
from provisioner.resolve import Place, Resolved, resolve
from provisioner.settings import PhoneSettings
from provisioner.syntaxes import MaskedText


def place_of(
    catalogue: Catalogue, site: Site, room: Room, phone: Phone, rooms: Iterable[Room] = ()
) -> Place:
    """Return everything the settings of one phone depend on; a site's own preset comes first.

    Args:
        catalogue: the vendor knowledge.
        site: where the phone is.
        room: where it stands.
        phone: the phone.
        rooms: all of the site, when the phone ``watches_rooms``.

    Raises:
        UnknownThingError: model or preset are not in the catalogue any more.
    """
    model = catalogue.model(phone.model)
    preset = site.presets.get(phone.preset) or catalogue.presets.get(phone.preset)
    if preset is None:
        raise UnknownThingError(f"{phone.mac.colons}: there is no preset {phone.preset!r}")
    return Place(
        vendor=catalogue.vendors[model.vendor],
        model=model,
        site=site,
        preset=preset,
        room=room,
        template=site.room_templates.get(room.template) or catalogue.rooms.get(room.template),
        phone=phone,
        rooms=tuple(rooms),
    )


def assemble(
    catalogue: Catalogue,
    place: Place,
    accounts: Mapping[str, Account],
    secrets: PhoneSecrets,
    firmware: str | None = None,
    offer: Offer | None = None,
) -> PhoneKit:
    """Join everything one phone's files are made of.

    Args:
        catalogue: the vendor knowledge.
        place: the phone with its site, room, model and preset.
        accounts: the site's accounts by extension, with their secrets.
        secrets: the phone's own secrets.
        firmware: as last reported; None when never seen.
        offer: a firmware of the library for this phone; None: what the settings name.

    Raises:
        InventoryError: an account is missing, or a setting is not allowed.
    """
    model, phone = place.model, place.phone
    resolved = resolve(place)
    settings = resolved.settings
    lines = _lines(phone, accounts)
    dialect = catalogue.dialect_of(model, firmware)
    return PhoneKit(
        vendor=place.vendor,
        model=model,
        dialect=dialect,
        site=place.site,
        room=place.room,
        phone=phone,
        resolved=resolved,
        lines=lines,
        handsets=_handsets(phone, lines),
        plan=key_plan(catalogue, place, resolved),
        clock=clock_for(settings.locale.timezone, dialect.clock),
        urls=urls_for(place.site.url, secrets),
        secrets=_chosen(secrets, settings),
        firmware=firmware,
        offer=offer or _offer_of(settings, firmware),
        rooms=place.rooms,
    )


def key_plan(catalogue: Catalogue, place: Place, resolved: Resolved) -> KeyPlan:
    """Lay out a phone's keys on its model and its expansion modules."""
    attached = place.phone.accessories
    modules = [catalogue.models[a.model] for a in attached for _ in range(a.count)]
    keys = [_with_defaults(key, resolved.settings) for key in resolved.keys]
    return lay_out(place.model, [m for m in modules if m.keys], keys)


def _lines(phone: Phone, accounts: Mapping[str, Account]) -> tuple[Line, ...]:
    extensions = list(phone.accounts)
    extensions += [h.extension for h in phone.handsets if h.extension not in extensions]
    lines = []
    for number, extension in enumerate(extensions, start=1):
        account = accounts.get(extension)
        if account is None or account.secret is None:
            raise InventoryError(f"{phone.mac.colons}: there is no account {extension!r}")
        lines.append(
            Line(
                number=number,
                extension=extension,
                user=extension,
                auth_user=extension,
                secret=account.secret,
                display_name=account.name or extension,
                label=account.name or extension,
                voicemail=account.voicemail,
            )
        )
    return tuple(lines)


def _handsets(phone: Phone, lines: tuple[Line, ...]) -> tuple[HandsetLine, ...]:
    by_extension = {line.extension: line for line in lines}
    return tuple(
        HandsetLine(h.slot, h.name, h.ipui, h.model, by_extension[h.extension])
        for h in phone.handsets
    )


def _chosen(secrets: PhoneSecrets, settings: PhoneSettings) -> PhoneSecrets:
    """The phone's own secrets, unless a layer sets them."""
    access, dect = settings.access, settings.dect
    return PhoneSecrets(
        token=secrets.token,
        admin_password=access.admin_password or secrets.admin_password,
        user_password=access.user_password or secrets.user_password,
        menu_pin=access.menu_pin or secrets.menu_pin,
        dect_pin=dect.pin or secrets.dect_pin,
    )


def _offer_of(settings: PhoneSettings, firmware: str | None) -> Offer | None:
    """The firmware that the settings name, unless the phone runs it."""
    wanted = settings.firmware
    if not wanted.url or (wanted.version and wanted.version == firmware):
        return None
    return Offer(wanted.version, MaskedText(wanted.url, wanted.url))


def _with_defaults(key: PhoneKey, settings: PhoneSettings) -> PhoneKey:
    """Emergency, door and voice-mail keys know their number from the settings."""
    default_value = {
        KeyType.EMERGENCY: settings.emergency.numbers[0],
        KeyType.DOOR_OPEN: settings.door.open_code,
        KeyType.VOICEMAIL: settings.calls.voicemail,
    }.get(key.type, "")
    label = key.label or (settings.emergency.label if key.type is KeyType.EMERGENCY else "")
    return key.model_copy(update={"value": key.value or default_value, "label": label})
