"""Telling people: what is due is claimed, sent and reported, by whichever worker is first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from monitors.incident_steps import Incident
from monitors.notify.due import Due, digest_due, due
from monitors.notify.messages import Message, Scene, bundle_of, digest_of, message_of
from monitors.store.incident_pages import recent_incidents
from monitors.store.journal import Claim, claim, digests_of, journal_of, report
from provisioner.db import Database

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=2)
"""How long after its end an incident may still be told of: after a weekend without mail."""

BUNDLE_FROM = 5
"""More mails than this at once become one."""
_TOGETHER = frozenset({"email"})  # a program reads each post by itself

Send = Callable[[Message], str]
"""Sends a message; returns why it did not work, or an empty text. Never raises."""


def notify(
    database: Database,
    scene: Scene,
    senders: Mapping[str, Send],
    worker: str,
    clock: Callable[[], datetime],
) -> int:
    """Send what a site's incidents are due; returns how many messages were sent.

    Safe to run in several workers at once.

    Args:
        database: the monitor's.
        scene: the site.
        senders: by channel.
        worker: a name that no other worker has.
        clock: gives naive UTC.
    """
    now = clock()
    incidents = recent_incidents(database, scene.site, now - LOOK_BACK)
    journal = journal_of(database, [incident.id for incident in incidents])
    found: dict[str, list[tuple[Due, Incident]]] = {channel: [] for channel in senders}
    for incident in incidents:
        for message in due(incident, journal[incident.id], now, scene.policy, scene.places):
            found[message.channel].append((message, incident))
    sent = 0
    for channel, wanted in found.items():
        size = len(wanted) if channel in _TOGETHER and len(wanted) > BUNDLE_FROM else 1
        for first in range(0, len(wanted), size):
            some = wanted[first : first + size]
            claims = ((claim(database, scene.site, i.id, d, worker, clock()), d, i)
                      for d, i in some)  # fmt: skip
            made = [(held, _made(d, i, scene, held)) for held, d, i in claims if held]
            sent += _send(database, senders, made, scene, clock)
    return sent + _digests(database, scene, senders, worker, clock)


def _made(message: Due, incident: Incident, scene: Scene, held: Claim) -> Message:
    return message_of(message, incident, scene, held.claimed_at, maybe_double=held.maybe_double)


def _digests(
    database: Database,
    scene: Scene,
    senders: Mapping[str, Send],
    worker: str,
    clock: Callable[[], datetime],
) -> int:
    now = clock()
    journal = digests_of(database, scene.site, now - LOOK_BACK)
    messages = digest_due(scene.site, journal, now, scene.policy)
    sent = 0
    for message in messages:
        held = claim(database, scene.site, None, message, worker, clock())
        if held is not None:
            incidents: Iterable[Incident] = recent_incidents(
                database, scene.site, now - timedelta(days=1)
            )
            made = digest_of(message, incidents, len(scene.places), scene, now)
            sent += _send(database, senders, [(held, made)], scene, clock)
    return sent


def _send(
    database: Database,
    senders: Mapping[str, Send],
    made: list[tuple[Claim, Message]],
    scene: Scene,
    clock: Callable[[], datetime],
) -> int:
    """Send claimed messages of one channel, several as one."""
    if not made:
        return 0
    messages = [message for _, message in made]
    message = messages[0] if len(messages) == 1 else bundle_of(messages, scene)
    held = made[0][0]
    problem = senders[held.channel](message)
    if problem:
        log.warning("message %r was not sent (try %d): %s", held.key, held.tries, problem)
    for claimed, _ in made:
        if not report(database, claimed, problem, clock()):
            log.warning("message %r took so long that another may have sent it", claimed.key)
    return 0 if problem else len(made)
