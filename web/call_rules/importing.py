"""Rates, do-not-call lists and consents: read, stored and audited, whoever brings them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from monitors.calls.donotcall import Consent, read_list
from monitors.calls.rate_csv import read_rates
from monitors.store.calls_blocks import touch
from monitors.store.calls_lists import (
    Imported,
    drop_list,
    keep_consent,
    keep_list,
    keep_rates,
    withdraw_consent,
)
from provisioner.inventory.audit import note
from provisioner.inventory.calls import Calls
from provisioner.inventory.records import Site
from provisioner.numbering.number import OUTSIDE, NumberError
from provisioner.numbering.plan import Plan
from web.installation import Installation


@dataclass(frozen=True, slots=True)
class Importer:
    """Somebody who changes the lists of a site.

    Attributes:
        who: for the audit log.
        now: naive UTC.
    """

    installation: Installation
    site: Site
    who: str
    now: datetime

    @property
    def currency(self) -> str:
        """In which the site counts."""
        return (self.site.calls or Calls()).currency

    def rates(self, text: str, source: str) -> Imported:
        """Take rates as CSV in place of those of before.

        Args:
            text: the CSV.
            source: where they come from, for the audit log.

        Raises:
            RateError: they cannot be read.
        """
        count = len(read_rates(text, self.currency))
        imported = Imported("", count, self.now, self.who)
        with self.installation.monitoring.write() as session:
            keep_rates(session, self.site.id, text, self.currency, imported)
            touch(session, self.site.id)
        self._audit("rates", self.site.id, f"{count} rates from {source}")
        return imported

    def list(self, name: str, dated: date, text: str, plan: Plan) -> Imported:
        """Take a do-not-call list in place of the one of the same name.

        Raises:
            NumberError: it cannot be read.
        """
        made = read_list(name, dated, text, plan)
        imported = Imported(name, len(made.entries), self.now, self.who, dated, made.form)
        with self.installation.monitoring.write() as session:
            keep_list(session, self.site.id, made, imported)
            touch(session, self.site.id)
        detail = f"{len(made.entries)} of {dated}"
        self._audit("dnc-import", f"{self.site.id} {name}", detail)
        return imported

    def drop(self, name: str) -> bool:
        """Delete a do-not-call list; returns whether there was one."""
        with self.installation.monitoring.write() as session:
            gone = drop_list(session, self.site.id, name)
            touch(session, self.site.id)
        if gone:
            self._audit("dnc-drop", f"{self.site.id} {name}")
        return gone

    def consent(self, number: str, how: str) -> bool:
        """Write that somebody agrees to be called; returns whether that is new.

        Args:
            number: E.164.
            how: what proves it.
        """
        given = Consent(number, self.now.replace(tzinfo=UTC), how, self.who)
        with self.installation.monitoring.write() as session:
            new = keep_consent(session, self.site.id, given)
            touch(session, self.site.id)
        if new:
            self._audit("consent", f"{self.site.id} {number}", how)
        return new

    def withdraw(self, number: str) -> bool:
        """Write that somebody agrees no more; returns whether a consent stood."""
        with self.installation.monitoring.write() as session:
            ended = withdraw_consent(session, self.site.id, number, self.now)
            touch(session, self.site.id)
        if ended:
            self._audit("consent", f"{self.site.id} {number}", "withdrawn")
        return ended

    def _audit(self, action: str, target: str, detail: str = "") -> None:
        with self.installation.database.write() as session:
            note(session, self.now, self.who, f"calls-{action}", target, detail)


def customer_number(text: str, plan: Plan) -> str:
    """Return the number of somebody outside as E.164.

    Raises:
        NumberError: it is no such number.
    """
    number = plan.read(text)
    if number.kind not in OUTSIDE or number.emergency:
        raise NumberError(
            f"{text!r} is no number in {plan.country}; write it with + and its country's code"
        )
    return number.value
