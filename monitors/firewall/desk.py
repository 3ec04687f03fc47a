"""Watches whom a site's PBX refuses, and has guessers shut out; one for a site.

``take`` is called in the thread that listens to the PBX, ``tick`` in that of the sweep.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from monitors.firewall.gate import Gate, GateError
from monitors.firewall.incidents import close_incidents, open_incident
from monitors.firewall.judging import (
    Protected,
    Try,
    Verdict,
    counted_try,
    judge,
    plain_address,
    protected,
)
from monitors.firewall.trybook import TryBook
from monitors.probes.registrations import LiveEvent, SecurityEvent
from monitors.store.shut_out import (
    ShutOut,
    keep_shut_out,
    note_problem,
    past_of,
    release,
    shut_outs,
)
from provisioner.db import Database
from provisioner.inventory.pbx_hardening import ShutOutRule
from provisioner.inventory.records import Site

log = logging.getLogger(__name__)

NO_GATE = "no firewall is set up"
_OFF = ShutOutRule(enabled=False)


class FirewallDesk:
    """One site's adaptive firewall.

    Args:
        site: with its networks and its PBX.
        database: the monitor's.
        gate: the privileged part; None: it is only said whom one would shut out.
        now: the clock, naive UTC.
    """

    def __init__(
        self,
        site: Site,
        database: Database,
        gate: Gate | None,
        now: Callable[[], datetime],
    ) -> None:
        self._site = site.id
        self._rule = _OFF
        self._protected: Protected | None = None
        self._database = database
        self._gate = gate
        self._now = now
        self._book = TryBook(self._rule)
        self._is_restored = False
        self._lock = threading.Lock()
        self.know(site)

    def know(self, site: Site, others: Iterable[str] = ()) -> None:
        """Work with the site as it is now.

        Args:
            site: with its networks and its PBX.
            others: networks of other sites, whose phones may be at the same PBX.
        """
        rule = site.pbx.hardening.shut_out if site.pbx else _OFF
        with self._lock:
            if rule != self._rule:
                self._rule, self._book = rule, TryBook(rule)
            self._protected = protected(site, others)

    @property
    def is_on(self) -> bool:
        """Whether anybody is ever shut out: not where phones cannot be told from strangers."""
        return self._rule.enabled and self._protected is not None

    def take(self, event: LiveEvent) -> None:
        """Look at an event of the PBX; whoever was refused too often is shut out."""
        if not isinstance(event, SecurityEvent) or not self.is_on:
            return
        one, address = counted_try(event), plain_address(event.address)
        if one is None or not address:
            return
        now = self._now()
        with self._lock:
            verdict = self._verdict(address, one, now)
        if verdict is not None and keep_shut_out(self._database, self._site, address, verdict, now):
            made = ShutOut(
                self._site, address, verdict.account, verdict.tries, verdict.times, now,
                verdict.until,
            )  # fmt: skip
            log.warning(
                "%s: %s is shut out until %s UTC after %d refusals", self._site, address,
                verdict.until.isoformat(" ", "seconds"), verdict.tries,
            )  # fmt: skip
            self._enforce(made, now)

    def tick(self) -> None:
        """Try again what the firewall did not do, and close incidents of attacks that are over.

        The first time everything that stands is given to the firewall again: it may have been
        started anew, and forgets.
        """
        now = self._now()
        self._release_known(now)
        standing = shut_outs(self._database, self._site, at=now)
        if self.is_on:
            for one in standing:
                if one.problem or not self._is_restored:
                    self._enforce(one, now)
            self._is_restored = True
        close_incidents(self._database, self._site, {one.account for one in standing}, now)

    def _release_known(self, now: datetime) -> None:
        """Let in whoever has become known: a network was added to the site file."""
        known = self._protected
        if known is None:
            return
        for one in shut_outs(self._database, self._site, at=now):
            if one.address in known:
                release(self._database, one.address, "bellwire", now)
                self._open(one.address)

    def _open(self, address: str) -> None:
        if self._gate is not None:
            try:
                self._gate.release(address)
            except GateError as refused:
                log.warning("%s: %s could not be let in: %s", self._site, address, refused)

    def _verdict(self, address: str, one: Try, now: datetime) -> Verdict | None:
        if self._protected is None or address in self._protected:
            return None
        tries = self._book.add(address, one)
        if len(tries) < min(self._rule.tries, self._rule.slow_tries):
            return None
        past = past_of(self._database, self._site, address)
        verdict = judge(tries, past, self._rule, now)
        if verdict is not None or (past is not None and past.until > now):
            self._book.forget(address)  # so that not each of its next tries asks the database
        return verdict

    def _enforce(self, one: ShutOut, now: datetime) -> None:
        problem = NO_GATE
        if self._gate is not None:
            seconds = max(1, round((one.until - now).total_seconds()))
            try:
                self._gate.shut_out(one.address, seconds)
                problem = ""
            except GateError as refused:
                problem = str(refused)
        if problem and problem not in {one.problem, NO_GATE}:
            log.warning("%s: %s could not be shut out: %s", self._site, one.address, problem)
        if problem != one.problem:
            note_problem(self._database, self._site, one.address, problem)
        open_incident(self._database, replace(one, problem=problem), now)
