"""Running bellwire: serve, its single processes, and the demo."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click

from provisioner import log
from provisioner.config import Settings
from web.commands.options import data_option, settings_for
from web.processes import (
    command_line,
    run_field_process,
    run_monitor,
    run_web,
    stop_event,
    supervise,
    watch_parent_pipe,
)


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


def _settings(data: Path | None, *, log_json: bool) -> Settings:
    log.set_up(as_json=log_json)
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

    with opened(settings_for(data)):
        pass  # made and migrated once, before three processes look at it
    names = ["web", "field", *([] if no_monitor else ["monitor"])]
    raise SystemExit(supervise({name: command_line(name) for name in names}, stop_event()))


@click.command()
@data_option
@_HTTP
@_JSON_LOG
def web(data: Path | None, http: str | None, log_json: bool) -> None:
    """Run the HTTP process alone."""
    _listen("http", http)
    settings = _settings(data, log_json=log_json)
    watch_parent_pipe(lambda: os.kill(os.getpid(), signal.SIGTERM))
    run_web(settings)


@click.command()
@data_option
@_TFTP
@_JSON_LOG
def field(data: Path | None, tftp: str | None, log_json: bool) -> None:
    """Run the TFTP and plug-and-play process alone."""
    _listen("tftp", tftp)
    run_field_process(_settings(data, log_json=log_json))


@click.command()
@data_option
@_JSON_LOG
def monitor(data: Path | None, log_json: bool) -> None:
    """Run the background process alone: rendering and retention."""
    run_monitor(_settings(data, log_json=log_json))


COMMANDS = (serve, web, field, monitor)
