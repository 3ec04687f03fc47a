"""HTML to PDF through Chromium: alone, without a network, in a profile that is thrown away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from provisioner.errors import BellwireError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_S = 180.0
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever it would like to ask, it finds nobody
)


class PrintingError(BellwireError):
    """Chromium is missing, or made no PDF."""


def program() -> str:
    """Return the Chromium of this machine; raises PrintingError naming the package to install."""
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    raise PrintingError(
        "a PDF needs Chromium: install the package chromium (Debian: apt-get install chromium), "
        "or leave out --pdf and print the HTML file from any browser"
    )


def make_pdf(html: str, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return the PDF of a page.

    Raises:
        PrintingError: there is no Chromium, or it fails or takes longer than ``timeout_s``.
    """
    browser = program()
    with tempfile.TemporaryDirectory(prefix="bellwire-", ignore_cleanup_errors=True) as folder:
        page, target = Path(folder, "labels.html"), Path(folder, "labels.pdf")
        page.write_text(html, encoding="utf-8")
        command = [browser, *_OPTIONS, f"--user-data-dir={folder}/profile"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # it refuses to run as root with it
        told = _run([*command, f"--print-to-pdf={target}", page.as_uri()], folder, timeout_s)
        if not target.is_file():
            raise PrintingError(
                f"{browser} made no PDF: {told[-300:].strip() or 'it said nothing'}"
            )
        return target.read_bytes()


def _run(command: list[str], folder: str, timeout_s: float) -> str:
    """Run Chromium as a group of processes of its own, so that none is left behind."""
    environment = {**os.environ, "HOME": folder}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as problem:
        raise PrintingError(f"{command[0]}: {problem.strerror}") from problem
    with process:
        try:
            _, told = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as problem:
            os.killpg(process.pid, signal.SIGKILL)
            raise PrintingError(f"{command[0]} took longer than {timeout_s:g} s") from problem
    return told.decode("utf-8", "replace")
