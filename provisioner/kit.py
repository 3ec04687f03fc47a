"""PhoneKit: everything one phone's files are made of, as values.

``assembly`` makes one from inventory, catalogue and secrets; ``render`` turns it into bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from provisioner.catalogue.models import Model
from provisioner.catalogue.schema import Dialect, Vendor
from provisioner.clock import Clock
from provisioner.inventory.records import Phone, Room, Site
from provisioner.keys import KeyPlan
from provisioner.mac import MacAddress
from provisioner.phone_secrets import PhoneSecrets
from provisioner.remarks import remarks
from provisioner.resolve import Resolved
from provisioner.settings import PhoneSettings
from provisioner.syntaxes import MaskedText

_DAY_MIN = 24 * 60


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
class Offer:
    """A firmware that a phone does not run yet.

    Attributes:
        url: empty when only handsets are offered one.
        handsets: image URLs by DECT handset model, for what hangs on a base.
        handset_versions: what those images are, by the same names.
    """

    version: str
    url: MaskedText
    handsets: Mapping[str, MaskedText] = field(default_factory=dict)
    handset_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhoneKit:
    """What templates see; all of it values.

    Attributes:
        rooms: of the whole site, when keys of the phone stand for them.
        file_remarks: what the library cannot do for it, in sentences.
    """

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
    offer: Offer | None = None
    rooms: tuple[Room, ...] = ()
    file_remarks: tuple[str, ...] = ()

    @property
    def settings(self) -> PhoneSettings:
        """The resolved settings."""
        return self.resolved.settings

    def line(self, number: int) -> Line | None:
        """Return the account of that 1-based number, or None."""
        return next((line for line in self.lines if line.number == number), None)

    @property
    def new_firmware(self) -> Offer | None:
        """The image offered to the device itself, None when there is none, or only for handsets."""
        return self.offer if self.offer is not None and self.offer.url.text else None

    @property
    def handset_images(self) -> Mapping[str, MaskedText]:
        """Images offered to the handsets of a base: URL by handset model."""
        return self.offer.handsets if self.offer is not None else {}

    @property
    def fetch_at(self) -> tuple[int, int] | None:
        """Hour and minute of the daily fetch: spread over the window by MAC; None: no window."""
        return moment_in(self.settings.provisioning.window, self.phone.mac)

    def file_url(self, url: str) -> MaskedText | str:
        """Return a ``library:NAME`` as a URL below the phone's own; any other URL as it is."""
        scheme, _, name = url.partition(":")
        return self.urls.file(name) if scheme == "library" else url

    @property
    def warnings(self) -> tuple[str, ...]:
        """What this phone will not do as asked, in sentences."""
        told = remarks(self.model, self.dialect, self.resolved, self.plan, self.clock)
        return (*told, *self.file_remarks)


def moment_in(window: str, mac: MacAddress) -> tuple[int, int] | None:
    """Return a phone's own minute of a window such as ``02:00-05:00``, always the same one."""
    if not window:
        return None
    (start_h, start_min), (end_h, end_min) = (map(int, t.split(":")) for t in window.split("-"))
    start = start_h * 60 + start_min
    length = (end_h * 60 + end_min - start) % _DAY_MIN or _DAY_MIN
    minute = (start + zlib.crc32(mac.encode("ascii")) % length) % _DAY_MIN
    return divmod(minute, 60)


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
