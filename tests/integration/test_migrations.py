"""Migrations: they make exactly the tables the code has, go back, and go forward again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, make_url, select, text

from provisioner.db import Database
from provisioner.inventory.fetches import fetch_table, waiting_phones
from provisioner.inventory.tables import PhoneRow
from tests.integration.servers import HANG_S, DataFolder, free_ports, small_site
from tests.integration.test_fetch_log import event, waiting
from web.migrate import LINES, downgrade, upgrade

POSTGRES = shutil.which("pg_ctl") or next(
    iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))), None
)


def why_no_postgresql() -> str:
    if POSTGRES is None:
        return "no PostgreSQL server is installed"
    if find_spec("psycopg") is None:
        return "psycopg, the PostgreSQL driver, is not installed"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of this test's own, on the loopback interface."""
    port, _ = free_ports()
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = as_user if os.geteuid() == 0 else []
    binary = Path(str(POSTGRES)).resolve().parent
    base = Path("/tmp") / f"bellwire-pg-{os.getpid()}-{port}"
    base.mkdir(mode=0o700)
    if prefix:
        shutil.chown(base, "postgres", "postgres")
    data = base / "data"

    def run(*command: str) -> None:
        with (folder / "postgres.log").open("ab") as log:
            subprocess.run(
                [*prefix, *command], check=True, timeout=HANG_S, cwd=base, stdout=log, stderr=log
            )

    try:
        run(str(binary / "initdb"), "-D", str(data), "-U", "bellwire", "-A", "trust", "-N")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={base} -c fsync=off"
        run(
            str(binary / "pg_ctl"), "-D", str(data), "-w", "-l", str(base / "log"),
            "-o", options, "start",
        )  # fmt: skip
        try:
            yield f"postgresql+psycopg://bellwire@127.0.0.1:{port}/postgres"
        finally:
            run(str(binary / "pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(base)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'new' / 'bellwire.db'}")
        yield made
        made.close()
        return
    if why_no_postgresql():
        pytest.skip(why_no_postgresql())
    with postgresql(tmp_path) as url:
        made = Database(url)
        yield made
        made.close()


def differences(line: str, database: Database) -> list[object]:
    """What the models have that the database has not, and the other way."""
    with database.reader.connect() as connection:
        there = MigrationContext.configure(
            connection,
            opts={
                "version_table": f"alembic_{line}",
                "compare_type": True,
                "include_object": lambda _o, name, kind, _r, _c: (
                    kind != "table" or name in LINES[line].tables
                ),
            },
        )
        return list(compare_metadata(there, LINES[line]))


@pytest.mark.parametrize("line", LINES)
def test_the_scripts_make_what_the_models_say(line: str, database: Database) -> None:
    upgrade(line, database)
    assert differences(line, database) == []


def test_both_lines_may_share_a_database(database: Database) -> None:
    for line in LINES:
        upgrade(line, database)
    for line in LINES:
        assert differences(line, database) == []
        upgrade(line, database)  # nothing to do
    with database.reader.connect() as connection:
        tables = set(inspect(connection).get_table_names())
    assert {"alembic_inventory", "alembic_events", "phone", "fetch"} <= tables
    downgrade("events", database, "base")
    assert differences("inventory", database) == []


@pytest.mark.parametrize("line", LINES)
def test_down_to_nothing_and_up_again(line: str, database: Database) -> None:
    upgrade(line, database)
    downgrade(line, database, "base")
    with database.reader.connect() as connection:
        left = set(inspect(connection).get_table_names())
    assert left <= {f"alembic_{line}"}
    upgrade(line, database)
    assert differences(line, database) == []


def test_down_and_up_with_data(casa: DataFolder) -> None:
    with casa.opened() as installation:
        recorder = installation.recorder()
        recorder.record(event(1))
        recorder.record(waiting(1))
        recorder.flush()
        for line, base in (("inventory", installation.database), ("events", installation.events)):
            downgrade(line, base, "base")
            upgrade(line, base)
            assert differences(line, base) == []
        with installation.database.read() as session:
            assert list(session.scalars(select(PhoneRow))) == []
        with installation.events.read() as session:
            assert list(session.execute(select(fetch_table))) == []
        assert waiting_phones(installation.events) == []
    casa.apply(small_site(casa.url))  # as good as new
    assert len(casa.rows("select * from phone")) == 5


def test_a_whole_installation_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why_no_postgresql():
        pytest.skip(why_no_postgresql())
    from provisioner.identify import FetchRequest
    from tests.integration.servers import DEVICE_FILE, YEALINK, delivery_on

    with postgresql(tmp_path) as url:
        monkeypatch.setenv("BELLWIRE_DATABASE_URL", url)
        folder = DataFolder(tmp_path / "data")
        folder.apply(small_site(folder.url))
        assert "nothing; 0 phones affected" in folder.apply(small_site(folder.url)).stdout
        rendered = folder.rendered(YEALINK)
        with delivery_on(folder) as desk:
            token = folder.token(YEALINK)
            request = FetchRequest("http", f"/p/{token}/{DEVICE_FILE[YEALINK]}", "127.0.0.1")
            assert desk.delivery.answer(request).body == rendered[DEVICE_FILE[YEALINK]]
            site = small_site(folder.url)
            site["sip"]["expires_s"] = 777
            folder.apply(site, options=("--no-render",))
            assert b"777" in desk.delivery.answer(request).body
        assert folder.run("secrets", "rotate").exit_code == 0
        folder.apply(site, options=("--prune",))
        assert len(folder.run("status").stdout.splitlines()) > 5
        assert folder.run("arm", YEALINK).exit_code == 0
        with folder.opened() as installation, installation.events.read() as session:
            assert session.scalar(text("select count(*) from fetch")) == 2
        assert not list(folder.path.glob("*.db"))
        assert make_url(url).database == "postgres"


def test_opening_takes_no_lock_while_another_process_writes(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long apply keeps no command and no restarting server from its work."""
    monkeypatch.setattr("provisioner.db.BUSY_TIMEOUT_MS", 50)
    with casa.opened() as busy, busy.database.write() as session, busy.events.write() as events:
        session.connection()
        events.connection()
        assert casa.run("status").exit_code == 0


def test_processes_that_start_together_migrate_once(folder: DataFolder) -> None:
    problems: list[BaseException] = []

    def start() -> None:
        try:
            with folder.opened():
                pass
        except BaseException as problem:  # noqa: BLE001 - told below
            problems.append(problem)

    from tests.integration.servers import bellwire

    commands = [
        subprocess.Popen(
            bellwire("status", "--data", str(folder.path)),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for _ in range(3)
    ]  # fmt: skip
    threading.Thread(target=start).run()
    for process in commands:
        output, _ = process.communicate(timeout=HANG_S)
        assert process.returncode == 0, output.decode()
    assert problems == []
