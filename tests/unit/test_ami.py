"""The AMI client against a scripted TCP server on loopback."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from provisioner.errors import PbxError
from provisioner.pbx.ami import AmiClient, Contact

WAIT_S = 10
SECRET = "hunter2-do-not-show"
BANNER = b"Asterisk Call Manager/5.0.5\r\n"
LOGGED_IN = (
    b"Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n"
    b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
)
CONTACTS = (
    b"Response: Success\r\nActionID: {id}\r\nEventList: start\r\n"
    b"Message: A listing of Contacts follows, presented as ContactList events\r\n\r\n"
    b"Event: PeerStatus\r\nPeer: PJSIP/101\r\n\r\n"
    b"Event: ContactList\r\nActionID: {id}\r\nObjectType: contact\r\n"
    b"ObjectName: 101;@d7a2bc5d1a3b0e7c\r\nViaAddr: 10.0.0.5\r\nViaPort: 5062\r\n"
    b"QualifyTimeout: 3.000000\r\nCallId: 0_1@10.0.0.5\r\nEndpoint: 101\r\n"
    b"Uri: sip:101@10.0.0.5:5062;line=ab\r\nQualifyFrequency: 60\r\n"
    b"UserAgent: Yealink SIP-T46U 108.86.0.20: x\r\nExpirationTime: 1700000000\r\n"
    b"Status: Reachable\r\nRoundtripUsec: 460\r\n\r\n"
    b"Event: ContactList\r\nActionID: another\r\nObjectName: 999;@0\r\n\r\n"
    b"Event: ContactList\r\nActionID: {id}\r\nObjectType: contact\r\n"
    b"ObjectName: trunk@@1f\r\nViaAddr: \r\nViaPort: 0\r\nEndpoint: trunk\r\n"
    b"Uri: sip:203.0.113.9\r\nUserAgent: \r\nExpirationTime: 0\r\n"
    b"Status: NonQualified\r\nRoundtripUsec: N/A\r\n\r\n"
    b"Event: ContactListComplete\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: 2\r\n\r\n"
)


@dataclass
class Pbx:
    """Answers the n-th action with the n-th script; ``{id}`` stands for the ActionID."""

    port: int
    actions: list[bytes] = field(default_factory=list)


@contextmanager
def pbx(*scripts: bytes | None, banner: bytes = BANNER, chunk_bytes: int = 65536) -> Iterator[Pbx]:
    """Serve one connection; a script None closes it, and so does the end of the scripts."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(WAIT_S)
    made = Pbx(listening.getsockname()[1])
    is_over = threading.Event()

    def run() -> None:
        channel, _ = listening.accept()
        with channel:
            channel.settimeout(WAIT_S)
            channel.sendall(banner)
            for script in scripts:
                action = read_action(channel)
                made.actions.append(action)
                if script is None or not action:
                    return
                found = re.search(rb"ActionID: (\w+)", action)
                data = script.replace(b"{id}", found[1] if found else b"")
                for at in range(0, len(data), chunk_bytes):
                    channel.sendall(data[at : at + chunk_bytes])
            is_over.wait(WAIT_S)
            made.actions.append(read_action(channel))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield made
    finally:
        is_over.set()
        thread.join(WAIT_S)
        listening.close()


def read_action(channel: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        chunk = channel.recv(1)
        if not chunk:
            break
        data += chunk
    return data


def connect(server: Pbx, *, timeout_s: float = WAIT_S) -> AmiClient:
    return AmiClient.connect("127.0.0.1", server.port, "bellwire", SECRET, timeout_s)


def lines_of(action: bytes) -> list[bytes]:
    return [line for line in action.split(b"\r\n") if line and not line.startswith(b"ActionID: ")]


def test_login_and_logoff() -> None:
    with pbx(LOGGED_IN) as server, connect(server):
        pass
    assert lines_of(server.actions[0]) == [
        b"Action: Login",
        b"Username: bellwire",
        b"Secret: " + SECRET.encode(),
        b"Events: off",
    ]
    assert server.actions[1] == b"Action: Logoff\r\n\r\n"


def test_wrong_login_is_permanent_and_hides_the_secret() -> None:
    refused = b"Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"
    with pbx(refused) as server, pytest.raises(PbxError) as raised:
        connect(server)
    assert raised.value.permanent
    assert "Authentication failed" in str(raised.value)
    assert SECRET not in str(raised.value) + repr(raised.value)


@pytest.mark.parametrize("secret", ["a\r\nAction: Originate", "a\nb", "a\0", "x" * 2000, "a\ud800"])
def test_secret_that_cannot_be_sent_is_not_shown(secret: str) -> None:
    with pbx(LOGGED_IN) as server, pytest.raises(PbxError) as raised:
        AmiClient.connect("127.0.0.1", server.port, "bellwire", secret, WAIT_S)
    assert raised.value.permanent
    assert secret not in str(raised.value)
    assert "Secret" in str(raised.value)
    assert server.actions == [b""]


def test_something_else_on_the_port() -> None:
    with pbx(banner=b"SSH-2.0-OpenSSH_9.2\r\n") as server, pytest.raises(PbxError) as raised:
        connect(server)
    assert raised.value.permanent


def test_nobody_on_the_port() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(PbxError) as raised:
        AmiClient.connect("127.0.0.1", port, "bellwire", SECRET, WAIT_S)
    assert not raised.value.permanent


def test_silence_ends_in_time() -> None:
    with (
        pbx(LOGGED_IN, b"") as server,
        connect(server, timeout_s=0.2) as ami,
        pytest.raises(PbxError) as raised,
    ):
        ami.action("Ping")
    assert not raised.value.permanent


@pytest.mark.parametrize("scripts", [(None,), (LOGGED_IN, None)])
def test_closed_connection(scripts: tuple[bytes | None, ...]) -> None:
    with pbx(*scripts) as server, pytest.raises(PbxError) as raised, connect(server) as ami:
        ami.action("Ping")
    assert not raised.value.permanent


def test_packet_without_end_is_not_collected_for_ever() -> None:
    with (
        pbx(LOGGED_IN, b"x" * 1_200_000) as server,
        connect(server) as ami,
        pytest.raises(PbxError, match="does not end"),
    ):
        ami.action("Ping")


def test_action_skips_what_belongs_to_others() -> None:
    script = (
        b"Event: Newchannel\r\nChannel: x\r\n\r\n"
        b"Response: Error\r\nActionID: another\r\nMessage: no\r\n\r\n"
        b"\r\n\r\n"
        b"Response: Success\r\nActionID: {id}\r\nPing: Pong\r\nOutput: a\r\nOutput: b: c\r\n\r\n"
    )
    with pbx(LOGGED_IN, script) as server, connect(server) as ami:
        answer = ami.action("Ping")
    assert answer.message == ""
    assert answer.fields["Ping"] == "Pong"
    assert answer.fields["Output"] == "a\nb: c"


@pytest.mark.parametrize("chunk_bytes", [1, 7, 65536])
def test_contacts(chunk_bytes: int) -> None:
    with pbx(LOGGED_IN, CONTACTS, chunk_bytes=chunk_bytes) as server, connect(server) as ami:
        contacts = ami.contacts()
    assert contacts == [
        Contact(
            aor="101",
            endpoint="101",
            uri="sip:101@10.0.0.5:5062;line=ab",
            via_addr="10.0.0.5",
            via_port=5062,
            user_agent="Yealink SIP-T46U 108.86.0.20: x",
            status="Reachable",
            expires_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
            rtt_us=460,
        ),
        Contact("trunk", "trunk", "sip:203.0.113.9", "", None, "", "NonQualified", None, None),
    ]


def test_no_contacts_at_all() -> None:
    # Asterisk's own message ends in a bare line feed.
    script = b"Response: Error\r\nActionID: {id}\r\nMessage: No Contacts found\n\r\n\r\n"
    with pbx(LOGGED_IN, script) as server, connect(server) as ami:
        assert ami.contacts() == []


def test_contacts_without_permission() -> None:
    script = b"Response: Error\r\nActionID: {id}\r\nMessage: Permission denied\r\n\r\n"
    with (
        pbx(LOGGED_IN, script) as server,
        connect(server) as ami,
        pytest.raises(PbxError, match="Permission denied") as raised,
    ):
        ami.contacts()
    assert raised.value.permanent


SENT = b"Response: Success\r\nActionID: {id}\r\nMessage: NOTIFY sent\r\n\r\n"


def test_notify_to_an_endpoint() -> None:
    with pbx(LOGGED_IN, SENT) as server, connect(server) as ami:
        answer = ami.pjsip_notify(
            endpoint="101", variables=["Event=check-sync;reboot=false", 'Subject=a,b "c" \\']
        )
    assert answer.message == "NOTIFY sent"
    assert lines_of(server.actions[1]) == [
        b"Action: PJSIPNotify",
        b"Endpoint: 101",
        b"Variable: Event=check-sync;reboot=false",
        b'Variable: Subject=a\\,b \\"c\\" \\\\',
    ]


def test_notify_to_a_uri() -> None:
    with pbx(LOGGED_IN, SENT) as server, connect(server) as ami:
        ami.pjsip_notify(uri="sip:101@10.0.0.5:5062", variables=["Event=check-sync"])
    assert lines_of(server.actions[1])[1] == b"URI: sip:101@10.0.0.5:5062"


def test_notify_to_an_unknown_endpoint() -> None:
    script = b"Response: Error\r\nActionID: {id}\r\nMessage: Unable to retrieve endpoint 9\r\n\r\n"
    with (
        pbx(LOGGED_IN, script) as server,
        connect(server) as ami,
        pytest.raises(PbxError, match="Unable to retrieve endpoint 9") as raised,
    ):
        ami.pjsip_notify(endpoint="9", variables=["Event=check-sync"])
    assert raised.value.permanent


@pytest.mark.parametrize(
    ("uri", "endpoint", "variables"),
    [
        (None, None, ["Event=x"]),
        ("sip:a@b", "a", ["Event=x"]),
        ("sip:a@b", None, []),
        ("sip:a@b", None, ["Event"]),
    ],
)
def test_notify_needs_one_target_and_variables(
    uri: str | None, endpoint: str | None, variables: list[str]
) -> None:
    with (
        pbx(LOGGED_IN) as server,
        connect(server) as ami,
        pytest.raises(ValueError, match=r"needed|written"),
    ):
        ami.pjsip_notify(uri=uri, endpoint=endpoint, variables=variables)


def test_headers_with_line_breaks_are_refused_before_anything_is_sent() -> None:
    with pbx(LOGGED_IN) as server, connect(server) as ami:
        with pytest.raises(PbxError):
            ami.pjsip_notify(endpoint="1\r\nAction: Originate", variables=["Event=x"])
        with pytest.raises(PbxError):
            ami.action("Ping\r\nX: y")
        with pytest.raises(PbxError):
            ami.action("Ping", **{"X\r\nY": "z"})
    assert server.actions[1] == b"Action: Logoff\r\n\r\n"
