"""Simulated phones at a real Asterisk: it judges what they say as it judges a hotel's phones."""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.pbx.ami import AmiClient
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk
from web.simulated.device import SimAccount, SimKey
from web.simulated.sip_call import Call
from web.simulated.sip_user import SipEngine, SipUser

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)

HOST = "pbx.aurora.example"
AGENT = "Fanvil H5 2.12.1"
SECRETS = {"100": "Sm8:reception", "101": "desk", "2214": 'a;b"c#d[e]=>f$g', "2900": "door"}

PJSIP = """
[global]
type = global
user_agent = PBX
default_outbound_endpoint = bw-notify

[bw-notify]
type = endpoint
context = bw-nowhere
disallow = all
allow = alaw

[bw-endpoint](!)
type = endpoint
context = bw-internal
subscribe_context = bw-hints
disallow = all
allow = g722,alaw,ulaw
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
dtmf_mode = auto_info
identify_by = username,auth_username
allow_subscribe = yes
mwi_subscribe_replaces_unsolicited = yes
send_pai = yes
notify_early_inuse_ringing = yes

[bw-auth](!)
type = auth
auth_type = userpass

[bw-aor](!)
type = aor
max_contacts = 2
remove_existing = yes
qualify_frequency = 60
qualify_timeout = 3.0
authenticate_qualify = no
minimum_expiration = 60
maximum_expiration = 3600
"""

ACCOUNT = """
[{user}](bw-endpoint)
auth = {user}
aors = {user}
callerid = "Phone {user}" <{user}>
{more}
[{user}](bw-auth)
username = {user}
password = {secret}
[{user}](bw-aor)
mailboxes = {boxes}
"""

DIAL_PLAN = """
[bw-nowhere]

[bw-hints]
exten = 100,hint,PJSIP/100
exten = 101,hint,PJSIP/101
exten = 2214,hint,PJSIP/2214

[bw-internal]
exten = 100,1,Dial(${PJSIP_DIAL_CONTACTS(100)},30)
 same = n,Hangup(${HANGUPCAUSE})
exten = 101,1,Dial(${PJSIP_DIAL_CONTACTS(101)},30)
 same = n,Hangup(${HANGUPCAUSE})
exten = 2214,1,Dial(${PJSIP_DIAL_CONTACTS(2214)},30)
 same = n,Hangup(${HANGUPCAUSE})
exten = 800,1,Dial(${PJSIP_DIAL_CONTACTS(100)}&${PJSIP_DIAL_CONTACTS(101)},30)
 same = n,Hangup(${HANGUPCAUSE})
exten = 555,1,Answer()
 same = n,Read(code,,3,,1,20)
 same = n,SendDTMF(${code})
 same = n,Wait(20)
 same = n,Hangup()
exten = 557,1,VoiceMail(2214@bw,s)
exten = 556,1,Progress()
 same = n,Wait(30)
exten = _**X.,1,Pickup(${EXTEN:2}@bw-internal)
 same = n,Hangup()
"""


def write_site(folder: Path) -> None:
    more = {"2214": "named_call_group = floor-2", "101": "named_pickup_group = floor-2"}
    more["2900"] = "dtmf_mode = info"
    accounts = [
        ACCOUNT.format(
            user=user,
            secret=secret.replace(";", r"\;"),
            more=more.get(user, ""),
            boxes="2214@bw" if user == "2214" else "",
        )
        for user, secret in SECRETS.items()
    ]
    (folder / "pjsip_bellwire.conf").write_text(PJSIP + "".join(accounts), "utf-8")
    (folder / "extensions_bellwire.conf").write_text(DIAL_PLAN, "utf-8")
    (folder / "voicemail_bellwire.conf").write_text("[bw]\n2214 => 4711,Room 214\n", "utf-8")


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    folder = tmp_path_factory.mktemp("generated")
    write_site(folder)
    with Asterisk(folder) as running:
        yield running
        assert running.warnings() == []


@pytest.fixture(scope="module")
def engine() -> Iterator[SipEngine]:
    with SipEngine() as engine:
        yield engine


MakePhone = Callable[..., SipUser]


@pytest.fixture
def phone(asterisk: Asterisk, engine: SipEngine) -> Iterator[MakePhone]:
    """Make phones; the registered ones are unregistered again after the test."""
    made: list[SipUser] = []

    def make(extension: str, secret: str = "", **more: object) -> SipUser:
        known = secret or SECRETS[extension]
        account = replace(SimAccount(1, extension, extension, known, HOST), **more)
        user = SipUser(engine, [account], AGENT, lambda _host: ("127.0.0.1", asterisk.sip_port))
        made.append(user)
        return user

    yield make
    for each in made:
        each.close()


@pytest.fixture
def reception(asterisk: Asterisk, phone: MakePhone) -> SipUser:
    return reachable(asterisk, phone("100"))


@pytest.fixture
def guest(asterisk: Asterisk, phone: MakePhone) -> SipUser:
    return reachable(asterisk, phone("2214"))


def reachable(asterisk: Asterisk, user: SipUser) -> SipUser:
    """Register and wait until Asterisk has had an answer to its OPTIONS."""
    assert [result.status for result in user.register()] == [200]
    until(lambda: re.search(rf":{user.address[1]}\S* .*Avail", asterisk.cli("pjsip show contacts")))
    return user


def until(predicate: Callable[[], object], limit_s: float = 20) -> None:
    limit = time.monotonic() + limit_s
    while not predicate():
        assert time.monotonic() < limit
        time.sleep(0.02)


def connected(caller: SipUser, number: str, called: SipUser) -> tuple[Call, Call]:
    """Call and answer; return both ends."""
    call = caller.call(number)
    ringing = called.wait_call()
    assert ringing is not None
    ringing.answer()
    assert call.wait("answered")
    return call, ringing


class TestRegistering:
    @pytest.mark.usefixtures("guest")
    def test_the_right_secret(self, asterisk: Asterisk) -> None:
        with ami(asterisk) as client:
            (contact,) = [each for each in client.contacts() if each.aor == "2214"]
        assert (contact.user_agent, contact.status) == (AGENT, "Reachable")

    def test_the_wrong_secret(self, asterisk: Asterisk, phone: MakePhone) -> None:
        results = phone("101", "guessed").register()
        assert [(each.status, each.reason) for each in results] == [(401, "Unauthorized")]
        assert "101/sip" not in asterisk.cli("pjsip list contacts")

    def test_too_brief_an_interval(self, phone: MakePhone) -> None:
        assert [each.status for each in phone("101", expires_s=10).register()] == [200]

    def test_closing_takes_the_contact_back(self, asterisk: Asterisk, guest: SipUser) -> None:
        guest.close()
        assert "2214/sip" not in asterisk.cli("pjsip list contacts")


class TestLamps:
    def test_ringing_busy_idle(self, phone: MakePhone, reception: SipUser, guest: SipUser) -> None:
        desk = phone("101")
        assert desk.subscribe_blf("2214") == 200
        assert desk.wait_blf("2214", "idle")
        call = reception.call("2214")
        assert desk.wait_blf("2214", "ringing")
        ringing = guest.wait_call()
        assert ringing is not None
        ringing.answer()
        assert desk.wait_blf("2214", "busy")
        call.hang_up()
        assert desk.wait_blf("2214", "idle")
        assert list(dict.fromkeys(desk.blf_seen["2214"])) == ["idle", "ringing", "busy"]

    def test_an_extension_without_a_hint(self, phone: MakePhone) -> None:
        assert phone("101").subscribe_blf("999") == 404

    def test_the_wrong_secret(self, phone: MakePhone) -> None:
        assert phone("101", "guessed").subscribe_blf("2214") == 401

    def test_pick_up_by_the_lamp_key(
        self, asterisk: Asterisk, phone: MakePhone, reception: SipUser, guest: SipUser
    ) -> None:
        desk = reachable(asterisk, phone("101"))
        desk.subscribe_blf("2214")
        call = reception.call("2214")
        assert desk.wait_blf("2214", "ringing")
        taken = desk.press(SimKey("line-1", "blf", "2214", pickup="**"))
        assert taken is not None
        assert taken.peer_number == "**2214"
        assert taken.wait("answered")
        assert call.wait("answered")
        ringing = guest.wait_call()
        assert ringing is not None
        assert ringing.wait("ended")
        assert ringing.status == 487


class TestMailBox:
    def test_the_lamp(self, asterisk: Asterisk, phone: MakePhone, reception: SipUser) -> None:
        guest = phone("2214", mwi=True)
        guest.register()
        until(lambda: 1 in guest.message_summaries)
        assert not guest.messages_waiting
        call = reception.call("557", media=True)
        assert call.wait("answered")
        box = asterisk.directory / "spool" / "voicemail" / "bw" / "2214"
        until(lambda: any(path.stat().st_size > 4000 for path in box.rglob("*.wav")))
        call.hang_up()
        assert guest.wait_messages(is_waiting=True, timeout_s=20)
        assert guest.message_summaries[1].new == 1


class TestCalls:
    def test_a_guest_presses_the_reception_key(self, reception: SipUser, guest: SipUser) -> None:
        call = guest.press(SimKey("digit-1", "speed_dial", "100"))
        assert call is not None
        ringing = reception.wait_call()
        assert ringing is not None
        assert ringing.peer_number == "2214"
        assert call.wait("ringing")
        ringing.answer()
        assert call.wait("answered")
        ringing.hang_up()
        assert call.wait("ended")
        assert call.status == 200

    def test_the_caller_hangs_up(self, reception: SipUser, guest: SipUser) -> None:
        call, theirs = connected(guest, "100", reception)
        call.hang_up()
        assert theirs.wait("ended")

    def test_cancelled(self, reception: SipUser, guest: SipUser) -> None:
        call = guest.call("100")
        ringing = reception.wait_call()
        assert ringing is not None
        call.cancel()
        assert call.wait("ended")
        assert ringing.wait("ended")
        assert (call.status, ringing.status) == (487, 487)

    def test_busy(self, reception: SipUser, guest: SipUser) -> None:
        reception.on_incoming = "busy"
        call = guest.call("100")
        assert call.wait("ended")
        assert call.status == 486

    def test_an_unknown_number(self, guest: SipUser) -> None:
        call = guest.call("999")
        assert call.wait("ended")
        assert call.status == 404

    def test_early_media(self, guest: SipUser) -> None:
        call = guest.call("556")
        assert call.wait("early")
        call.hang_up()
        assert call.wait("ended")
        assert call.status == 487

    def test_the_wrong_secret(self, phone: MakePhone) -> None:
        call = phone("101", "guessed").call("100")
        assert call.wait("ended")
        assert call.status == 401

    def test_sound_passes(self, reception: SipUser, guest: SipUser) -> None:
        reception.on_incoming, reception.media = "answer", True
        call = guest.call("100", media=True)
        assert call.wait("answered")
        until(lambda: call.rtp_packets > 5)

    def test_all_phones_of_an_extension_ring(
        self, asterisk: Asterisk, phone: MakePhone, reception: SipUser, guest: SipUser
    ) -> None:
        bathroom = reachable(asterisk, phone("2214"))
        call = reception.call("2214")
        ringing = [user.wait_call() for user in (guest, bathroom)]
        assert ringing[0] is not None
        assert ringing[1] is not None
        ringing[1].answer()
        assert call.wait("answered")
        assert ringing[0].wait("ended")


class TestDigits:
    @pytest.mark.parametrize("how", ["rfc4733", "info"])
    def test_through_the_pbx_both_ways(self, reception: SipUser, guest: SipUser, how: str) -> None:
        call, theirs = connected(guest, "100", reception)
        call.send_dtmf("1155#", how)
        assert theirs.wait_dtmf("1155#", 20)
        theirs.send_dtmf("*0", how)
        assert call.wait_dtmf("*0", 20)
        assert (theirs.received_dtmf, call.received_dtmf) == ("1155#", "*0")

    @pytest.mark.parametrize("how", ["rfc4733", "info"])
    def test_read_and_sent_by_the_pbx(self, guest: SipUser, how: str) -> None:
        call = guest.call("555")
        assert call.wait("answered")
        call.send_dtmf("472", how)
        assert call.wait_dtmf("472", 20)

    def test_reception_opens_the_door(
        self, asterisk: Asterisk, phone: MakePhone, reception: SipUser
    ) -> None:
        door = reachable(asterisk, phone("2900", dtmf="info"))
        call, _ = connected(door, "800", reception)
        reception.press(SimKey("line-2", "dtmf", "#"))
        assert call.wait_dtmf("#", 20)
        assert "INFO" in call.other_requests


class TestCheckSync:
    @pytest.mark.parametrize("is_reboot", [False, True])
    def test_both_phones_of_a_room(
        self, asterisk: Asterisk, phone: MakePhone, is_reboot: bool
    ) -> None:
        seen: queue.Queue[tuple[str, bool]] = queue.Queue()
        for name in ("bedside", "bathroom"):
            user = phone("2214")
            user.on_check_sync = lambda reboot, name=name: seen.put((name, reboot))
            user.register()
        event = f"check-sync;reboot={str(is_reboot).lower()}"
        with ami(asterisk) as client:
            client.pjsip_notify(endpoint="2214", variables=[f"Event={event}"])
        got = {seen.get(timeout=10) for _ in range(2)}
        assert got == {("bedside", is_reboot), ("bathroom", is_reboot)}

    def test_one_phone_by_its_contact(self, asterisk: Asterisk, guest: SipUser) -> None:
        seen: queue.Queue[bool] = queue.Queue()
        guest.on_check_sync = seen.put
        with ami(asterisk) as client:
            (contact,) = [each for each in client.contacts() if each.aor == "2214"]
            client.pjsip_notify(uri=contact.uri, variables=["Event=check-sync;reboot=true"])
        assert seen.get(timeout=10) is True


def ami(asterisk: Asterisk) -> AmiClient:
    return AmiClient.connect("127.0.0.1", asterisk.ami_port, "bellwire", asterisk.ami_secret)
