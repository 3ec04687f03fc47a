"""A running bellwire of two hotels, one of them out of the attacker's reach, and nginx before it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import yaml
from click.testing import CliRunner

from tests.integration.hotel import free_port
from tests.integration.servers import (
    CORRIDOR,
    DEVICE_FILE,
    GIVEN_SECRET,
    DataFolder,
    Server,
    ask,
    small_site,
    wait_for,
)
from web.cli import main

ROLE = Path(__file__).parents[2] / "ansible" / "roles" / "reverse_proxy"
FOREIGN_MAC = "0c383e770001"
PASSWORD = "correct horse battery staple"
NETWORK = "127.0.0.0/16"
OUTSIDE = "127.9.0.9"
"""An address that no site's phones have."""


@dataclass
class Stage:
    """What is attacked.

    Attributes:
        tokens: provisioning tokens by MAC.
        secrets: what must never be seen by a stranger.
        proxy: port of nginx with plain HTTP; 0: there is none.
    """

    server: Server
    tokens: dict[str, str]
    secrets: frozenset[bytes]
    proxy: int = 0
    marks: list[str] = field(default_factory=list)

    def leaks(self, data: bytes) -> list[str]:
        """Which secrets stand in some bytes, by their first letters."""
        return [secret[:4].decode() + "..." for secret in self.secrets if secret in data]


@contextmanager
def staged(base: Path, *, guarded: bool = False, proxied: bool = False) -> Iterator[Stage]:
    """Two hotels, all phones seen but one; the second one's networks are far away.

    Args:
        base: a folder.
        guarded: guessers are shut out, as by default; else they may go on.
        proxied: nginx stands before it, as the Ansible role sets it up.
    """
    base.mkdir(parents=True, exist_ok=True)
    port, tftp = free_port(), free_port()
    data = DataFolder(base / "data", f"http://127.0.0.1:{port}")
    data.apply(small_site(data.url, NETWORK))
    away = small_site(data.url, "10.99.0.0/16", site_id="away")
    away |= {"name": "Hotel Away", "accounts": [{"extension": "1", "secret": "Secret-of-away-1"}]}
    away["rooms"] = [{
        "id": "1", "template": "guest-room", "extension": "1",
        "phones": {"bedside": {"model": "fanvil/h5", "mac": FOREIGN_MAC}},
    }]  # fmt: skip
    data.apply(away)
    for name, role, sites in (("maria", "admin", ()), ("ivan", "installer", ("casa",))):
        options = [part for site in sites for part in ("--site", site)]
        command = ["users", "add", name, "--role", role, "--password-stdin", *options]
        added = CliRunner().invoke(main, [*command, "--data", str(data.path)], f"{PASSWORD}\n")
        assert added.exit_code == 0, added.output
    environment = {
        "BELLWIRE_HTTP__TRUSTED_PROXIES": '["127.8.0.0/16"]',
        "BELLWIRE_PNP__ENABLED": "false",
    }
    if not guarded:
        environment["BELLWIRE_ACCESS__REFUSALS_PER_MINUTE"] = "1000000000"
    server = Server(data, port, tftp, environment=environment)
    server.start()
    try:
        macs = [*DEVICE_FILE, FOREIGN_MAC]
        tokens = {mac: data.token(mac) for mac in macs}
        for mac in DEVICE_FILE:
            if mac != CORRIDOR:  # which stays armed
                assert ask(f"{server.url}/p/{tokens[mac]}/{DEVICE_FILE[mac]}").status == 200
        data.change("update phone set armed_until = null where mac = ?", FOREIGN_MAC)
        secrets = {GIVEN_SECRET.encode(), *(token.encode() for token in tokens.values())}
        secrets |= _sip_secrets(data)
        stage = Stage(server, tokens, frozenset(secrets))
        if not proxied:
            yield stage
            return
        with nginx(base / "nginx", port) as listening:
            stage.proxy = listening
            yield stage
    finally:
        server.stop()


def _sip_secrets(data: DataFolder) -> set[bytes]:
    with data.opened() as installation, installation.database.read() as session:
        from provisioner.inventory import store

        held = store.stored(session, installation.box)
        return {a.secret.get_secret_value().encode() for a in held.accounts if a.secret}


@contextmanager
def nginx(folder: Path, upstream: int, *, tls_port: int = 0, **variables: object) -> Iterator[int]:
    """nginx by the role's own templates; yields its port for plain HTTP.

    It speaks to bellwire from 127.8.0.1, the one proxy that bellwire trusts here.
    """
    (folder / "snippets").mkdir(parents=True)
    port = free_port()
    given = {
        "reverse_proxy_names": ["prov.example"],
        "reverse_proxy_upstream": f"127.0.0.1:{upstream}",
        "reverse_proxy_plain_http": True,
        "reverse_proxy_plain_port": port,
        "reverse_proxy_tls_port": tls_port or free_port(),
        "reverse_proxy_certificate": "none", "reverse_proxy_key": "none",
        "reverse_proxy_client_authorities": "", "reverse_proxy_hsts": False,
        "reverse_proxy_metrics_from": [], "reverse_proxy_ciphers": "", "reverse_proxy_tls": "modern",
        **yaml.safe_load((ROLE / "vars" / "main.yml").read_text()), **variables,
    }  # fmt: skip
    made = {
        name: jinja2.Template((ROLE / "templates" / f"{name}.j2").read_text()).render(given)
        for name in ("bellwire.conf", "proxy.conf")
    }
    site = made["bellwire.conf"].replace("/var/log/nginx/", f"{folder}/")
    site = site.replace(
        "/etc/nginx/bellwire-phones.pem", str(given["reverse_proxy_client_authorities"])
    )
    site = re.sub(r"listen (\d+)", r"listen 127.0.0.1:\1", site)
    site = re.sub(r"\n\s*listen \[::\][^\n]*", "", site)
    if not tls_port:
        site = re.sub(r"\nserver \{\n    listen [^\n]* ssl .*?\n\}\n", "\n", site, flags=re.DOTALL)
    (folder / "snippets" / "bellwire-proxy.conf").write_text(
        made["proxy.conf"] + "\nproxy_bind 127.8.0.1;\n"
    )
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{ {places}\n{site}\n}}\n"
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for("nginx answers", lambda: _answers(port))
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _answers(port: int) -> bool:
    try:
        return ask(f"http://127.0.0.1:{port}/health").status == 200
    except OSError:
        return False
