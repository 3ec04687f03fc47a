"""The soft block in Spanish and Russian on a real Asterisk, and what each caller costs the house.

What an operator charges is what Asterisk's own call records say: a call that is not answered, or
ends within the operator's interval, costs nothing.
"""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitors.calls.tollfree import SPARE_S
from monitors.guarding.answers import SOUNDS
from provisioner.pbx.call_plan import VOICES
from tests.integration.guarded_office import OUTSIDE, RESCUE, Office, guarded_office, secret_of
from tests.integration.servers import small_site
from tests.simulators.asterisk import SKIP_REASON, find_asterisk
from tests.simulators.sipp import SKIP_REASON as NO_SIPP
from tests.simulators.sipp import has_sipp
from tests.simulators.sipp_calls import Keypad
from web.simulated.device import SimAccount
from web.simulated.sip_user import SipEngine, SipUser

pytestmark = [
    pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not has_sipp(), reason=NO_SIPP),
]

SOUND_FOLDER = Path("/usr/share/asterisk/sounds")
NO_VOICE = "Asterisk's Spanish and Russian prompts are not installed: scripts/install-asterisk.sh"
DESK, FREE, DID = "100", "900123456", "911000100"
INTERVAL_S = 4
CALL_RECORDS = {"cdr.conf": "[general]\nenable = yes\nunanswered = yes\n\n[csv]\nusegmtime = yes\n"}
SPEAKS = {"es": "+3464400000", "ru": "+3465500000"}
"""Callers of their own for each language."""
SAID = re.compile(r"BW_VOICE=vm-press&digits/(\d)&digits/(\d)")
READ = re.compile(r"bw-casa-code:\d+\] Read\(")


def site(port: int, language: str = "es", level: int = 1) -> dict[str, Any]:
    made = small_site()
    made["languages"] = [language]
    made["accounts"] = [{"extension": each, "secret": secret_of(each)} for each in (DESK, "109")]
    made["calls"] = {
        "limits": {},
        "incoming": [
            {"name": "house", "black": ["+34 611*"], "refusal": "announcement"},
            {"name": "rude", "called": [DESK], "black": ["+34 622*"], "refusal": "hang_up"},
        ],
        "toll_free": {
            "numbers": [FREE],
            "per_hour": 1,
            "per_day": 9,
            "level": level,
            "interval_s": INTERVAL_S,
        },
        "pbx": {
            "bellwire": {"port": port},
            "trunk": "provider",
            "numbers": {FREE: DESK, DID: DESK, "911000109": "109"},
        },
    }
    return made


@dataclass
class House:
    """The site with a phone that answers by itself."""

    office: Office

    def speak(self, language: str) -> None:
        """Write the PBX's files anew, for a site of another language."""
        office = self.office
        made = {**site(office.port, language), "pbx": office.pbx}
        office.folder.apply(made, options=("--no-render",))
        out = office.tmp / language
        assert office.folder.run("pbx", "asterisk", "casa", "--out", str(out)).exit_code == 0
        text = (out / "extensions_bellwire.conf").read_text() + RESCUE
        (office.asterisk.include_dir / "extensions_bellwire.conf").write_text(text)
        office.asterisk.cli("dialplan reload")

    def records(self, caller: str) -> list[dict[str, str]]:
        """What Asterisk wrote of the calls of a caller, oldest first."""
        names = ("account", "src", "dst", "context", "name", "channel", "other", "app", "data",
                 "start", "answer", "end", "duration", "billsec", "disposition")  # fmt: skip
        file = self.office.asterisk.directory / "log" / "cdr-csv" / "Master.csv"
        if not file.exists():
            return []
        with file.open(newline="") as lines:
            rows = [dict(zip(names, row, strict=False)) for row in csv.reader(lines)]
        return [row for row in rows if row["src"] == caller]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if not all((SOUND_FOLDER / language / "vm-press.gsm").exists() for language in VOICES):
        pytest.skip(NO_VOICE)
    with ExitStack() as ends:
        folder = tmp_path_factory.mktemp("voices")
        office = ends.enter_context(
            guarded_office(folder, site, "prefix,per_minute\n34,0.6\n", ("cdr_csv",), CALL_RECORDS)
        )
        (office.asterisk.directory / "log" / "cdr-csv").mkdir(exist_ok=True)
        people = ends.enter_context(SipEngine())
        server = ("127.0.0.1", office.asterisk.sip_port)
        account = SimAccount(1, DESK, DESK, secret_of(DESK), "pbx.example")
        desk = ends.enter_context(SipUser(people, [account], "Phone", lambda _host: server))
        desk.on_incoming = "answer"
        assert [each.status for each in desk.register()] == [200]
        yield House(office)


def prompts(dial_plan: str) -> set[str]:
    """Every sound that a dial plan plays by name, with digits in the place of variables."""
    voice = re.findall(r"Set\(BW_VOICE=(\S+)\)", dial_plan)
    played = re.findall(r"(?:Playback|Background|SayDigits|Read)\(([^)]*)\)", dial_plan)
    assert {each.partition(",")[0] for each in played} == {
        "${BW_VOICE}&${BW_VOICE}", "${ARG1}", "BW_KEYED",
    }, "a sound that this test does not look for"  # fmt: skip
    named = {name for each in voice for name in re.sub(r"\$\{[^}]*\}", "#", each).split("&")}
    digits = {each.replace("#", str(n)) for each in named for n in range(10)}
    return digits | set(SOUNDS.values())


@pytest.mark.parametrize("language", sorted(VOICES))
def test_every_prompt_is_in_the_package_of_each_language(house: House, language: str) -> None:
    text = (house.office.asterisk.include_dir / "extensions_bellwire.conf").read_text()
    package = f"asterisk-core-sounds-{language}-gsm"
    done = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{package} did not come as a package")
    files = {re.sub(r"^.*?/sounds/[^/]+/", "", line) for line in done.stdout.splitlines()}
    wanted = prompts(text)
    assert {"vm-press", "digits/0", "digits/9", "ss-noservice", "privacy-unident"} <= wanted
    assert {name for name in wanted if f"{name}.gsm" not in files} == set()


def coded(house: House, caller: str, ends: ExitStack, **how: Any) -> tuple[Any, Keypad, str]:
    """A call that must key a code: the call, its keys and the code."""
    office = house.office
    before = len(SAID.findall(office.asterisk.log))
    keypad = ends.enter_context(Keypad(OUTSIDE))
    call = ends.enter_context(office.incoming(FREE, caller, media_port=keypad.port, **how))
    office.until(lambda: len(SAID.findall(office.asterisk.log)) > before)
    return call, keypad, "".join(SAID.findall(office.asterisk.log)[-1])


def reads(house: House, count: int) -> bool:
    return len(READ.findall(house.office.asterisk.log)) >= count


@pytest.mark.parametrize("language", ["es", "ru"])
def test_the_code_is_said_in_the_language_of_the_site_and_only_the_right_one_is_charged(
    house: House, language: str
) -> None:
    office = house.office
    house.speak(language)
    begin = len(office.asterisk.log)
    callers = [f"{SPEAKS[language]}{n}" for n in range(3)]
    right, wrong, silent = callers
    for caller in callers:
        assert office.incoming(FREE, caller, talk_ms=50).finish() == ""
    before = len(READ.findall(office.asterisk.log))
    with ExitStack() as ends:
        how: Sequence[dict[str, Any]] = ({"talk_ms": 5500}, {"cut": True}, {"cut": True})
        made = [coded(house, who, ends, **each) for who, each in zip(callers, how, strict=True)]
        for number, (_, keypad, code) in enumerate(made[:2], start=1):
            office.until(partial(reads, house, before + number))
            keypad.press(code if number == 1 else str((int(code) + 1) % 100).zfill(2))
        assert [call.finish() for call, _, _ in made] == ["", "", ""]
    said = office.asterisk.log[begin:]
    spoken = set(re.findall(r"Playing '([\w/-]+)\.\w+' \(language '(\w+)'\)", said))
    assert {voice for _, voice in spoken} == {language}
    assert {"vm-press"} | {f"digits/{digit}" for _, _, code in made for digit in code} <= {
        name for name, _ in spoken
    }
    assert "does not exist" not in said
    office.until(lambda: all(len(house.records(caller)) >= 2 for caller in callers))
    assert int(house.records(right)[-1]["billsec"]) >= INTERVAL_S
    for caller in (wrong, silent):
        assert int(house.records(caller)[-1]["billsec"]) <= INTERVAL_S - SPARE_S


def test_who_is_refused_is_never_answered(house: House) -> None:
    """A refusal at once, an announcement before the answer, and a caller of the hard level."""
    office, hard = house.office, "+34677000000"
    assert office.incoming(DID, "+34622000000", refused=403).finish() == ""
    assert office.incoming("911000109", "+34611000000", refused=486).finish() == ""
    office.renew(site(office.port, level=6), "+5997778800")
    assert office.incoming(FREE, hard, talk_ms=50).finish() == ""
    assert office.incoming(FREE, hard, refused=403).finish() == ""
    office.until(lambda: len(house.records(hard)) >= 2)
    refused = [house.records(each)[-1] for each in ("+34622000000", "+34611000000", hard)]
    assert [(each["billsec"], each["answer"]) for each in refused] == [("0", "")] * 3
    assert "ANSWERED" not in {each["disposition"] for each in refused}
