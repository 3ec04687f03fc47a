"""The one table of what is fuzzed: by hypothesis, and guided by coverage."""

from __future__ import annotations

from tests.fuzz import file_targets, network_targets, watching_targets

TARGETS = {
    target.name: target
    for target in (*network_targets.TARGETS, *watching_targets.TARGETS, *file_targets.TARGETS)
}
