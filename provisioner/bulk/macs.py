"""MAC addresses as they come: typed, from a spreadsheet, or in the text of a bar code. Pure."""

from __future__ import annotations

import re
from collections.abc import Container

from provisioner.bulk.cells import Trouble
from provisioner.mac import MacAddress, parse_mac

_NUMBER = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_DIGITS = re.compile(r"[0-9A-Fa-f]{12}")
_SEPARATED = re.compile(
    r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}([:. -])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{4}([.: -])[0-9A-Fa-f]{4}\2[0-9A-Fa-f]{4})(?![0-9A-Fa-f])"
)
_BARE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
_AFTER_ITS_NAME = re.compile(r"(?i)MAC\W{0,3}([0-9A-F]{12})(?![0-9A-F])")


def mac_in(text: str, makers: Container[str] = ()) -> MacAddress | None:
    """Return the one MAC address in a text such as a label's bar code, or None.

    Args:
        text: ``0C383E000214``, ``MAC:0c-38-3e-00-02-14 SN:...``.
        makers: first six digits that makers of phones have: of several addresses, the one
            that is one of theirs counts.
    """
    whole = parse_mac(text.strip())
    if whole is not None:
        return whole
    found = [match[1] for match in _AFTER_ITS_NAME.finditer(text)]
    found += [match[0] for pattern in (_SEPARATED, _BARE) for match in pattern.finditer(text)]
    macs = list(dict.fromkeys(mac for mac in map(parse_mac, found) if mac is not None))
    known = [mac for mac in macs if mac.oui in makers]
    for some in (known, macs):
        if len(some) == 1:
            return some[0]
    return None


def why_no_mac(text: str) -> Trouble:
    """Return what is wrong with a text that is no MAC address."""
    if _DIGITS.fullmatch(re.sub(r"[\s:.\-]", "", text)):
        return Trouble.MAC_GROUP
    if _NUMBER.fullmatch(text.strip()):
        return Trouble.MAC_NUMBER
    return Trouble.MAC_FORM
