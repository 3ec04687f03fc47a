"""Running the collection's modules as Ansible does, without a playbook: as programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.ansible.playing import COLLECTION, environment


def run_module(folder: Path, name: str, **arguments: Any) -> tuple[dict[str, Any], str]:
    """Run a module; return its answer, and all that it wrote."""
    found = environment(folder)
    done = subprocess.run(
        [sys.executable, str(COLLECTION / "plugins" / "modules" / f"{name}.py")],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}), check=False, timeout=120,
        env={**found, "PYTHONPATH": found["ANSIBLE_COLLECTIONS_PATH"], "HOME": str(folder),
             "LANG": os.environ.get("LANG", "C.UTF-8")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer, done.stdout + done.stderr
