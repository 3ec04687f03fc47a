"""A firmware image, as far as it can be judged from outside.

Most of the vendors' containers are not public, so the check goes the other way: it knows what an
image certainly is not. A download that failed is mostly a page that says so, or an archive that
was not unpacked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from provisioner.filestore.findings import FileRefusedError, Findings
from provisioner.filestore.formats import FirmwareRule

HEAD_BYTES = 64 * 1024
MIN_BYTES = 4 * 1024  # the smallest known, that of a key module, has 94 KB
MEDIA_TYPE = "application/octet-stream"

_FOREIGN = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"MZ", "a Windows program"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (b"SQLite format 3", "a database"),
)
_ZIP = b"PK\x03\x04"
# SWUpdate's .swu is a cpio archive, "newc" or "crc": its first pages may be nothing but text
_CPIO = (b"070701", b"070702")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_PAGE = re.compile(rb"<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
_TEXT = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\r\n\f\x1b")
_TEXT_SHARE = 0.97


def check_image(content: Path, name: str, rule: FirmwareRule | None) -> Findings:
    """Return what was found out about an image.

    Raises:
        FileRefusedError: it is no image of this vendor.
    """
    with content.open("rb") as file:
        head = file.read(HEAD_BYTES)
    problem = next(_problems(head, name, content.stat().st_size, rule), None)
    if problem is not None:
        raise FileRefusedError(f"{name}: {problem}")
    warnings = []
    if head.startswith(_ZIP):
        warnings.append("it looks like a ZIP archive: make sure that it need not be unpacked")
    return Findings(MEDIA_TYPE, {}, tuple(warnings))


def _problems(head: bytes, name: str, size: int, rule: FirmwareRule | None) -> Iterator[str]:
    if rule is not None and not name.lower().endswith(rule.extensions):
        yield f"an image of this vendor ends in {' or '.join(rule.extensions)}"
    if head.lstrip(_BLANK).startswith(b"<") and _PAGE.search(head[:4096]):
        yield "this is a web page or XML, not an image; the download may have failed"
    for signature, what in _FOREIGN:
        if head.startswith(signature):
            yield f"this is {what}"
    if is_text(head) and not head.startswith(_CPIO):
        yield "this is a text, not an image"
    if size < MIN_BYTES:
        yield f"{size} bytes are too few for an image"


def is_text(head: bytes) -> bool:
    """Whether nearly all of it can be printed; UTF-16 texts are texts too."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return sum(byte in _TEXT for byte in head) >= _TEXT_SHARE * len(head)
