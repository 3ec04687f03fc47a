"""Ring tones: WAV files, read down to their format.

Python's ``wave`` knows plain PCM only; most phones want G.711 (A-law or u-law), so the few
chunks that matter are read here. Layout: Multimedia Programming Interface and Data
Specifications 1.0, RIFF WAVE; format tags of RFC 2361.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from provisioner.filestore.findings import FileRefusedError, Findings
from provisioner.filestore.formats import RingToneRule

MEDIA_TYPE = "audio/wav"
_PCM, _A_LAW, _U_LAW = 1, 6, 7
_ENCODINGS = {
    (_PCM, 8): "pcm-8",
    (_PCM, 16): "pcm-16",
    (_A_LAW, 8): "a-law",
    (_U_LAW, 8): "u-law",
}
_FORMAT = struct.Struct("<HHIIHH")
_MAX_S = 60


@dataclass(frozen=True, slots=True)
class Sound:
    """What a WAV file holds."""

    encoding: str
    channels: int
    rate_hz: int
    length_s: float


def check_ring_tone(content: Path, name: str, rule: RingToneRule | None) -> Findings:
    """Return what was found out about a ring tone.

    Raises:
        FileRefusedError: it is no WAV file, or one that the vendor's phones do not play.
    """
    if not name.lower().endswith(".wav"):
        raise FileRefusedError(f"{name}: a ring tone ends in .wav")
    sound = read_wav(content.read_bytes(), name)
    if sound.channels != 1:
        raise FileRefusedError(f"{name}: it has {sound.channels} channels; a phone plays one")
    if rule is not None and sound.encoding not in rule.encodings:
        known = " or ".join(sorted(rule.encodings))
        raise FileRefusedError(f"{name}: this vendor's phones play {known}, not {sound.encoding}")
    if rule is not None and sound.rate_hz not in rule.rates_hz:
        known = " or ".join(str(rate) for rate in sorted(rule.rates_hz))
        raise FileRefusedError(f"{name}: this vendor's phones play {known} Hz, not {sound.rate_hz}")
    told = (f"it lasts {sound.length_s:.0f} s",) if sound.length_s > _MAX_S else ()
    length_s = round(sound.length_s, 1)
    facts: dict[str, JsonValue] = {
        "encoding": sound.encoding,
        "rate_hz": sound.rate_hz,
        "length_s": length_s,
    }
    return Findings(MEDIA_TYPE, facts, told)


def read_wav(data: bytes, name: str) -> Sound:
    """Return what a WAV file holds.

    Raises:
        FileRefusedError: it is none, it is cut off, or its encoding is not one of phones.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise FileRefusedError(f"{name}: this is no WAV file")
    chunks = dict(_chunks(data))
    shape, sound = chunks.get(b"fmt "), chunks.get(b"data")
    if shape is None or sound is None or len(shape) < _FORMAT.size:
        raise FileRefusedError(f"{name}: the WAV file is damaged: it has no format or no sound")
    tag, channels, rate_hz, per_s, _, bits = _FORMAT.unpack_from(shape)
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None or not channels or not rate_hz or not per_s:
        raise FileRefusedError(f"{name}: WAV format {tag} with {bits} bits is not one phones play")
    return Sound(encoding, channels, rate_hz, len(sound) / per_s)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if len(body) == size:
            yield name, body
        at += 8 + size + size % 2
