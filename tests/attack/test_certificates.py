"""Phones that prove themselves by their factory certificate, through nginx as the role sets it up."""

from __future__ import annotations

import http.client
import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.attack.authorities import Authority
from tests.attack.stage import FOREIGN_MAC, Stage, nginx, staged
from tests.integration.hotel import free_port
from tests.integration.servers import DEVICE_FILE, FANVIL, YEALINK
from web.phone_plane import peer_of

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")


class Gate:
    """nginx with TLS before a server."""

    def __init__(self, folder: Path, stage: Stage, port: int) -> None:
        self.stage, self.port = stage, port
        self.ports = {"modern": port, "legacy": free_port()}
        self.makers, self.stranger = Authority("Yealink", folder), Authority("Stranger", folder)

    def ask(
        self, path: str, certificate: tuple[Path, Path] | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Ask by HTTPS, perhaps with a certificate."""
        context = self.context()
        if certificate:
            context.load_cert_chain(*certificate)
        line = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        with closing(line):
            line.request("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})
            answer = line.getresponse()
            return answer.status, answer.read()

    def context(self) -> ssl.SSLContext:
        """A client that trusts the server."""
        return ssl.create_default_context(cafile=str(self.makers.file))


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("gate")
    with staged(folder / "stage") as stage, ExitStack() as ends:
        made = Gate(folder, stage, free_port())
        certificate, key = made.makers.server()
        for profile, port in made.ports.items():
            proxy = nginx(
                folder / f"nginx-{profile}", stage.server.http_port, tls_port=port,
                reverse_proxy_certificate=certificate, reverse_proxy_key=key,
                reverse_proxy_client_authorities=made.makers.file, reverse_proxy_tls=profile,
            )  # fmt: skip
            ends.enter_context(proxy)
        yield made


def colons(mac: str) -> str:
    return ":".join(mac[i : i + 2] for i in range(0, 12, 2))


@pytest.mark.parametrize("spelling", [str.upper, str.lower, colons, lambda m: colons(m).upper()])
def test_a_phone_gets_its_files_by_its_certificate(gate: Gate, spelling: object) -> None:
    own = gate.makers.device(spelling(YEALINK))  # type: ignore[operator]
    status, body = gate.ask(f"/{DEVICE_FILE[YEALINK]}", own)
    assert status == 200
    assert body == gate.ask(f"/p/{gate.stage.tokens[YEALINK]}/{DEVICE_FILE[YEALINK]}")[1]


def test_the_name_must_be_that_of_the_file(gate: Gate) -> None:
    own = gate.makers.device(YEALINK)
    for mac, name in DEVICE_FILE.items():
        if mac != YEALINK:
            status, body = gate.ask(f"/{name}", own)
            # the one that is armed gets its first contact, as without a certificate
            assert not gate.stage.leaks(body) or b"/p/" in body
            assert (status, body) == gate.ask(f"/{name}"), mac
    assert gate.ask(f"/{FOREIGN_MAC}.cfg", gate.makers.device(FOREIGN_MAC))[0] == 404  # its network


@pytest.mark.parametrize(
    "name",
    ["", "prov.example", f"x{YEALINK}", f"{YEALINK}0", f"{YEALINK} {FANVIL}", f"*.{YEALINK}", f"x,CN={YEALINK}",
     f"x/CN={YEALINK}", f"x\\,CN={YEALINK}", f"{FANVIL}+CN={YEALINK}"],
)  # fmt: skip
def test_names_that_are_no_mac(gate: Gate, name: str) -> None:
    certificate = gate.makers.device(name or "-")
    assert gate.ask(f"/{DEVICE_FILE[YEALINK]}", certificate)[0] == 404


@pytest.mark.parametrize("organisation", [f"x,CN={YEALINK}", f"x/CN={YEALINK}", f"CN={YEALINK}"])
def test_a_mac_beside_the_name(gate: Gate, organisation: str) -> None:
    certificate = gate.makers.device("prov.example", organisation=organisation)
    assert gate.ask(f"/{DEVICE_FILE[YEALINK]}", certificate)[0] == 404


def test_certificates_of_strangers_and_of_yesterday(gate: Gate) -> None:
    for certificate in (gate.stranger.device(YEALINK), gate.makers.device(YEALINK, days=1)):
        status, body = gate.ask(f"/{DEVICE_FILE[YEALINK]}", certificate)
        assert status == 400
        assert not gate.stage.leaks(body)


def test_headers_that_nginx_alone_sets(gate: Gate) -> None:
    forged = {"X_SSL_Client_Verify": "SUCCESS", "X_SSL_Client_S_DN": f"CN={YEALINK}"}
    assert gate.ask(f"/{DEVICE_FILE[YEALINK]}", **forged)[0] == 404
    other = gate.makers.device(FANVIL)
    assert gate.ask(f"/{DEVICE_FILE[YEALINK]}", other, **forged)[0] == 404


@pytest.mark.parametrize(
    ("name", "is_phone"),
    [
        (f"CN={YEALINK},O=Yealink,C=CN", True),
        (f"C=CN, O=Yealink, CN={colons(YEALINK)}", True),
        (f"/C=CN/O=Yealink/CN={YEALINK}", True),
        (f"O=x\\,CN={YEALINK}", False),
        (f"O=x/CN={YEALINK}", False),
        (f"CN=x,CN={YEALINK}", False),
        (f"CN={YEALINK},O=x,CN={YEALINK}", False),
        (f"OU={YEALINK}", False),
        ("", False),
    ],
)
def test_reading_the_name(name: str, is_phone: bool) -> None:
    proxies = (ip_network("127.8.0.0/16"),)
    environ = {
        "REMOTE_ADDR": "127.8.0.1", "HTTP_X_FORWARDED_FOR": "10.20.0.7",
        "HTTP_X_SSL_CLIENT_VERIFY": "SUCCESS", "HTTP_X_SSL_CLIENT_S_DN": name,
    }  # fmt: skip
    assert peer_of(environ, proxies)[2] == (YEALINK if is_phone else None)
    for strange in ({"HTTP_X_SSL_CLIENT_VERIFY": "FAILED:x"}, {"REMOTE_ADDR": "10.20.0.7"}):
        assert peer_of({**environ, **strange}, proxies)[2] is None


OLD = "ALL:@SECLEVEL=0"


@pytest.mark.parametrize(
    ("profile", "version", "ciphers", "is_served"),
    [
        ("modern", ssl.TLSVersion.TLSv1_3, "", True),
        ("modern", ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", True),
        ("modern", ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-GCM-SHA384", True),
        ("modern", ssl.TLSVersion.TLSv1_2, f"ECDHE-ECDSA-AES128-SHA:{OLD[4:]}", False),
        ("modern", ssl.TLSVersion.TLSv1_1, OLD, False),
        ("modern", ssl.TLSVersion.TLSv1, OLD, False),
        ("legacy", ssl.TLSVersion.TLSv1_3, "", True),
        ("legacy", ssl.TLSVersion.TLSv1_2, f"ECDHE-ECDSA-AES128-SHA:{OLD[4:]}", True),
        ("legacy", ssl.TLSVersion.TLSv1_1, OLD, True),
        ("legacy", ssl.TLSVersion.TLSv1, OLD, True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_which_tls_is_spoken(
    gate: Gate, profile: str, version: ssl.TLSVersion, ciphers: str, is_served: bool
) -> None:
    context = gate.context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version
    context.minimum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    line = http.client.HTTPSConnection(
        "127.0.0.1", gate.ports[profile], timeout=20, context=context
    )
    with closing(line):
        if is_served:
            line.request("GET", "/health")
            assert line.getresponse().status == 200
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                line.request("GET", "/health")
