"""The simulated Yealink behaves as the reference page says a Yealink does."""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load
from provisioner.render import render, render_first_contact
from tests.kits import make_kit
from tests.yealink_phones import BEFORE_81
from web.simulated.device import Fetched, SimKey
from web.simulated.yealink import DEVICES, SimulatedYealink
from web.simulated.yealink_files import NotAConfigError, merged, read_boot, read_config
from web.simulated.yealink_models import hardware_of
from web.simulated.yealink_reading import Hardware

MAC = "805ec0000100"
BASE = "http://10.0.0.1/"
HEAD = "#!version:1.0.0.1\n"


class Server:
    """Files by URL, and what was asked for."""

    def __init__(self, **files: str) -> None:
        self.files: dict[str, bytes] = {}
        self.agents: list[str] = []
        for name, text in files.items():
            self.put(BASE + name, text)

    def put(self, url: str, text: str) -> None:
        self.files[url] = text.encode()

    def fetch(self, url: str, agent: str) -> Fetched:
        self.agents.append(agent)
        return Fetched(200, self.files[url]) if url in self.files else Fetched(404)


def phone(server: Server, model: str = "t46u", firmware: str = "") -> SimulatedYealink:
    made = DEVICES[f"yealink/{model}"](MAC, server.fetch, firmware)
    assert isinstance(made, SimulatedYealink)
    return made


def asked(device: SimulatedYealink) -> list[str]:
    return [request.url.removeprefix(BASE) for request in device.requests]


def served(**by_role: str) -> Server:
    names = {"boot": f"{MAC}.boot", "all": "y000000000000.boot", "model": "y000000000108.cfg",
             "own": f"{MAC}.cfg", "extra": "extra.cfg"}  # fmt: skip
    return Server(**{names[role]: text for role, text in by_role.items()})


def test_without_boot_files_the_old_two_are_asked_for() -> None:
    device = phone(served(model=HEAD + "a = 1\nb = 1\n", own=HEAD + "b = 2\n"))
    assert device.provision(BASE)
    assert asked(device) == [
        f"{MAC}.boot", "y000000000000.boot", "y000000000108.cfg", f"{MAC}.cfg",
    ]  # fmt: skip
    assert device.parameters == {"a": "1", "b": "2"}


def test_firmware_80_knows_no_boot_file() -> None:
    device = phone(served(own=HEAD, boot=HEAD), "t19p-e2", "53.80.0.3")
    device.provision(BASE)
    assert asked(device) == ["y000000000053.cfg", f"{MAC}.cfg"]


def test_with_a_boot_file_only_its_includes_are_loaded() -> None:
    boot = HEAD + '# c\ninclude:config "extra.cfg"\ninclude:config <805ec0000100.cfg>\n'
    device = phone(served(boot=boot, extra=HEAD + "a = 1\n", own=HEAD + "a = 2\n", model=HEAD))
    assert device.provision(BASE)
    assert asked(device) == [f"{MAC}.boot", "extra.cfg", f"{MAC}.cfg"]
    assert device.parameters == {"a": "2"}


def test_everybodys_boot_file_comes_second() -> None:
    device = phone(served(all=HEAD + 'include:config "805ec0000100.cfg"\n', own=HEAD + "a = 1\n"))
    assert device.provision(BASE)
    assert asked(device) == [f"{MAC}.boot", "y000000000000.boot", f"{MAC}.cfg"]


def test_an_include_for_another_product_is_skipped() -> None:
    boot = read_boot(
        (HEAD + '[T23G]include:config "a.cfg"\n[T46U]include:config "b.cfg"\n').encode(), "T46U"
    )
    assert boot.includes == ("b.cfg",)
    assert not boot.overwrite


def test_only_configuration_files_are_included() -> None:
    boot = read_boot((HEAD + 'include:config "a.txt"\noverwrite_mode = 1\n').encode(), "T46U")
    assert boot.includes == ()
    assert boot.overwrite


def test_nothing_is_applied_while_a_file_is_missing() -> None:
    boot = HEAD + 'include:config "805ec0000100.cfg"\ninclude:config "extra.cfg"\n'
    server = served(boot=boot, own=HEAD + "a = 1\n")
    device = phone(server)
    assert not device.provision(BASE)
    assert device.parameters == {}
    server.put(BASE + "extra.cfg", HEAD + "b = 2\n")
    assert device.provision(BASE)
    assert device.parameters == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "body", ["<html><body>404</body></html>", "", "a = 1\n", "\ufeff" + HEAD + "a = 1\n"]
)
def test_what_does_not_begin_with_the_version_is_no_config(body: str) -> None:
    device = phone(served(boot=body, all=body, model=body, own=body))
    assert not device.provision(BASE)
    assert device.applied == 0
    with pytest.raises(NotAConfigError):
        read_config(body.encode())
    with pytest.raises(NotAConfigError):
        read_config(b"#!version:1.0.0.1\n\xff\xfe")


def test_identical_files_are_no_update() -> None:
    boot = HEAD + 'include:config "805ec0000100.cfg"\noverwrite_mode = 1\n'
    server = served(boot=boot, own=HEAD + "a = 1\n")
    device = phone(server)
    assert device.provision(BASE)
    assert not device.provision(BASE)
    server.put(f"{BASE}{MAC}.cfg", HEAD + "a = 1 \n")
    assert device.provision(BASE)
    assert device.applied == 2


@pytest.mark.parametrize(
    ("mode", "left"),
    [("1", {"c": "3"}), ("0", {"a": "1", "c": "3"})],
)
def test_overwrite_mode_decides_over_what_is_missing(mode: str, left: dict[str, str]) -> None:
    boot = HEAD + f'include:config "805ec0000100.cfg"\noverwrite_mode = {mode}\n'
    server = served(boot=boot, own=HEAD + "a = 1\nb = 2\nc = 2\n")
    device = phone(server)
    device.provision(BASE)
    server.put(f"{BASE}{MAC}.cfg", HEAD + "a =\nb = %NULL%\nc = 3\n")
    device.provision(BASE)
    assert device.parameters == left


def test_null_clears_in_both_modes_and_the_last_double_wins() -> None:
    file = read_config((HEAD + "a = 1\na = 2\n# a = 3\n\nb=x = y#z\nnonsense\n").encode())
    assert file == {"a": "2", "b": "x = y#z"}
    for overwrite in (True, False):
        assert merged({"a": "1"}, [{"a": "%NULL%"}], overwrite=overwrite) == {}
        assert merged({"a": "1"}, [{"a": "2"}, {"a": "3"}], overwrite=overwrite) == {"a": "3"}


def test_user_passwords_are_kept_for_each_role() -> None:
    text = (
        HEAD + "static.security.user_password = admin:a:b\nstatic.security.user_password = user:c\n"
    )
    device = phone(served(own=text))
    device.provision(BASE)
    assert device.config.admin_password == "a:b"
    assert device.parameters["static.security.user_password[user]"] == "c"


def test_a_server_that_is_told_is_used_from_then_on() -> None:
    server = served(own=HEAD + "static.auto_provision.server.url = http://new.example/p/x/\n")
    device = phone(server)
    device.boot(dhcp_url=BASE)
    assert device.server_url == "http://new.example/p/x/"
    assert device.requests[-1].url.startswith("http://new.example/p/x/")


def test_names_of_another_generation_are_not_heard() -> None:
    plain = phone(served(own=HEAD + "auto_provision.server.url = http://new.example/\n"))
    plain.provision(BASE)
    assert plain.server_url == ""
    old = phone(
        Server(**{f"{MAC}.cfg": HEAD + "static.auto_provision.server.url = http://new.example/\n"}),
        "t19p-e2",
        "53.80.0.3",
    )
    old.provision(BASE)
    assert old.server_url == ""


def test_a_line_key_that_is_left_out_is_a_line() -> None:
    device = phone(served(own=HEAD + "linekey.1.type = 0\n"))
    device.provision(BASE)
    assert [key.slot for key in device.config.keys] == [f"line-{n}" for n in range(2, 17)]


def test_history_is_for_the_keys_below_the_screen() -> None:
    text = HEAD + "".join(f"linekey.{n}.type = 0\n" for n in range(2, 17))
    device = phone(served(own=text + "linekey.1.type = 28\nprogramablekey.2.type = 28\n"))
    device.provision(BASE)
    assert [(key.slot, key.type) for key in device.config.keys] == [("soft-2", "history")]


def test_memory_keys_and_accounts_counted_from_zero() -> None:
    text = HEAD + "".join(f"linekey.{n}.type = 0\n" for n in range(1, 7))
    text += "memorykey.3.type = 16\nmemorykey.3.line = 1\nmemorykey.3.value = 214\n"
    text += "memorykey.3.pickup_value = *8\nmemorykey.3.extension = 9\n"
    for model, account in (("t28p", 1), ("t38g", 2)):
        device = phone(Server(**{f"{MAC}.cfg": text}), model)
        device.provision(BASE)
        assert device.config.keys == (SimKey("memory-3", "blf", "214", "", account, "*8"),)


def test_the_names_of_a_server_change_with_the_generation() -> None:
    text = HEAD + "account.1.enable = 1\naccount.1.user_name = 7\n"
    text += "account.1.sip_server_host = old.example\naccount.1.expires = 60\n"
    text += "account.1.sip_server.1.address = new.example\naccount.1.sip_server.1.expires = 90\n"
    for firmware, server, expires_s in (
        ("28.72.0.1", "old.example", 60), ("28.73.0.1", "new.example", 90),
    ):  # fmt: skip
        device = phone(Server(**{f"{MAC}.cfg": text}), "t46g", firmware)
        device.provision(BASE)
        account = device.config.accounts[0]
        assert (account.server, account.expires_s) == (server, expires_s)


def test_below_the_screen_of_old_phones_the_directory_has_its_own_code() -> None:
    text = HEAD + "programablekey.1.type = 29\nlinekey.1.type = 29\nlinekey.2.type = 0\n"
    device = phone(Server(**{f"{MAC}.cfg": text}), "t21p")
    device.provision(BASE)
    assert [(key.slot, key.type) for key in device.config.keys] == [("soft-1", "directory")]


def test_off_hook_dialling_of_a_dect_base_belongs_to_the_account() -> None:
    text = HEAD + "account.2.enable = 1\naccount.2.user_name = 7\n"
    text += "account.2.auto_dial_enable = 1\naccount.2.auto_dial_num = 100\n"
    device = phone(served(own=text), "w60b")
    device.provision(BASE)
    assert [account.hotline for account in device.config.accounts] == ["100"]


def test_a_row_of_facts_makes_a_device() -> None:
    made = hardware_of("T99X_E2 1.86.0.1 7 a2 l3 m4 s5 x6*78 h9 multi bare zero ua=Yealink_X")
    assert made == Hardware(
        "yealink/t99x-e2", "T99X_E2", "Yealink X", "y000000000007", "1.86.0.1", accounts=2,
        line_keys=3, memory_keys=4, soft_keys=5, modules=6, module_keys=78, handsets=9,
        multicell=True, bare_mac=True, lines_from_zero=True,
    )  # fmt: skip
    with pytest.raises(ValueError, match="'what' means nothing"):
        hardware_of("T99 1.86.0.1 7 a2 what")


def test_changes_by_hand_last_only_when_protected() -> None:
    text = HEAD + "static.auto_provision.custom.protect = 1\nlang.gui = Spanish\n"
    server = served(own=text)
    device = phone(server)
    device.provision(BASE)
    device.change_by_hand("lang.gui", "German")
    server.put(f"{BASE}{MAC}.cfg", text + "a = 1\n")
    device.provision(BASE)
    assert device.config.language == "de"
    server.put(f"{BASE}{MAC}.cfg", text.replace("protect = 1", "protect = 0"))
    device.provision(BASE)
    assert device.config.language == "es"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+1", 60),
        ("0", 0),
        ("-3:30", -210),
        ("+5:45", 345),
        ("+15", None),
        ("63", None),
        ("x", None),
    ],
)
def test_zones(text: str, minutes: int | None) -> None:
    device = phone(served(own=HEAD + f"local_time.time_zone = {text}\n"))
    device.provision(BASE)
    assert device.config.utc_offset_min == minutes


@pytest.mark.parametrize(
    ("model", "firmware", "agent"),
    [
        ("t46u", "", "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00"),
        ("t31p", "", "Yealink SIP-T31P 124.86.0.75 80:5e:c0:00:01:00"),
        ("t19p-e2", "", "Yealink SIP-T19P_E2 53.84.0.125 80:5e:c0:00:01:00"),
        ("cp960", "", "Yealink CP960 73.85.0.5 805ec0000100"),
        ("w70b", "", "Yealink W70B 146.85.0.5 80:5e:c0:00:01:00"),
        ("w80dm", "103.83.0.70", "Yealink W80DM 103.83.0.70 80:5e:c0:00:01:00"),
        ("t49g", "", "Yealink SIP VP-T49G 51.80.0.100 80:5e:c0:00:01:00"),
        ("t58v", "", "Yealink SIP-T58V 58.86.0.20 805ec0000100"),
        ("vp530", "", "VP530 23.70.0.41 80:5e:c0:00:01:00"),
        ("cp920", "", "Yealink SIP-CP920 78.86.0.15 80:5e:c0:00:01:00"),
        ("ax83h", "", "Yealink AX83H 180.87.0.15 80:5e:c0:00:01:00"),
    ],
)
def test_user_agents(model: str, firmware: str, agent: str) -> None:
    server = Server()
    device = phone(server, model, firmware)
    device.provision(BASE)
    assert set(server.agents) == {agent}
    assert agent.startswith(device.sip_user_agent)


def test_the_mac_can_be_taken_out_of_the_user_agent() -> None:
    device = phone(served(own=HEAD + "static.auto_provision.user_agent_mac.enable = 0\n"))
    device.provision(BASE)
    assert device.user_agent == "Yealink SIP-T46U 108.86.0.20"


def test_every_model_with_files_has_its_device() -> None:
    models = {m.id for m in load().models.values() if m.vendor == "yealink" and m.dialects}
    assert set(DEVICES) == models
    for model_id, make in DEVICES.items():
        assert make(MAC, Server().fetch, "").model_id == model_id


@pytest.mark.parametrize("start", ["http://10.0.0.1", BASE, BASE + "y000000000000.boot"])
@pytest.mark.parametrize(
    ("model_id", "preset_id", "firmware"),
    [
        ("yealink/t46u", "reception", ""),
        ("yealink/t31p", "guest-room", ""),
        ("yealink/cp960", "conference", ""),
        ("yealink/w70b", "dect-base", "146.85.0.5"),
        ("yealink/w70b", "dect-base", "146.87.0.18"),
        ("yealink/w80dm", "dect-base", ""),
        ("yealink/t19p-e2", "corridor", "53.80.0.3"),
        ("yealink/t38g", "office", ""),
        ("yealink/w52p", "dect-base", "25.80.0.15"),
    ],
)
def test_first_contact_leads_to_the_full_files(
    start: str, model_id: str, preset_id: str, firmware: str
) -> None:
    handsets = 3 if preset_id == "dect-base" else 0
    kit = make_kit(model_id, preset_id, mac=MAC, firmware=firmware or None, handsets=handsets)
    folder = load().folder
    server = Server()
    for file in render_first_contact(folder, kit.dialect, kit.model, kit.phone.mac, kit.urls):
        server.put(BASE + file.name, file.body.decode())
    for file in render(folder, kit):
        server.put(kit.urls.file(file.name).text, file.body.decode())
    device = phone(server, model_id.split("/")[1], firmware)
    device.provision(start)
    assert device.server_url == kit.urls.directory.text
    at_once = [a.user for a in device.config.accounts] == [line.user for line in kit.lines]
    old = kit.dialect.id in BEFORE_81
    assert at_once == (not old)
    tokenless = sum(r.url.startswith(BASE) for r in device.requests)
    device.boot(dhcp_url=start)
    assert [a.user for a in device.config.accounts] == [line.user for line in kit.lines]
    assert sum(r.url.startswith(BASE) for r in device.requests) == tokenless
    assert device.applied == (2 if old else 1)
