"""Which files a vendor's phones take: ``templates/phones/<vendor>/library.toml``, checked."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from provisioner.catalogue.reading import read_record
from provisioner.catalogue.record import ModelId, Record, Source

FILE_NAME = "library.toml"


class FileKind(StrEnum):
    """What a file of the library is for."""

    FIRMWARE = "firmware"
    WALLPAPER = "wallpaper"
    LOGO = "logo"
    RINGTONE = "ringtone"


MAX_BYTES = {
    FileKind.FIRMWARE: 512 * 1024 * 1024,  # phones with Android have the largest images
    FileKind.WALLPAPER: 8 * 1024 * 1024,
    FileKind.LOGO: 8 * 1024 * 1024,
    FileKind.RINGTONE: 8 * 1024 * 1024,
}
"""What is refused for any vendor."""

SETTINGS = {
    "screen.wallpaper": FileKind.WALLPAPER,
    "screen.logo": FileKind.LOGO,
    "audio.ring_file": FileKind.RINGTONE,
}
"""The settings that may name a file of the library, and of which kind it must be."""

Extension = Annotated[str, Field(pattern=r"^\.[a-z0-9]{1,8}$")]
Pixels = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$")]
PictureFormat = Literal["png", "jpeg", "bmp"]
Encoding = Literal["pcm-8", "pcm-16", "a-law", "u-law"]


class FirmwareRule(Record):
    """What a vendor's images look like from outside."""

    extensions: tuple[Extension, ...] = Field(min_length=1)


class PictureRule(Record):
    """What a vendor's phones show.

    ``own_extensions`` are formats of the vendor's own, which nobody else can look into.
    """

    formats: frozenset[PictureFormat] = frozenset()
    own_extensions: tuple[Extension, ...] = ()
    max_bytes: int = Field(default=MAX_BYTES[FileKind.WALLPAPER], gt=0)
    sizes: dict[ModelId, Pixels] = Field(default_factory=dict)


class RingToneRule(Record):
    """What a vendor's phones play; all of it one channel."""

    encodings: frozenset[Encoding] = Field(min_length=1)
    rates_hz: frozenset[int] = Field(min_length=1)
    max_bytes: int = Field(default=MAX_BYTES[FileKind.RINGTONE], gt=0)


class VendorFormats(Record):
    """All of one vendor; what is left out is not known, and then taken with a warning."""

    firmware: FirmwareRule | None = None
    wallpaper: PictureRule | None = None
    logo: PictureRule | None = None
    ringtone: RingToneRule | None = None
    sources: tuple[Source, ...] = ()


@lru_cache(maxsize=32)
def formats_of(folder: Path, vendor: str) -> VendorFormats:
    """Return what is known of a vendor's formats; nothing when it has no file for that.

    Args:
        folder: the catalogue's folder.
        vendor: vendor id; empty: any vendor.

    Raises:
        CatalogueError: the file is wrong; it names file and key.
    """
    file = folder / "phones" / vendor / FILE_NAME
    if not vendor or not file.is_file():
        return VendorFormats()
    return read_record(folder, file, VendorFormats)
