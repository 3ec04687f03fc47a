"""What the fetch log says of a phone, in one word and one sentence."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitors.fetch_status import PhoneSeen, ProvisioningStatus, provisioning_status
from provisioner.access import Reason
from provisioner.inventory.fetches import FetchEvent

NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
AT = NOW - timedelta(minutes=5)
SEEN = NOW - timedelta(days=1)
LATER = NOW + timedelta(hours=1)


def last(outcome: str = "not-found", reason: str = "not-armed") -> FetchEvent:
    return FetchEvent(
        AT, "0c383e000214", "aurora", "http", "/x", "10.20.0.14", "", "", "", outcome, reason
    )


S = ProvisioningStatus


@pytest.mark.parametrize(
    ("armed", "token", "problem", "event", "status", "words", "since"),
    [
        (LATER, None, "", None, S.NEVER_SEEN, "never asked for its files", None),
        (AT, None, "", None, S.NEVER_SEEN, "not armed any more", None),
        (NOW, None, "", None, S.NEVER_SEEN, "not armed any more", None),
        (None, None, "", None, S.NEVER_SEEN, "not armed any more", None),
        (None, None, "", last(), S.REFUSED, "arm it", AT),
        (None, None, "", last(reason="wrong-network"), S.REFUSED, "outside its site", AT),
        (None, None, "", last(reason="shut-out"), S.REFUSED, "shut out", AT),
        (LATER, None, "", last("sent", "armed"), S.FIRST_CONTACT, "not yet its files", AT),
        (None, SEEN, "", last("sent", "token"), S.PROVISIONED, "", SEEN),
        (None, SEEN, "", last("not-modified", "token"), S.PROVISIONED, "", SEEN),
        (None, SEEN, "", last(), S.PROVISIONED, "", SEEN),
        (None, SEEN, "no template", last("sent", "token"), S.NOT_RENDERED, "no template", AT),
        (None, None, "no template", None, S.NOT_RENDERED, "no template", None),
    ],
)
def test_status(armed, token, problem, event, status, words, since) -> None:
    found, cause, when = provisioning_status(PhoneSeen(armed, token, problem, event), NOW)
    assert found is status
    assert (words in cause) if words else cause == ""
    assert when == since


@pytest.mark.parametrize(
    "reason",
    [
        Reason.NOT_ARMED,
        Reason.WRONG_TOKEN,
        Reason.WRONG_NETWORK,
        Reason.WRONG_MAC,
        Reason.SHUT_OUT,
        Reason.NOT_OFFERED,
    ],
)
def test_every_refusal_of_a_known_phone_has_its_sentence(reason: Reason) -> None:
    status, cause, _ = provisioning_status(PhoneSeen(None, None, "", last(reason=str(reason))), NOW)
    assert status is S.REFUSED
    assert len(cause.split()) > 3
