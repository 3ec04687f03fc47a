"""Power cycling at the command line: netmiko against a real SSH server that plays the switch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import paramiko
import pytest
from pydantic import SecretStr

from monitors.remedies.cli_feed import CliFeed, SshAccess
from monitors.remedies.feed import FeedError, Look
from provisioner.inventory.records import Switch
from tests.simulators.switch_cli import (
    CISCO_IOS,
    ENABLE_SECRET,
    EXOS,
    HOST,
    HUAWEI,
    JUNOS,
    PASSWORD,
    PROCURVE,
    ROUTEROS,
    USER,
    Script,
    switch_cli,
)

CASES = {
    "cisco_ios": (CISCO_IOS, "cisco_ios", "Gi1/0/5"),
    "hp_procurve": (PROCURVE, "hp_procurve", "12"),
    "extreme_exos": (EXOS, "extreme_exos", "1:3"),
    "juniper_junos": (JUNOS, "juniper_junos", "ge-0/0/5"),
    "huawei_vrp": (HUAWEI, "huawei", "GigabitEthernet0/0/5"),
    "mikrotik_routeros": (ROUTEROS, "mikrotik_routeros", "ether5"),
}


def feed(port: int, name: str, keys: Path, timeout_s: float = 8.0, **more: object) -> CliFeed:
    _, driver, called = CASES[name]
    switch = Switch(
        f"{HOST}:161", "sw-2", ssh_username=USER, ssh_password=SecretStr(PASSWORD),
        ssh_enable_secret=SecretStr(ENABLE_SECRET), ssh_port=port,
    )  # fmt: skip
    return CliFeed(SshAccess(replace(switch, **more), keys, timeout_s), name, driver, called)


@dataclass
class Played:
    """One dialogue from its beginning to its end."""

    look: Look
    lines: list[str]
    had_power: list[bool] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)


def play(name: str, keys: Path) -> Played:
    with switch_cli(CASES[name][0]) as switch:
        one = feed(switch.port, name, keys)
        try:
            played = Played(one.look(), switch.lines)
            one.off()
            played.had_power.append(switch.has_power)
            one.on(played.look.undo)
            played.had_power.append(switch.has_power)
        finally:
            one.close()
        played.typed = switch.typed
        return played


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """All dialogues, played at the same time: they mostly wait."""
    folder = tmp_path_factory.mktemp("keys")
    with ThreadPoolExecutor(len(CASES)) as pool:
        found = pool.map(lambda name: play(name, folder / name / "known"), CASES)
        return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_power_is_taken_away_and_given_back(played: dict[str, Played], name: str) -> None:
    one = played[name]
    assert one.had_power == [False, True]
    assert one.lines == [CASES[name][0].line, CASES[name][0].off, CASES[name][0].line]
    assert not any("write" in line or "save" in line for line in one.typed)


def test_the_ports_own_line_is_put_back(played: dict[str, Played]) -> None:
    ios, routeros = played["cisco_ios"].look, played["mikrotik_routeros"].look
    assert ios.is_on
    assert ios.undo.commands == ("interface Gi1/0/5", "power inline static max 7000")
    assert routeros.undo.commands == ("/interface ethernet set ether5 poe-out=forced-on",)


def test_changes_of_junos_are_private_and_committed(played: dict[str, Played]) -> None:
    typed = [line for line in played["juniper_junos"].typed if line]
    assert typed[-8:] == [
        "configure private", "set poe interface ge-0/0/5 disable", "commit",
        "exit configuration-mode",
        "configure private", "delete poe interface ge-0/0/5 disable", "commit",
        "exit configuration-mode",
    ]  # fmt: skip


def test_the_question_of_vrp_is_answered(played: dict[str, Played]) -> None:
    assert "undo poe enable" in played["huawei_vrp"].typed


def test_one_command_for_both(tmp_path: Path) -> None:
    with switch_cli(EXOS) as switch:
        one = feed(switch.port, "extreme_exos", tmp_path / "known")
        one.cycle()
        one.close()
    assert switch.lines == ["on", "reset"]


def failing(
    tmp_path: Path, script: Script, what: Callable[[CliFeed], object], **more: object
) -> tuple[FeedError, list[str]]:
    deaf_to, timeout_s = str(more.pop("deaf_to", "")), float(str(more.pop("timeout_s", 8)))
    with switch_cli(script) as switch:
        switch.deaf_to = deaf_to
        one = feed(switch.port, "cisco_ios", tmp_path / "known", timeout_s, **more)
        with pytest.raises(FeedError) as raised:
            what(one)
        one.close()
        return raised.value, switch.lines


def look_and_off(one: CliFeed) -> None:
    one.look()
    one.off()


def test_a_wrong_password_changes_nothing(tmp_path: Path) -> None:
    wrong = SecretStr("wrong")
    problem, lines = failing(tmp_path, CISCO_IOS, CliFeed.look, ssh_password=wrong)
    assert str(problem) == f"{HOST}: SSH: the switch refuses user {USER} or its password"
    assert problem.nothing_done
    assert lines == [CISCO_IOS.line]


def test_a_wrong_enable_secret_changes_nothing(tmp_path: Path) -> None:
    wrong = SecretStr("wrong")
    problem, lines = failing(
        tmp_path, CISCO_IOS, CliFeed.look, ssh_enable_secret=wrong, timeout_s=2
    )
    assert problem.nothing_done
    assert "wrong" not in str(problem)
    assert lines == [CISCO_IOS.line]


def test_an_unknown_command_changes_nothing(tmp_path: Path) -> None:
    rules = tuple(rule for rule in CISCO_IOS.rules if rule.typed != "power inline never")
    problem, lines = failing(tmp_path, replace(CISCO_IOS, rules=rules), look_and_off)
    assert "power inline never: " in str(problem)
    assert "% Invalid input detected" in str(problem)
    assert problem.nothing_done
    assert lines == [CISCO_IOS.line]


def test_a_prompt_that_never_comes_leaves_it_open_what_was_done(tmp_path: Path) -> None:
    problem, lines = failing(
        tmp_path, CISCO_IOS, look_and_off, deaf_to="power inline never", timeout_s=1.5
    )
    assert str(problem) == f"{HOST}: SSH: the switch does not come back to its prompt"
    assert not problem.nothing_done
    assert lines[-1] == CISCO_IOS.off  # and it was done


def test_a_prompt_that_never_comes_before_the_change(tmp_path: Path) -> None:
    problem, lines = failing(tmp_path, CISCO_IOS, look_and_off, deaf_to="^show", timeout_s=1.5)
    assert problem.nothing_done
    assert lines == [CISCO_IOS.line]


def test_a_broken_connection_is_opened_again_for_the_other_half(tmp_path: Path) -> None:
    with switch_cli(CISCO_IOS) as switch:
        one = feed(switch.port, "cisco_ios", tmp_path / "known", 1.5)
        look = one.look()
        switch.hangs_up_on = "power inline never"
        with pytest.raises(FeedError) as raised:
            one.off()
        assert not raised.value.nothing_done
        assert not switch.has_power
        one.on(look.undo)
        one.close()
        assert switch.lines == [CISCO_IOS.line, CISCO_IOS.off, CISCO_IOS.line]


def test_another_key_than_before_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "folder" / "known"
    with switch_cli(CISCO_IOS) as switch:
        feed(switch.port, "cisco_ios", keys).look()
        port = switch.port
    assert keys.stat().st_mode & 0o777 == 0o600
    stored = keys.read_text(encoding="utf-8")
    assert f"[{HOST}]:{port}" in stored
    other = paramiko.ECDSAKey.generate()
    with switch_cli(CISCO_IOS, other) as switch:
        keys.write_text(stored.replace(f":{port} ", f":{switch.port} "), encoding="utf-8")
        one = feed(switch.port, "cisco_ios", keys)
        with pytest.raises(FeedError, match="another key than before"):
            one.look()
        assert switch.typed == []


def test_nobody_listens(tmp_path: Path) -> None:
    with switch_cli(CISCO_IOS) as switch:
        port = switch.port
    with pytest.raises(FeedError, match=f"nobody answers at port {port}") as raised:
        feed(port, "cisco_ios", tmp_path / "known", 1.0).look()
    assert raised.value.nothing_done
