"""Style, script and pictures: read once, compressed once, kept by browsers for good.

Their address holds a digest of all of them, so that a new release is a new address.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
KEY = "bellwire.assets"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    body: bytes
    packed: bytes
    media_type: str


class Assets:
    """All files of a folder that a browser may have.

    Attributes:
        version: a digest of all of them.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            file.relative_to(folder).as_posix(): _read(file, file.stat().st_mtime_ns)
            for file in sorted(folder.rglob("*"))
            if file.suffix in TYPES
        }
        made = hashlib.sha256()
        for name, asset in self._files.items():
            made.update(name.encode() + asset.body)
        self.version = made.hexdigest()[:12]

    def get(self, name: str) -> Asset | None:
        """Return a file, or None."""
        return self._files.get(name)

    def names(self) -> list[str]:
        """Return the names of all files."""
        return list(self._files)


@cache
def _read(file: Path, _changed_ns: int) -> Asset:
    """One file; packing a large one takes a while, so it is done once for each of its states."""
    body = file.read_bytes()
    return Asset(body, gzip.compress(body, 9, mtime=0), TYPES[file.suffix])


PAGES = Blueprint("assets", __name__)


@PAGES.get("/static/<version>/<path:name>")
def send(version: str, name: str) -> Response:
    """Send a file; one of another release is sent as it is now, and not kept."""
    assets: Assets = current_app.extensions[KEY]
    asset = assets.get(name)
    if asset is None:
        abort(404)
    packs = request.accept_encodings.quality("gzip") > 0
    made = Response(asset.packed if packs else asset.body, content_type=asset.media_type)
    if packs:
        made.headers["Content-Encoding"] = "gzip"
    made.vary.add("Accept-Encoding")
    fresh = version == assets.version
    made.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if fresh else "public, max-age=60"
    )
    return made
