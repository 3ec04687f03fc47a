"""Fanvil's text turned into its two XML forms."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from provisioner.errors import RenderError
from provisioner.fanvil_xml import converted
from tests.fanvil_devices import body_of, understood
from tests.kits import make_kit


def text(*lines: str, version: str = "2.0000000007") -> str:
    header = f"<<VOIP CONFIG FILE>>Version:{version}                        "
    return "\r\n".join([header, "", *lines, "<<END OF FILE>>", ""])


def leaf(body: str, path: str) -> str | None:
    return ET.fromstring(body).findtext(path)


def test_new_names() -> None:
    body = converted(
        text(
            "<SIP CONFIG MODULE>", "STUN Server:", "--SIP Line List--:", "SIP12 Phone Number:214",
            "SIP12 Display Name:a < b & c", "--SIP P2P Config--:", "SIP P2P Enable Auto Answer:0",
            "<CALL FEATURE MODULE>", "--Port Config--:", "P1 Enable DND:1",
            "--Basic DialPlan--:", "Dial by Pound:1",
            "<PHONE FEATURE MODULE>", "Emergency Call:112", "--DateTime Config--:", "Time Zone:4",
            "--Xml PhoneBook--:", "XML-PBook1 Addr:http://a/b?c=d&e",
            "<QOS CONFIG MODULE>", "Signalling DSCP:46",
        ),
        "sysconf",
    )  # fmt: skip
    assert {path: leaf(body, path) for path in (
        "Version", "sip/STUNServer", "sip/line[@index='12']/PhoneNumber",
        "sip/line[@index='12']/DisplayName", "sip/p2p/SIPP2PEnableAutoAnswer",
        "call/port[@index='1']/EnableDND", "call/basic/DialbyPound", "phone/EmergencyCall",
        "phone/date/TimeZone", "phone/xmlContact[@index='1']/Addr", "qos/SignalDSCP",
    )} == {
        "Version": "2.0000000007", "sip/STUNServer": "",
        "sip/line[@index='12']/PhoneNumber": "214",
        "sip/line[@index='12']/DisplayName": "a < b & c", "sip/p2p/SIPP2PEnableAutoAnswer": "0",
        "call/port[@index='1']/EnableDND": "1", "call/basic/DialbyPound": "1",
        "phone/EmergencyCall": "112", "phone/date/TimeZone": "4",
        "phone/xmlContact[@index='1']/Addr": "http://a/b?c=d&e", "qos/SignalDSCP": "46",
    }  # fmt: skip


def test_keys_of_the_new_names() -> None:
    body = converted(
        text(
            "<DSSKEY CONFIG MODULE>", "SideKey Page Num:2", "--Sidekey Config2--:", "Fkey3 Type:1",
            "--Dsskey Config1--:", "Fkey3 Type:2", "--SoftDss Config--:", "Fkey3 Type:3",
            "--Extern Console1--:", "exKey3 Type:4",
        ),
        "sysconf",
    )  # fmt: skip
    assert [leaf(body, f"dsskey/{path}") for path in (
        "SideKeyPageNum", "dssSide[@index='2']/Fkey[@index='3']/Type",
        "internal[@index='1']/Fkey[@index='3']/Type", "dssSoft[@index='3']/Type",
        "external[@index='1']/exKey[@index='3']/Type",
    )] == ["2", "1", "2", "3", "4"]  # fmt: skip


def test_old_names() -> None:
    body = converted(
        text(
            "<SIP CONFIG MODULE>", "SIP  Port:5060", "--SIP Line List--:", "SIP1 Phone Number:700",
            "SIP1 Backup Transpo:0", "SIP2 Phone Number:", "<EGS CFG MODULE>",
            "Opening Password:9#", version="2.0003",
        ),
        "voip-config-file",
    )  # fmt: skip
    root = ET.fromstring(body)
    assert root.findtext("version") == "2.0003"
    assert root.findtext("SIP_CONFIG_MODULE/SIP__Port") == "5060"
    entries = root.findall("SIP_CONFIG_MODULE/SIP_Line_List/SIP_Line_List_Entry")
    assert [[child.tag for child in entry] for entry in entries] == [
        ["ID", "Phone_Number", "Backup_Transpo"], ["ID", "Phone_Number"],
    ]  # fmt: skip
    assert [entry.findtext("ID") for entry in entries] == ["SIP1", "SIP2"]
    assert root.findtext("EGS_CFG_MODULE/Opening_Password") == "9#"


def test_what_is_no_such_file_stays_as_it_is() -> None:
    for body in ("", "\r\n", "Version=2.12\r\nFirmware=http://x/y.z\r\n"):
        assert converted(body, "sysconf") == body
    with pytest.raises(ValueError, match="no form 'html'"):
        converted(text(), "html")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [(("<OTHER MODULE>", "Name:1"), "no XML name for <OTHER MODULE>"),
     (("<DSSKEY CONFIG MODULE>", "--Dsskey Config1--:", "Name:1"), "'Name' is no key")],
)  # fmt: skip
def test_what_has_no_place_in_sysconf_is_an_error(lines: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        converted(text(*lines), "sysconf")


def test_raw_parameters_follow_the_same_rule() -> None:
    raw = {"<NET CONFIG MODULE> MTU": "1400", "<DSSKEY CONFIG MODULE> --Dsskey Config1-- Fkey1 ICON": "Red"}  # fmt: skip
    kit = make_kit("fanvil/w611w", "plain", settings={"raw": {"new-xml": raw}})
    body = body_of(kit)
    assert leaf(body, "net/MTU") == "1400"
    assert leaf(body, "dsskey/internal[@index='1']/Fkey[@index='1']/ICON") == "Red"
    assert "###" not in body
    assert understood(kit).accounts[0].user == "2214"
    wrong = make_kit("fanvil/w611w", "plain", settings={"raw": {"new-xml": {"<X> y": "1"}}})
    with pytest.raises(RenderError, match="no XML name for <X>"):
        body_of(wrong)
