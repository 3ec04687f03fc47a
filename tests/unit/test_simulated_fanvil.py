"""Simulated Fanvil devices: order of requests, counters, digests, first contact."""

from __future__ import annotations

import pytest

from tests.fanvil_devices import spec_of
from web.simulated.device import Fetched
from web.simulated.fanvil import DEVICES, FanvilDevice
from web.simulated.fanvil_spec import SPECS, FanvilSpec
from web.simulated.fanvil_text import read_manifest, read_text
from web.simulated.fanvil_xml import read_xml

MAC = "0c383e000214"
SITE = "http://prov.example"


class Server:
    """Answers from a table; everything else is a plain 404."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | Fetched] = {}
        self.agents: set[str] = set()

    def fetch(self, url: str, agent: str) -> Fetched:
        self.agents.add(agent)
        answer = self.files.get(url)
        if answer is None:
            return Fetched(404)
        return answer if isinstance(answer, Fetched) else Fetched(200, answer)


def file(version: str, *lines: str) -> bytes:
    body = "\r\n".join([f"<<VOIP CONFIG FILE>>Version:{version}", "", *lines, "<<END OF FILE>>"])
    return f"{body}\r\n".encode()


def new(version: str, number: str, *more: str) -> bytes:
    return file(
        version, "<NET CONFIG MODULE>", "MTU:1500", "<SIP CONFIG MODULE>", "SIP1 Enable Reg    :1",
        f"SIP1 Phone Number  :{number}", *more,
    )  # fmt: skip


def device(server: Server, model: str = "fanvil/h2u-v2") -> FanvilDevice:
    made = DEVICES[model](MAC, server.fetch, "")
    assert isinstance(made, FanvilDevice)
    return made


def names(phone: FanvilDevice) -> list[str]:
    return [r.url.removeprefix(SITE) for r in phone.requests]


def test_order_of_files() -> None:
    server = Server()
    phone = device(server)
    assert not phone.provision(f"{SITE}/")
    assert names(phone) == [
        f"/{MAC}.boot", "/F00000000000.boot", "/F0V2UV200000.cfg", f"/{MAC}.cfg", f"/{MAC}.txt",
    ]  # fmt: skip
    assert server.agents == {f"Fanvil H2U-V2 2.12.20.2 {MAC}"}


def test_a_url_with_a_file_name_is_the_device_file() -> None:
    server = Server()
    server.files[f"{SITE}/x/{MAC}.cfg"] = new("2.0000000001", "214")
    phone = device(server, "fanvil/x4u")
    phone.provision(f"{SITE}/x/$mac.cfg")
    assert names(phone) == [f"/x/{MAC}.cfg"]
    assert phone.config.accounts[0].user == "214"


def test_a_boot_manifest_names_the_device_file() -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.boot"] = b"Version=2.1\r\nConfig=http://other.example/$mac.cfg\r\n"
    server.files[f"http://other.example/{MAC}.cfg"] = new("2.0000000001", "214")
    phone = device(server)
    assert phone.provision(f"{SITE}/")
    assert phone.config.accounts[0].user == "214"


def test_a_file_counts_only_with_a_higher_version() -> None:
    server = Server()
    phone = device(server, "fanvil/x4u")
    for version, number, understood in (
        ("2.0000000002", "214", "214"),
        ("2.0000000002", "215", "214"),
        ("2.0000000001", "215", "214"),
        ("2.0000000010", "215", "215"),
    ):
        server.files[f"{SITE}/{MAC}.cfg"] = new(version, number)
        phone.provision(f"{SITE}/")
        assert phone.config.accounts[0].user == understood


def test_with_digests_the_content_counts() -> None:
    digest = ("<MAINTENANCE CONFIG MODULE>", "Auto Server Digest :1")
    server = Server()
    phone = device(server, "fanvil/x4u")
    server.files[f"{SITE}/{MAC}.cfg"] = new("2.0000000002", "214", *digest)
    assert phone.provision(f"{SITE}/")
    assert not phone.provision(f"{SITE}/")
    server.files[f"{SITE}/{MAC}.cfg"] = new("2.0000000001", "215", *digest)
    assert phone.provision(f"{SITE}/")
    assert phone.config.accounts[0].user == "215"


def test_common_and_device_file_are_counted_apart() -> None:
    server = Server()
    server.files[f"{SITE}/F0V2UV200000.cfg"] = file(
        "3.0000000000", "<PHONE FEATURE MODULE>", "Emergency Call:112"
    )
    server.files[f"{SITE}/{MAC}.cfg"] = new("2.0000000001", "214")
    phone = device(server)
    assert phone.provision(f"{SITE}/")
    assert phone.config.emergency_numbers == ("112",)
    assert phone.config.accounts[0].user == "214"
    assert phone.versions == {"common": (3, 0), "device": (2, 1)}


@pytest.mark.parametrize("own", [True, False])
def test_the_other_generations_file_changes_nothing(own: bool) -> None:
    old = file("2.0001", "<GLOBAL CONFIG MODULE>", "Time Zone:4", "<SIP CONFIG MODULE>",
               "SIP1 Enable Reg:1", "SIP1 Phone Number:9")  # fmt: skip
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = old if own else new("2.0000000001", "9")
    phone = device(server, "fanvil/h5" if own else "fanvil/i30")
    assert phone.provision(f"{SITE}/") is own
    assert bool(phone.config.accounts) is own


@pytest.mark.parametrize(
    "answer",
    [Fetched(403), Fetched(404, b"<!DOCTYPE html><html>"), Fetched(200, b" <html>login</html>")],
)
def test_a_refusal_or_a_web_page_ends_the_cycle(answer: Fetched) -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.boot"] = answer
    server.files[f"{SITE}/{MAC}.cfg"] = new("2.0000000001", "214")
    phone = device(server)
    assert not phone.provision(f"{SITE}/")
    assert names(phone) == [f"/{MAC}.boot"]


FIRST = {
    "fanvil/x4u": file(
        "2.0000000000", "<AUTOUPDATE CONFIG MODULE>", f"Flash Server IP    :{SITE}",
        "Flash File Name    :p/token/$mac.cfg", "Flash Protocol:4", "Flash Mode:2",
    ),
    "fanvil/h5": file(
        "2.0000", "<AUTOUPDATE CONFIG MODULE>", "Download Server IP :prov.example",
        "Config File Name   :p/token/$mac.cfg", "Download Protocol:4", "Download Mode:1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("model", list(FIRST))
def test_first_contact_leads_to_the_token_url(model: str) -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = FIRST[model]
    server.files[f"{SITE}/p/token/{MAC}.cfg"] = file(
        "2.0001" if model == "fanvil/h5" else "2.0000000001",
        "<SIP CONFIG MODULE>", "SIP1 Enable Reg:1", "SIP1 Phone Number:214",
    )  # fmt: skip
    phone = device(server, model)
    config = phone.boot(dhcp_url=f"{SITE}/$mac.cfg")
    assert config.accounts[0].user == "214"
    assert config.provisioning_url == f"{SITE}/p/token/{MAC}.cfg"
    assert phone.applied == 2


def test_mode_zero_stores_no_server() -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = FIRST["fanvil/x4u"].replace(b"Mode:2", b"Mode:0")
    phone = device(server, "fanvil/x4u")
    phone.boot(dhcp_url=f"{SITE}/")
    assert phone.server_url == ""


def test_the_phone_book_is_fetched() -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = file(
        "2.0000000001", "<PHONE FEATURE MODULE>", "--Xml PhoneBook--  :",
        f"XML-PBook1 Addr:{SITE}/phonebook.xml",
    )  # fmt: skip
    phone = device(server, "fanvil/x4u")
    phone.provision(f"{SITE}/")
    assert names(phone)[-1] == "/phonebook.xml"


def test_reading_a_file() -> None:
    read = read_text(
        file(
            "2.0002    ", "<MMI CONFIG MODULE>", "--MMI Account--    :", "Account1 Name      :admin",
            "###Account1 Password  :hidden", "no colon", "<DSSKEY CONFIG MODULE>",
            "--Dsskey Config1--:", "Fkey1 Value:a:b;c=d", "--SoftDss Config-- :", "Fkey1 Value:e",
        )
    )  # fmt: skip
    assert read is not None
    assert read.version == (2, 2)
    assert read.values == {
        ("MMI CONFIG MODULE", "", "Account1 Name"): "admin",
        ("DSSKEY CONFIG MODULE", "Dsskey Config1", "Fkey1 Value"): "a:b;c=d",
        ("DSSKEY CONFIG MODULE", "SoftDss Config", "Fkey1 Value"): "e",
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"<html></html>", b"<<VOIP CONFIG FILE>>Version:x\r\n<<END OF FILE>>\r\n",
     b"<<VOIP CONFIG FILE>>Version:2.0002\r\n<NET CONFIG MODULE>\r\nMTU:1", b"\xff\xfe\x00"],
)  # fmt: skip
def test_what_is_no_file(body: bytes) -> None:
    assert read_text(body) is None


def test_a_manifest() -> None:
    assert read_manifest(b"Version=2.1\nConfig=http://a/b?c=d\n<x>\n") == {
        "version": "2.1",
        "config": "http://a/b?c=d",
    }


def xml(root: str, version: str, body: str) -> bytes:
    tag = "Version" if root == "sysConf" else "version"
    return f"<?xml version='1.0'?><{root}><{tag}>{version}</{tag}>{body}</{root}>".encode()


SYSCONF = xml(
    "sysConf", "2.0000000001",
    '<sip><line index="2"><EnableReg>1</EnableReg><PhoneNumber>214</PhoneNumber></line></sip>'
    "<phone><date><TimeZone>4</TimeZone></date></phone><qos><EnableVLAN>1</EnableVLAN>"
    "<VLANID>7</VLANID></qos><mcast><addr index='1'><Host>239.1.1.1</Host><Port>5004</Port></addr>"
    "</mcast><dsskey><FuncKeyPageNum>2</FuncKeyPageNum><internal index='2'><Fkey index='3'>"
    "<Type>1</Type><Value>9@1/f</Value></Fkey></internal></dsskey>",
)  # fmt: skip
VOIP_CONFIG_FILE = xml(
    "VOIP_CONFIG_FILE", "2.0002",
    "<SIP_CONFIG_MODULE><SIP_Line_List><SIP_Line_List_Entry><ID>SIP1</ID><Phone_Number>700"
    "</Phone_Number><Enable_Reg>1</Enable_Reg></SIP_Line_List_Entry></SIP_Line_List>"
    "</SIP_CONFIG_MODULE><PHONE_CONFIG_MODULE><Function_Key><Function_Key_Entry><ID>Fkey1</ID>"
    "<Type>1</Type><Value>100@1/f</Value></Function_Key_Entry></Function_Key>"
    "</PHONE_CONFIG_MODULE><EGS_CFG_MODULE><Opening_Password>9#</Opening_Password>"
    "</EGS_CFG_MODULE>",
)  # fmt: skip


def test_sysconf() -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.xml"] = SYSCONF
    phone = device(server, "fanvil/w611w")
    assert phone.provision(f"{SITE}/")
    assert names(phone) == ["/F0V611W00000.cfg", f"/{MAC}.xml"]
    config = phone.config
    assert [(a.number, a.user) for a in config.accounts] == [(2, "214")]
    assert (config.utc_offset_min, config.vlan_id) == (60, 7)
    assert config.multicast_listen == ("239.1.1.1:5004",)
    assert [(k.slot, k.value) for k in config.keys] == [("dss-11", "9")]


def test_xml_with_the_old_names() -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = VOIP_CONFIG_FILE
    phone = device(server, "fanvil/i30")
    assert phone.provision(f"{SITE}/")
    assert phone.config.accounts[0].user == "700"
    assert phone.config.door_open_code == "9#"
    assert [(k.slot, k.value) for k in phone.config.keys] == [("call-1", "100")]


@pytest.mark.parametrize(
    ("model", "body"), [("fanvil/i30", SYSCONF), ("fanvil/w611w", VOIP_CONFIG_FILE)]
)
def test_xml_of_the_other_generation_changes_nothing(model: str, body: bytes) -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = body
    phone = device(server, model)
    assert not phone.provision(f"{SITE}/{MAC}.cfg")


@pytest.mark.parametrize("body", [b"<x/>", b"<sysConf></sysConf>", b"<sysConf>", b""])
def test_what_is_no_xml_file(body: bytes) -> None:
    assert read_xml(body) is None


def test_a_firmware_list_leads_to_an_image_of_another_version() -> None:
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = file(
        "2.0000000001", "<FIRMWARE CHECK MODULE>", "Enable Auto Upgrade:1",
        f"Upgrade Server 1:{SITE}/p/token/",
    )  # fmt: skip
    server.files[f"{SITE}/p/token/fanvil_h2u_v2_hwv1_0.txt"] = (
        f"Version=2.12.30\r\nFirmware={SITE}/fw.z\r\n".encode()
    )
    server.files[f"{SITE}/fw.z"] = b"image"
    phone = device(server)
    phone.provision(f"{SITE}/")
    assert names(phone)[-2:] == ["/p/token/fanvil_h2u_v2_hwv1_0.txt", "/fw.z"]
    assert phone.firmware == "2.12.30"
    phone.provision(f"{SITE}/")
    assert names(phone)[-1] == "/p/token/fanvil_h2u_v2_hwv1_0.txt", "the image is loaded once"


def test_only_the_pages_that_are_shown_have_keys() -> None:
    key = ("Fkey1 Type:1", "Fkey1 Value:9@1/f")
    server = Server()
    server.files[f"{SITE}/{MAC}.cfg"] = file(
        "2.0000000001", "<DSSKEY CONFIG MODULE>", "FuncKey Page Num:2",
        *(line for page in (1, 2, 3) for line in (f"--Dsskey Config{page}--:", *key)),
    )  # fmt: skip
    phone = device(server, "fanvil/x4u")
    phone.provision(f"{SITE}/")
    assert [k.slot for k in phone.config.keys] == ["dss-1", "dss-7"]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.model_id)
def test_devices_of_the_fleet(spec: FanvilSpec) -> None:
    phone = device(Server(), spec.model_id)
    assert phone.model_id == spec.model_id
    assert phone.user_agent == f"Fanvil {spec.product} {phone.default_firmware} {MAC}"
    assert phone.sip_user_agent.startswith("Fanvil ")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.model_id)
def test_what_the_fleet_knows_is_what_the_data_files_say(spec: FanvilSpec) -> None:
    made = spec_of(spec.model_id, spec.firmware)
    for name in ("product", "generation", "lines", "common_file", "is_desk"):
        assert getattr(made, name) == getattr(spec, name), name
    assert spec.firmware_list in {made.firmware_list, ""}
    assert set(spec.own_endings) <= set(made.own_endings)
    counts = {b.slot: b.per_page * b.pages for b in spec.blocks}
    assert {b.slot for b in made.blocks} == set(counts)
    for block in made.blocks:
        assert block.per_page * block.pages <= counts[block.slot]
