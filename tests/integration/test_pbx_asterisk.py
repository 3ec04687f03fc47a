"""The exported files in the real Asterisk: they load, and calls go where they should."""

from __future__ import annotations

import hashlib
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner.catalogue.loader import shipped_folder
from provisioner.catalogue.models import Kind
from provisioner.inventory.records import Account, Site
from provisioner.mac import MacAddress
from provisioner.pbx.asterisk import export
from provisioner.pbx.site import PbxPhone, PbxSite, voicemail_pin
from provisioner.settings import PhoneSettings
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)

TRYING = "SIP/2.0 100 Trying"
NASTY = '214" <999>;[general] \\ ${EXTEN}, #exec x=>y'
NASTY_SECRET = 'a;b"c#d[e]=>f$g\\;h;;-\\'
CONTEXTS = ("guests", "staff", "door", "accounts", "doors", "messages", "pickup", "emergency",
            "help", "find", "missed", "hints", "guests-out", "staff-out", "no-hints")  # fmt: skip

SITE = Site(
    id="hotel-aurora",
    name="Hotel Aurora; and [more]",
    networks=(ip_network("127.0.0.0/24"), ip_network("fd00:20::/64")),
    numbers={"reception": "100", "emergency": "112", "voicemail": "*97", "wake_up": "*55"},
)


def phone(
    number: int, room: str, *accounts: str, kind: Kind = Kind.HOTEL, **sections: object
) -> PbxPhone:
    mac = MacAddress(f"0c383e{number:06x}")
    settings = PhoneSettings.model_validate(sections)
    return PbxPhone(mac, kind, accounts, room, "desk", "office", settings)


def account(
    extension: str, name: str, secret: str = "", *, voicemail: bool = False, site: str = SITE.id
) -> Account:
    return Account(site, extension, name, SecretStr(secret or f"secret-of-{extension}"), voicemail)


def pbx(site: Site, accounts: tuple[Account, ...], phones: tuple[PbxPhone, ...]) -> PbxSite:
    pins = {a.extension: voicemail_pin(a.secret) for a in accounts if a.voicemail and a.secret}
    return PbxSite(site, accounts, phones, pins)


def aurora() -> PbxSite:
    locked = {"menu_locked": True}
    return pbx(
        SITE,
        (
            account("100", "Recepción", voicemail=True),
            account("107", "Housekeeping"),
            account("2214", NASTY, NASTY_SECRET, voicemail=True),
            account("2215", "Room 215"),
            account("2900", "Main entrance"),
            account("301", "Handset 1"),
            account("999", "A softphone"),
        ),
        (
            phone(1, "Reception", "100", kind=Kind.DESK, sip={"srtp": "optional"}),
            phone(2, NASTY, "2214", access=locked),
            phone(3, NASTY, "2214", access=locked),
            phone(4, "215", "2215", access=locked, audio={"codecs": ["pcma", "opus"]}),
            phone(5, "Laundry", "107", "301", kind=Kind.DECT_BASE),
            phone(6, "Main entrance", "2900", kind=Kind.DOOR_STATION, door={"call": "100"}, sip={"dtmf": "info"}),
        ),
    )  # fmt: skip


def install(folder: Path, *sites: PbxSite) -> Path:
    """Write the files as an operator would: a folder for each site, included by the top files."""
    parts: dict[str, list[Path]] = {}
    for site in sites:
        (folder / site.site.id).mkdir(parents=True)
        for file in export(site, shipped_folder()):
            path = folder / site.site.id / file.name
            path.write_text(file.text, "utf-8")
            parts.setdefault(file.name, []).append(path)
    parts["pjsip_bellwire.conf"].append(parts.pop("pjsip_global_bellwire.conf")[0])
    for name, paths in parts.items():
        (folder / name).write_text("".join(f'#include "{path}"\n' for path in paths), "utf-8")
    return folder


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    folder = install(tmp_path_factory.mktemp("aurora"), aurora())
    with Asterisk(folder) as running:
        yield running


class SipPhone:
    """A phone of a few lines: registers, calls with a digest, rings when it is called."""

    def __init__(
        self, asterisk: Asterisk, user: str, secret: str, address: str = "127.0.0.1"
    ) -> None:
        self.user, self._secret = user, secret
        self._server = ("127.0.0.1", asterisk.sip_port)
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind((address, 0))
        self._line.settimeout(15)
        self.address = f"{address}:{self._line.getsockname()[1]}"

    def __enter__(self) -> SipPhone:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def register(self, contact_user: str = "") -> str:
        contact = f"Contact: <sip:{contact_user or self.user}@{self.address}>"
        return self._ask("REGISTER", "127.0.0.1", self.user, f"{contact}\r\nExpires: 300\r\n")

    def dial(self, number: str) -> str:
        """Call and return the first answer, 100 Trying when the number is known."""
        body = (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self._line.getsockname()[1]} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        )
        extra = f"Contact: <sip:{self.user}@{self.address}>\r\nContent-Type: application/sdp\r\n"
        return self._ask("INVITE", f"{number}@127.0.0.1", number, extra, body)

    def call(self, number: str) -> str:
        """Call and return the first answer that says more than 100 Trying."""
        status = self.dial(number)
        while status.startswith("SIP/2.0 100"):
            status = self.wait_for("SIP/2.0 ").split("\r\n", 1)[0]
        return status

    def ring(self) -> str:
        """Wait for a call, answer 180 Ringing, and return the INVITE."""
        invite = self.wait_for("INVITE ")
        self._reply(invite, "180 Ringing")
        return invite

    def refuse(self, invite: str) -> None:
        self._reply(invite, "486 Busy Here")

    def wait_for(self, beginning: str) -> str:
        while True:
            text = self._line.recv(65535).decode()
            if text.startswith(beginning):
                return text
            if text.startswith("OPTIONS "):
                self._reply(text, "200 OK")

    def _reply(self, request: str, status: str) -> None:
        kept = [x for x in request.split("\r\n") if re.match(r"(Via|From|Call-ID|CSeq): ", x)]
        to = re.search(r"^To: [^\r;]*(?:<[^>]*>)?", request, re.MULTILINE)
        lines = [f"SIP/2.0 {status}", *kept, f"{to[0] if to else ''};tag=here",
                 f"Contact: <sip:{self.user}@{self.address}>", "Content-Length: 0", "", ""]  # fmt: skip
        self._line.sendto("\r\n".join(lines).encode(), self._server)

    def _ask(self, method: str, uri: str, to: str, extra: str, body: str = "") -> str:
        call_id, tag, authorization, answer = uuid.uuid4().hex, uuid.uuid4().hex[:8], "", ""
        for sequence in (1, 2):
            head = (
                f"{method} sip:{uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {self.address};rport;branch=z9hG4bK{uuid.uuid4().hex}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{self.user}@127.0.0.1>;tag={tag}\r\n"
                f"To: <sip:{to}@127.0.0.1>\r\nCall-ID: {call_id}\r\nCSeq: {sequence} {method}\r\n"
                f"{extra}{authorization}Content-Length: {len(body)}\r\n\r\n"
            )
            self._line.sendto((head + body).encode(), self._server)
            answer = self._answer(call_id, sequence)
            if not answer.startswith("SIP/2.0 401"):
                break
            authorization = self._authorization(answer, method, f"sip:{uri}")
        return answer.split("\r\n", 1)[0]

    def _answer(self, call_id: str, sequence: int) -> str:
        while True:
            text = self.wait_for("SIP/2.0 ")
            if call_id in text and f"CSeq: {sequence} " in text:
                return text

    def _authorization(self, challenge: str, method: str, uri: str) -> str:
        field = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))

        def md5(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

        secret = md5(self.user, field["realm"], self._secret)
        response = md5(secret, field["nonce"], "00000001", "c0", "auth", md5(method, uri))
        return (
            f'Authorization: Digest username="{self.user}", realm="{field["realm"]}", '
            f'nonce="{field["nonce"]}", uri="{uri}", response="{response}", algorithm=MD5, '
            f'qop=auth, nc=00000001, cnonce="c0", opaque="{field["opaque"]}"\r\n'
        )


def test_everything_loads_without_a_warning(asterisk: Asterisk) -> None:
    assert asterisk.warnings() == []
    asterisk.cli("dialplan reload")
    asterisk.cli("module reload acl")
    asterisk.cli("module reload res_pjsip.so")
    asterisk.cli("voicemail reload")
    assert asterisk.warnings() == []


@pytest.mark.parametrize("kind", ["endpoint", "auth", "aor"])
def test_every_account_is_there(asterisk: Asterisk, kind: str) -> None:
    found = set(re.findall(rf"(?mi)^ *{kind}: +([^ /\n<]+)", asterisk.cli(f"pjsip show {kind}s")))
    expected = {"100", "107", "2214", "2215", "2900", "301", "999"}
    assert found - {"bw-notify"} == expected


def option(asterisk: Asterisk, show: str, name: str) -> str:
    found = re.search(rf"(?m)^ *{name} *: (.*)$", asterisk.cli(f"pjsip show {show}"))
    assert found, name
    return found[1].strip()


@pytest.mark.parametrize(
    ("show", "name", "expected"),
    [
        ("endpoint 100", "context", "bw-hotel-aurora-staff"),
        ("endpoint 2214", "context", "bw-hotel-aurora-guests"),
        ("endpoint 2900", "context", "bw-hotel-aurora-door"),
        ("endpoint 2900", "dtmf_mode", "info"),
        ("endpoint 100", "dtmf_mode", "auto_info"),
        ("endpoint 2900", "allow_subscribe", "false"),
        ("endpoint 2215", "allow", "(alaw|opus)"),
        ("endpoint 100", "allow", "(g722|alaw|ulaw)"),
        ("endpoint 100", "media_encryption", "sdes"),
        ("endpoint 100", "media_encryption_optimistic", "true"),
        ("endpoint 2214", "mailboxes", "2214@bw-hotel-aurora"),
        ("endpoint 2214", "identify_by", "username,auth_username"),
        ("endpoint 2214", "acl", "bw-hotel-aurora"),
        ("endpoint 2214", "contact_acl", "bw-hotel-aurora"),
        (
            "endpoint 2214",
            "callerid",
            '"214\' (999);[general] / ${EXTEN}, #exec x=)y" <2214>',
        ),
        ("auth 2214", "password", NASTY_SECRET),
        ("aor 2214", "max_contacts", "3"),
        ("aor 2214", "remove_existing", "true"),
        ("aor 2214", "remove_unavailable", "true"),
        ("aor 999", "max_contacts", "1"),
    ],
)
def test_objects_say_what_they_should(
    asterisk: Asterisk, show: str, name: str, expected: str
) -> None:
    assert option(asterisk, show, name) == expected


def test_the_acl_is_there(asterisk: Asterisk) -> None:
    shown = asterisk.cli("acl show bw-hotel-aurora")
    assert re.findall(r"(deny|allow) - (\S+)", shown, re.IGNORECASE) == [
        ("deny", "0.0.0.0/0.0.0.0"), ("deny", "::/::"),
        ("allow", "127.0.0.0/255.255.255.0"), ("allow", "fd00:20::/ffff:ffff:ffff:ffff::"),
    ]  # fmt: skip


def test_hints_are_there(asterisk: Asterisk) -> None:
    shown = asterisk.cli("core show hints")
    assert set(re.findall(r"(\S+)@bw-hotel-\S*: PJSIP/\1 ", shown)) == {
        "100", "107", "2214", "2215", "2900", "301", "999",
    }  # fmt: skip


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_context_is_there(asterisk: Asterisk, context: str) -> None:
    assert f"'bw-hotel-aurora-{context}'" in asterisk.cli(
        f"dialplan show bw-hotel-aurora-{context}"
    )


def test_no_name_became_a_context_or_a_box(asterisk: Asterisk) -> None:
    names = set(re.findall(r"Context '([^']+)'", asterisk.cli("dialplan show")))
    ours = {f"bw-hotel-aurora-{context}" for context in CONTEXTS}
    assert {name for name in names if "bw-" in name or name in {"general", "more"}} == ours
    boxes = asterisk.cli("voicemail show users")
    assert re.findall(r"(?m)^bw-hotel-aurora +(\S+)", boxes) == ["100", "2214"]


def test_phones_register_and_a_nasty_secret_works(asterisk: Asterisk) -> None:
    with SipPhone(asterisk, "2214", NASTY_SECRET) as room:
        assert room.register() == "SIP/2.0 200 OK"
    with SipPhone(asterisk, "107", "guessed") as stranger:
        assert stranger.register() == "SIP/2.0 401 Unauthorized"


def test_nobody_registers_from_outside_the_networks(asterisk: Asterisk) -> None:
    with SipPhone(asterisk, "107", "secret-of-107", "127.0.1.1") as outsider:
        assert outsider.register().split()[1] in {"401", "403"}


def test_a_notify_goes_to_an_address_that_is_not_registered(asterisk: Asterisk) -> None:
    with SipPhone(asterisk, "waiting", "") as phone, closing(
        socket.create_connection(("127.0.0.1", asterisk.ami_port), timeout=10)
    ) as line:  # fmt: skip
        login = {"Action": "Login", "Username": asterisk.ami_user, "Secret": asterisk.ami_secret}
        notify = {
            "Action": "PJSIPNotify",
            "URI": f"sip:{phone.address}",
            "Variable": "Event=check-sync",
        }
        for packet in (login, notify):
            text = "".join(f"{name}: {value}\r\n" for name, value in packet.items())
            line.sendall(f"{text}\r\n".encode())
        assert "Event: check-sync" in phone.wait_for("NOTIFY ")


def test_nobody_calls_as_the_notify_endpoint(asterisk: Asterisk) -> None:
    with SipPhone(asterisk, "bw-notify", "") as stranger:
        assert stranger.call("100") == "SIP/2.0 401 Unauthorized"


@pytest.mark.parametrize(
    ("caller", "number"),
    [
        ("2900", "107"), ("2900", "2214"), ("2900", "*97"), ("2900", "*8100"),
        ("2215", "2900"), ("2215", "*8100"), ("2215", "*55"), ("2215", "*97"), ("100", "0034600000000"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_not_found(asterisk: Asterisk, caller: str, number: str) -> None:
    with SipPhone(asterisk, caller, f"secret-of-{caller}") as phone:
        assert phone.call(number) == "SIP/2.0 404 Not Found"


def test_a_call_to_nobody_is_refused(asterisk: Asterisk) -> None:
    with SipPhone(asterisk, "100", "secret-of-100") as phone:
        assert phone.call("999").split()[1] == "480"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Asterisk, ExitStack]]:
    """An Asterisk of its own for a test that registers phones, and what closes them."""
    with Asterisk(install(tmp_path, aurora())) as running, ExitStack() as phones:
        yield running, phones


def registered(house: tuple[Asterisk, ExitStack], user: str, secret: str = "") -> SipPhone:
    phone = house[1].enter_context(SipPhone(house[0], user, secret or f"secret-of-{user}"))
    assert phone.register() == "SIP/2.0 200 OK"
    return phone


def test_all_phones_of_an_account_ring_and_staff_picks_up(
    house: tuple[Asterisk, ExitStack],
) -> None:
    bedside = registered(house, "2214", NASTY_SECRET)
    bathroom = registered(house, "2214", NASTY_SECRET)
    reception, laundry = registered(house, "100"), registered(house, "107")
    assert reception.dial("2214") == TRYING
    assert 'From: "Recepción" <sip:100@' in bedside.ring()
    bathroom.ring()
    assert laundry.call("*82214") == "SIP/2.0 200 OK"
    bedside.wait_for("CANCEL ")
    bathroom.wait_for("CANCEL ")
    assert house[0].warnings() == []


def test_a_door_station_rings_reception_unanswered(house: tuple[Asterisk, ExitStack]) -> None:
    reception, door = registered(house, "100"), registered(house, "2900")
    assert door.dial("100") == TRYING
    assert 'From: "Main entrance" <sip:2900@' in reception.ring()
    assert house[0].warnings() == []


@pytest.mark.parametrize(("caller", "room"), [("2214", "214' (999)"), ("2900", "Main entrance")])
def test_an_emergency_call_reaches_reception(
    house: tuple[Asterisk, ExitStack], caller: str, room: str
) -> None:
    reception = registered(house, "100")
    phone = registered(house, caller, NASTY_SECRET if caller == "2214" else "")
    assert phone.dial("112") == TRYING
    first = reception.ring()
    assert f'From: "EMERGENCY room {room}' in first
    reception.refuse(first)
    assert "EMERGENCY room" in reception.ring(), "it rings again until somebody answers"


def test_an_emergency_call_goes_out_where_the_operator_says(tmp_path: Path) -> None:
    folder = install(tmp_path, aurora())
    with (folder / "extensions_bellwire.conf").open("a", encoding="utf-8") as stream:
        stream.write("[bw-emergency-out]\nexten = 112,1,Hangup(17)\n")
    with Asterisk(folder) as asterisk, SipPhone(asterisk, "2215", "secret-of-2215") as phone:
        assert phone.call("112").split()[1] == "486"


def test_an_emergency_call_takes_the_trunk(tmp_path: Path) -> None:
    folder = install(tmp_path, aurora())
    with (folder / "extensions_bellwire.conf").open("a", encoding="utf-8") as stream:
        stream.write("[globals]\nBW_EMERGENCY_TRUNK = 999\n")
    with Asterisk(folder) as asterisk, ExitStack() as phones:
        trunk = registered((asterisk, phones), "999")
        phone = registered((asterisk, phones), "2215")
        assert phone.dial("112") == TRYING
        assert trunk.ring().startswith("INVITE sip:112@")


def test_a_contact_cannot_smuggle_a_destination_into_a_call(
    house: tuple[Asterisk, ExitStack],
) -> None:
    asterisk, phones = house
    guest = phones.enter_context(SipPhone(asterisk, "2215", "secret-of-2215"))
    assert guest.register("2215&Local/0034600000000,30,g") == "SIP/2.0 200 OK"
    assert registered(house, "100").call("2215").split()[1] == "480"
    assert "registered a contact that is no plain address" in asterisk.log
    assert "Local/0034600000000@" not in asterisk.log


def test_a_guest_hears_the_box_of_the_room_alone(house: tuple[Asterisk, ExitStack]) -> None:
    guest = registered(house, "2214", NASTY_SECRET)
    assert guest.call("*97") == "SIP/2.0 200 OK"
    ran = 'VoiceMailMain("PJSIP/2214-00000000", "2214@bw-hotel-aurora,s")'
    # Asterisk goes on in a thread of its own once it has answered.
    assert any(ran in house[0].log for _ in range(100))


def test_two_sites_on_one_asterisk(tmp_path: Path) -> None:
    second = replace(SITE, id="villa", name="Villa", networks=())
    villa = pbx(
        second, (account("500", "Desk", site="villa", voicemail=True),), (phone(9, "Desk", "500"),)
    )
    with Asterisk(install(tmp_path, aurora(), villa)) as asterisk:
        assert asterisk.warnings() == []
        assert option(asterisk, "endpoint 500", "context") == "bw-villa-staff"
        assert option(asterisk, "endpoint 100", "context") == "bw-hotel-aurora-staff"


def test_a_site_without_anything_loads(tmp_path: Path) -> None:
    with Asterisk(install(tmp_path, PbxSite(Site("empty", "Empty"), ()))) as asterisk:
        assert asterisk.warnings() == []
