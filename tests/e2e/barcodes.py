"""Labels of phones, drawn: Code 128 and QR, as pictures and as what a camera sees."""

from __future__ import annotations

import io
from pathlib import Path

import segno
from PIL import Image, ImageDraw

# ISO/IEC 15417: widths of bars and gaps by value; 104 begins in code set B, 106 ends
_WIDTHS = (  # noqa: SIM905
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232 2331112"
).split()
_START_B, _STOP = 104, 106


def code128(text: str, module_px: int = 3, height_px: int = 90) -> Image.Image:
    """A bar code with white around it."""
    values = [_START_B, *(ord(sign) - 32 for sign in text)]
    check = (values[0] + sum(n * value for n, value in enumerate(values))) % 103
    widths = "".join(_WIDTHS[value] for value in (*values, check, _STOP))
    quiet = 12 * module_px
    picture = Image.new("L", (sum(map(int, widths)) * module_px + 2 * quiet, height_px + 40), 255)
    draw, x = ImageDraw.Draw(picture), quiet
    for n, width in enumerate(widths):
        if n % 2 == 0:
            draw.rectangle((x, 20, x + int(width) * module_px - 1, 20 + height_px), fill=0)
        x += int(width) * module_px
    return picture


def qr(text: str, module_px: int = 7) -> Image.Image:
    """A QR code."""
    out = io.BytesIO()
    segno.make(text, micro=False).save(out, kind="png", scale=module_px, border=4)
    return Image.open(out).convert("L")


def seen(label: Image.Image, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """What a camera sees of it: grey around, a little turned."""
    whole = Image.new("L", size, 190)
    turned = label.rotate(2, expand=True, fillcolor=255)
    turned.thumbnail((size[0] - 40, size[1] - 40))
    whole.paste(turned, ((size[0] - turned.width) // 2, (size[1] - turned.height) // 2))
    return whole


def film(label: Image.Image, file: Path, frames: int = 4) -> Path:
    """A film of a label in the one format that Chromium's fake camera takes (YUV4MPEG2)."""
    picture = seen(label)
    width, height = picture.size
    colourless = b"\x80" * (width * height // 2)
    with file.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(frames):
            out.write(b"FRAME\n" + picture.tobytes() + colourless)
    return file
