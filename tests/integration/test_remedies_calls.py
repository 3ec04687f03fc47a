"""Who is in a call, asked of a real Asterisk; and phones that are told without one."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from monitors.remedies.action import ActionState
from monitors.remedies.busy import calls_at
from monitors.remedies.surroundings import Workshop
from monitors.store.action_pages import actions_of
from provisioner.delivery import utc_now
from provisioner.inventory.fetches import FetchEvent
from provisioner.inventory.records import Pbx
from provisioner.pbx.ami import AmiClient
from tests.integration.servers import YEALINK, DataFolder, small_site
from tests.integration.test_asterisk_rig import write_site
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk
from tests.simulators.registering import register
from web import mending
from web.mending import Mender

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    folder = tmp_path_factory.mktemp("generated")
    write_site(folder, "2214", "2215")
    with Asterisk(folder) as made:
        yield made


@pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)
def test_a_phone_that_rings_is_in_a_call(asterisk: Asterisk) -> None:
    name, secret = asterisk.ami_user, asterisk.ami_secret
    pbx = Pbx("asterisk", HOST, asterisk.ami_port, name, SecretStr(secret))
    assert calls_at(pbx).busy == frozenset()
    assert calls_at(pbx).problem == ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((HOST, 0))
        port = phone.getsockname()[1]
        assert register(asterisk.sip_port, "2214", "secret-of-2214", phone_port=port) == 200
        with AmiClient.connect(HOST, asterisk.ami_port, name, secret) as ami:
            ami.action(
                "Originate", Channel="PJSIP/2214", Application="Wait", Data="30", Async="true"
            )
        phone.settimeout(30)
        while b"INVITE" not in phone.recv(4096):
            continue
        assert calls_at(pbx).busy == {"2214"}
    wrong = Pbx("asterisk", HOST, asterisk.ami_port, name, SecretStr("wrong"))
    assert "refused" in calls_at(wrong).problem


def test_a_pbx_that_cannot_be_asked() -> None:
    assert "names no PBX" in calls_at(None).problem
    assert "calls of a kamailio cannot be asked for" in calls_at(Pbx("kamailio", HOST)).problem
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    assert "cannot be reached" in calls_at(Pbx("asterisk", HOST, port)).problem


@contextmanager
def phone_that_obeys() -> Iterator[tuple[int, list[str]]]:
    """Answers every request with 200, and notes what it was told."""
    told: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        sock.settimeout(0.1)
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                try:
                    data, peer = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                lines = data.decode().split("\r\n")
                told.extend(line for line in lines if line.startswith("Event:"))
                wanted = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
                kept = [line for line in lines if line.startswith(wanted)]
                answer = "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""])
                sock.sendto(answer.encode(), peer)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield sock.getsockname()[1], told
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize(
    ("remedy", "event"), [("resync", "reboot=false"), ("reboot", "reboot=true")]
)
def test_a_phone_is_told_straight_and_its_fetch_is_the_proof(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, remedy: str, event: str
) -> None:
    folder.apply(small_site(folder.url), options=("--no-render",))
    with folder.opened() as installation:
        recorder = installation.recorder()

        def fetch() -> None:
            at = utc_now()
            recorder.record(
                FetchEvent(at, YEALINK, "casa", "http", "x", HOST, "a", "m", "f", "sent", "")
            )
            recorder.flush()

        fetch()  # so that its address is known
        with phone_that_obeys() as (port, told):
            _use_port(monkeypatch, port)
            options = ("--remedy", remedy, "--confirm", "--wait", "0", "--json")
            result = folder.run("mend", YEALINK, *options)
        assert result.exit_code == 0, result.output
        shown = json.loads(result.stdout)
        assert (shown["result"], shown["action"]["way"]) == ("done", "direct")
        assert told == [f"Event: check-sync;{event}"]
        fetch()
        Mender(installation).mend()
        (action,) = actions_of(installation.monitoring)
        assert action.state is ActionState.VERIFIED


def _use_port(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(mending, "Workshop", lambda *args: Workshop(*args, sip_port=port))


def test_a_phone_that_never_fetched_cannot_be_told(folder: DataFolder) -> None:
    folder.apply(small_site(folder.url), options=("--no-render",))
    result = folder.run("mend", YEALINK, "--remedy", "resync", "--confirm")
    assert result.exit_code == 1
    assert "refused  way        there is no way to do it; missing: an Asterisk" in result.stdout
    result = folder.run("mend", YEALINK)
    assert result.exit_code == 1
    assert "it was not judged yet; say --remedy" in result.stderr
    assert folder.run("mend", "0c383efffe01", "--remedy", "resync").exit_code == 1
