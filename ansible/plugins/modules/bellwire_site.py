#!/usr/bin/python
# MIT License (see LICENSE in the root of the project)
"""Keep a site as it is described, over bellwire's API."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bellwire_site
short_description: Keep a site as it is described, over bellwire's API
version_added: 0.1.0
description:
  - Sends the description of a site, in the form of the site file, to bellwire's API.
    Everything is stored or nothing, as C(bellwire apply) does.
  - What would change, phones' files included, is shown as the task's diff, with secrets masked.
  - The site is stored only if it is still the one that the diff was made from; when somebody
    changed it in between, the task fails and nothing is stored.
  - Needs no bellwire on the host it runs on; M(bellwire.hotel.bellwire_apply) applies site files
    on the server itself.
extends_documentation_fragment:
  - bellwire.hotel.api
author:
  - The bellwire authors (@bellwire)
options:
  definition:
    description:
      - One site as it stands in a site file, with V(id), V(name), V(url), rooms and accounts.
      - What it leaves out has its default. An account's secret that it leaves out stays; other
        secrets, such as the manager's of the PBX, must be given.
      - Quote extensions, rooms, floors and MAC addresses. Ansible's YAML takes V(012) and
        V(00:15:65:00:00:01) for numbers.
    type: dict
    required: true
  prune:
    description:
      - Retire rooms, accounts and phones of the site that the definition does not name.
    type: bool
    default: false
  diffs:
    description:
      - Show the diffs of the files of so many phones, at most 50.
    type: int
    default: 5
attributes:
  check_mode:
    description: Asks bellwire what would change; nothing is stored.
    support: full
  diff_mode:
    description: What changes, with phones' files before and after.
    support: full
notes:
  - The token needs the scopes C(read) and C(change), and a user with the role C(admin).
  - Tags such as C(!env) are for files on the server; use a vault here.
seealso:
  - module: bellwire.hotel.bellwire_apply
"""

EXAMPLES = r"""
- name: The site is as this says
  bellwire.hotel.bellwire_site:
    url: https://prov.aurora.example
    token: "{{ vault_bellwire_token }}"
    definition:
      id: hotel-aurora
      name: Hotel Aurora
      country: ES
      timezone: Europe/Madrid
      url: https://prov.aurora.example
      sip:
        registrar: 10.20.0.6
      rooms:
        - id: "214"
          template: guest-room
          extension: "2214"
          phones:
            bedside:
              model: yealink/t31p
              mac: "80:5e:c0:00:02:14"
  delegate_to: localhost

- name: The sites of the chain are as their files say, and nothing else is there
  bellwire.hotel.bellwire_site:
    url: "{{ bellwire_url }}"
    token: "{{ vault_bellwire_token }}"
    definition: "{{ item }}"
    prune: true
  loop: "{{ (lookup('ansible.builtin.file', 'chain.yml') | from_yaml).sites }}"
  loop_control:
    label: "{{ item.id }}"
  delegate_to: localhost
"""

RETURN = r"""
summary:
  description: What changed, in one line.
  returned: always
  type: str
  sample: 1 room added, 1 phone added; 1 phone affected
changes:
  description: What was added, changed or retired, with the names of fields, never with values.
  returned: always
  type: list
  elements: dict
  sample:
    - action: add
      kind: room
      site: hotel-aurora
      id: "214"
      title: room hotel-aurora 214
      fields: []
affected:
  description: How many phones' files may change.
  returned: always
  type: int
  sample: 1
warnings_of_plan:
  description: What phones will not do as asked.
  returned: always
  type: list
  elements: str
  sample: []
"""

from typing import Any  # noqa: E402

from ansible.module_utils.basic import AnsibleModule  # noqa: E402
from ansible_collections.bellwire.hotel.plugins.module_utils.api import (  # noqa: E402
    ARGUMENTS,
    NOT_FOUND,
    STALE,
    Api,
    ApiError,
    hidden,
    secrets_in,
)

SHORT = 6
MOST_CHANGES = 200


def wanted_of(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the site of a definition, which may be a whole site file of one site.

    Raises:
        ApiError: it is none.
    """
    sites = definition.get("sites")
    site = (
        sites[0]
        if isinstance(sites, list) and len(sites) == 1 and len(definition) == 1
        else definition
    )
    if not isinstance(site, dict) or not isinstance(site.get("id"), str) or not site["id"]:
        raise ApiError("definition must be one site, with its id as a text")
    return site


def standing(api: Api, name: str) -> dict[str, str]:
    """Return the header that holds as long as the site is what it is now."""
    try:
        tag = api.ask("GET", f"/sites/{name}/file")[1]
    except ApiError as problem:
        if problem.status != NOT_FOUND:
            raise
        return {"If-None-Match": "*"}
    return {"If-Match": tag}


def shown(planned: dict[str, Any]) -> str:
    """Return what a plan says as the text of a diff."""
    changes = planned["changes"]
    lines = []
    for change in changes[:MOST_CHANGES]:
        fields = f" ({', '.join(change['fields'])})" if change["fields"] else ""
        lines.append(f"{change['action']:<7} {change['title']}{fields}")
    if len(changes) > MOST_CHANGES:
        lines.append(f"... and {len(changes) - MOST_CHANGES} more")
    lines.append(planned["summary"])
    for each in planned["diffs"]:
        lines += ["", "# " + each["mac"], each["diff"]]
    return "\n".join(lines) + "\n"


def kept(
    api: Api, site: dict[str, Any], *, prune: bool, diffs: int, check_mode: bool
) -> dict[str, Any]:
    """Make the site as it is described; return what the task answers."""
    body = {"sites": [site]}
    holds = standing(api, site["id"])
    planned = api.ask("POST", "/sites/plan", body, {"prune": prune, "diffs": diffs})[0]
    result = {
        "changed": bool(planned["changes"]),
        "summary": planned["summary"],
        "changes": planned["changes"],
        "affected": planned["affected"],
        "warnings_of_plan": [
            f"{doubt['phones']} phones: {doubt['sentence']}" for doubt in planned["warnings"]
        ],
    }
    if result["changed"]:
        result["diff"] = {"prepared": shown(planned)}
        if not check_mode:
            api.ask("POST", "/sites/apply", body, {"prune": prune, "diffs": 0}, holds)
    return result


def main() -> None:
    """Ask what would change, and change it."""
    arguments = dict(ARGUMENTS)
    arguments.update(
        definition={"type": "dict", "required": True},
        prune={"type": "bool", "default": False},
        diffs={"type": "int", "default": 5},
    )
    # no_log: the definition, with its secrets, is not for the host's log
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True, no_log=True)
    options = module.params
    module.no_log_values.update(s for s in secrets_in(options["definition"]) if len(s) >= SHORT)
    # what is too short to be blotted out everywhere is hidden by its name
    invocation = {"module_args": dict(options, definition=hidden(options["definition"]))}
    try:
        site = wanted_of(options["definition"])
        api = Api(**{name: options[name] for name in ARGUMENTS})
        result = kept(
            api, site, prune=options["prune"], diffs=options["diffs"], check_mode=module.check_mode
        )
    except ApiError as problem:
        told = str(problem)
        if problem.status == STALE:
            told = "somebody changed the site meanwhile; nothing was stored: run this again"
        module.fail_json(
            msg=told, status=problem.status, errors=problem.errors, invocation=invocation
        )
    module.exit_json(invocation=invocation, **result)


if __name__ == "__main__":
    main()
