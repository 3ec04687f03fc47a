"""MAC addresses: every notation in, one form inside, nothing that is no single device."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.mac import MacAddress, parse_mac

NOTATIONS = [
    "0C:38:3E:00:02:14",
    "0c:38:3e:00:02:14",
    "0C-38-3E-00-02-14",
    "0c38.3e00.0214",
    "0C383E000214",
    "0c383e000214",
    " 0C:38:3E:00:02:14\n",
    "0C 38 3E 00 02 14",
]


@pytest.mark.parametrize("text", NOTATIONS)
def test_every_notation_is_the_same_address(text: str) -> None:
    assert MacAddress(text) == "0c383e000214"
    assert parse_mac(text) == MacAddress("0c383e000214")


@pytest.mark.parametrize(
    "text",
    [
        "", "0c383e00021", "0c383e0002144", "0c383e00021g", "00:15:65:00:00", "not a mac",
        "000000000000", "ff:ff:ff:ff:ff:ff", "F00000000000", "01:00:5e:00:00:01", "33:33:00:00:00:01",
        "0c_38_3e_00_02_14", "0c383e00021٤", "0x0c383e000214",
    ],
)  # fmt: skip
def test_what_is_no_single_device_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="MAC address"):
        MacAddress(text)
    assert parse_mac(text) is None


def test_nothing_is_no_address() -> None:
    assert parse_mac(None) is None


def test_shapes_for_people_and_vendors() -> None:
    mac = MacAddress("0C-38-3E-00-02-14")
    assert (mac.colons, mac.upper12, mac.oui) == ("0c:38:3e:00:02:14", "0C383E000214", "0c383e")
    assert {mac: 1}["0c383e000214"] == 1
    assert pickle.loads(pickle.dumps(mac)).colons == mac.colons


@given(st.binary(min_size=6, max_size=6).filter(lambda b: not b[0] & 1 and any(b[1:])), st.data())
def test_round_trip(octets: bytes, data: st.DataObject) -> None:
    separator = data.draw(st.sampled_from(["", ":", "-", "."]))
    text = separator.join(f"{o:02x}" for o in octets)
    mac = MacAddress(data.draw(st.sampled_from([text, text.upper()])))
    assert bytes.fromhex(mac) == octets
    assert MacAddress(mac.colons) == MacAddress(mac.upper12) == mac


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    mac = parse_mac(text)
    assert mac is None or (len(mac) == 12 and set(mac) <= set("0123456789abcdef"))
