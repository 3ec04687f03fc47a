"""A test authority shaped like the phone makers': device certificates named by their MAC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass
class Authority:
    """A root and what it signs; ``file`` is its certificate."""

    name: str
    folder: Path

    def __post_init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        self._subject = _name(self.name, f"{self.name} Equipment Issuing CA")
        self.file = self.folder / f"{self.name}.pem"
        made = _builder(self._subject, self._subject, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file.write_bytes(
            made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def device(self, common_name: str, *, days: int = 3650, **more: str) -> tuple[Path, Path]:
        """Return certificate and key of a device, valid for so long from yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(more.get("organisation", self.name), common_name)
        made = _builder(subject, self._subject, key, days=days)
        return self._written(made, key, f"{self.name}-{abs(hash(common_name))}-{days}")

    def server(self) -> tuple[Path, Path]:
        """Return certificate and key of a server on 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = _builder(_name(self.name, "prov.example"), self._subject, key)
        return self._written(made.add_extension(names, critical=False), key, "server")

    def _written(self, made: x509.CertificateBuilder, key: _Key, stem: str) -> tuple[Path, Path]:
        certificate, key_file = self.folder / f"{stem}.crt", self.folder / f"{stem}.key"
        certificate.write_bytes(
            made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        key_file.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
        return certificate, key_file


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ])  # fmt: skip


def _builder(
    subject: x509.Name, issuer: x509.Name, key: _Key, days: int = 3650
) -> x509.CertificateBuilder:
    begin = datetime.now(UTC) - 2 * _DAY
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + days * _DAY)
    )
