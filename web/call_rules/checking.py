"""What of a site decides about a number, from its databases; and what was decided, as JSON."""

from __future__ import annotations

from typing import Any

from monitors.calls.decision import Decision
from monitors.calls.explain import CheckedSite, NumberCheck
from monitors.calls.rates import RateTable
from monitors.calls.wording import sentence
from provisioner.inventory.calls import Calls
from provisioner.inventory.calls_plan import site_plan
from provisioner.inventory.records import Site

Json = dict[str, Any]


def checked_site(
    site: Site, extensions: tuple[str, ...], rates: RateTable | None = None
) -> CheckedSite:
    """Return what of a site decides about calls; one without rules has those of the product.

    Args:
        site: the record.
        extensions: of all its accounts.
        rates: what calls cost; None: nobody asks about that.
    """
    calls = site.calls or Calls()
    return CheckedSite(site.id, site_plan(site, extensions, calls), site.timezone, calls, rates)


def described(checked: NumberCheck, language: str = "en") -> Json:
    """Return the JSON form of what was found."""
    found = checked.dialled
    return {
        "kind": found.kind.value,
        "value": found.value,
        "country": found.country,
        "nature": found.nature,
        "valid": found.valid,
        "spellings": list(checked.spellings),
        "from": _decision(checked.incoming, language),
        "to": _decision(checked.outgoing, language),
    }


def _decision(decided: Decision, language: str) -> Json:
    return {
        "verdict": decided.verdict.value,
        "rule": decided.because.rule,
        "sentence": sentence(decided.because, language),
        "actions": [{"do": each.do, "to": each.to} for each in decided.actions],
        "most_s": decided.most_s,
        "warnings": [sentence(each, language) for each in decided.warnings],
    }
