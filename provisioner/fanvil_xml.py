"""Fanvil's text files as the XML forms that some of its devices ask for. Pure.

One source of names: a file is rendered as text, with modules, sub-headings and ``Name:Value``
lines, and turned into XML by rule (the Fanvil notes, section 0). Old names become
``VOIP_CONFIG_FILE``: blanks are underscores and lists have entries with an ``ID``. New names
become ``sysConf``: blanks are left out, modules have short names, numbers are ``index``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.sax.saxutils import escape

_HEADER = "<<VOIP CONFIG FILE>>Version:"
_MODULE = re.compile(r"<([^<>]+)>")
_HEADING = re.compile(r"--(.+)--:")
_NUMBERED = re.compile(r"([A-Za-z-]+?)(\d+) (.+)")
_SECTIONS = {
    "NET CONFIG MODULE": "net",
    "NET CONFIG MODULE/WIFI Config": "net/wifi",
    "NET CONFIG MODULE/Net Global": "net/NetGlobal",
    "MM CONFIG MODULE": "mm",
    "MM CONFIG MODULE/PHONE CONFIG": "mm/capability",
    "SIP CONFIG MODULE": "sip",
    "SIP CONFIG MODULE/SIP P2P Config": "sip/p2p",
    "CALL FEATURE MODULE": "call",
    "CALL FEATURE MODULE/Basic DialPlan": "call/basic",
    "PHONE FEATURE MODULE": "phone",
    "PHONE FEATURE MODULE/Display Input": "phone/display",
    "PHONE FEATURE MODULE/Power LED": "phone/powerLed",
    "PHONE FEATURE MODULE/Voice Volume": "phone/volume",
    "PHONE FEATURE MODULE/DateTime Config": "phone/date",
    "PHONE FEATURE MODULE/DateTime Display": "phone/timeDisplay",
    "PHONE FEATURE MODULE/Softkey Config": "phone/softkey",
    "DEVICE MANAGER MODULE": "dm",
    "VQM CONFIG MODULE": "vqm",
    "CTI CONFIG MODULE": "cti",
    "MCAST CFG MODULE": "mcast",
    "DSSKEY CONFIG MODULE": "dsskey",
    "MMI CONFIG MODULE": "web",
    "LOG CONFIG MODULE": "log",
    "TR069 CONFIG MODULE": "tr069",
    "SIP Hotspot MODULE": "hotspot",
    "VPN CONFIG MODULE": "vpn",
    "MAINTENANCE CONFIG MODULE": "mt",
    "AUTOUPDATE CONFIG MODULE": "ap",
    "AUTOUPDATE CONFIG MODULE/Sip Pnp List": "ap/pnp",
    "AUTOUPDATE CONFIG MODULE/Net Option": "ap/opt",
    "FIRMWARE CHECK MODULE": "fwCheck",
    "QOS CONFIG MODULE": "qos",
    "DOT1X CONFIG MODULE": "dot1x",
    "DOT1X CONFIG MODULE/Wifi Config": "dot1x/wifi",
    "DOT1X CONFIG MODULE/SSL Mode": "dot1x/sslMode",
    "APP CONFIG MODULE": "pubApp",
    "UI MAINTAIN CONFIG MODULE": "background",
    "RECORD CONFIG MODULE": "record",
}
_LISTS = {
    "SIP": "line", "P": "port", "Alert": "alertInfo", "LDAP": "ldap", "XML-PBook": "xmlContact",
    "MCAST": "addr", "Account": "account",
}  # fmt: skip
_KEY_HEADINGS = {"Dsskey Config": "internal", "Sidekey Config": "dssSide",
                 "Extern Console": "external"}  # fmt: skip
_RENAMED = {"Signalling DSCP": "SignalDSCP"}


class _Step(NamedTuple):
    """One element on the way to a value; ``entry_id`` is the text of its first child ``ID``."""

    tag: str
    number: str = ""
    entry_id: str = ""


class _Line(NamedTuple):
    module: str
    heading: str
    name: str
    value: str


_Place = Callable[[_Line], tuple[_Step, ...]]


@dataclass(slots=True)
class _Element:
    children: dict[_Step, _Element] = field(default_factory=dict)
    value: str = ""


def converted(text: str, form: str) -> str:
    """Return a rendered text file in an XML form; what is no such file comes back as it is.

    Args:
        text: a file that begins with Fanvil's header line.
        form: ``voip-config-file`` (old names) or ``sysconf`` (new names).

    Raises:
        ValueError: there is no such form.
    """
    if form not in _FORMS:
        raise ValueError(f"there is no form {form!r}")
    if not text.startswith(_HEADER):
        return text
    root_tag, version_tag, place = _FORMS[form]
    root = _Element()
    version = text.splitlines()[0].removeprefix(_HEADER).strip()
    root.children[_Step(version_tag)] = _Element(value=version)
    for line in _lines(text):
        _set(root, place(line), line.value)
    body = "\n".join(_written(_Step(root_tag), root, ""))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _lines(text: str) -> Iterator[_Line]:
    module = heading = ""
    for line in text.splitlines()[1:]:
        if opened := _MODULE.fullmatch(line):
            module, heading = opened[1], ""
        elif below := _HEADING.fullmatch(line):
            heading = below[1]
        elif module and ":" in line and not line.startswith("###"):
            name, _, value = line.partition(":")
            yield _Line(module, heading, name, value)


def _set(root: _Element, path: tuple[_Step, ...], value: str) -> None:
    element = root
    for step in path:
        element = element.children.setdefault(step, _Element())
    element.value = value


def _written(step: _Step, element: _Element, indent: str) -> Iterator[str]:
    attribute = f' index="{step.number}"' if step.number else ""
    if not element.children:
        yield f"{indent}<{step.tag}{attribute}>{escape(element.value)}</{step.tag}>"
        return
    yield f"{indent}<{step.tag}{attribute}>"
    if step.entry_id:
        yield f"{indent}  <ID>{step.entry_id}</ID>"
    for child, below in element.children.items():
        yield from _written(child, below, f"{indent}  ")
    yield f"{indent}</{step.tag}>"


def _old_place(line: _Line) -> tuple[_Step, ...]:
    """``SIP1 Phone Number`` below a heading is an entry of that list, with its ID."""
    module = _Step(line.module.replace(" ", "_"))
    numbered = _NUMBERED.fullmatch(line.name) if line.heading else None
    if numbered is None:
        return (module, _Step(line.name.replace(" ", "_")))
    name = line.heading.strip().replace(" ", "_")
    entry = _Step(f"{name}_Entry", entry_id=numbered[1] + numbered[2])
    return (module, _Step(name), entry, _Step(numbered[3].replace(" ", "_")))


def _new_place(line: _Line) -> tuple[_Step, ...]:
    below = _SECTIONS.get(f"{line.module}/{line.heading}") or _SECTIONS.get(line.module)
    if below is None:
        raise ValueError(f"there is no XML name for <{line.module}>")
    section = tuple(_Step(tag) for tag in below.split("/"))
    if line.module == "DSSKEY CONFIG MODULE" and line.heading:
        return (*section, *_key_place(line))
    numbered = _NUMBERED.fullmatch(line.name)
    if numbered and numbered[1] in _LISTS:
        return (*section, _Step(_LISTS[numbered[1]], numbered[2]), _leaf(numbered[3]))
    return (*section, _leaf(line.name))


def _key_place(line: _Line) -> tuple[_Step, ...]:
    """A key is counted on its page; soft keys have no page."""
    numbered = _NUMBERED.fullmatch(line.name)
    if numbered is None:
        raise ValueError(f"{line.name!r} is no key")
    if line.heading == "SoftDss Config":
        return (_Step("dssSoft", numbered[2]), _leaf(numbered[3]))
    heading = line.heading.rstrip("0123456789")
    page = _Step(_KEY_HEADINGS[heading], line.heading.removeprefix(heading))
    return (page, _Step(numbered[1], numbered[2]), _leaf(numbered[3]))


def _leaf(name: str) -> _Step:
    return _Step(_RENAMED.get(name) or name.replace(" ", ""))


_FORMS: dict[str, tuple[str, str, _Place]] = {
    "voip-config-file": ("VOIP_CONFIG_FILE", "version", _old_place),
    "sysconf": ("sysConf", "Version", _new_place),
}
