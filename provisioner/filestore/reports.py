"""How files and rollouts stand, for people and for JSON."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from provisioner.db import Database
from provisioner.filestore.records import Held, phones_of, rollouts_of, taken_by
from provisioner.filestore.rollout import Progress, Rollout, State
from provisioner.filestore.steps import decide, progress_of
from provisioner.filestore.tables import LibraryFileRow, RolloutPhoneRow, RolloutRow
from provisioner.filestore.vault import Vault
from provisioner.mac import MacAddress

Report = dict[str, object]


def file_report(row: LibraryFileRow, vault: Vault) -> Report:
    """Return what is known of a file."""
    whom = filter(None, [row.site_id, row.vendor, row.handset, *map(str, row.models)])
    facts = row.facts
    shown = f"{facts['width']}x{facts['height']}" if "width" in facts else facts.get("encoding", "")
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "site": row.site_id,
        "vendor": row.vendor,
        "models": list(row.models),
        "handset": row.handset,
        "for": " ".join(whom) or "all",
        "version": row.version,
        "size_bytes": row.size_bytes,
        "sha256": row.digest,
        "facts": shown,
        "added_at": row.added_at,
        "added_by": row.added_by,
        "problem": "" if vault.holds(row.digest) else "its bytes are missing: add it again",
    }


def rollout_report(database: Database) -> list[Report]:
    """Return how each rollout stands, with its phones, newest first."""
    made: list[Report] = []
    with database.read() as session:
        reasons = {row.id: row for row in session.scalars(select(RolloutRow))}
        for rollout in reversed(rollouts_of(session)):
            progress = progress_of(session, rollout, closed=True)
            now = max([rollout.since, *(p.first_at for p in progress if p.first_at)])
            waits = decide(session, rollout, now).reason if rollout.state is State.ACTIVE else ""
            rows = taken_by(session, [rollout])
            held = phones_of(session, rollout.site, rollout.image.models)
            phones = {phone.mac: phone for phone in held}
            row = reasons[rollout.id]
            made.append(
                _report(rollout, progress)
                | {
                    "reason": row.reason or waits,
                    "made_at": row.made_at,
                    "made_by": row.made_by,
                    "phones": [
                        _phone(p, phones[p.mac], rows.get((rollout.id, p.mac))) for p in progress
                    ],
                }
            )
    return made


def _report(rollout: Rollout, progress: list[Progress]) -> Report:
    counts = Counter(str(phone.how) for phone in progress)
    return {
        "id": rollout.id,
        "site": rollout.site,
        "image": rollout.image.name,
        "version": rollout.image.version,
        "handset": rollout.image.handset,
        "state": str(rollout.state),
        "stage": rollout.stage + 1,
        "stages": len(rollout.stages),
        "stage_name": str(rollout.stages[rollout.stage]),
        "since": rollout.since,
        "downgrade": rollout.downgrade,
        "counts": ", ".join(f"{n} {how}" for how, n in counts.items()) or "no phones",
    }


def _phone(progress: Progress, phone: Held, taken: RolloutPhoneRow | None) -> Report:
    detail = f"fetched {taken.fetches}x, last {taken.last_at:%Y-%m-%d %H:%M}" if taken else ""
    return {
        "mac": MacAddress(progress.mac).colons,
        "room": phone.device.room,
        "position": phone.position,
        "stage": progress.stage + 1,
        "standing": str(progress.how),
        "version": phone.device.version,
        "fetches": taken.fetches if taken else 0,
        "detail": detail,
    }
