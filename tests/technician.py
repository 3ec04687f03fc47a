"""The sample hotel as a technician finds it: some phones in trouble, and what led there."""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import yaml
from click.testing import CliRunner
from sqlalchemy import select

from monitors import signals
from monitors.evidence import Evidence, Group, GroupFinding
from monitors.history import Sample
from monitors.places import Place, Remembered
from monitors.status import State
from monitors.store import actions
from monitors.store.incidents import acknowledge
from monitors.store.memory import keep_places
from monitors.store.samples import keep_samples, roll_up_samples
from provisioner.inventory.fetches import FetchEvent, Recorder
from provisioner.inventory.phone_reports import PhoneReport
from provisioner.inventory.tables import PhoneRow
from provisioner.mac import MacAddress
from tests.integration.judged_site import SHORT, WELL, evidence, judge, with_finding
from tests.integration.servers import sample_hotel
from tests.people import NOON, Office, office, office_on
from web.cli import main
from web.installation import Installation

SHORTED, HUNG, WRONG_VLAN = "0c383e010101", "0c383e010102", "0c383e010103"
RECOVERED, WAITED = "0c383e010104", "0c383e020210"
ON_SWITCH = tuple(f"805ec00303{n:02x}" for n in range(1, 9))
SWITCH = "sw-floor-3"
UNJUDGED = "0c383e020201"
_HOUR = timedelta(hours=1)


SITE = "hotel-aurora"


@cache
def _furnished() -> Path:
    """A data folder with that hotel, made once: copying it is quicker."""
    kept = tempfile.TemporaryDirectory(prefix="bellwire-aurora-")
    atexit.register(kept.cleanup)
    folder = Path(kept.name)
    with office(folder, "casa") as made:
        made.people()
        values = {"sites": [sample_hotel("http://127.0.0.1")]}
        (folder / "hotel.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
        command = ["apply", str(folder / "hotel.yaml"), "--no-render", "--data"]
        result = CliRunner().invoke(main, [*command, str(folder / "data")])
        assert result.exit_code == 0, result.output
        tell(made.installation, SITE, NOON)
    return folder / "data"


@contextmanager
def aurora(folder: Path) -> Iterator[Office]:
    """Pages with the sample hotel in that state, users of every role, and a site without rooms."""
    with office_on(Path(shutil.copytree(_furnished(), folder / "data"))) as made:
        yield made


def tell(installation: Installation, site: str, now: datetime) -> None:
    """Store what the monitor and the phones would have, of a site made of the sample hotel."""
    with installation.database.read() as session:
        macs = list(session.scalars(select(PhoneRow.mac).where(PhoneRow.site_id == site)))
    well = {mac: (State.WORKING, evidence(WELL)) for mac in macs if mac != UNJUDGED}
    bad = {**WELL, "registration": "none", "options": "silent"}
    judge(installation, site, {**well, RECOVERED: (State.DOWN, evidence(bad))}, now - 5 * _HOUR)
    judge(installation, site, well, now - 4 * _HOUR)
    judge(installation, site, {**well, **_troubles()}, now - timedelta(seconds=20), now - _HOUR / 3)
    acknowledge(installation.monitoring, 2, "web:ivan", now - _HOUR / 6, "cable ordered")
    _events(installation, site, now)
    _figures(installation, now)
    plan = actions.Plan(site, HUNG, "reboot", "web:ivan", incident_id=3)
    actions.refused(installation.monitoring, plan, "there is a call on extension 2102", now - _HOUR)
    place = Remembered(
        home=Place(SWITCH, 14, "Gi0/14"), home_sure=signals.Mapping.PROVEN,
        last=Place(SWITCH, 14, "Gi0/14"), last_at_s=(now - _HOUR).replace(tzinfo=UTC).timestamp(),
        mapping=signals.Mapping.PROVEN,
    )  # fmt: skip
    keep_places(
        installation.monitoring, {MacAddress(m): place for m in (SHORTED, HUNG, *ON_SWITCH)}, now
    )


def _troubles() -> Mapping[str, tuple[State, Evidence]]:
    hung = {**WELL, "options": "silent"}
    bad = {**WELL, "registration": "none", "options": "silent"}
    vlan = {**WELL, "vlan": ("wrong", "VLAN 1")}
    off = {"switch": "down", "mapping": ("proven", "Gi0/14"), "registration": "none",
           "options": "silent"}  # fmt: skip
    finding = GroupFinding("A3", Group.SWITCH, SWITCH, frozenset(ON_SWITCH), 1.0)
    group = {
        mac: (State.DOWN, with_finding(evidence(off, 20.0), finding)) for mac in ON_SWITCH
    }  # fmt: skip
    return {
        SHORTED: (State.DOWN, evidence(SHORT)),
        HUNG: (State.DOWN, evidence(hung)),
        WRONG_VLAN: (State.WARNING, evidence(vlan)),
        WAITED: (State.RECOVERING, evidence(bad)),
        **group,
    }


def _events(installation: Installation, site: str, now: datetime) -> None:
    recorder = Recorder(installation.events)
    for mac in (SHORTED, HUNG, WRONG_VLAN):
        for day in range(12):
            at = now - timedelta(days=day, hours=2)
            for n, name in enumerate(("f0H5hw1.0.cfg", f"{mac}.cfg")):
                recorder.record(
                    FetchEvent(
                        at + timedelta(seconds=n),
                        mac,
                        site,
                        "http",
                        f"/…/{name}",
                        "10.20.0.9",
                        "Fanvil H5 2.12.1",
                        "fanvil/h5",
                        "2.12.1",
                        "sent",
                        "",
                    )
                )
        recorder.record(
            FetchEvent(
                now - _HOUR,
                mac,
                site,
                "http",
                "/first",
                "10.20.0.9",
                "",
                "",
                "",
                "not-found",
                "not-armed",
            )
        )
        for event, hours in (("boot", 3.0), ("registered", 2.9)):
            at = now - timedelta(hours=hours)
            recorder.record(
                PhoneReport(at, mac, site, event, "10.20.0.9", "10.20.1.101", "2101", "fanvil/h5")
            )
    recorder.flush()


def _figures(installation: Installation, now: datetime) -> None:
    end = int(now.replace(tzinfo=UTC).timestamp())
    found = []
    for mac in (SHORTED, HUNG):
        for n in range(3 * 144):
            at = end - n * 600 - 3600
            if 40 < n < 52:  # nothing was measured for two hours
                continue
            wave = math.sin(n / 9) + math.sin(n / 31)
            found.append(
                Sample(
                    mac,
                    at,
                    rtt_us=int(4000 + 900 * wave + (24_000 if n == 90 else 0)),
                    power_mw=int(3600 + 200 * wave),
                    registered=True,
                    mos_hundredths=430 if n % 40 == 0 else None,
                )
            )
    keep_samples(installation.monitoring, found)
    roll_up_samples(installation.monitoring, end)
