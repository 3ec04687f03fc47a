"""What is said of a phone, in one word and in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from monitors.diagnosis.wording import Words, names_of_signals
from monitors.fetch_status import PhoneSeen, ProvisioningStatus, provisioning_status
from monitors.incident_steps import MISSING_SIGNALS
from web.overview.reading import StoredSite
from web.overview.wording import Voice, room_name


def status_of(stored: StoredSite, mac: str) -> str:
    """Return a phone's status in one word: the monitor's, or before that the fetch log's."""
    kept = stored.statuses.get(mac)
    if kept is not None:
        return str(kept.status.state)
    return str(provisioning_status(seen_of(stored, mac), stored.voice.now)[0])


def seen_of(stored: StoredSite, mac: str) -> PhoneSeen:
    """Return what is known of a phone's provisioning."""
    phone = stored.phones[mac]
    return PhoneSeen(phone.armed_until, phone.token_seen_at, phone.problem, stored.fetched.get(mac))


def diagnosis_words(
    stored: StoredSite,
    mac: str | None,
    rule: str,
    facts: Mapping[str, str],
    missing: Iterable[str] = (),
) -> Words:
    """Return a diagnosis in words: rooms and missing signals named in the reader's language.

    Args:
        stored: the site.
        mac: whose diagnosis it is; None: of no single phone.
        rule: of the diagnosis.
        facts: names and numbers for the sentence.
        missing: names of signals.
    """
    known, voice = dict(facts), stored.voice
    phone = stored.phones.get(mac) if mac is not None else None
    if phone is not None:
        known["room"] = phone.room_inside
    other = known.get("other_room", "")
    if other in stored.rooms:
        known["other_room"] = room_name(other, stored.rooms[other], voice, inside=True)
    names = names_of_signals(missing or known.get(MISSING_SIGNALS, "").split(), voice.language)
    if names:
        known["missing"] = names
    return voice.diagnosis(rule, known)


def fetch_words(seen: PhoneSeen, voice: Voice) -> Words:
    """Return what the fetch log says of a phone that has not been judged."""
    state, _, _ = provisioning_status(seen, voice.now)
    kind = str(state)
    if state is ProvisioningStatus.REFUSED and seen.last is not None:
        kind = seen.last.reason
    elif state is ProvisioningStatus.NEVER_SEEN and is_armed(seen.armed_until, voice.now):
        kind = f"{state}-armed"
    return voice.fetch(kind, seen.problem)


def is_armed(until: datetime | None, now: datetime) -> bool:
    """Whether a phone may still make first contact."""
    return until is not None and now < until
