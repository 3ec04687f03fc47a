"""Keys of SNMPv3 users: bound to an engine, and what is signed and encrypted with them.

RFC 3414 (2.6, 6, 7, 8), RFC 3826 and RFC 7860. Signing is Python's own HMAC; the derivation of
keys and the ciphers are pysnmp's. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.error import PySnmpError
from pysnmp.proto.secmod.rfc3414 import localkey
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from monitors.snmp.credentials import User
from monitors.snmp.pysnmp_engine import AUTH_PROTOCOLS, PRIV_PROTOCOLS

SIGNED, ENCRYPTED, REPORTABLE = 1, 2, 4
"""Flags of a message (RFC 3412, 6.4)."""
MAX_KEYS = 2048
_HASHES: dict[str, tuple[Callable[..., Any], int]] = {
    "md5": (hashlib.md5, 12),
    "sha": (hashlib.sha1, 12),
    "sha224": (hashlib.sha224, 16),
    "sha256": (hashlib.sha256, 24),
    "sha384": (hashlib.sha384, 32),
    "sha512": (hashlib.sha512, 48),
}
"""Hash, and octets of the signature."""


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys, empty where he has none."""

    auth: bytes = b""
    priv: bytes = b""


class KeyRing:
    """Keys made before, at most ``MAX_KEYS``; the ones not used for longest are forgotten."""

    def __init__(self) -> None:
        self._phrases: OrderedDict[User, Keys] = OrderedDict()
        self._bound: OrderedDict[tuple[User, bytes], Keys] = OrderedDict()

    def of(self, user: User, engine_id: bytes) -> Keys:
        """Return a user's keys for one engine; the slow part is done once for a user."""
        key = (user, engine_id)
        if key not in self._bound:
            if user not in self._phrases:
                _keep(self._phrases, user, _of_phrases(user))
            _keep(self._bound, key, _bound(user, self._phrases[user], engine_id))
        self._bound.move_to_end(key)
        return self._bound[key]


def level_of(user: User) -> int:
    """Return how a user's messages must be secured, as the flags say it."""
    if user.auth is None:
        return 0
    return SIGNED if user.priv is None else SIGNED | ENCRYPTED


def signature_octets(user: User) -> int:
    """Return how long a user's signatures are."""
    return _HASHES[user.auth_protocol][1]


def signature(data: bytes, user: User, key: bytes) -> bytes:
    """Return the signature of a message in which zeros stand for it."""
    kind, length = _HASHES[user.auth_protocol]
    return hmac.new(key, data, kind).digest()[:length]


def encrypted(data: bytes, clock: tuple[int, int], user: User, key: bytes) -> tuple[bytes, bytes]:
    """Return what encrypts the data, and the salt.

    Args:
        data: in the clear.
        clock: boots and time of the engine that is the authority.
        user: whose cipher.
        key: bound to that engine.
    """
    about = (univ.Integer(clock[0]), univ.Integer(clock[1]), None)
    closed, salt = _cipher(user).encrypt_data(univ.OctetString(key), about, data)
    return bytes(closed), bytes(salt)


def decrypted(data: bytes, clock: tuple[int, int], salt: bytes, user: User, key: bytes) -> bytes:
    """Return data in the clear, maybe with padding behind them.

    Raises:
        ValueError: they cannot be decrypted.
    """
    about = (univ.Integer(clock[0]), univ.Integer(clock[1]), univ.OctetString(salt))
    try:
        return bytes(
            _cipher(user).decrypt_data(univ.OctetString(key), about, univ.OctetString(data))
        )
    except (PySnmpError, PyAsn1Error) as problem:
        raise ValueError(f"it cannot be decrypted: {problem}") from problem


def _keep(place: OrderedDict[Any, Keys], key: object, keys: Keys) -> None:
    place[key] = keys
    if len(place) > MAX_KEYS:
        place.popitem(last=False)


def _of_phrases(user: User) -> Keys:
    """The keys that pass phrases make, before they are bound to an engine."""
    kind = _HASHES[user.auth_protocol][0]
    made = [
        bytes(localkey.hash_passphrase(phrase.get_secret_value().encode(), kind)) if phrase else b""
        for phrase in (user.auth, user.priv)
    ]
    return Keys(*made)


def _bound(user: User, made: Keys, engine_id: bytes) -> Keys:
    kind = _HASHES[user.auth_protocol][0]
    engine = univ.OctetString(engine_id)
    auth = bytes(localkey.localize_key(made.auth, engine, kind)) if user.auth else b""
    if not level_of(user) & ENCRYPTED:
        return Keys(auth)
    protocol = AUTH_PROTOCOLS[user.auth_protocol]
    return Keys(
        auth, bytes(_cipher(user).localize_key(protocol, univ.OctetString(made.priv), engine))
    )


def _cipher(user: User) -> Any:  # noqa: ANN401 - pysnmp's
    return SnmpUSMSecurityModel.PRIV_SERVICES[PRIV_PROTOCOLS[user.priv_protocol]]
