"""PhoneKit: everything one phone's files are made of, as values.

``assemble`` joins inventory, catalogue and secrets; ``render`` turns a kit into bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.schema import Dialect, Model, Vendor
from provisioner.clock import Clock, clock_for
from provisioner.errors import InventoryError, UnknownThingError
from provisioner.inventory.records import Account, Phone, Room, Site
from provisioner.key_types import KeyType, PhoneKey
from provisioner.keys import KeyPlan, lay_out
from provisioner.phone_secrets import PhoneSecrets
from provisioner.remarks import remarks
from provisioner.resolve import Place, Resolved, resolve
from provisioner.settings import PhoneSettings
from provisioner.syntaxes import MaskedText


@dataclass(frozen=True, slots=True)
class Line:
    """A SIP account as a phone uses it.

    Attributes:
        number: 1-based account number on the phone.
        label: short text beside a key; ``display_name`` is what the called party sees.
    """

    number: int
    extension: str
    user: str
    auth_user: str
    secret: SecretStr
    display_name: str
    label: str
    voicemail: bool


@dataclass(frozen=True, slots=True)
class HandsetLine:
    """A DECT handset's slot and the account it uses."""

    slot: int
    name: str
    ipui: str
    model: str
    line: Line


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the phone finds things. ``directory`` ends in a slash and holds the token.

    Attributes:
        host: with the port when the URL names one.
        path: ``directory`` below the host, without its leading slash: ``p/<token>/``.
        scheme: ``http``, ``https`` or ``tftp``.
    """

    base: str
    directory: MaskedText
    host: str
    path: MaskedText
    scheme: str

    def file(self, name: str) -> MaskedText:
        """URL of one of the phone's own files."""
        return self.directory + name


@dataclass(frozen=True, slots=True)
class PhoneKit:
    """What templates see; all of it values."""

    vendor: Vendor
    model: Model
    dialect: Dialect
    site: Site
    room: Room
    phone: Phone
    resolved: Resolved
    lines: tuple[Line, ...]
    handsets: tuple[HandsetLine, ...]
    plan: KeyPlan
    clock: Clock
    urls: Urls
    secrets: PhoneSecrets
    firmware: str | None = None

    @property
    def settings(self) -> PhoneSettings:
        """The resolved settings."""
        return self.resolved.settings

    def line(self, number: int) -> Line | None:
        """Return the account of that 1-based number, or None."""
        return next((line for line in self.lines if line.number == number), None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What this phone will not do as asked, in sentences."""
        return remarks(self.model, self.dialect, self.resolved, self.plan, self.clock)


def place_of(catalogue: Catalogue, site: Site, room: Room, phone: Phone) -> Place:
    """Return everything the settings of one phone depend on; a site's own preset comes first.

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
        template=catalogue.rooms.get(room.template),
        phone=phone,
    )


def assemble(
    catalogue: Catalogue,
    place: Place,
    accounts: Mapping[str, Account],
    secrets: PhoneSecrets,
    firmware: str | None = None,
) -> PhoneKit:
    """Join everything one phone's files are made of.

    Args:
        catalogue: the vendor knowledge.
        place: the phone with its site, room, model and preset.
        accounts: the site's accounts by extension, with their secrets.
        secrets: the phone's own secrets.
        firmware: as last reported; None when never seen.

    Raises:
        InventoryError: an account is missing, or a setting is not allowed.
    """
    model, phone = place.model, place.phone
    resolved = resolve(place)
    settings = resolved.settings
    lines = _lines(phone, accounts)
    return PhoneKit(
        vendor=place.vendor,
        model=model,
        dialect=catalogue.dialect_of(model, firmware),
        site=place.site,
        room=place.room,
        phone=phone,
        resolved=resolved,
        lines=lines,
        handsets=_handsets(phone, lines),
        plan=key_plan(catalogue, place, resolved),
        clock=clock_for(settings.locale.timezone),
        urls=urls_for(place.site.url, secrets),
        secrets=_chosen(secrets, settings),
        firmware=firmware,
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


def urls_for(base_url: str, secrets: PhoneSecrets) -> Urls:
    """Return a phone's URLs below its site's ``base_url``."""
    base = base_url.rstrip("/")
    token = secrets.token.get_secret_value()
    directory = MaskedText(f"{base}/p/{token}/", f"{base}/p/********/")
    scheme, _, rest = base.rpartition("://")
    host, _, below = rest.partition("/")
    prefix = f"{below}/" if below else ""
    path = MaskedText(f"{prefix}p/{token}/", f"{prefix}p/********/")
    return Urls(base + "/", directory, host, path, scheme or "http")


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


def _with_defaults(key: PhoneKey, settings: PhoneSettings) -> PhoneKey:
    """Emergency, door and voice-mail keys know their number from the settings."""
    default_value = {
        KeyType.EMERGENCY: settings.emergency.numbers[0],
        KeyType.DOOR_OPEN: settings.door.open_code,
        KeyType.VOICEMAIL: settings.calls.voicemail,
    }.get(key.type, "")
    label = key.label or (settings.emergency.label if key.type is KeyType.EMERGENCY else "")
    return key.model_copy(update={"value": key.value or default_value, "label": label})
