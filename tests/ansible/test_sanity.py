"""What of ``ansible-test sanity`` runs with nothing fetched; docs/deploy.md names the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ansible.playing import COLLECTION, environment, program
from tests.ansible.target import cache

OFFLINE = (
    "action-plugin-docs", "changelog", "compile", "empty-init", "ignores", "line-endings",
    "no-assert", "no-get-exception", "no-illegal-filenames", "no-smart-quotes", "replace-urlopen",
    "shebang", "shellcheck", "symlinks", "use-argspec-type-path",
)  # fmt: skip
VERSIONS = {"current": program("ansible-test"), "2.14": str(cache() / "core-2.14/bin/ansible-test")}


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_found(version: str, tmp_path: Path) -> None:
    command = VERSIONS[version]
    if command is None or not Path(command).is_file():
        pytest.skip("this version of ansible-core is not installed here")
    place = tmp_path / "ansible_collections" / "bellwire" / "hotel"
    shutil.copytree(COLLECTION, place, ignore=shutil.ignore_patterns(".ansible", "*.pyc"))
    wanted = [word for name in OFFLINE for word in ("--test", name)]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    done = subprocess.run(
        [command, "sanity", "--python", python, *wanted], cwd=place, check=False, timeout=600,
        env={**environment(tmp_path), "HOME": str(tmp_path)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
