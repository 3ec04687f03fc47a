"""A hotel being fitted with phones: bellwire's own server, a simulated PBX, and phones that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from provisioner.delivery import utc_now
from provisioner.inventory.fetches import WaitingPhone, waiting_phones
from provisioner.inventory.store import account_of
from provisioner.inventory.tables import AccountRow
from tests.e2e.stage import Stage, add_people
from tests.integration.servers import LOOPBACK, DataFolder, small_site
from web.app import create_app
from web.installation import Installation
from web.mending import Mender
from web.phone_plane import PhonePlane
from web.simulated.fetching import fetch
from web.simulated.fleet import Fleet
from web.simulated.registrar import Registrar
from web.simulated.registrar_rpc import RegistrarRpc
from web.sweeping import Sweeper

Answer = TypeVar("Answer")
SITE = "casa"
ROOMS = [str(n) for n in range(201, 213)]


class _Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Building(Stage):
    """The hotel.

    Attributes:
        secrets: of the accounts that the PBX knows, by extension.
    """

    installation: Installation = field(repr=False, kw_only=True)
    registrar: Registrar = field(repr=False, kw_only=True)
    secrets: dict[str, str] = field(default_factory=dict, repr=False, kw_only=True)

    def fleet(self, phones: Mapping[str, str]) -> Fleet:
        """Simulated phones by MAC; they ask this server and register at this PBX."""
        return Fleet(phones, fetch, lambda _name: self.registrar.address)

    def learn_accounts(self) -> None:
        """Tell the PBX the accounts there are, as an administrator does after a change."""
        with self.installation.database.read() as session:
            for row in session.scalars(select(AccountRow).where(AccountRow.site_id == SITE)):
                secret = account_of(row, self.installation.box).secret
                if secret is not None:
                    self.secrets[row.extension] = secret.get_secret_value()

    def wait(self, mac: str, model: str) -> None:
        """Let a phone that is not there really stand on the waiting list."""
        now = utc_now()
        recorder = self.installation.recorder()
        vendor = model.partition("/")[0]
        recorder.record(WaitingPhone(mac, vendor, model, "", "", "127.0.0.1", "http", now, now))
        recorder.flush()

    def waiting(self) -> set[str]:
        """MACs of the phones that wait."""
        return {phone.mac for phone in waiting_phones(self.installation.events)}

    def sweep(self, times: int = 1) -> None:
        """Let the monitor look at everything."""
        for _ in range(times):
            _aside(self._sweep)

    def mend(self) -> int:
        """Let the monitor do what people have asked for; returns how many."""
        return _aside(Mender(self.installation).fulfil)

    def verify(self) -> int:
        """Let the monitor look whether what it did has helped; returns of how much it knows."""
        return _aside(Mender(self.installation).verify)

    def _sweep(self) -> None:
        scheduler = BackgroundScheduler()
        sweeper = Sweeper(self.installation, scheduler)
        scheduler.start(paused=True)
        try:
            sweeper.look()
            sweeper.sweep(SITE)
        finally:
            sweeper.close()
            scheduler.shutdown()


def _aside(do: Callable[[], Answer]) -> Answer:
    """Do it in another thread: the browser's driver has an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(do).result()


def site_of(url: str, rpc_port: int, **parts: Any) -> dict[str, Any]:
    """A small hotel with twelve rooms that have no phones yet; ``parts``: of its head."""
    made = small_site(url, "10.20.0.0/16", LOOPBACK)
    made["name"] = "Casa del Mar"
    made["numbers"] |= {"voicemail": "*97", "housekeeping": "107"}
    made["pbx"] = {"kind": "kamailio", "rpc": {"host": "127.0.0.1", "port": rpc_port}}
    made["rooms"] += [
        {"id": room, "floor": "2", "template": "guest-room", "extension": f"2{room}"}
        for room in ROOMS
    ]
    return {**made, **parts}


@contextmanager
def building(
    folder: Path, monitor: Mapping[str, float] | None = None, **parts: Any
) -> Iterator[Building]:
    """Serve it on a free port of this machine.

    Args:
        folder: for its data.
        monitor: settings of the monitor.
        parts: of the site's head, besides what every building has.
    """
    with ExitStack() as ends:
        secrets: dict[str, str] = {}
        registrar = ends.enter_context(Registrar(secrets))
        rpc = RegistrarRpc(registrar)
        ends.callback(rpc.close)
        data = DataFolder(folder / "data")
        late: list[Any] = []
        server = make_server(
            "127.0.0.1", 0, lambda e, s: late[0](e, s), threaded=True, request_handler=_Silent
        )
        ends.callback(server.server_close)
        data.url = f"http://127.0.0.1:{server.port}"
        data.apply(site_of(data.url, rpc.port, **parts), options=("--no-render",))
        installation = ends.enter_context(data.opened(monitor=dict(monitor or {})))
        add_people(installation, utc_now())
        recorder = installation.recorder()
        recorder.start()
        ends.callback(recorder.close)
        delivery = installation.delivery(recorder)
        ends.callback(delivery.close)
        pages = create_app(installation)
        http = installation.settings.http
        late.append(PhonePlane(delivery, installation.catalogue, pages.wsgi_app, http))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        ends.callback(thread.join)
        ends.callback(server.shutdown)
        yield Building(data.url, installation=installation, registrar=registrar, secrets=secrets)
