"""``bellwire demo``, as ``make run`` starts it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path


def bellwire(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "web.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_the_demo_boots_and_registers_everything(tmp_path: Path) -> None:
    with socket.socket() as taken:  # the usual port, as if another service had it
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass
        done = bellwire("demo", "--once", "--data", str(tmp_path / "demo"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[simulated] 75 phones boot" in done.stdout
    assert "[simulated] 84 accounts registered at a simulated PBX" in done.stdout
    assert "curl http://127.0.0.1:" in done.stdout
    assert "/ui/welcome/" in done.stdout
    assert "read no account" not in done.stderr
    status = json.loads(bellwire("status", "--json", "--data", str(tmp_path / "demo")).stdout)
    assert status["simulated"] is True
    assert len(status["phones"]) == 75
    assert {p["provisioning"] for p in status["phones"]} == {"provisioned"}
    assert {w["model"] for w in status["waiting"]} == {"fanvil/h5", "yealink/t31p"}


def test_the_curl_line_fetches_a_phones_file_while_it_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "web.cli", "demo", "--data", str(tmp_path / "demo")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as demo:
        try:
            assert demo.stdout is not None
            url = next(line.split()[1] for line in demo.stdout if line.strip().startswith("curl "))
            with urllib.request.urlopen(url, timeout=30) as answer:
                body = answer.read().decode()
            assert body.startswith("#!version:1.0.0.1")
            assert "account.1.user_name = 100" in body
        finally:
            demo.terminate()
            demo.wait(60)


def test_the_demo_touches_nobodys_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "bellwire.db").write_text("somebody's")
    done = bellwire("demo", "--once", "--data", str(data))
    assert done.returncode == 2
    assert "not a demo's" in done.stderr
    assert (data / "bellwire.db").read_text() == "somebody's"
