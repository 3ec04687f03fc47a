# MIT License (see LICENSE)
"""How Ansible reaches a throw-away server of the tests: by its namespaces."""

from __future__ import annotations

DOCUMENTATION = """
name: server
short_description: a throw-away server of the tests
description: Runs commands in the namespaces of a process.
author: The bellwire authors
options:
  pid:
    description: Process 1 of the server.
    type: int
    required: true
    vars:
      - name: ansible_server_pid
"""

import shutil  # noqa: E402
import subprocess  # noqa: E402
from pathlib import Path  # noqa: E402

from ansible.plugins.connection import ConnectionBase  # noqa: E402

CLEAN = "env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Connection(ConnectionBase):
    """Commands by nsenter, files by /proc."""

    transport = "server"
    has_pipelining = True

    def _connect(self):
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=False):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        entering = ["nsenter", "--target", str(self.get_option("pid")), "--all", "--"]
        done = subprocess.run(
            [*entering, *CLEAN.split(), "/bin/sh", "-c", cmd],
            input=in_data, stdin=None if in_data else subprocess.DEVNULL,
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        shutil.copyfile(in_path, self._seen(out_path))

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        shutil.copyfile(self._seen(in_path), out_path)

    def close(self):
        self._connected = False

    def _seen(self, path):
        return Path(f"/proc/{self.get_option('pid')}/root") / path.lstrip("/")
