"""How a Snom desk phone reads XML: strictly, tag by tag, minding who may write what.

A file that is not well-formed is ignored as a whole, and so is a page that is XML but no
settings file. Only what a file names changes.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

ROOTS = frozenset(
    {"settings", "setting-files", "phone-settings", "functionKeys", "tbook", "dialplan"}
    | {"certificates", "uploads", "firmware-settings", "gui-languages", "web-languages"}
)
READ_ONLY = frozenset({"R", "&", " "})


@dataclass(frozen=True, slots=True)
class Setting:
    """A value in flash; ``touched`` once a person has changed it at the phone."""

    value: str
    perm: str = ""
    touched: bool = False


@dataclass(frozen=True, slots=True)
class FunctionKey:
    """A function key as stored: ``kind`` is the first word of its text."""

    kind: str
    value: str = ""
    label: str = ""
    context: str = "active"
    perm: str = ""


@dataclass
class Flash:
    """What the phone keeps. ``idx`` 0 stands for a setting without one.

    ``contacts`` are names by number: what its directory was filled with.
    """

    settings: dict[tuple[str, int], Setting] = field(default_factory=dict)
    keys: dict[int, FunctionKey] = field(default_factory=dict)
    touched_keys: set[int] = field(default_factory=set)
    certificates: list[str] = field(default_factory=list)
    contacts: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, idx: int = 0) -> str:
        """Return a value, empty when never set."""
        found = self.settings.get((name, idx))
        return found.value if found else ""

    def user_sets(self, name: str, value: str, idx: int = 0) -> bool:
        """A person changes a setting at the phone; False when it is read-only."""
        before = self.settings.get((name, idx), Setting(""))
        if before.perm in READ_ONLY:
            return False
        self.settings[(name, idx)] = Setting(value, before.perm, touched=True)
        return True

    def user_sets_key(self, idx: int, kind: str, value: str) -> bool:
        """A person changes a function key; False when it is read-only."""
        before = self.keys.get(idx, FunctionKey("line"))
        if before.perm in READ_ONLY:
            return False
        self.keys[idx] = FunctionKey(kind, value, before.label, before.context, before.perm)
        self.touched_keys.add(idx)
        return True


def parse(body: bytes) -> ET.Element | None:
    """Return the root of a settings file; None when the phone would throw the file away."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - a simulated phone reads its test server's files
    except ET.ParseError:
        return None
    return root if root.tag in ROOTS else None


def parts(root: ET.Element) -> Iterator[ET.Element]:
    """The sections of a file, whether in a container or alone."""
    if root.tag == "settings":
        yield from root
    else:
        yield root


def files_named(root: ET.Element) -> list[str]:
    """URLs of a ``<setting-files>`` list, in order."""
    return [
        url
        for part in parts(root)
        if part.tag == "setting-files"
        for entry in part.iter("file")
        if (url := entry.get("url", "").strip())
    ]


def apply(root: ET.Element, flash: Flash) -> bool:
    """Write a file into flash; returns whether anything is different now."""
    changed = False
    for part in parts(root):
        if part.tag == "phone-settings":
            for tag in part:
                changed |= _apply_setting(tag, flash)
        elif part.tag == "functionKeys":
            for tag in part.iter("fkey"):
                changed |= _apply_key(tag, flash)
        elif part.tag == "tbook":
            changed |= _apply_book(part, flash)
        elif part.tag == "certificates":
            flash.certificates += [c.get("url", "") for c in part.iter("certificate")]
    return changed


def _apply_setting(tag: ET.Element, flash: Flash) -> bool:
    idx = _index(tag, "0")
    if idx is None:
        return False
    name, perm = str(tag.tag), tag.get("perm", "")
    before = flash.settings.get((name, idx))
    if perm == "!" and before is not None and before.touched:
        return False
    after = Setting(tag.text or "", perm)
    flash.settings[(name, idx)] = after
    return before is None or before.value != after.value


def _apply_key(tag: ET.Element, flash: Flash) -> bool:
    idx = _index(tag, "")
    if idx is None:
        return False
    perm = tag.get("perm", "")
    if perm == "!" and idx in flash.touched_keys:
        return False
    kind, _, value = (tag.text or "none").strip().partition(" ")
    after = FunctionKey(kind, value, tag.get("label", ""), tag.get("context", "active"), perm)
    before = flash.keys.get(idx)
    flash.keys[idx] = after
    flash.touched_keys.discard(idx)
    return before != after


def _apply_book(book: ET.Element, flash: Flash) -> bool:
    """Take over a phone book; only a complete one makes older entries vanish."""
    before = dict(flash.contacts)
    if book.get("complete") == "true":
        flash.contacts.clear()
    for item in book.iter("item"):
        names = (item.findtext("first_name", ""), item.findtext("last_name", ""))
        name = item.findtext("name") or " ".join(filter(None, names))
        flash.contacts[item.findtext("number", "")] = name
    return flash.contacts != before


def _index(tag: ET.Element, default: str) -> int | None:
    text = tag.get("idx", default)
    return int(text) if text.isdigit() else None
