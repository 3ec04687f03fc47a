"""Migrations: they make exactly the tables the code has, go back, and go forward again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select

from provisioner.db import Database
from provisioner.identify import FetchRequest
from provisioner.inventory.fetches import fetch_table, waiting_phones
from provisioner.inventory.tables import PhoneRow
from tests.integration.servers import (
    DEVICE_FILE,
    HANG_S,
    YEALINK,
    DataFolder,
    bellwire,
    delivery_on,
    small_site,
)
from tests.integration.test_fetch_log import event, waiting
from tests.simulators.postgres import SKIP_REASON, Postgres, find_postgres
from web.migrate import LINES, downgrade, upgrade

WITH_POSTGRES = pytest.mark.skipif(find_postgres() is None, reason=SKIP_REASON)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=WITH_POSTGRES)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with ExitStack() as ends:
        url = f"sqlite:///{tmp_path / 'new' / 'bellwire.db'}"
        if request.param == "postgresql":
            url = ends.enter_context(Postgres()).new_database("bellwire")
        made = Database(url)
        ends.callback(made.close)
        yield made


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


def test_all_lines_may_share_a_database(database: Database) -> None:
    for line in LINES:
        upgrade(line, database)
    for line in LINES:
        assert differences(line, database) == []
        upgrade(line, database)  # nothing to do
    with database.reader.connect() as connection:
        tables = set(inspect(connection).get_table_names())
    assert {"alembic_inventory", "alembic_events", "phone", "fetch", "status", "incident"} <= tables
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
        lines = {
            "inventory": installation.database,
            "events": installation.events,
            "monitoring": installation.monitoring,
        }
        assert set(lines) == set(LINES)
        for line, base in lines.items():
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


@WITH_POSTGRES
def test_a_whole_installation_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Postgres() as server:
        monkeypatch.setenv("BELLWIRE_DATABASE_URL", server.new_database("bellwire"))
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
            assert len(list(session.execute(select(fetch_table)))) == 2
        assert not list(folder.path.glob("*.db"))


def test_opening_takes_no_lock_while_another_process_writes(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long apply keeps no command and no restarting server from its work."""
    monkeypatch.setattr("provisioner.db.BUSY_TIMEOUT_MS", 50)
    with ExitStack() as ends:
        busy = ends.enter_context(casa.opened())
        for database in (busy.database, busy.events, busy.monitoring):
            ends.enter_context(database.write()).connection()
        assert casa.run("status").exit_code == 0


def test_processes_that_start_together_migrate_once(folder: DataFolder) -> None:
    commands = [
        subprocess.Popen(
            bellwire("status", "--data", str(folder.path)),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in commands:
        output, _ = process.communicate(timeout=HANG_S)
        assert process.returncode == 0, output.decode()
