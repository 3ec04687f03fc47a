"""An account as an app uses it: what the site says, and no phone's own settings. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from provisioner.errors import InventoryError
from provisioner.inventory.records import Account, Site
from provisioner.resolve import site_settings
from provisioner.settings import Codec, Sip


@dataclass(frozen=True, slots=True)
class SoftAccount:
    """What an app is told.

    Attributes:
        title: what the app calls the account.
        name: what the called party sees.
        codecs: best first.
        voicemail: number that plays messages; empty: not known.
    """

    title: str
    name: str
    user: str
    password: SecretStr
    sip: Sip
    codecs: tuple[Codec, ...]
    voicemail: str = ""

    @property
    def identity(self) -> str:
        """The name-addr of the account (RFC 3261 section 25.1)."""
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <sip:{self.user}@{self.sip.registrar}>'

    @property
    def server(self) -> str:
        """The registrar with its port."""
        return f"{self.sip.registrar}:{self.sip.port}"

    @property
    def proxy(self) -> str:
        """The outbound proxy with its port, or an empty text."""
        sip = self.sip
        return f"{sip.outbound_proxy}:{sip.outbound_proxy_port}" if sip.outbound_proxy else ""

    @property
    def voicemail_uri(self) -> str:
        """Where messages are listened to, as a URI, or an empty text."""
        number = self.voicemail.replace("#", "%23")
        return f"sip:{number}@{self.sip.registrar}" if number else ""


def soft_account(site: Site, account: Account) -> SoftAccount:
    """Return what an app is told of an account.

    Raises:
        InventoryError: the site names no registrar, or the account has no secret yet.
    """
    settings = site_settings(site)
    if not settings.sip.registrar:
        raise InventoryError(f"site {site.id} names no registrar (sip: registrar:)")
    if account.secret is None:
        raise InventoryError(f"account {account.extension} has no secret yet")
    name = account.name or account.extension
    return SoftAccount(
        title=f"{site.name or site.id} {account.extension}",
        name=name,
        user=account.extension,
        password=account.secret,
        sip=settings.sip,
        codecs=settings.audio.codecs,
        voicemail=settings.calls.voicemail or site.numbers.get("voicemail", ""),
    )
