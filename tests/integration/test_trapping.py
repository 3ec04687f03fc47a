"""A switch tells something, and its site is looked at in this moment, not at the next turn."""

from __future__ import annotations

import socket
import subprocess

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from monitors.store.statuses import statuses
from provisioner.config import Monitor, Traps
from provisioner.errors import SettingsError
from tests.integration.hotel import free_port
from tests.integration.servers import DataFolder, small_site, wait_for
from web.installation import Installation, opened
from web.sweeping import Sweeper

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"


def judged_at(installation: Installation) -> set[object]:
    return {kept.judged_at for kept in statuses(installation.monitoring, "casa").values()}


def send(port: int, community: str) -> None:
    command = ["snmptrap", "-v2c", "-c", community, f"127.0.0.1:{port}", "", LINK_DOWN]
    subprocess.run(command, check=True, capture_output=True)


def test_a_trap_makes_its_site_be_looked_at(folder: DataFolder) -> None:
    agent = free_port(socket.SOCK_DGRAM)  # nobody answers there: the trap alone is of interest
    site = small_site(folder.url)
    site["switches"] = [{"host": f"127.0.0.1:{agent}", "snmp": {"community": "reader"}}]
    folder.apply(site)
    traps = Traps(enabled=True, port=free_port(socket.SOCK_DGRAM))
    changed = {"traps": traps, "monitor": Monitor(sweep_s=600, options_t1_s=0.05)}
    with (
        folder.opened() as plain,
        opened(plain.settings.model_copy(update=changed)) as installation,
    ):
        scheduler = BackgroundScheduler(timezone="UTC")
        sweeper = Sweeper(installation, scheduler)
        sweeper.start()
        scheduler.start()
        try:
            wait_for("it is judged again", lambda: bool(judged_at(installation)))
            first = judged_at(installation)
            send(traps.port, "somebody else's")
            send(traps.port, "reader")
            wait_for("it is judged again", lambda: judged_at(installation) != first)
            with pytest.raises(SettingsError, match=f"{traps.port} for traps"):
                Sweeper(installation, scheduler)
        finally:
            scheduler.shutdown(wait=False)
            sweeper.close()
