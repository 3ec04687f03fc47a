"""Links for soft phones over HTTP: they work once, for their app, and for a while."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import segno

from provisioner.answers import NOT_FOUND, Answer, Outcome
from provisioner.delivery import utc_now
from provisioner.ratelimit import Guard
from provisioner.secrets import hash_token
from provisioner.soft_phones.answering import SoftPhones, SoftRequest
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    GIVEN_SECRET,
    DataFolder,
    Reply,
    Server,
    ask,
    small_site,
    wait_for,
)

NAME = 'Recepción & "Café" <24h>'
FROM_LINPHONE = {"X_Linphone_Provisioning": "1"}


def hotel(url: str = "http://127.0.0.1:8080") -> dict[str, Any]:
    site = small_site(url)
    site["accounts"][0] |= {"name": NAME, "voicemail": True}
    return site


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    return make_module_server(hotel)


def link(folder: DataFolder, *args: str, extension: str = "100") -> str:
    """Make a link; the URL."""
    result = folder.run("softphone", extension, "--json", *args)
    assert result.exit_code == 0, result.output
    url: str = json.loads(result.stdout)["link"]
    return url


def fetch(url: str, method: str = "GET", **headers: str) -> Reply:
    return ask(url, method, **{**FROM_LINPHONE, **headers})


def test_the_app_gets_the_account_once(server: Server) -> None:
    url = link(server.folder)
    assert re.fullmatch(rf"{server.url}/soft/[a-z2-7]{{26}}", url)
    reply = fetch(url, User_Agent="LinphoneAndroid/6.0")
    assert reply.status == 200
    assert reply.header("Content-Type") == "application/xml"
    assert reply.header("Cache-Control") == "no-store"
    assert reply.header("ETag") == ""
    texts = {e.get("name"): e.text for e in ET.fromstring(reply.body).iter() if e.get("name")}
    assert texts["passwd"] == GIVEN_SECRET
    assert texts["username"] == "100"
    assert texts["domain"] == "pbx.casa.example"
    wrong = fetch(f"{server.url}/soft/{'a' * 26}")
    assert (wrong.status, wrong.body) == (404, b"not found\n")
    assert fetch(url).looks == wrong.looks


def test_groundwire_gets_its_own_format(server: Server) -> None:
    args = ("--app", "groundwire", "--url", server.url.replace("http:", "https:"))
    url = link(server.folder, *args).replace("https:", "http:")
    reply = ask(url)
    assert reply.status == 200
    root = ET.fromstring(reply.body)
    found = {child.tag: child.text for child in root}
    assert (root.tag, found["password"], found["username"]) == ("account", GIVEN_SECRET, "100")
    assert found["userDisplayName"] == NAME
    assert ask(url).status == 404


def test_a_look_at_a_link_uses_nothing_up(server: Server) -> None:
    url = link(server.folder)
    refused = fetch(f"{server.url}/soft/{'b' * 26}")
    assert fetch(url, "HEAD").looks[0] == 404
    assert fetch(url, "HEAD").looks == fetch(f"{server.url}/soft/{'b' * 26}", "HEAD").looks
    for method in ("POST", "PUT", "OPTIONS", "DELETE"):
        assert fetch(url, method).looks == refused.looks
    preview = ask(url, User_Agent="WhatsApp/2.24 A")  # a messenger, or a browser
    assert preview.looks == refused.looks
    assert fetch(url).status == 200


@pytest.mark.parametrize(
    "path", ["", "/", "x", "a" * 25, "a" * 27, "%00", "../health", "a" * 26 + "?x=1"]
)
def test_what_is_no_token_looks_like_a_wrong_one(server: Server, path: str) -> None:
    wrong = fetch(f"{server.url}/soft/{'c' * 26}")
    reply = fetch(f"{server.url}/soft/{path}")
    if path == "../health":
        assert reply.status == 404
    else:
        assert reply.looks == wrong.looks


def test_one_of_many_at_once_gets_it(server: Server) -> None:
    for _ in range(5):
        url, count = link(server.folder), 8
        together = Barrier(count)

        def race(_n: int, url: str = url, together: Barrier = together) -> int:
            together.wait()
            return fetch(url).status

        with ThreadPoolExecutor(count) as pool:
            statuses = sorted(pool.map(race, range(count)))
        assert statuses == [200] + [404] * (count - 1)


def test_neither_log_nor_database_nor_audit_holds_the_token(server: Server) -> None:
    url = link(server.folder)
    token = url.rsplit("/", 1)[1]
    assert fetch(url, User_Agent=f"Linphone {token}").status == 200
    fetch(url)
    wait_for("the fetch is written", lambda: server.folder.fetches("reason = 'used-link'"))
    given = server.folder.fetches("reason = 'soft-phone'")[-1]
    assert given["path"] == "/soft/***"
    assert given["model"] == "linphone"
    assert given["digest"] == ""
    stored = server.folder.stored_bytes()
    assert token.encode() not in stored
    assert token not in server.log
    assert GIVEN_SECRET.encode() not in stored
    rows = server.folder.rows("select token_hash, used_at from soft_phone_link")
    assert hash_token(token) in {row[0] for row in rows if row[1]}
    actions = {row[0] for row in server.folder.rows("select action from audit")}
    assert {"softphone-link", "softphone-fetch"} <= actions


def test_links_are_listed_and_taken_back(server: Server) -> None:
    url = link(server.folder, "--hours", "2", extension="2101")
    listed = json.loads(server.folder.run("softphone", "--list", "--json").stdout)
    mine = next(row for row in listed if row["extension"] == "2101" and row["state"] == "open")
    assert mine["app"] == "linphone"
    shown = server.folder.run("softphone", "--list", "--site", "casa").output
    assert f"{mine['id']}  open     casa 2101  linphone  until " in shown
    done = server.folder.run("softphone", "--revoke", mine["id"])
    assert done.exit_code == 0
    assert f"{mine['id']}: the link to 2101 of casa is gone" in done.output
    assert fetch(url).status == 404
    again = server.folder.run("softphone", "--revoke", mine["id"])
    assert (again.exit_code, "no link begins with" in again.stderr) == (1, True)
    wrong = server.folder.run("softphone", "--revoke", "xyz")
    assert (wrong.exit_code, "is no id of a link" in wrong.stderr) == (1, True)
    assert server.folder.rows("select 1 from audit where action = 'softphone-revoke'")


def test_taking_back_a_used_link_says_that_the_app_keeps_the_account(server: Server) -> None:
    url = link(server.folder)
    assert fetch(url).status == 200
    link_id = hash_token(url.rsplit("/", 1)[1])[:8]
    told = server.folder.run("softphone", "--revoke", link_id)
    assert "the app keeps the account until the secret of 100 is changed" in told.stderr


def test_links_below_a_folder_of_the_sites_url(server: Server) -> None:
    url = link(server.folder, "--url", f"{server.url}/tel/")
    assert "/tel/soft/" in url
    assert fetch(url).status == 200


# in this process, with a clock of our own


@contextmanager
def desk(
    folder: DataFolder, now: Callable[[], datetime], guard: Guard | None = None
) -> Iterator[Callable[..., Answer]]:
    with folder.opened() as installation:
        recorder = installation.recorder()
        soft_phones = SoftPhones(
            installation.database,
            installation.box,
            installation.catalogue,
            recorder,
            guard or Guard(1_000_000, 60, 3600),
            now,
        )

        def get(url: str, method: str = "GET", address: str = "127.0.0.1") -> Answer:
            headers = frozenset({"x-linphone-provisioning"})
            token = url.rsplit("/", 1)[1]
            return soft_phones.answer(
                SoftRequest("https", token, method, address, "Linphone", headers)
            )

        yield get
        recorder.flush()


def test_a_link_expires(casa: DataFolder) -> None:
    url = link(casa, "--hours", "1")
    now = utc_now()
    with desk(casa, lambda: now) as get:
        now += timedelta(minutes=59)
        assert get(url, "HEAD") == NOT_FOUND
        now += timedelta(minutes=2)
        assert get(url) == NOT_FOUND
        now -= timedelta(minutes=2)
        assert get(url).outcome is Outcome.SENT
    reasons = [event["reason"] for event in casa.fetches()]
    assert reasons == ["not-the-app", "expired-link", "soft-phone"]


def test_expired_links_are_forgotten_when_new_ones_are_made(casa: DataFolder) -> None:
    link(casa)
    casa.change("update soft_phone_link set expires_at = '2020-01-01 00:00:00.000000'")
    link(casa)
    assert len(casa.rows("select * from soft_phone_link")) == 1


def test_a_guesser_is_shut_out_and_a_right_link_is_answered_all_the_same(casa: DataFolder) -> None:
    url = link(casa)
    guard = Guard(per_minute=60, first_s=600, longest_s=3600)
    with desk(casa, utc_now, guard) as get:
        for n in range(20):
            assert get(f"/soft/{'a' * 25}{'bcdefg'[n % 6]}") == NOT_FOUND
        assert guard.is_shut_out("127.0.0.1", time.monotonic())
        assert get("/soft/x") == NOT_FOUND
        assert get(url).outcome is Outcome.SENT
    reasons = [event["reason"] for event in casa.fetches()]
    assert reasons[0] == "wrong-link"
    assert reasons[-2:] == ["shut-out", "soft-phone"]


def test_a_link_whose_account_cannot_be_written_is_left_alone(casa: DataFolder) -> None:
    url = link(casa)
    settings = casa.rows("select settings from site")[0][0]
    casa.change("update site set settings = '{}'")  # no registrar any more
    with desk(casa, utc_now) as get:
        assert get(url) == NOT_FOUND
        casa.change("update site set settings = ?", settings)
        assert get(url).outcome is Outcome.SENT
    assert [event["reason"] for event in casa.fetches()] == ["not-rendered", "soft-phone"]
    assert len(casa.rows("select 1 from audit where action = 'softphone-fetch'")) == 1


def test_a_retired_account_takes_its_links_with_it(casa: DataFolder) -> None:
    site = small_site(casa.url)
    site["accounts"].append({"extension": "777", "name": "App"})
    casa.apply(site)
    url = link(casa, extension="777")
    casa.apply(small_site(casa.url), options=("--prune",))
    with desk(casa, utc_now) as get:
        assert get(url) == NOT_FOUND
    assert casa.rows("select * from soft_phone_link") == []


def test_the_pbx_file_lets_the_app_register_beside_the_phone(
    casa: DataFolder, tmp_path: Path
) -> None:
    def contacts() -> list[str]:
        casa.run("pbx", "asterisk", "casa", "--out", str(tmp_path / "pbx"))
        texts = [file.read_text(encoding="utf-8") for file in (tmp_path / "pbx").iterdir()]
        return re.findall(r"max_contacts ?= ?(\d+)", "\n".join(texts))

    before = contacts()
    link(casa)
    after = contacts()
    assert sum(map(int, after)) == sum(map(int, before)) + 1


def test_the_command_refuses_what_cannot_work(casa: DataFolder) -> None:
    refusals = {
        ("softphone", "999"): "no site has an account '999'",
        ("softphone", "100", "--site", "x"): "there is no site 'x'",
        ("softphone", "999", "--site", "casa"): "site casa has no account '999'",
        ("softphone", "100", "--app", "zoiper"): "known are: linphone, groundwire, acrobits",
        ("softphone", "100", "--app", "groundwire"): "https:// links only",
        ("softphone", "100", "--url", "tftp://a.example"): "not by tftp://a.example",
        ("softphone", "100", "--svg", "/no/such/folder/a.svg"): "No such file or directory",
    }
    for args, told in refusals.items():
        result = casa.run(*args)
        assert (result.exit_code, told in result.stderr) == (1, True), result.output
    for usage in (
        ("softphone",),
        ("softphone", "100", "--list"),
        ("softphone", "1", "--hours", "0"),
    ):
        assert casa.run(*usage).exit_code == 2
    assert casa.rows("select * from soft_phone_link") == []
    casa.apply(small_site(casa.url, site_id="otra") | {"rooms": []})
    both = casa.run("softphone", "100")
    assert "extension 100 is in casa, otra; say which with --site" in both.stderr
    assert link(casa, "--site", "otra")


def code_on(terminal: str) -> list[list[bool]]:
    """The dark modules of a code drawn in half blocks, light on dark, without its quiet zone."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in terminal.splitlines()]
    drawn = [line for line in lines if line and set(line) <= set(" █▀▄")]
    rows: list[list[bool]] = []
    for line in drawn:
        rows.append([c in " ▄" for c in line])
        rows.append([c in " ▀" for c in line])
    size = len(drawn[0]) - 2 * 4  # modules of quiet zone on each side
    return [row[4 : 4 + size] for row in rows[4 : 4 + size]]


def test_the_terminal_shows_the_code_and_says_how_long_it_works(casa: DataFolder) -> None:
    result = casa.run("softphone", "100", "--hours", "3")
    url = re.search(r"http://\S+/soft/[a-z2-7]{26}", result.output)
    assert url is not None
    matrix = [[bool(module) for module in row] for row in segno.make(url[0], micro=False).matrix]
    assert code_on(result.stdout) == matrix
    assert "It works once, until " in result.output
    assert "by http:// the password travels in the clear" in result.stderr


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_files_hold_the_code_for_their_owner_only(
    casa: DataFolder, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"code.{kind}"
    file.write_text("something older, for everybody")
    url = link(casa, "--app", "groundwire", "--url", "https://casa.example", f"--{kind}", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    if kind == "svg":
        assert ET.fromstring(file.read_bytes()).tag.endswith("svg")
        return
    if shutil.which("zbarimg") is None:
        pytest.skip("zbarimg (zbar-tools) is not installed")
    read = subprocess.run(["zbarimg", "-q", "--raw", str(file)], capture_output=True, check=True)
    assert read.stdout.decode().strip() == url.replace("https://", "provlinkbs://")
