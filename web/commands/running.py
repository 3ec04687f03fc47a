"""Running bellwire: serve, its single processes, and the demo."""

from __future__ import annotations

import os
import resource
import signal
import socket
import threading
from pathlib import Path

import click

from provisioner import log
from provisioner.config import Settings, default_data
from web.commands.options import data_option, settings_for
from web.stopping import stop_event, watch_parent_pipe
from web.supervision import command_line, supervise


def _listen(name: str, value: str | None) -> None:
    """Hand HOST:PORT to this process and its children by the environment."""
    if value is None:
        return
    host, separator, port = value.rpartition(":")
    if not separator or not port.isdigit():
        raise click.BadParameter(f"{value!r} is not HOST:PORT", param_hint=f"--{name}")
    os.environ[f"BELLWIRE_{name.upper()}__HOST"] = host.strip("[]") or "127.0.0.1"
    os.environ[f"BELLWIRE_{name.upper()}__PORT"] = port


_HTTP = click.option("--http", metavar="HOST:PORT", help="HTTP listener.")
_TFTP = click.option("--tftp", metavar="HOST:PORT", help="TFTP listener.")
_JSON_LOG = click.option("--log-json", is_flag=True, help="Log JSON lines.")


def _leave_no_dump() -> None:
    """Let no core dump be written: secrets would stand in it."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _settings(data: Path | None, *, log_json: bool) -> Settings:
    log.set_up(as_json=log_json)
    _leave_no_dump()
    settings = settings_for(data)
    os.environ["BELLWIRE_DATA"] = str(settings.data)
    return settings


@click.command()
@data_option
@_HTTP
@_TFTP
@click.option("--pnp", is_flag=True, help="Answer SIP plug-and-play too.")
@click.option("--no-monitor", is_flag=True, help="Leave out the monitor process.")
@_JSON_LOG
def serve(
    data: Path | None,
    http: str | None,
    tftp: str | None,
    pnp: bool,
    no_monitor: bool,
    log_json: bool,
) -> None:
    """Run everything on this machine: HTTP, TFTP, plug-and-play and the monitor."""
    _listen("http", http)
    _listen("tftp", tftp)
    if pnp:
        os.environ["BELLWIRE_PNP__ENABLED"] = "true"
    _settings(data, log_json=log_json)
    from web.installation import opened

    settings = settings_for(data)
    with opened(settings):
        pass  # made and migrated once, before three processes look at it
    names = ["web", "field", *([] if no_monitor else ["monitor"])]
    names += ["guard"] if settings.calls.enabled else []
    options = ["--log-json"] if log_json else []
    commands = {name: command_line(name, *options) for name in names}
    raise SystemExit(supervise(commands, stop_event()))


@click.command()
@data_option
@_HTTP
@_JSON_LOG
def web(data: Path | None, http: str | None, log_json: bool) -> None:
    """Run the HTTP process alone."""
    _listen("http", http)
    settings = _settings(data, log_json=log_json)
    if settings.http.tls_certificate is not None:
        _serve_pages(settings)
        return
    from web.front.process import run_front

    options = ["--log-json"] if log_json else []
    raise SystemExit(run_front(settings, command_line("pages", *options)))


@click.command(hidden=True)
@_JSON_LOG
def pages(log_json: bool) -> None:
    """Run the pages' server behind the front of ``bellwire web``, which starts it."""
    _serve_pages(_settings(None, log_json=log_json))


def _serve_pages(settings: Settings) -> None:
    from web import processes

    watch_parent_pipe(lambda: os.kill(os.getpid(), signal.SIGTERM))
    processes.run_pages(settings)


@click.command()
@data_option
@_TFTP
@_JSON_LOG
def field(data: Path | None, tftp: str | None, log_json: bool) -> None:
    """Run the TFTP and plug-and-play process alone."""
    _listen("tftp", tftp)
    from web import processes

    processes.run_field_process(_settings(data, log_json=log_json))


@click.command()
@data_option
@_JSON_LOG
def monitor(data: Path | None, log_json: bool) -> None:
    """Run the background process alone: rendering and retention."""
    from web import processes

    processes.run_monitor(_settings(data, log_json=log_json))


@click.command()
@data_option
@_JSON_LOG
def guard(data: Path | None, log_json: bool) -> None:
    """Run the process alone that PBXs ask about calls."""
    from web.guarding import run_guard

    run_guard(_settings(data, log_json=log_json))


@click.command()
@data_option
@_HTTP
@_TFTP
@click.option("--once", is_flag=True, help="End when all simulated phones are registered.")
def demo(data: Path | None, http: str | None, tftp: str | None, once: bool) -> None:
    """Run the sample hotel with simulated phones, on a data folder of its own."""
    from web import demo as hotel

    _listen("http", http or hotel.free_address(8080, socket.SOCK_STREAM))
    _listen("tftp", tftp or hotel.free_address(6969, socket.SOCK_DGRAM))
    settings = _settings(data or default_data() / "demo", log_json=False)
    addresses = hotel.DemoAddresses(
        f"{settings.http.host}:{settings.http.port}",
        f"{settings.tftp.host}:{settings.tftp.port}",
        hotel.free_address(0, socket.SOCK_STREAM),
    )
    click.echo("bellwire demo: the sample hotel, Hotel Aurora")
    hotel.prepare(settings, addresses)
    stop = stop_event()
    ended: list[int] = []
    commands = {name: command_line(name) for name in ("web", "field", "monitor")}
    servers = threading.Thread(target=lambda: ended.append(supervise(commands, stop)))
    servers.start()
    try:
        up = hotel.wait_until_up(addresses, stop)
        code = hotel.run(settings, addresses, stop, once=once) if up else 1
        if not up:
            click.echo("bellwire demo: the servers did not start; see above", err=True)
    finally:
        stop.set()
        servers.join()
    raise SystemExit(code)


COMMANDS = (serve, web, pages, field, monitor, guard, demo)
