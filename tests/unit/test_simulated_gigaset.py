"""The simulated Gigaset base behaves as its maker's pages say a base does."""

from __future__ import annotations

from tests.gigaset_phones import MAC
from web.simulated.device import Fetched
from web.simulated.gigaset import DEVICES, GigasetBase

BASE = "http://10.0.0.1/"
HEAD = '<provisioning version="1.1" productID="e2"><nvm>'
TAIL = "</nvm></provisioning>"


def base(files: dict[str, str], model: str = "n870-ip-pro") -> GigasetBase:
    bodies = {BASE + name: text.encode() for name, text in files.items()}

    def fetch(url: str, _agent: str) -> Fetched:
        return Fetched(200, bodies[url]) if url in bodies else Fetched(404)

    device = DEVICES[f"gigaset/{model}"](MAC, fetch, "")
    assert isinstance(device, GigasetBase)
    return device


def param(name: str, value: str) -> str:
    return f'<param name="{name}" value="{value}"/>'


def handset(name: str) -> str:
    return (
        f'<oper name="add_hs" value="{name}"><param name="hs.RegStatus" value="ToReg"/></oper>'
        + param(f"SipAccount.{name}.UserName", f"u{name}")
    )


def asked(device: GigasetBase) -> list[str]:
    return [request.url.removeprefix(BASE) for request in device.requests]


def test_with_a_server_alone_it_asks_for_the_common_file_first() -> None:
    device = base({f"{MAC}.xml": HEAD + param("a", "1") + TAIL})
    assert device.provision(BASE)
    assert asked(device) == ["provisioning.xml", f"{MAC}.xml"]
    assert device.flash == {"a": "1"}
    assert not device.provision(BASE)


def test_with_the_file_s_url_it_asks_for_nothing_else() -> None:
    device = base({f"{MAC}.xml": HEAD + param("a", "1") + TAIL})
    device.provision(f"{BASE}{MAC}.xml")
    assert asked(device) == [f"{MAC}.xml"]


def test_it_stays_with_the_server_it_was_told() -> None:
    url = f"{BASE}p/{MAC}.xml"
    told = HEAD + param("Provisioning.global.ProvisioningServer", url) + TAIL
    device = base({f"{MAC}.xml": told, f"p/{MAC}.xml": told})
    device.boot(dhcp_url=BASE)
    assert asked(device)[-1] == f"p/{MAC}.xml"


def test_handsets_stay_unless_the_file_says_who_is_left() -> None:
    device = base({f"{MAC}.xml": HEAD + handset("00001") + handset("029e74a599") + TAIL})
    device.provision(BASE)
    assert [(h.slot, h.ipui) for h in device.config.handsets] == [(1, ""), (2, "029E74A599")]
    more = base({f"{MAC}.xml": HEAD + handset("00002") + TAIL})
    more.handset_ids = ["00001"]
    more.provision(BASE)
    assert more.handset_ids == ["00001", "00002"]
    only = base({f"{MAC}.xml": HEAD + '<oper name="DeleteNotProvisionedHS"/>' + handset("00002") + TAIL})  # fmt: skip
    only.handset_ids = ["00001"]
    only.provision(BASE)
    assert only.handset_ids == ["00002"]


def test_what_it_throws_away() -> None:
    text = HEAD + param("a", "") + param("DmGlobal.0.TimeZone", "Asia/Kolkata") + TAIL
    device = base({f"{MAC}.xml": text})
    device.provision(BASE)
    assert device.refused == ["a: empty", "Asia/Kolkata: no such zone"]
    full = base({f"{MAC}.xml": HEAD + "".join(handset(f"{n:05}") for n in range(1, 10)) + TAIL}, "n610-ip-pro")  # fmt: skip
    full.provision(BASE)
    assert full.refused == ["00009: no more handsets"]


def test_other_files_are_no_files() -> None:
    for text in ("", "<html/>", '<provisioning productID="e1"/>', "{}"):
        device = base({f"{MAC}.xml": text})
        assert not device.provision(BASE)


def test_an_image_of_its_own_version_is_left_alone() -> None:
    def with_image(version: str) -> GigasetBase:
        image = f'<firmware><file version="{version}" url="{BASE}a.bin"/></firmware>'
        text = f'<provisioning version="1.1" productID="e2">{image}</provisioning>'
        return base({f"{MAC}.xml": text, "a.bin": "image"})

    same, newer = with_image("2.11.0"), with_image("2.65.0")
    assert not same.provision(BASE)
    assert newer.provision(BASE)
    assert (asked(same)[-1], asked(newer)[-1]) == (f"{MAC}.xml", "a.bin")
    assert newer.user_agent.startswith("Gigaset N870 IP PRO/83.V2.65.0+")
