"""Making, keeping and comparing secrets.

At rest everything secret is encrypted with the first key of the key file (Fernet: AES-128-CBC
and HMAC-SHA-256); older keys still decrypt until ``rotate`` has re-written the data.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from provisioner.errors import SecretsError
from provisioner.phone_secrets import PhoneSecrets

# without look-alikes, and without anything a syntax of some phone or PBX treats specially
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_DIGITS = "0123456789"


def make_sip_secret() -> SecretStr:
    """Return a new SIP secret: 20 characters from the system's CSPRNG, 116 bits."""
    return SecretStr(_pick(_ALPHABET, 20))


def make_token() -> SecretStr:
    """Return a new provisioning token: 128 bits in 26 lower-case base32 characters."""
    raw = base64.b32encode(secrets.token_bytes(16)).decode("ascii")
    return SecretStr(raw.rstrip("=").lower())


def make_phone_secrets() -> PhoneSecrets:
    """Return a new phone's token, passwords and PINs."""
    return PhoneSecrets(
        token=make_token(),
        admin_password=SecretStr(_pick(_ALPHABET, 16)),
        user_password=SecretStr(_pick(_ALPHABET, 12)),
        menu_pin=SecretStr(_pick(_DIGITS, 6)),
        dect_pin=SecretStr(_pick(_DIGITS, 4)),
    )


def hash_token(token: str) -> str:
    """Return what is stored and looked up instead of a token.

    A 128-bit random needs no salt and no slow hash, and looking up a hash leaks no timing.
    """
    return hashlib.sha256(token.lower().encode("ascii", "replace")).hexdigest()


def _pick(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


class Box:
    """Encrypts and decrypts with the keys of a key file, newest first.

    The file is looked at before each encryption, so that a running server never writes with a
    key that ``rotate`` is about to drop.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._box = self._read()

    def _read(self) -> MultiFernet:
        self._seen = self._look()
        try:
            return MultiFernet([Fernet(key) for key in self._file.read_bytes().split()])
        except ValueError as problem:
            raise SecretsError(f"{self._file}: it holds something that is no key") from problem

    def _newest(self) -> MultiFernet:
        try:
            if self._look() != self._seen:
                self._box = self._read()
        except OSError as problem:
            raise SecretsError(f"{self._file}: {problem.strerror}") from problem
        return self._box

    def _look(self) -> tuple[int, int, int]:
        """What tells one state of the file from another; its time alone is too coarse."""
        found = self._file.stat()
        return found.st_mtime_ns, found.st_ino, found.st_size

    def seal(self, text: SecretStr | str) -> str:
        """Encrypt a text."""
        value = text.get_secret_value() if isinstance(text, SecretStr) else text
        return self._newest().encrypt(value.encode("utf-8")).decode("ascii")

    def open(self, sealed: str) -> SecretStr:
        """Decrypt a text.

        Raises:
            SecretsError: it was encrypted with a key that is not in the key file.
        """
        return SecretStr(self._decrypt(sealed.encode("ascii")).decode("utf-8"))

    def seal_body(self, body: bytes) -> bytes:
        """Compress and encrypt a rendered file."""
        return self._newest().encrypt(zlib.compress(body, 1))

    def open_body(self, sealed: bytes) -> bytes:
        """Decrypt a rendered file; raises SecretsError."""
        return zlib.decompress(self._decrypt(sealed))

    def reseal(self, sealed: str) -> str:
        """Encrypt again with the newest key; raises SecretsError."""
        return self.seal(self.open(sealed))

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Return a 32-byte key for one purpose from each key of the file, newest first.

        HKDF with SHA-256 (RFC 5869): from such a key nobody learns the one it was made from.

        Raises:
            SecretsError: the key file cannot be read.
        """
        try:
            keys = self._file.read_bytes().split()
        except OSError as problem:
            raise SecretsError(f"{self._file}: {problem.strerror}") from problem
        info = purpose.encode("utf-8")
        return tuple(HKDF(SHA256(), 32, None, info).derive(key) for key in keys)

    def _decrypt(self, sealed: bytes) -> bytes:
        try:
            return self._box.decrypt(sealed)
        except InvalidToken:
            pass
        try:
            return self._newest().decrypt(sealed)
        except InvalidToken:
            raise SecretsError(
                "the key file is not the one this data was written with; "
                "put back the secret.key that belongs to it"
            ) from None


def open_box(file: Path, *, make: bool = True) -> Box:
    """Read the key file, making it (mode 0600) when there is none and ``make`` allows it.

    Raises:
        SecretsError: it is missing, cannot be read or made, or others may read it.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            if not make:
                raise SecretsError(f"{file} is missing; put back the one this data belongs to")
            with suppress(FileExistsError):  # another process made it first
                _write_keys(file, [Fernet.generate_key()], exclusive=True)
        if file.stat().st_mode & 0o077:
            raise SecretsError(f"{file}: others may read it; run: chmod 600 {file}")
        return Box(file)
    except OSError as problem:
        raise SecretsError(f"{file}: {problem.strerror}") from problem


def add_key(file: Path) -> None:
    """Put a new key in front of the others; data written from now on uses it."""
    keys = [Fernet.generate_key(), *file.read_bytes().split()]
    _write_keys(file, keys)


def drop_old_keys(file: Path) -> None:
    """Keep only the newest key, once everything has been encrypted with it."""
    _write_keys(file, file.read_bytes().split()[:1])


def _write_keys(file: Path, keys: list[bytes], *, exclusive: bool = False) -> None:
    """Write atomically: a crash leaves the old file or the new one, never a part of it."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(b"\n".join(keys) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        if exclusive:
            file.hardlink_to(fresh)
        else:
            fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
