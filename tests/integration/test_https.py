"""HTTPS by bellwire itself: phones that know TLS 1.2 and no more are served."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.hotel import free_port


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key (ECDSA P-256)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bellwire test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, key_file = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, key_file


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_phone_of_either_tls_version_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: ssl.TLSVersion
) -> None:
    certificate, key = make_certificate(tmp_path)
    monkeypatch.setenv("BELLWIRE_HTTP__TLS_CERTIFICATE", str(certificate))
    monkeypatch.setenv("BELLWIRE_HTTP__TLS_KEY", str(key))
    address = f"127.0.0.1:{free_port()}"
    context = ssl.create_default_context(cafile=str(certificate))
    context.minimum_version = context.maximum_version = version
    command = [
        *(sys.executable, "-P", "-m", "web.cli", "web"),
        *("--data", str(tmp_path / "data"), "--http", address),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            assert answer_to(f"https://{address}/health", context) == 200
            assert answer_to(f"https://{address}/805ec0000001.boot", context) == 404
        finally:
            server.terminate()
            server.wait(60)


def answer_to(url: str, context: ssl.SSLContext) -> int:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5, context=context) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            refused.close()
            return int(refused.code)
        except urllib.error.URLError as problem:
            if isinstance(problem.reason, ssl.SSLError):
                raise
            time.sleep(0.2)
    raise AssertionError("the server did not start")
