#!/usr/bin/python
# MIT License (see LICENSE in the root of the project)
"""Apply bellwire's site files; their plan is the task's diff."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bellwire_apply
short_description: Apply bellwire's site files
version_added: 0.1.0
description:
  - Reads site files on the server as C(bellwire plan) does and shows that plan as the task's diff,
    with secrets masked.
  - Unless in check mode, applies them as C(bellwire apply) does; all of them or nothing.
requirements:
  - Python 3.11 on the server, as bellwire itself
author:
  - The bellwire authors (@bellwire)
options:
  files:
    description:
      - Site files on the server, readable by bellwire's user.
    type: list
    elements: path
    required: true
  prune:
    description:
      - Retire what the files no longer name.
    type: bool
    default: false
  full:
    description:
      - Show the diffs of all phones concerned, not of the first five.
    type: bool
    default: false
  command:
    description:
      - The bellwire command on the server.
    type: path
    default: /usr/local/bin/bellwire
attributes:
  check_mode:
    description: Plans and changes nothing.
    support: full
  diff_mode:
    description: The plan, with each phone's files before and after.
    support: full
notes:
  - C(!env NAME) in a site file reads the task's C(environment), which may come from a vault.
"""

EXAMPLES = r"""
- name: The site is as its file says
  bellwire.hotel.bellwire_apply:
    files:
      - /etc/bellwire/sites/hotel-aurora.yml
  environment:
    AMI_SECRET: "{{ vault_ami_secret }}"
"""

RETURN = r"""
plan:
  description: What bellwire plan wrote, line by line.
  returned: always
  type: list
  elements: str
  sample: ["add     phone 80:5e:c0:12:34:56"]
warnings_of_plan:
  description: Settings that a model cannot express, phones that nobody knows, and the like.
  returned: always
  type: list
  elements: str
  sample: []
applied:
  description: What bellwire apply wrote, line by line.
  returned: when something was applied
  type: list
  elements: str
  sample: []
"""

from typing import Any  # noqa: E402

from ansible.module_utils.basic import AnsibleModule  # noqa: E402

NOTHING = 0
CHANGES = 1
ENGLISH = {"LC_ALL": "C.UTF-8"}


def plan_command(options: dict[str, Any]) -> list[str]:
    """Return the command line that plans."""
    made = [options["command"], "plan", "--exit-code"]
    made += ["--full"] if options["full"] else []
    made += ["--prune"] if options["prune"] else []
    return made + options["files"]


def apply_command(options: dict[str, Any]) -> list[str]:
    """Return the command line that applies."""
    made = [options["command"], "apply"]
    made += ["--prune"] if options["prune"] else []
    return made + options["files"]


def outcome_of(code: int, out: str, err: str) -> tuple[bool, str]:
    """Tell from a plan's exit code and output whether something changes.

    Code 1 means both "there are changes" and "a file is wrong"; in the latter case the last line
    on standard error is bellwire's own complaint and nothing was planned.

    Returns:
        (changed, problem): problem is empty when the plan was made.
    """
    complaints = [line for line in err.splitlines() if line.startswith("bellwire: ")]
    if code == NOTHING:
        return False, ""
    if code == CHANGES and not complaints and out.strip():
        return True, ""
    said = "\n".join(complaints) or err.strip() or f"ended with {code}"
    return False, said


def main() -> None:
    """Plan, and apply what was planned."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "path", "required": True},
            "prune": {"type": "bool", "default": False},
            "full": {"type": "bool", "default": False},
            "command": {"type": "path", "default": "/usr/local/bin/bellwire"},
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = ENGLISH
    code, out, err = module.run_command(plan_command(module.params))
    changed, problem = outcome_of(code, out, err)
    if problem:
        module.fail_json(msg=problem, rc=code)
    said = [line.removeprefix("warning: ") for line in err.splitlines() if "warning: " in line]
    result = {"changed": changed, "plan": out.splitlines(), "warnings_of_plan": said}
    if changed:
        result["diff"] = {"prepared": out}
    if changed and not module.check_mode:
        code, out, err = module.run_command(apply_command(module.params))
        if code != 0:
            module.fail_json(msg=err.strip() or f"ended with {code}", rc=code, **result)
        result["applied"] = out.splitlines()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
