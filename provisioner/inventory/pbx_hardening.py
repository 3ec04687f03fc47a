"""How a site's PBX is closed to strangers, as values; and their JSON form for the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

Srtp = Literal["off", "optional", "required"]
ANYWHERE = ("0.0.0.0/0", "::/0")
"""All networks there are."""


@dataclass(frozen=True, slots=True)
class SipTls:
    """The encrypted transport of the PBX.

    Attributes:
        certificate, key: files on the PBX; the certificate with its chain.
    """

    certificate: str
    key: str
    port: int = 5061


@dataclass(frozen=True, slots=True)
class ShutOutRule:
    """When an address that guesses is shut out, and for how long.

    Attributes:
        tries, window_s: so many refusals within so many seconds are too many.
        slow_tries, slow_window_s: the same for a guesser who takes his time.
        times_s: how long the first time, the second, and so on; the last one stays.
        forget_days: so long after the last time, it counts as the first again.
    """

    enabled: bool = True
    tries: int = 10
    window_s: int = 60
    slow_tries: int = 40
    slow_window_s: int = 3600
    times_s: tuple[int, ...] = (600, 3600, 86_400, 604_800)
    forget_days: int = 30


@dataclass(frozen=True, slots=True)
class Hardening:
    """How a PBX is closed to strangers.

    Attributes:
        soft_phones_from: networks from which accounts that apps use may register, besides the
            site's own; ``ANYWHERE``: from all.
        srtp: what every account must at least do; a phone's own setting may ask for more.
        rtp_first, rtp_last: ports of the voice.
        trunks: networks of the operators that bring calls, of signalling and of voice.
        never_shut_out: addresses and networks besides those of the site and of ``trunks``.
    """

    soft_phones_from: tuple[str, ...] = ()
    tls: SipTls | None = None
    srtp: Srtp = "off"
    rtp_first: int = 10_000
    rtp_last: int = 20_000
    trunks: tuple[str, ...] = ()
    never_shut_out: tuple[str, ...] = ()
    shut_out: ShutOutRule = field(default_factory=ShutOutRule)


_FORM = TypeAdapter(Hardening)
_PLAIN = TypeAdapter(dict[str, Any])


def hardening_of(values: Mapping[str, Any] | None) -> Hardening:
    """Return what was stored; a site of before has the defaults."""
    return _FORM.validate_python(values) if values else Hardening()


def written_hardening(hardening: Hardening) -> dict[str, Any]:
    """Return what a site file says of it; nothing where all is as usual."""
    usual = asdict(Hardening())
    made = {name: value for name, value in asdict(hardening).items() if value != usual[name]}
    if "shut_out" in made:
        rule = made["shut_out"].items()
        made["shut_out"] = {name: v for name, v in rule if v != usual["shut_out"][name]}
    if hardening.soft_phones_from == ANYWHERE:
        made["soft_phones_from"] = "anywhere"
    plain: dict[str, Any] = _PLAIN.dump_python(made, mode="json")
    return plain
