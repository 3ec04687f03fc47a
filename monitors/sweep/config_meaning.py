"""From what a phone asked for to the signal: has it the files it should have? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from monitors.signals import Config, Signal, Trouble
from monitors.sweep.fetch_ledger import HOUR, LARGE_BYTES, Fetches
from monitors.sweep.subjects import Subject
from provisioner.inventory.fetches import FetchEvent

SOURCE = "fetch log"
REBOOTS_AN_HOUR = 3
LOADS_AN_HOUR = 4
"""A phone may be told to fetch again now and then; so often it starts again and again."""
LOOP_AN_HOUR = 3
RESETS_AN_HOUR = 2


def config_signal(fetches: Fetches | None, subject: Subject, now: datetime) -> Signal[Config]:
    """Return what the fetch log says of a phone's files.

    The first that applies of these: they could not be made; it resets itself; it loads firmware
    again and again; it is sent away; a transfer broke off; it is another model; it has them, or
    older ones, or only common ones.
    """
    if subject.problem:
        return Signal(Config.NOT_RENDERED, 0.0, "files", subject.problem)
    if fetches is None or fetches.last is None:
        return Signal(Config.NEVER, source=SOURCE)
    own = _own(fetches, subject)
    found = (
        _in_a_loop(fetches, subject, now)
        or _kept_from(fetches, own)
        or _of_another_model(fetches, subject)
    )
    value, event, measured = found or _what_it_has(fetches, own, subject)
    return Signal(value, _age_s(event, now), SOURCE, measured)


_Found = tuple[Config, FetchEvent, str]


def _own(fetches: Fetches, subject: Subject) -> FetchEvent | None:
    """The last of its own settings that it got."""
    mine = [event for name, event in fetches.got.items() if name in subject.device_files]
    return max(mine, key=lambda e: e.at, default=None)


def _in_a_loop(fetches: Fetches, subject: Subject, now: datetime) -> _Found | None:
    last = fetches.last
    if last is None:
        return None
    resets = sum(at >= now - HOUR for at in fetches.first_contacts)
    if resets >= RESETS_AN_HOUR and subject.token_seen_at is not None:
        return Config.RESETS_ITSELF, last, f"{resets} first contacts in an hour"
    for name, event in fetches.got.items():
        if name in subject.files or event.size_bytes < LARGE_BYTES:
            continue
        times = fetches.loads_of([name], now - HOUR)
        if times >= LOOP_AN_HOUR:
            return Config.FIRMWARE_LOOP, event, f"{name} {times} times in an hour"
    return None


def _kept_from(fetches: Fetches, own: FetchEvent | None) -> _Found | None:
    """Something went wrong after it last got its own settings."""
    refused, broken = fetches.refused, fetches.broken
    # somebody elsewhere who guesses at its name is no fault of the phone
    if refused is not None and (own is None or (own.at < refused.at and _same(own, refused))):
        return Config.REFUSED, refused, f"{refused.reason} from {refused.address}"
    if broken is not None and (own is None or own.at < broken.at):
        return Config.BROKEN_OFF, broken, broken.path.rsplit("/", 1)[-1]
    missing = fetches.missing
    if own is None and missing is not None and not fetches.got and not fetches.first_contacts:
        return Config.NOT_ASSIGNED, missing, f"asked for {missing.path.rsplit('/', 1)[-1]}"
    return None


def _same(one: FetchEvent, other: FetchEvent) -> bool:
    return one.address == other.address


def model_told(fetches: Fetches | None, subject: Subject) -> str:
    """Return the id of the model that a phone says it is when it fetches; empty: the entered one.

    Its files are fetched by its own name, so it is this phone, whatever was entered.
    """
    found = _of_another_model(fetches, subject) if fetches is not None else None
    return found[1].model if found else ""


def _of_another_model(fetches: Fetches, subject: Subject) -> _Found | None:
    said = fetches.model
    if said is None or said.model == subject.model_id or subject.model is None:
        return None
    named = said.model.lower() in {agent.lower() for agent in subject.model.agents}
    return None if named else (Config.WRONG_MODEL, said, f"{said.model}: {said.agent}")


def _what_it_has(fetches: Fetches, own: FetchEvent | None, subject: Subject) -> _Found:
    last = own or fetches.last
    if last is None:
        raise ValueError("nothing was fetched")  # the caller has looked
    if own is None:
        return Config.PARTIAL, last, f"only {last.path.rsplit('/', 1)[-1]} so far"
    if not subject.files:
        return Config.UNKNOWN, own, ""
    old = [e for n, e in fetches.got.items() if n in subject.files and not _is_new(e, n, subject)]
    if old:
        first = min(old, key=lambda e: e.at)
        name = first.path.rsplit("/", 1)[-1]
        return Config.STALE, first, f"{name} of {first.at:%Y-%m-%d %H:%M:%S} UTC"
    return Config.CURRENT, own, own.path.rsplit("/", 1)[-1]


def _is_new(event: FetchEvent, name: str, subject: Subject) -> bool:
    # an answer without a body may come without a digest: nothing had changed
    return not event.digest or event.digest == subject.files[name]


def reboots(fetches: Fetches | None, setups: int, subject: Subject, now: datetime) -> int:
    """Return how often a phone started in the last hour, as far as it shows; 0 for seldom.

    Args:
        fetches: what it asked for.
        setups: how often it reported that it has started.
        subject: whose files they are.
        now: naive UTC.
    """
    loads = 0 if fetches is None else fetches.loads_of(subject.device_files, now - HOUR)
    by_loads = loads if loads >= LOADS_AN_HOUR else 0
    return max(setups if setups >= REBOOTS_AN_HOUR else 0, by_loads)


def started_at(fetches: Fetches | None, subject: Subject) -> Iterator[datetime]:
    """Yield when it last got files of its own."""
    if fetches is not None:
        yield from (e.at for n, e in fetches.got.items() if n in subject.files)


def troubles_of(count: int) -> frozenset[Trouble]:
    """Return the trouble of starting again and again."""
    return frozenset({Trouble.REBOOTS}) if count else frozenset()


def _age_s(event: FetchEvent, now: datetime) -> float:
    return max(0.0, (now - event.at).total_seconds())
