"""The process that PBXs ask about calls.

It is one of its own: a thousand phones that fetch their files at once must not keep a call waiting.
"""

from __future__ import annotations

from monitors.guarding.service import GuardService
from provisioner.config import Settings
from web.installation import opened
from web.stopping import stop_event


def run_guard(settings: Settings) -> None:
    """Answer PBXs about calls in this process until it is told to stop."""
    stop = stop_event()
    with opened(settings) as here:
        GuardService(here.database, here.monitoring, here.box, settings.calls).run(stop)
