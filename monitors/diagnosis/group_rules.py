"""The rows A: when many fail together, one cause for all of them."""

from __future__ import annotations

from monitors.diagnosis.rule import Layer, Rule, Sureness
from monitors.evidence import Evidence


def _in_group(rule_id: str, layer: Layer) -> Rule:
    """A finding is made by ``groups``; here it only becomes the phone's own diagnosis."""

    def when(evidence: Evidence) -> bool:
        return evidence.finding is not None and evidence.finding.rule == rule_id

    return Rule(rule_id, layer, when, sureness=Sureness.LIKELY)


GROUP = (
    _in_group("A3", Layer.POWER),
    _in_group("A4", Layer.POWER),
    _in_group("A6", Layer.ADDRESS),
    _in_group("A8", Layer.CONFIG),
    _in_group("A9", Layer.CONFIG),
    _in_group("A2", Layer.REGISTRATION),
    _in_group("A7", Layer.REGISTRATION),
    _in_group("A10", Layer.REACHABILITY),
)
