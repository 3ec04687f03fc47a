"""From the evidence of all phones of a site to their diagnoses, statuses and incidents. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitors.diagnosis.explain import Diagnosis, explain
from monitors.evidence import Evidence, Group, GroupFinding
from monitors.groups import Member, collapse
from monitors.incident_steps import MISSING_SIGNALS, Judged
from monitors.signals import Config, Registration, SwitchState
from monitors.status import Policy, State, advance
from monitors.store.statuses import KeptStatus
from monitors.sweep.registration_desk import AccountState, PhoneState
from monitors.sweep.subjects import Subject
from monitors.switches.signals_of import Observed
from provisioner.mac import MacAddress

_BAD = frozenset({State.FAILING, State.DOWN, State.RECOVERING})
_NAMED = frozenset({
    Config.REFUSED, Config.BROKEN_OFF, Config.WRONG_MODEL, Config.NOT_RENDERED,
})  # fmt: skip
_OTHERS = frozenset({Registration.OTHER_ADDRESS, Registration.OTHER_AGENT})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a phone, and what follows."""

    subject: Subject
    evidence: Evidence
    diagnosis: Diagnosis


def diagnosed(
    phones: Iterable[tuple[Subject, Evidence]],
    previous: Mapping[str, KeptStatus],
    pbx: str,
    now: datetime,
    grace_s: float,
) -> list[Verdict]:
    """Return the diagnosis of every phone, those that fail with a group by their group.

    Args:
        phones: all phones of a site.
        previous: their statuses up to now.
        pbx: what the site's PBX is called; empty: it has none.
        now: naive UTC.
        grace_s: how long after a start silence means nothing.
    """
    alone = [Verdict(s, e, explain(e, grace_s)) for s, e in phones]
    members = [
        Member(v.subject.mac, groups_of(v, pbx), v.evidence, _failing_s(v, previous, now))
        for v in alone
    ]
    findings = collapse(members)
    return [_in_group(v, findings.get(v.subject.mac), grace_s) for v in alone]


def groups_of(verdict: Verdict, pbx: str) -> dict[Group, str]:
    """Return what a phone has in common with others, as far as known."""
    subject = verdict.subject
    vlan = f"VLAN {subject.voice_vlan}" if subject.voice_vlan is not None else ""
    return {
        Group.SITE: subject.site,
        Group.PBX: pbx if subject.accounts else "",
        Group.SWITCH: verdict.evidence.facts.get("switch", ""),
        Group.VLAN: vlan,
        Group.MODEL: f"{_model_name(subject)} {subject.firmware}".strip(),
    }


def _model_name(subject: Subject) -> str:
    return subject.model.name if subject.model is not None else subject.model_id


def _failing_s(verdict: Verdict, previous: Mapping[str, KeptStatus], now: datetime) -> float | None:
    if not verdict.diagnosis.is_fault:
        return None
    before = previous.get(verdict.subject.mac)
    if before is None or before.status.state not in _BAD:
        return 0.0
    return max(0.0, (now - before.status.since).total_seconds())


def _in_group(verdict: Verdict, finding: GroupFinding | None, grace_s: float) -> Verdict:
    if finding is None:
        return verdict
    evidence = replace(verdict.evidence, finding=finding)
    return Verdict(verdict.subject, evidence, explain(evidence, grace_s))


def standing_findings(
    observed: Mapping[str, Observed], pbx: str, pbx_problem: str
) -> tuple[GroupFinding, ...]:
    """Return troubles that need no phone: a PBX that cannot be asked, switches that refuse us."""
    found = [
        GroupFinding("A5", Group.SWITCH, name, frozenset(), 0.0)
        for name, seen in observed.items()
        if seen.reading.state is SwitchState.REFUSED
    ]
    if pbx_problem:
        found.append(GroupFinding("A1", Group.PBX, pbx, frozenset(), 0.0))
    return tuple(found)


def next_status(
    verdict: Verdict,
    state: PhoneState,
    before: KeptStatus | None,
    policy: Policy,
    now: datetime,
    facts: Mapping[str, str],
) -> KeptStatus:
    """Return a phone's next status, with what is needed to say it in words."""
    diagnosis = verdict.diagnosis
    status = advance(before.status if before else None, diagnosis, now, policy)
    kept_words = before is not None and status.rule != diagnosis.rule
    return KeptStatus(
        mac=verdict.subject.mac,
        site=verdict.subject.site,
        status=status,
        sureness=before.sureness if kept_words and before else str(diagnosis.sureness),
        judged_at=now,
        facts=before.facts if kept_words and before else {**facts, **facts_of(verdict, state)},
        missing=before.missing if kept_words and before else diagnosis.missing,
        made_from=before.judged_at if before else None,
    )


def judged(kept: Iterable[KeptStatus], verdicts: Mapping[MacAddress, Verdict]) -> list[Judged]:
    """Return the phones as incidents want them."""
    found = []
    for one in kept:
        verdict = verdicts.get(MacAddress(one.mac))
        finding = verdict.evidence.finding if verdict else None
        found.append(Judged(one.mac, one.status, one.sureness, one.facts, finding))
    return found


def facts_of(verdict: Verdict, state: PhoneState) -> dict[str, str]:
    """Return a phone's names and numbers for its sentence."""
    subject, evidence = verdict.subject, verdict.evidence
    facts = {
        "room": subject.room_name,
        "model": _model_name(subject),
        "firmware": subject.firmware,
        "address": evidence.address.measured,
        "handsets": ", ".join(evidence.handsets_out),
        **evidence.facts,
    }
    if evidence.config.value in _NAMED:
        facts |= dict.fromkeys(("status", "file", "device"), evidence.config.measured)
    speaks = state.speaks
    if speaks is not None:
        facts |= {"extension": speaks.extension, **_of_account(speaks)}
    if evidence.options.value.name == "OTHER_DEVICE":
        facts["device"] = evidence.options.measured
    facts[MISSING_SIGNALS] = " ".join(verdict.diagnosis.missing)
    return {name: value for name, value in facts.items() if value}


def _of_account(account: AccountState) -> dict[str, str]:
    told = {"pbx": account.registration.source}
    if account.registration.value in _OTHERS:
        told["device"] = account.registration.measured
    if account.security.measured:
        told["status"] = account.security.measured
    return told


def wall_time(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return a naive UTC time as the site's people read it: the hour, and the day if not today."""
    here = at.replace(tzinfo=UTC).astimezone(zone)
    today = now.replace(tzinfo=UTC).astimezone(zone).date()
    return f"{here:%H:%M}" if here.date() == today else f"{here:%Y-%m-%d %H:%M}"


def times_of(verdict: Verdict, state: PhoneState, zone: ZoneInfo, now: datetime) -> dict[str, str]:
    """Return the times a sentence may name: since when it is gone, of when its files are."""
    found: dict[str, str] = {}
    evidence = verdict.evidence
    gone_at = state.speaks.gone_at if state.speaks else None
    seen_s = evidence.mapping.age_s
    if gone_at is not None:
        found["since"] = wall_time(gone_at, zone, now)
    elif seen_s:
        found["since"] = wall_time(_before(now, seen_s), zone, now)
    if evidence.config.age_s is not None:
        found["fetched"] = wall_time(_before(now, evidence.config.age_s), zone, now)
    return found


def _before(now: datetime, age_s: float) -> datetime:
    return now - timedelta(seconds=age_s)
