"""What a phone is and has, whatever was entered and decided for it: as it shows when it fetches.

By that it is known again at the PBX and in its answers: a phone of another model than was entered
calls itself so, and one that has not fetched the last change behaves as it did before it. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitors.sweep.config_meaning import model_told
from monitors.sweep.fetch_ledger import Fetches
from monitors.sweep.subjects import Subject
from provisioner.catalogue.loader import Catalogue
from provisioner.inventory.fetches import FetchEvent


def as_it_is(subject: Subject, fetches: Fetches | None, catalogue: Catalogue) -> Subject:
    """Return a phone with the model it says it is, and the files that it has."""
    if fetches is None:
        return subject
    model = catalogue.models.get(model_told(fetches, subject), subject.model)
    files = _files_it_has(subject, fetches)
    if model is subject.model and files is None:
        return subject
    return replace(subject, model=model, files=subject.files if files is None else files)


def _files_it_has(subject: Subject, fetches: Fetches) -> dict[str, str] | None:
    """The digests of what it got last, by every name of each file; None: what it should have."""
    last: dict[str, FetchEvent] = {}
    for name, event in fetches.got.items():
        wanted = subject.files.get(name)
        if wanted is not None and (wanted not in last or last[wanted].at < event.at):
            last[wanted] = event
    old = {wanted: e.digest for wanted, e in last.items() if e.digest and e.digest != wanted}
    if not old:
        return None
    return {name: old.get(digest, digest) for name, digest in subject.files.items()}


def has_just_fetched(
    subject: Subject, fetches: Fetches | None, now: datetime, grace_s: float
) -> bool:
    """Whether a phone may still be about to take over what it has just fetched."""
    if fetches is None:
        return False
    mine = (event for name, event in fetches.got.items() if name in subject.files)
    return any((now - event.at).total_seconds() < grace_s for event in mine)
