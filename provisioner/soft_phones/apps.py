"""Which apps there are, and what their codes say: ``templates/soft_phones/apps.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from pydantic import Field

from provisioner.catalogue.reading import read_record
from provisioner.catalogue.record import Pattern, Record, Slug, Source
from provisioner.errors import InventoryError, UnknownThingError

FOLDER = "soft_phones"
LINK_FOLDER = "soft"
_FILE = "apps.toml"


class SoftPhoneApp(Record):
    """An app that fetches its account by URL.

    Attributes:
        template: of the file that it fetches.
        code: what its QR code says. ``{url}``: the link; ``{rest}``: the link without its
            scheme; ``{token}``: its last part; ``{cloud}``: the CloudID of a vendor's portal.
        header: an HTTP header that the app sends with its request and nobody else does.
        strangers: User-Agents that are not the app's: of messengers that look for a preview.
        https: the code works with an https link only.
        hint: how to read the code.
    """

    id: Slug
    name: str
    template: str
    media_type: str = "application/xml"
    code: str
    header: str = ""
    strangers: Pattern = "(?!)"
    https: bool = False
    hint: str
    sources: tuple[Source, ...] = Field(min_length=1)


class AppFile(Record):
    """All apps."""

    apps: tuple[SoftPhoneApp, ...]


@lru_cache(maxsize=4)
def apps_in(folder: Path) -> Mapping[str, SoftPhoneApp]:
    """Return the apps by id.

    Args:
        folder: the catalogue's.

    Raises:
        CatalogueError: the file is wrong; it names file and key.
    """
    apps = read_record(folder, folder / FOLDER / _FILE, AppFile).apps
    return {app.id: app for app in apps}


def app_of(folder: Path, app_id: str) -> SoftPhoneApp:
    """Return an app; raises UnknownThingError naming those there are."""
    apps = apps_in(folder)
    if app_id not in apps:
        raise UnknownThingError(f"there is no app {app_id!r}; known are: {', '.join(apps)}")
    return apps[app_id]


def link_url(base_url: str, token: str) -> str:
    """Return the link of a token below a site's URL, or the one given for soft phones.

    Raises:
        InventoryError: apps cannot fetch by such a URL.
    """
    if not base_url.startswith(("http://", "https://")):
        raise InventoryError(
            f"apps fetch by https:// or http://, not by {base_url}; give --url with another one"
        )
    return f"{base_url.rstrip('/')}/{LINK_FOLDER}/{token}"


def code_text(app: SoftPhoneApp, url: str, cloud_id: str = "") -> str:
    """Return what an app's QR code says.

    Args:
        app: which app.
        url: the link.
        cloud_id: the CloudID of the vendor's portal, for apps that have one.

    Raises:
        InventoryError: the code would not work; it says what is needed.
    """
    if app.https and not url.startswith("https://"):
        raise InventoryError(
            f"{app.name} reads codes of https:// links only; give --url with one, or another --app"
        )
    if "{cloud}" in app.code and not cloud_id:
        raise InventoryError(f"{app.name} needs --cloud-id: the CloudID of its portal")
    parts = {
        "{url}": url,
        "{rest}": url.partition("://")[2],
        "{token}": url.rsplit("/", 1)[1],
        "{cloud}": quote(cloud_id, safe=""),
    }
    code = app.code
    for name, value in parts.items():
        code = code.replace(name, value)
    return code
