# MIT License (see LICENSE in the root of the project)
"""Sites, switches and phones of bellwire as an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: bellwire
short_description: Sites, switches and phones of bellwire
version_added: 0.1.0
description:
  - Asks bellwire's API for its sites, their switches with ports and neighbours, and their phones.
  - A site becomes a group V(site_ID); switches and phones are hosts in it, and in the groups
    V(switches) and V(phones).
  - Its file ends in V(bellwire.yml) or V(bellwire.yaml).
  - Secrets are never asked for, so none is in the inventory.
author:
  - The bellwire authors (@bellwire)
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices:
      - bellwire.hotel.bellwire
  url:
    description:
      - Where bellwire is, such as V(https://prov.aurora.example), without the path of the API.
      - May be a template.
    type: str
    required: true
    env:
      - name: BELLWIRE_URL
  token:
    description:
      - A token of bellwire's API with the scope C(read); its user sees the sites that are listed.
      - May be a template, or encrypted by a vault.
    type: str
    required: true
    env:
      - name: BELLWIRE_TOKEN
  validate_certs:
    description: Whether the server's certificate is verified.
    type: bool
    default: true
  ca_path:
    description: A file of authorities that the server's certificate is verified against.
    type: path
  timeout:
    description: Seconds to wait for an answer.
    type: int
    default: 30
  sites:
    description: Only these sites, by id; empty means all that the token's user sees.
    type: list
    elements: str
    default: []
  hosts:
    description:
      - What becomes a host. A host for a site is called by its id.
    type: list
    elements: str
    choices:
      - sites
      - switches
      - phones
    default:
      - switches
      - phones
  phone_names:
    description:
      - What phones are called; V(mac) is twelve digits, V(place) is position, room and site.
    type: str
    choices:
      - mac
      - place
    default: mac
"""

EXAMPLES = r"""
# chain.bellwire.yml
plugin: bellwire.hotel.bellwire
url: https://prov.aurora.example
token: "{{ lookup('ansible.builtin.env', 'BELLWIRE_TOKEN') }}"
sites:
  - hotel-aurora
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/bellwire-inventory
cache_timeout: 3600
keyed_groups:
  - key: bellwire_floor
    prefix: floor
  - key: bellwire_model
    prefix: model
groups:
  not_well: bellwire_state | default('') == 'down'
compose:
  ansible_user: "'netadmin'"
"""

from collections.abc import Iterator  # noqa: E402
from typing import Any  # noqa: E402
from urllib.parse import quote  # noqa: E402

from ansible.errors import AnsibleParserError  # noqa: E402
from ansible_collections.bellwire.hotel.plugins.module_utils.api import (  # noqa: E402
    NOT_FOUND,
    Api,
    ApiError,
)

from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable  # noqa: E402

PAGE = 500
NETWORK_OS = {
    "aruba_aoscx": "arubanetworks.aoscx.aoscx",
    "cisco_ios": "cisco.ios.ios",
    "juniper_junos": "junipernetworks.junos.junos",
    "mikrotik_routeros": "community.routeros.routeros",
}
Json = dict[str, Any]


def read(api: Api, wanted: list[str]) -> list[Json]:
    """Return sites with their switches and phones, as the API has them.

    Raises:
        ApiError: refused, no answer, or a site that is wanted is not there.
    """
    names = [site["id"] for site in api.pages("/sites", limit=PAGE)]
    missing = sorted(set(wanted) - set(names))
    if missing:
        raise ApiError(f"bellwire shows no site {', '.join(missing)}; it shows {', '.join(names)}")
    return [read_site(api, name) for name in names if not wanted or name in wanted]


def read_site(api: Api, name: str) -> Json:
    """Return one site."""
    path = f"/sites/{name}"
    head = api.get(path)
    switches = api.get(f"{path}/switches")["switches"]
    for switch in switches:
        switch["reading"] = ports_of(api, path, switch["name"])
    return {
        "id": name,
        "name": head["name"],
        "country": head.get("country", ""),
        "timezone": head.get("timezone", ""),
        "vlan": head.get("settings", {}).get("network", {}).get("vlan_id", 0),
        "switches": switches,
        "phones": list(api.pages(f"{path}/phones", limit=PAGE)),
    }


def ports_of(api: Api, path: str, switch: str) -> Json | None:
    """Return what was read of a switch last; None: nobody has read it yet."""
    try:
        return api.get(f"{path}/switches/{quote(switch, safe='')}/ports")
    except ApiError as problem:
        if problem.status == NOT_FOUND:
            return None
        raise


def site_values(site: Json) -> Json:
    """Return the variables of a site."""
    return {
        "bellwire_site": site["id"],
        "bellwire_site_name": site["name"],
        "bellwire_country": site["country"],
        "bellwire_timezone": site["timezone"],
        "bellwire_voice_vlan": site["vlan"],
    }


def switch_values(switch: Json, phones: dict[str, Json]) -> Json:
    """Return the variables of a switch; C(phones) are its site's, by MAC."""
    reading = switch["reading"] or {}
    platform = switch["platform"] or reading.get("platform") or ""
    platform = "" if platform == "unknown" else platform
    ports = [port_values(port, phones) for port in reading.get("ports", [])]
    made = {
        "ansible_host": without_port(switch["host"]),
        "bellwire_kind": "switch",
        "bellwire_switch": switch["name"],
        "bellwire_platform": platform,
        "bellwire_state": switch["state"],
        "bellwire_read_at": switch["read_at"],
        "bellwire_failure": switch["failure"],
        "bellwire_ports": ports,
        "bellwire_phone_ports": [port for port in ports if port["mac"]],
    }
    if platform in NETWORK_OS:
        made["ansible_network_os"] = NETWORK_OS[platform]
    return made


def without_port(host: str) -> str:
    """Return an address without the port of SNMP behind it."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def port_values(port: Json, phones: dict[str, Json]) -> Json:
    """Return a port with who hangs on it; the MAC is there only for phones of the site."""
    neighbour = port["neighbour"] or {}
    phone = phones.get(neighbour.get("mac") or "", {})
    return {
        "name": port["if_name"] or "",
        "if_index": port["if_index"],
        "pse": port["pse"],
        "link": port["link"],
        "state": port["state"],
        "power_mw": port["power_mw"],
        "mapping": port["mapping"],
        "neighbour": neighbour.get("name") or neighbour.get("mac") or "",
        "mac": phone.get("mac", ""),
        "room": phone.get("room", ""),
        "position": phone.get("position", ""),
    }


def phone_values(phone: Json) -> Json:
    """Return the variables of a phone."""
    names = (
        "mac", "room", "floor", "position", "model", "preset", "extensions", "firmware", "state",
        "rule", "since", "fetched_at", "provisioned_at", "problem",
    )  # fmt: skip
    made = {"bellwire_kind": "phone", **{f"bellwire_{name}": phone[name] for name in names}}
    if phone["address"]:
        made["ansible_host"] = phone["address"]
    return made


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The plugin."""

    NAME = "bellwire.hotel.bellwire"

    def verify_file(self, path: str) -> bool:
        """Whether a file is one of this plugin."""
        ours = path.endswith(("bellwire.yml", "bellwire.yaml"))
        return ours and bool(super().verify_file(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:  # noqa: ANN401, FBT001, FBT002 - Ansible's
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        is_kept = bool(self.get_option("cache"))
        sites = self._cache.get(key) if cache and is_kept else None
        if sites is None:
            sites = self._asked()
            if is_kept:
                self._cache[key] = sites
        for site in sites:
            self._add_site(site)

    def _asked(self) -> list[Json]:
        plain = ("validate_certs", "ca_path", "timeout")
        options = {name: self.get_option(name) for name in plain}
        try:
            api = Api(self._text("url"), self._text("token"), **options)
            return read(api, self.get_option("sites"))
        except ApiError as problem:
            raise AnsibleParserError(f"bellwire: {problem}") from problem

    def _text(self, name: str) -> str:
        return str(self.templar.template(self.get_option(name)))

    def _add_site(self, site: Json) -> None:
        group = self.inventory.add_group(self._sanitize_group_name(f"site_{site['id']}"))
        values = site_values(site)
        for name, value in values.items():
            self.inventory.set_variable(group, name, value)
        for kind, host, own in self._hosts(site):
            self.inventory.add_host(host, group=group)
            self.inventory.add_group(kind)
            self.inventory.add_child(kind, host)
            for name, value in own.items():
                self.inventory.set_variable(host, name, value)
            self._construct(host, {**values, **own})

    def _hosts(self, site: Json) -> Iterator[tuple[str, str, Json]]:
        """Group, name and variables of what becomes a host."""
        wanted = self.get_option("hosts")
        if "sites" in wanted:
            yield "sites", site["id"], {"bellwire_kind": "site"}
        by_mac = {phone["mac"]: phone for phone in site["phones"]}
        if "switches" in wanted:
            for switch in site["switches"]:
                name = f"{switch['name']}.{site['id']}"
                yield "switches", name, switch_values(switch, by_mac)
        if "phones" in wanted:
            for phone in site["phones"]:
                yield "phones", self._name(phone), phone_values(phone)

    def _name(self, phone: Json) -> str:
        if self.get_option("phone_names") == "mac":
            return phone["mac"].replace(":", "")
        return f"{phone['position']}.{phone['room']}.{phone['site']}"

    def _construct(self, host: str, values: Json) -> None:
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), values, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), values, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), values, host, strict=strict)
