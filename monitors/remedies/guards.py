"""May this be done to this phone now? One guard for each danger, each with what was measured.

Pure: what is known comes in as a ``Case``. A guard is ok, wants a person's confirmation, or
refuses; without a person only what is ok is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from monitors.remedies import port_guards
from monitors.remedies.case import Case, Guard, Verdict, Word
from monitors.remedies.kinds import Remedy

REPEAT = timedelta(minutes=10)
"""A reboot again within this time hides what the first one did."""


def judge(case: Case) -> tuple[Guard, ...]:
    """Return every guard's word, those of the port only for remedies that write to one."""
    some = (*_FOR_ALL, *(port_guards.ALL if case.remedy.is_power else ()))
    return tuple(Guard(name, *guard(case)) for name, guard in some)


def may(guards: Iterable[Guard], *, by_hand: bool, confirmed: bool) -> bool:
    """Whether it may be done.

    Args:
        guards: what they say.
        by_hand: a person asks for it.
        confirmed: and knows what the guards say.
    """
    allowed = {Verdict.OK, Verdict.CONFIRM} if by_hand and confirmed else {Verdict.OK}
    return all(guard.verdict in allowed for guard in guards)


def _calls(case: Case) -> Word:
    if case.calls.problem:
        return Verdict.CONFIRM, f"whether it is in a call is not known: {case.calls.problem}"
    busy = [e for e in case.extensions if e in case.calls.busy]
    for mac in case.others():
        name, extensions = case.neighbours[mac]
        busy += [f"{e} of {name}" for e in extensions if e in case.calls.busy]
    if busy:
        milder = case.remedy is Remedy.RESYNC
        told = f"there is a call on extension {', '.join(busy)}"
        return (Verdict.CONFIRM if milder else Verdict.REFUSED), told
    told = ", ".join(case.extensions) or "none"
    return Verdict.OK, f"no call on its extensions ({told})"


def _urgent(case: Case) -> Word:
    if case.urgent:
        return Verdict.CONFIRM, f"somebody may need this phone in danger: {case.urgent}"
    return Verdict.OK, f"no phone for emergencies (preset {case.phone.preset})"


def _repeat(case: Case) -> Word:
    if case.last is None or case.now - case.last >= REPEAT:
        told = f"last at {case.last:%Y-%m-%d %H:%M} UTC" if case.last else "never done before"
        return Verdict.OK, told
    verdict = Verdict.CONFIRM if case.remedy is Remedy.RESYNC else Verdict.REFUSED
    minutes = (case.now - case.last).total_seconds() / 60
    return verdict, f"the same was done {minutes:.0f} min ago; once in 10 min"


def _way(case: Case) -> Word:
    if case.ways.found:
        return Verdict.OK, f"by {case.ways.found[0].words}"
    return Verdict.REFUSED, f"there is no way to do it; missing: {case.ways.missing}"


def automatic(case: Case) -> tuple[Guard, ...]:
    """Return the guards that only count when no person asks."""
    return tuple(
        Guard(name, Verdict.REFUSED if problem else Verdict.OK, problem or fine)
        for name, problem, fine in (
            ("maintenance", case.maintenance, "no maintenance goes on there"),
            ("exception", case.excepted, "the site leaves it to bellwire"),
        )
    )


_Judge = Callable[[Case], Word]
_FOR_ALL: tuple[tuple[str, _Judge], ...] = (
    ("way", _way),
    ("call", _calls),
    ("emergency", _urgent),
    ("repeat", _repeat),
)
