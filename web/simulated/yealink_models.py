"""Which Yealink devices can be simulated: a line of facts for each, read into its Hardware.

The facts stand here and not only in the catalogue, so that the simulated phone is a witness of
its own: what it reads is compared with what the catalogue says it was told.
"""

from __future__ import annotations

import re
from typing import Any

from web.simulated.yealink_reading import Hardware

# product, firmware and number of the common file; then a accounts, l line keys, s keys below the
# screen, m memory keys, x modules * keys, h handsets; words: bare (MAC without colons), multi
# (multicell manager), zero (accounts of keys from 0), ua= (User-Agent when not "Yealink SIP-...")
_TABLE = """
T19P 31.72.0.75 31 a1 s4
T19P_E2 53.84.0.125 53 a1 s4
T20P 9.73.0.50 7 a2 l2
T21P 34.72.0.75 34 a2 l2 s4
T21P_E2 52.84.0.125 52 a2 l2 s4
T22P 7.73.0.50 5 a3 l3 s4
T23P 44.84.0.140 44 a3 l3 s4
T23G 44.84.0.140 44 a3 l3 s4
T26P 6.73.0.50 4 a3 l3 m10 s4 x6*38
T27P 45.83.0.35 45 a6 l21 s4 x6*40
T27G 69.86.0.15 69 a6 l21 s4 x6*40
T28P 2.73.0.50 0 a6 l6 m10 s4 x6*38
T29G 46.83.0.120 46 a16 l27 s4 x6*40
T30 124.86.0.75 127 a1 s4
T30P 124.86.0.75 127 a1 s4
T31 124.86.0.75 123 a2 l2 s4
T31P 124.86.0.75 123 a2 l2 s4
T31G 124.86.0.75 123 a2 l2 s4
T31W 124.86.0.75 172 a2 l2 s4
T32G 32.70.0.130 32 a3 l3 zero
T33P 124.86.0.75 124 a4 l12 s4
T33G 124.86.0.75 124 a4 l12 s4
T34W 124.86.0.75 171 a4 l12 s4
T38G 38.70.0.125 38 a6 l6 m10 zero
T40P 54.84.0.125 54 a3 l3 s4
T40G 76.84.0.125 76 a3 l3 s4
T41P 36.83.0.35 36 a6 l15 s4
T41S 66.86.0.15 68 a6 l15 s4
T41U 108.86.0.90 0 a6 l15 s4
T42G 29.83.0.120 29 a12 l15 s4
T42S 66.86.0.15 67 a12 l15 s4
T42U 108.86.0.90 116 a12 l15 s4
T43U 108.86.0.90 107 a12 l21 s4 x3*60
T44U 108.86.0.90 173 a12 l21 s4 x3*60
T44W 108.86.0.90 174 a12 l21 s4 x3*60
T46G 28.83.0.120 28 a16 l27 s4 x6*40
T46S 66.86.0.15 66 a16 l27 s4 x6*40
T46U 108.86.0.20 108 a16 l27 s4 x3*60
T48G 35.83.0.120 35 a16 l29 s4 x6*40
T48S 66.86.0.15 65 a16 l29 s4 x6*40
T48U 108.86.0.90 109 a16 l29 s4 x3*60
T49G 51.80.0.100 51 a16 l4 s4 ua=Yealink_SIP_VP-T49G
T52S 70.84.0.70 74 a12 l21 s4 x3*60
T53 96.86.0.45 95 a12 l21 s4 x3*60
T53W 96.86.0.45 95 a12 l21 s4 x3*60
T53C 96.86.0.45 0 a12 l21 s4 x3*60
T54S 70.84.0.70 70 a16 l27 s4 x3*60
T54W 96.86.0.45 96 a16 l27 s4 x3*60
T56A 58.86.0.20 58 a16 l27 s4 x3*60 bare
T57W 96.86.0.45 97 a16 l29 s4 x3*60
T58A 58.86.0.20 58 a16 l27 x3*60 bare
T58V 58.86.0.20 58 a16 l27 s4 x3*60 bare
T58W 150.87.0.15 150 a16 l27 s4 x3*60 bare
T73U 185.87.0.34 186 a12 l40 s4 x3*78
T73W 185.87.0.34 183 a12 l40 s4 x3*78
T74U 185.87.0.34 187 a16 l50 s4 x3*78
T74W 185.87.0.34 184 a16 l50 s4 x3*78
T77U 185.87.0.34 188 a16 l56 s4 x3*78
T85W 185.87.0.34 196 a16 l60 s4 x3*78
T87W 185.87.0.34 197 a16 l84 s4 x3*78
T88W 192.87.0.10 192 a16 l84 s4 x3*78 bare
T88V 192.87.0.10 192 a16 l84 s4 x3*78 bare
AX83H 180.87.0.15 180 a4 s2 ua=Yealink_AX83H
AX86R 180.87.0.15 182 a4 s3 ua=Yealink_AX86R
VP59 91.86.0.15 91 a16 l27 s4 x3*60 bare
VP530 23.70.0.41 23 a4 ua=VP530
CP860 37.81.0.10 37 a1 ua=Yealink_CP860
CP920 78.86.0.15 78 a1
CP925 148.86.0.5 148 a1
CP935W 149.86.0.5 0 a1 ua=Yealink_CP935W
CP960 73.85.0.5 73 a1 bare ua=Yealink_CP960
CP965 143.86.0.10 143 a1
W52P 25.81.0.60 25 a5 h5 ua=Yealink_W52P
W56P 25.81.0.60 25 a5 h5 ua=Yealink_W56P
W60B 77.85.0.20 77 a8 h8 ua=Yealink_W60B
W70B 146.85.0.5 146 a10 h10 ua=Yealink_W70B
W75DM 175.87.0.18 175 a20 h20 multi ua=Yealink_W75DM
W75B 175.87.0.18 175 ua=Yealink_W75B
W80DM 103.87.0.10 103 a30 h30 multi ua=Yealink_W80DM
W80B 103.87.0.10 103 ua=Yealink_W80B
W90DM 130.87.0.10 130 a250 h250 multi ua=Yealink_W90DM
W90B 130.87.0.10 130 ua=Yealink_W90B
"""
_NUMBERS = {
    "a": "accounts",
    "l": "line_keys",
    "s": "soft_keys",
    "m": "memory_keys",
    "h": "handsets",
}
_FLAGS = {"bare": "bare_mac", "multi": "multicell", "zero": "lines_from_zero"}


def hardware_of(row: str) -> Hardware:
    """Read one row of the table.

    Raises:
        ValueError: a word of the row means nothing.
    """
    product, firmware, code, *words = row.split()
    facts: dict[str, Any] = {"accounts": 0}
    agent = f"Yealink SIP-{product}"
    for word in words:
        modules = re.fullmatch(r"x(\d+)\*(\d+)", word)
        count = re.fullmatch(r"([alsmh])(\d+)", word)
        if modules:
            facts |= {"modules": int(modules[1]), "module_keys": int(modules[2])}
        elif count:
            facts[_NUMBERS[count[1]]] = int(count[2])
        elif word in _FLAGS:
            facts[_FLAGS[word]] = True
        elif word.startswith("ua="):
            agent = word[3:].replace("_", " ")
        else:
            raise ValueError(f"{row!r}: {word!r} means nothing")
    model_id = "yealink/" + product.lower().replace("_", "-")
    return Hardware(model_id, product, agent, f"y{int(code):012d}", firmware, **facts)


MODELS: dict[str, Hardware] = {
    hardware.model_id: hardware
    for hardware in (hardware_of(row) for row in _TABLE.strip().splitlines())
}
"""Every device that can be simulated, by model id."""
