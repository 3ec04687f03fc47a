"""Reading Fanvil's two XML forms as the firmware does.

``VOIP_CONFIG_FILE`` has the old names with underscores for blanks, and lists whose entries begin
with an ``ID``. ``sysConf`` has the new names without blanks, short sections and ``index``
attributes (the Fanvil notes, section 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from web.simulated.fanvil_flash import Place
from web.simulated.fanvil_text import ConfigFile, version_of

_MODULES = {
    "net": "NET CONFIG MODULE", "mm": "MM CONFIG MODULE", "sip": "SIP CONFIG MODULE",
    "call": "CALL FEATURE MODULE", "phone": "PHONE FEATURE MODULE",
    "dm": "DEVICE MANAGER MODULE", "vqm": "VQM CONFIG MODULE", "cti": "CTI CONFIG MODULE",
    "mcast": "MCAST CFG MODULE", "dsskey": "DSSKEY CONFIG MODULE", "web": "MMI CONFIG MODULE",
    "log": "LOG CONFIG MODULE", "tr069": "TR069 CONFIG MODULE", "mt": "MAINTENANCE CONFIG MODULE",
    "ap": "AUTOUPDATE CONFIG MODULE", "fwCheck": "FIRMWARE CHECK MODULE",
    "qos": "QOS CONFIG MODULE", "dot1x": "DOT1X CONFIG MODULE", "pubApp": "APP CONFIG MODULE",
    "background": "UI MAINTAIN CONFIG MODULE",
}  # fmt: skip
_NUMBERED = {"line": "SIP", "port": "P", "alertInfo": "Alert", "ldap": "LDAP",
             "xmlContact": "XML-PBook", "addr": "MCAST", "account": "Account"}  # fmt: skip
_KEY_PAGES = {"internal": "Dsskey Config", "dssSide": "Sidekey Config",
              "external": "Extern Console"}  # fmt: skip


def read_xml(body: bytes) -> ConfigFile | None:
    """Return what a file says, or None when it is neither of the two forms."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - a simulated phone reads its test server
    except ET.ParseError:
        return None
    if root.tag == "VOIP_CONFIG_FILE":
        version = version_of(root.findtext("version") or "")
        values = dict(_old_values(root))
    elif root.tag == "sysConf":
        version = version_of(root.findtext("Version") or "")
        values = dict(_new_values(root))
    else:
        return None
    return ConfigFile(version, values) if version else None


def _old_values(root: ET.Element) -> Iterator[tuple[Place, str]]:
    for module in root:
        name = _blank(module.tag)
        for child in module:
            if not len(child):
                yield (name, "", _blank(child.tag)), child.text or ""
            for entry in child:
                number = entry.findtext("ID") or ""
                for leaf in entry:
                    if leaf.tag != "ID":
                        yield (name, "", f"{number} {_blank(leaf.tag)}"), leaf.text or ""


def _blank(tag: str) -> str:
    return tag.replace("_", " ")


def _new_values(root: ET.Element) -> Iterator[tuple[Place, str]]:
    for section in root:
        module = _MODULES.get(section.tag)
        if module and section.tag == "dsskey":
            yield from _keys(module, section)
        elif module:
            yield from _section(module, section, "")


def _section(module: str, section: ET.Element, prefix: str) -> Iterator[tuple[Place, str]]:
    for child in section:
        if len(child):
            number = child.get("index", "")
            below = f"{_NUMBERED[child.tag]}{number} " if number else ""
            yield from _section(module, child, below)
        else:
            yield (module, "", prefix + child.tag), child.text or ""


def _keys(module: str, section: ET.Element) -> Iterator[tuple[Place, str]]:
    for child in section:
        number = child.get("index", "")
        if child.tag == "dssSoft":
            for leaf in child:
                yield (module, "SoftDss Config", f"Fkey{number} {leaf.tag}"), leaf.text or ""
        elif child.tag in _KEY_PAGES:
            heading = f"{_KEY_PAGES[child.tag]}{number}"
            for key in child:
                name = f"{key.tag}{key.get('index', '')}"
                for leaf in key:
                    yield (module, heading, f"{name} {leaf.tag}"), leaf.text or ""
        else:
            yield (module, "", child.tag), child.text or ""
