"""The client's side of SIP digest authentication (RFC 3261 section 22.4).

MD5 as in RFC 2617, SHA-256 as in RFC 7616 and RFC 8760, with ``qop=auth`` or without any.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from provisioner.sip.headers import MAX_VALUE_CHARS, MalformedMessageError

_PARAMETER = re.compile(
    r"\s*(?P<name>[A-Za-z0-9\-.!%*_+`'~]+)\s*=\s*"
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"]+))\s*(?:,|$)'
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_HASHES: dict[str, Callable[[str], str]] = {"md5": _md5, "sha-256": _sha256}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One ``WWW-Authenticate`` or ``Proxy-Authenticate`` header (RFC 7616 section 3.3).

    Attributes:
        algorithm: as the server writes it, empty when it names none, which means MD5.
        has_qop: whether ``qop=auth`` is offered; without it the RFC 2069 form is used.
        opaque: None when the server sent none.
    """

    realm: str
    nonce: str
    algorithm: str = ""
    has_qop: bool = False
    opaque: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and its password, which is never shown."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NonceUse:
    """The client's part of one use of a nonce (RFC 7616 section 3.4).

    Attributes:
        count: 1 for the first request with this nonce.
        cnonce: the client's own nonce.
    """

    count: int = 1
    cnonce: str = field(default_factory=lambda: secrets.token_hex(16))


def parse_challenge(value: str) -> Challenge:
    """Read one challenge.

    Raises:
        MalformedMessageError: it is no digest challenge, or one that cannot be answered here
            (another algorithm, or only ``auth-int``).
    """
    scheme, _, rest = value[:MAX_VALUE_CHARS].strip().partition(" ")
    if scheme.lower() != "digest":
        raise MalformedMessageError(f"{scheme[:20]!r} is not the digest scheme")
    parameters = _parameters(rest)
    qops = [qop.strip().lower() for qop in parameters.get("qop", "").split(",") if qop.strip()]
    if qops and "auth" not in qops:
        raise MalformedMessageError(f"the challenge offers only qop={','.join(qops)}")
    algorithm = parameters.get("algorithm", "")
    if (algorithm or "md5").lower() not in _HASHES:
        raise MalformedMessageError(f"digest algorithm {algorithm[:20]!r} is not known")
    if "realm" not in parameters or "nonce" not in parameters:
        raise MalformedMessageError("the challenge has no realm or no nonce")
    return Challenge(
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        algorithm=algorithm,
        has_qop=bool(qops),
        opaque=parameters.get("opaque"),
    )


def first_answerable(values: Iterable[str]) -> Challenge | None:
    """Return the topmost challenge that can be answered (RFC 8760 section 2.4), or None."""
    for value in values:
        try:
            return parse_challenge(value)
        except MalformedMessageError:
            continue
    return None


def authorization(
    challenge: Challenge,
    credentials: Credentials,
    method: str,
    uri: str,
    use: NonceUse | None = None,
) -> str:
    """Return the value of the ``Authorization`` header that answers ``challenge``.

    Args:
        challenge: what the server sent.
        credentials: the account.
        method: the request's method.
        uri: the request URI, exactly as on the request line.
        use: which use of the nonce this is; the first, when None.

    Raises:
        MalformedMessageError: a value holds a control character.
    """
    use = use or NonceUse()
    digest = _HASHES[(challenge.algorithm or "md5").lower()]
    secret = digest(f"{credentials.username}:{challenge.realm}:{credentials.password}")
    request = digest(f"{method}:{uri}")
    count = f"{use.count:08x}"
    middle = f"{count}:{use.cnonce}:auth:" if challenge.has_qop else ""
    parts = [
        f"username={_quoted(credentials.username)}",
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f"uri={_quoted(uri)}",
        f'response="{digest(f"{secret}:{challenge.nonce}:{middle}{request}")}"',
    ]
    if challenge.algorithm:
        parts.append(f"algorithm={challenge.algorithm}")
    if challenge.has_qop:
        parts += [f"cnonce={_quoted(use.cnonce)}", "qop=auth", f"nc={count}"]
    if challenge.opaque is not None:
        parts.append(f'opaque="{challenge.opaque}"')
    return "Digest " + ", ".join(parts)


def _parameters(text: str) -> dict[str, str]:
    """Return the comma-separated parameters of a challenge.

    Quoted values keep their backslashes: RFC 7616 section 3.4 hashes what stands between the
    quotes, and it is sent back as it came.
    """
    parameters: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if not found:
            raise MalformedMessageError("the challenge cannot be read")
        quoted = found["quoted"]
        parameters.setdefault(found["name"].lower(), found["bare"] if quoted is None else quoted)
        position = found.end()
    if any(_CONTROL.search(value) for value in parameters.values()):
        raise MalformedMessageError("the challenge holds a control character")
    return parameters


def _quoted(text: str) -> str:
    """Return ``text`` as a quoted string (RFC 3261 section 25.1)."""
    if _CONTROL.search(text):
        raise MalformedMessageError("a digest value holds a control character")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
