"""The filter for fail2ban against what the real Asterisk writes, and against who knows the filter."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from monitors.firewall.fail2ban import filter_file
from tests.integration.hardened_asterisk import HardenedAsterisk, aurora
from tests.integration.test_pbx_asterisk import SipPhone
from tests.simulators.asterisk import find_asterisk

pytestmark = pytest.mark.skipif(
    shutil.which("fail2ban-regex") is None or find_asterisk() is None,
    reason="needs fail2ban-regex (package fail2ban) and Asterisk",
)

NONCE, DIGEST = "1795341346/2129da092a1dfb1b2eba77393781e01e", "a697d975a8159293ae453d1a92104983"
REAL = "203.0.113.9"
FRAMED = 'RemoteAddress="IPV4/UDP/198.51.100.1/5060"'


def matched(folder: Path, log: str) -> Counter[str]:
    """The addresses that the filter finds."""
    written, rules = folder / "security.log", folder / "filter.conf"
    written.write_text(log, "utf-8")
    rules.write_text(filter_file(), "utf-8")
    done = subprocess.run(
        ["fail2ban-regex", "-o", "ip", str(written), str(rules)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "ERROR" not in done.stdout + done.stderr, done
    return Counter(done.stdout.split())


def line(word: str, end: str, account: str = "2214", call_id: str = "5d4") -> str:
    return (
        f'[2026-11-22 09:55:46.076] SECURITY[1] res_security_log.c: SecurityEvent="{word}",'
        f'EventTV="2026-11-22T09:55:46.076+0000",Severity="Error",Service="PJSIP",'
        f'EventVersion="1",AccountID="{account}",SessionID="{call_id}",'
        f'LocalAddress="IPV4/UDP/10.20.0.1/5060",RemoteAddress="IPV4/UDP/{REAL}/5060"{end}\n'
    )


def challenge(response: str = DIGEST, nonce: str = NONCE) -> str:
    return f',Challenge="{nonce}",Response="{response}",ExpectedResponse=""'


def test_guesses_are_found_and_a_right_password_is_none(tmp_path: Path) -> None:
    with HardenedAsterisk(aurora(), tmp_path / "files") as asterisk:
        for user, secret, address in (
            ("2214", "wrong", "127.0.0.5"), ("9999", "wrong", "127.0.0.6"),
            ("100", "wrong", "127.0.8.7"), ("2215", "secret-of-2215", "127.0.0.9"),
            ("x%22,RemoteAddress=%22IPV4%2fUDP%2f8.8.8.8%2f5060", "wrong", "127.0.0.8"),
        ):  # fmt: skip
            with SipPhone(asterisk, user, secret, address) as phone:
                phone.register()
        limit = time.monotonic() + 10
        while "SuccessfulAuth" not in asterisk.security_log and time.monotonic() < limit:
            time.sleep(0.05)
        found = matched(tmp_path, asterisk.security_log)
    assert set(found) == {"127.0.0.5", "127.0.0.6", "127.0.8.7", "127.0.0.8"}
    assert found["127.0.0.5"] == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"account": f'x",{FRAMED},A="'},
        {"call_id": f'x",{FRAMED}'},
        {"call_id": f'x",LocalAddress="",{FRAMED}{challenge()[:-1]}'},
        {"call_id": f'x",{FRAMED},ACLName="a"'},
    ],
)
def test_nobody_has_another_address_shut_out(tmp_path: Path, lie: dict[str, str]) -> None:
    log = "".join(
        line(word, end, **lie)
        for word, end in (
            ("InvalidAccountID", ""), ("FailedACL", ',ACLName="bw-aurora"'),
            ("ChallengeResponseFailed", challenge()),
        )
    )  # fmt: skip
    assert matched(tmp_path, log) == {REAL: 3}


@pytest.mark.parametrize(
    "end",
    [
        challenge(f'a\\",{FRAMED},Challenge=\\"ab\\",Response=\\"{DIGEST}'),
        challenge(nonce=f'a\\",{FRAMED},Challenge=\\"ab'),
    ],
)
def test_nor_by_a_digest_that_is_none(tmp_path: Path, end: str) -> None:
    """pjsip keeps the backslashes of a quoted value, so the quotation marks are told apart."""
    assert "198.51.100.1" not in matched(tmp_path, line("ChallengeResponseFailed", end))
