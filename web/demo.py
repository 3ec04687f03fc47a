"""``bellwire demo``: the sample hotel with simulated phones on this machine.

bellwire itself is real here: its servers, database and files. The phones and the PBX are
simulated, and say so.
"""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from urllib.request import urlopen

import click

from provisioner.catalogue.loader import shipped_folder
from provisioner.config import Settings
from provisioner.delivery import utc_now
from provisioner.errors import SettingsError
from provisioner.inventory import store
from provisioner.inventory.records import Inventory, Pbx
from web.accounts.welcome import make_setup_code
from web.installation import MARK, Installation, opened
from web.simulated.fetching import fetch
from web.simulated.fleet import Fleet, FleetPhone
from web.simulated.registrar import Registrar
from web.simulated.registrar_rpc import RegistrarRpc

SAMPLE = "samples/hotel-aurora.yaml"
LOOPBACK = ip_network("127.0.0.0/8")
WAITING = {"0c383e0fffe1": "fanvil/h5", "805ec00fffe2": "yealink/t31p"}
SIMULATED = click.style("[simulated]", fg="yellow")


@dataclass(frozen=True, slots=True)
class DemoAddresses:
    """Where the demo listens."""

    http: str
    tftp: str
    rpc: str

    @property
    def url(self) -> str:
        """How phones reach it."""
        return f"http://{self.http}"


def free_address(port: int, kind: socket.SocketKind) -> str:
    """Return ``127.0.0.1:port``, with another port when somebody has that one."""
    for wanted in (port, 0):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return f"127.0.0.1:{probe.getsockname()[1]}"
    raise SettingsError("there is no free port on 127.0.0.1")


def prepare(settings: Settings, addresses: DemoAddresses) -> None:
    """Make a fresh data folder with the sample hotel in it.

    Raises:
        SettingsError: the folder holds something that no demo has made.
    """
    _clear(settings.data)
    with opened(settings) as installation:
        installation.simulated_mark.touch()
        wanted, _ = installation.applier.read([shipped_folder() / SAMPLE])
        installation.applier.apply(_on_this_machine(wanted, addresses), who="demo")
        press = installation.press
        with click.progressbar(length=press.marked(), label="rendering its files") as bar:
            done = press.render_marked()
            while done:
                bar.update(done)
                done = press.render_marked()


def _clear(data: Path) -> None:
    """Remove an earlier demo; anything else is somebody's data."""
    if data.is_dir() and any(data.iterdir()) and not (data / MARK).exists():
        raise SettingsError(f"{data} holds data that is not a demo's; give the demo another folder")
    shutil.rmtree(data, ignore_errors=True)


def _on_this_machine(wanted: Inventory, addresses: DemoAddresses) -> Inventory:
    """The sample hotel with bellwire and its phones on the loopback interface."""
    sites = tuple(
        replace(
            site,
            name=f"{site.name} (demo)",
            url=addresses.url,
            networks=(*site.networks, LOOPBACK),
            pbx=_pbx(addresses),
            switches=(),
        )
        for site in wanted.sites
    )
    return replace(wanted, sites=sites)


def _pbx(addresses: DemoAddresses) -> Pbx:
    """The simulated PBX, which is asked like a Kamailio."""
    host, _, port = addresses.rpc.rpartition(":")
    return Pbx("kamailio", host, int(port))


def wait_until_up(addresses: DemoAddresses, stop: threading.Event, timeout_s: float = 60) -> bool:
    """Wait until HTTP answers; returns whether it does."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until and not stop.is_set():
        try:
            with urlopen(f"{addresses.url}/health", timeout=2) as answer:  # noqa: S310 - loopback
                if answer.status == 200:  # noqa: PLR2004
                    return True
        except OSError:
            stop.wait(0.2)
    return False


def run(settings: Settings, addresses: DemoAddresses, stop: threading.Event, *, once: bool) -> int:
    """Boot and register the simulated phones of the running demo; returns an exit code."""
    with opened(settings) as installation:
        phones, secrets = _phones(installation)
        registrar = Registrar(secrets)
        registrar.start()
        rpc = RegistrarRpc(registrar, int(addresses.rpc.rpartition(":")[2]))
        fleet = Fleet(phones, fetch, lambda _name: registrar.address)
        strangers = Fleet(WAITING, fetch, lambda _name: registrar.address)
        try:
            _boot(fleet, addresses)
            strangers.boot(f"{addresses.url}/")
            failed = _register(fleet)
            _say_where(installation, addresses)
            if not once:
                stop.wait()
            return 1 if failed else 0
        finally:
            fleet.close()
            strangers.close()
            rpc.close()
            registrar.close()


def _phones(installation: Installation) -> tuple[dict[str, str], dict[str, str]]:
    with installation.database.read() as session:
        held = store.stored(session, installation.box)
    secrets = {a.extension: a.secret.get_secret_value() for a in held.accounts if a.secret}
    return {str(p.mac): p.model for p in held.phones}, secrets


def _boot(fleet: Fleet, addresses: DemoAddresses) -> None:
    lock = threading.Lock()
    label = f"{SIMULATED} {len(fleet.phones)} phones boot from DHCP option 66"
    with click.progressbar(length=len(fleet.phones), label=label) as bar:

        def count(_phone: FleetPhone) -> None:
            with lock:
                bar.update(1)

        fleet.boot(f"{addresses.url}/", then=count)


def _register(fleet: Fleet) -> list[str]:
    codes = fleet.register()
    failed = [mac for mac, got in codes.items() if not got or any(c != 200 for c in got)]  # noqa: PLR2004
    registered = sum(code == 200 for got in codes.values() for code in got)  # noqa: PLR2004
    click.echo(f"{SIMULATED} {registered} accounts registered at a simulated PBX")
    for mac in failed:
        told = codes[mac] or "read no account from its files"
        click.echo(f"{SIMULATED} {mac} {fleet.phones[mac].device.model_id}: {told}", err=True)
    return failed


def _say_where(installation: Installation, addresses: DemoAddresses) -> None:
    with installation.database.write() as session:
        held = store.stored(session, installation.box)
        phone = next(p for p in held.phones if p.model == "yealink/t46u")
        url = installation.press.kit(session, phone.mac).urls.file(f"{phone.mac}.cfg").text
        code = make_setup_code(session, utc_now())
    pages = f"{addresses.url}/ui/welcome/{code}" if code else f"{addresses.url}/ui/"
    data = _shown(installation.settings.data)
    program = _shown(Path(sys.argv[0]).absolute())
    click.echo(
        f"""
The demo hotel runs: bellwire is real, phones and PBX are simulated.

  pages {pages}
  HTTP {addresses.url}    TFTP {addresses.tftp}    data {data}

  {program} status --data {data}
  {program} diagnose reception --data {data}
  {program} explain {phone.mac} --data {data}
  {program} fetches {phone.mac} --data {data}
  {program} adopt 0c383e0fffe1 --site hotel-aurora --room 201 --position desk --data {data}

The reception phone's file, as the phone fetches it:

  curl {url}

Ctrl-C ends it."""
    )


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
