"""Five thousand phones in one go: right, and not quadratic. The times are only shown."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.integration.servers import DataFolder, bellwire, many_rooms

PHONES = 5000
HANG_S = 1800.0  # on a machine that others use too


def test_five_thousand_phones(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    def apply(title: str, site: dict[str, object], *options: str) -> str:
        file = folder.write(site)
        command = bellwire("apply", str(file), "--data", str(folder.path), *options)
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        with capsys.disabled():
            print(f"\n{title}: {time.monotonic() - started:.1f} s", end="", flush=True)
        return done.stdout

    site = many_rooms(PHONES, folder.url)
    told = apply(f"apply {PHONES} phones and render their files", site)
    assert f"{PHONES} phones affected" in told
    assert not folder.marked()
    assert folder.rows("select count(*), count(distinct token_hash) from phone") == [
        (PHONES, PHONES)
    ]
    assert folder.rows("select count(distinct mac) from rendered") == [(PHONES,)]
    assert folder.rows("select mac, problem from phone where problem != ''") == []
    assert folder.rows("pragma foreign_key_check") == []
    generations = folder.rows("select generation from stamp")

    assert "nothing; 0 phones affected" in apply("the same again", site)
    assert folder.rows("select generation from stamp") == generations

    site["sip"] = {**site["sip"], "expires_s": 900}  # type: ignore[dict-item]
    told = apply("a change of the site, files not rendered", site, "--no-render")
    assert f"{PHONES} phones affected" in told
    assert len(folder.marked()) == PHONES

    site["rooms"] = site["rooms"][: PHONES // 2]  # type: ignore[index]
    told = apply("half of them retired", site, "--prune", "--no-render")
    assert folder.rows("select count(*) from phone") == [(PHONES // 2,)]
    assert folder.rows("select count(distinct mac) from rendered") == [(PHONES // 2,)]
    assert folder.rows("select count(*) from account") == [(PHONES // 2,)]

    site["name"] = "Another name"
    file = folder.write(site)
    command = bellwire("plan", str(file), "--full", "--data", str(folder.path))
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    with capsys.disabled():
        print(f"\nplan --full of {PHONES // 2} phones: {time.monotonic() - started:.1f} s")
    assert f"{PHONES // 2} phones affected" in done.stdout
