"""Switches, PBX and monitoring of a site as a site file writes them, secrets in the clear. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from pydantic import SecretStr

from provisioner.inventory.monitoring import Monitoring, Remedies
from provisioner.inventory.pbx_hardening import written_hardening
from provisioner.inventory.records import Pbx, Switch

Json = dict[str, Any]
_USUAL = Switch(host="")


def switch_part(switch: Switch) -> Json:
    """Return what a site file says of a switch."""
    made: Json = {"host": switch.host, "name": switch.name, "platform": switch.platform}
    made["snmp"] = _said(
        version=switch.snmp_version if switch.snmp_version != _USUAL.snmp_version else None,
        community=switch.community,
        user=switch.snmp_user,
        auth=switch.snmp_auth,
        priv=switch.snmp_priv,
        auth_protocol=_unusual(switch, "snmp_auth_protocol"),
        priv_protocol=_unusual(switch, "snmp_priv_protocol"),
    )
    if switch.write_community or switch.write_user:
        made["snmp"]["write"] = _said(
            community=switch.write_community,
            user=switch.write_user,
            auth=switch.write_auth,
            priv=switch.write_priv,
            auth_protocol=_unusual(switch, "write_auth_protocol"),
            priv_protocol=_unusual(switch, "write_priv_protocol"),
        )
    if switch.ssh_username or switch.ssh_password:
        made["ssh"] = {"username": switch.ssh_username} | _said(
            password=switch.ssh_password,
            enable_secret=switch.ssh_enable_secret,
            port=_unusual(switch, "ssh_port"),
            driver=switch.ssh_driver,
        )
    return {name: value for name, value in made.items() if value}


def pbx_part(pbx: Pbx | None) -> Json | None:
    """Return what a site file says of the PBX; None: there is none."""
    if pbx is None:
        return None
    made: Json = {"kind": pbx.kind}
    here: Json = {"host": pbx.host, "port": pbx.port}
    if pbx.host and pbx.kind == "asterisk":
        made["ami"] = here | {"username": pbx.username} | _said(secret=pbx.secret)
    elif pbx.host and pbx.kind == "kamailio":
        made["rpc"] = here | {"path": pbx.path, "tls": pbx.tls}
    elif pbx.host:
        made["event_socket"] = here | _said(password=pbx.secret)
    hardening = written_hardening(pbx.hardening)
    return made | ({"hardening": hardening} if hardening else {})


def monitoring_part(monitoring: Monitoring) -> Json:
    """Return what a site file says of watching a site; nothing where all is as usual."""
    usual = Monitoring()
    made: Json = {
        name: getattr(monitoring, name)
        for name in ("misses", "successes", "reopen_s")
        if getattr(monitoring, name) != getattr(usual, name)
    }
    if _quiet(monitoring) != _quiet(usual):
        made["quiet_hours"] = _quiet(monitoring)
    if monitoring.reminders_h != usual.reminders_h:
        made["reminders_h"] = list(monitoring.reminders_h)
    if monitoring.digest_at != usual.digest_at:
        made["digest_at"] = _clock(monitoring.digest_at)
    if monitoring.language:
        made["language"] = monitoring.language
    if monitoring.email_to:
        made["email"] = {"to": list(monitoring.email_to)}
    if monitoring.webhook_url is not None:
        made["webhook"] = _said(url=monitoring.webhook_url, secret=monitoring.webhook_secret)
    if monitoring.maintenance:
        made["maintenance"] = [
            {"start": f"{m.start:%Y-%m-%d %H:%M}", "end": f"{m.end:%Y-%m-%d %H:%M}"}
            | _said(rooms=list(m.rooms), switches=list(m.switches), reason=m.reason)
            for m in monitoring.maintenance
        ]
    remedies = _remedies(monitoring.remedies)
    return made | ({"remedies": remedies} if remedies else {})


def _quiet(monitoring: Monitoring) -> Json | None:
    if monitoring.quiet_start == monitoring.quiet_end and not (
        monitoring.urgent_presets or monitoring.urgent_positions
    ):
        return None
    return {"start": _clock(monitoring.quiet_start), "end": _clock(monitoring.quiet_end)} | _said(
        except_presets=list(monitoring.urgent_presets),
        except_positions=list(monitoring.urgent_positions),
    )


def _remedies(remedies: Remedies) -> Json:
    usual = Remedies()
    made = {}
    for name in Remedies.__dataclass_fields__:
        value = getattr(remedies, name)
        if value != getattr(usual, name):
            made[name] = list(value) if isinstance(value, tuple) else value
    return made


def _clock(at: time | None) -> str | None:
    return f"{at:%H:%M}" if at is not None else None


def _unusual(switch: Switch, name: str) -> object:
    value = getattr(switch, name)
    return value if value != getattr(_USUAL, name) else None


def _said(**values: object) -> Json:
    made: Mapping[str, object] = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in values.items()
    }
    return {name: value for name, value in made.items() if value not in ("", None, [])}
