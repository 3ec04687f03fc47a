"""Wallpapers and logos: their format and their size in pixels, by Pillow."""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from provisioner.catalogue.models import Model
from provisioner.filestore.findings import FileRefusedError, Findings
from provisioner.filestore.firmware_images import is_text
from provisioner.filestore.formats import PictureRule

MAX_PIXELS = 4096 * 4096
_FORMATS = {"PNG": "png", "JPEG": "jpeg", "BMP": "bmp"}
_MEDIA = {"png": "image/png", "jpeg": "image/jpeg", "bmp": "image/bmp"}
_ENDINGS = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "bmp": (".bmp",)}
_DAMAGED = (OSError, ValueError, SyntaxError, Warning, LookupError, EOFError, struct.error)
"""What Pillow's readers raise for broken files, besides their own error of immense pictures."""
_PIXELS = re.compile(r"\b(\d{2,5})\s*x\s*(\d{2,5})\b")


def check_picture(
    content: Path, name: str, rule: PictureRule | None, models: Iterable[Model]
) -> Findings:
    """Return what was found out about a picture.

    Args:
        content: where its bytes are.
        name: as phones will ask for it.
        rule: what the vendor's phones show; None: not known.
        models: those it is meant for, whose screens it should fill.

    Raises:
        FileRefusedError: it is no picture, or one that the vendor's phones do not show.
    """
    if rule is not None and name.lower().endswith(rule.own_extensions or ("\0",)):
        return _own_format(content, name)
    kind, width, height = _measured(content, name)
    if not name.lower().endswith(_ENDINGS[kind]):
        ending = _ENDINGS[kind][0]
        raise FileRefusedError(f"{name}: this is a {kind} picture; end its name in {ending}")
    if rule is not None and kind not in rule.formats:
        known = ", ".join(sorted((*rule.formats, *rule.own_extensions)))
        raise FileRefusedError(f"{name}: this vendor's phones show {known}, not {kind}")
    told = tuple(_misfits(width, height, rule.sizes if rule else {}, models))
    return Findings(_MEDIA[kind], {"width": width, "height": height}, told)


def screen_of(model: Model, sizes: Mapping[str, str]) -> tuple[int, int] | None:
    """Return a model's screen, width and height in pixels, where it is known."""
    match = _PIXELS.search(sizes.get(model.id, "") or model.screen)
    return (int(match[1]), int(match[2])) if match else None


def _own_format(content: Path, name: str) -> Findings:
    with content.open("rb") as file:
        head = file.read(4096)
    if is_text(head) or content.stat().st_size > 1024 * 1024:
        raise FileRefusedError(f"{name}: this is no picture in the vendor's own format")
    return Findings("application/octet-stream", {}, ("nobody but the phone can look into it",))


def _measured(content: Path, name: str) -> tuple[str, int, int]:
    """Format, width and height; the whole picture is read once, so that half of one is noticed."""
    from PIL import Image, UnidentifiedImageError  # slow to load, and only needed here

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(content, formats=tuple(_FORMATS)) as picture:
                kind, (width, height) = _FORMATS[picture.format or ""], picture.size
                if width * height > MAX_PIXELS:
                    raise FileRefusedError(f"{name}: {width}x{height} pixels are too many")
                picture.load()
    except UnidentifiedImageError as problem:
        raise FileRefusedError(f"{name}: this is no PNG, JPEG or BMP picture") from problem
    except (Image.DecompressionBombError, *_DAMAGED) as problem:
        raise FileRefusedError(f"{name}: the picture is damaged: {problem}") from problem
    return kind, width, height


def _misfits(
    width: int, height: int, sizes: Mapping[str, str], models: Iterable[Model]
) -> Iterator[str]:
    for model in models:
        screen = screen_of(model, sizes)
        if screen is not None and screen != (width, height):
            yield f"{model.name} has {screen[0]}x{screen[1]} pixels, the picture {width}x{height}"
