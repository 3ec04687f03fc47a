"""What a simulated Fanvil device is: its names, its lines and where its keys stand.

The counts below are the Fanvil notes' (section 4), written down again by hand, so that the data
files have a witness of their own. Any other model is made from a spec like these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from web.simulated.fanvil_meaning import KeyBlock

PAGES = 5
"""How many pages of DSS keys there are where the file does not say."""


@dataclass(frozen=True, slots=True)
class FanvilSpec:
    """A model as the simulation knows it.

    Attributes:
        product: its word in the User-Agent.
        generation: whose parameter names its firmware knows.
        common_file: the common file it asks for, or empty.
        firmware_list: the file of firmware versions it looks for, or empty.
        own_endings: endings of the name of its own file, in the order of asking.
        is_desk: whether its firmware counts languages as desk phones do (old names only).
    """

    model_id: str
    product: str
    generation: Literal["new", "old"] = "new"
    lines: int = 2
    blocks: tuple[KeyBlock, ...] = ()
    firmware: str = "2.12.20"
    common_file: str = ""
    firmware_list: str = ""
    asks_boot_file: bool = False
    pnp_model: str = ""
    own_endings: tuple[str, ...] = (".cfg", ".txt")
    is_desk: bool = False
    seller: str = "Fanvil"


def side(per_page: int, pages: int = 1) -> KeyBlock:
    """Side keys of the new names."""
    return KeyBlock("side", "Sidekey Config{page}", "Fkey", per_page, pages, "SideKey Page Num")


def dss(per_page: int, pages: int = 1) -> KeyBlock:
    """DSS keys of the new names."""
    return KeyBlock("dss", "Dsskey Config{page}", "Fkey", per_page, pages, "FuncKey Page Num")


def soft_dss(slot: str, count: int) -> KeyBlock:
    """Soft DSS keys of the new names: long presses of digits, buttons, places on the screen."""
    return KeyBlock(slot, "SoftDss Config", "Fkey", count)


def function(slot: str, count: int) -> KeyBlock:
    """Keys of the old names, counted on over all pages."""
    return KeyBlock(slot, "", "Fkey", count)


EMERGENCY = KeyBlock("emergency", "Dsskey Config1", "Fkey", 1)
OLD_SOFT = KeyBlock("soft", "", "SoftFkey", 10)

SPECS = (
    FanvilSpec(
        "fanvil/h2u-v2", "H2U-V2", blocks=(EMERGENCY, soft_dss("digit", 10)), firmware="2.12.20.2",
        common_file="F0V2UV200000.cfg", firmware_list="fanvil_h2u_v2_hwv1_0", asks_boot_file=True,
    ),
    FanvilSpec("fanvil/h6w", "H6W", blocks=(side(5), soft_dss("soft", 5)),
               common_file="F0V0H6W00000.cfg"),
    FanvilSpec("fanvil/x4u", "X4U", lines=12, blocks=(side(3), dss(6, 5), soft_dss("soft", 10)),
               firmware="2.12.1.3"),
    FanvilSpec("fanvil/x6u", "X6U", lines=20, blocks=(side(5), dss(12, 5), soft_dss("soft", 10)),
               firmware="2.12.16.17"),
    FanvilSpec("fanvil/x210", "X210", lines=20,
               blocks=(side(10), dss(32, 3), soft_dss("soft", 10)), firmware="2.4.5.2",
               common_file="F0V00X200000.cfg"),
    FanvilSpec("fanvil/v67", "V67", lines=20, blocks=(dss(29, 4),), firmware="2.6.10.1992",
               common_file="F0V0V6700000.cfg", firmware_list="fanvil_v67_hw1_1"),
    FanvilSpec(
        "fanvil/w611w", "W611W", lines=4, blocks=(dss(8, 2),), firmware="2.14.2.28.1",
        common_file="F0V611W00000.cfg", firmware_list="fanvil_w611w_hwv1_0",
        own_endings=(".xml", ".cfg"),
    ),
    FanvilSpec("fanvil/i16sv", "i16SV", blocks=(soft_dss("call", 1),), firmware="2.12.44.6",
               common_file="F0V16SV00000.cfg", firmware_list="fanvil_i16sv_hwv1_0"),
    FanvilSpec("fanvil/pa2", "PA2", firmware="2.12.16"),
    FanvilSpec("fanvil/h5", "H5", "old", blocks=(function("line", 6), OLD_SOFT),
               firmware="2.12.1.7223", common_file="f0H5hw1.100.cfg"),
    FanvilSpec("fanvil/x4", "X4", "old", 4, (function("line", 30), OLD_SOFT), "2.14.0.7386",
               "f0X4hw1.100.cfg", is_desk=True),
    FanvilSpec("fanvil/i30", "i30", "old", blocks=(function("call", 1),), firmware="2.10.0.7386",
               pnp_model="VOIP PHONE"),
)  # fmt: skip
"""The devices that a sample hotel may have."""
