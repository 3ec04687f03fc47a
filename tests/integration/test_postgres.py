"""The same on PostgreSQL: migrations, apply, first contact, delivery by two web nodes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete

from provisioner.answers import Outcome
from provisioner.catalogue.loader import shipped_folder
from provisioner.config import read_settings
from provisioner.db import Database
from provisioner.delivery import Delivery
from provisioner.identify import FetchRequest
from provisioner.inventory.fetches import fetches_of
from provisioner.inventory.tables import PhoneRow
from provisioner.mac import MacAddress
from tests.simulators.postgres import SKIP_REASON, Postgres, find_postgres
from web.installation import Installation, opened
from web.migrate import LINES, downgrade, upgrade

pytestmark = pytest.mark.skipif(find_postgres() is None, reason=SKIP_REASON)

SAMPLE = shipped_folder() / "samples" / "hotel-aurora.yaml"
MAC = MacAddress("80:5e:c0:00:01:00")
AGENT = f"Yealink SIP-T46U 108.86.0.20 {MAC.colons}"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def installation(postgres: Postgres, tmp_path: Path) -> Iterator[Installation]:
    url = postgres.new_database(f"test_{abs(hash(tmp_path))}")
    with opened(read_settings(data=tmp_path, database_url=url)) as made:
        wanted, _ = made.applier.read([SAMPLE])
        made.applier.apply(wanted, who="test")
        yield made


START = """
import sys
from provisioner.db import Database
from web.migrate import LINES, upgrade
for line in LINES:
    upgrade(line, Database(sys.argv[1]))
"""


def node(installation: Installation) -> Delivery:
    return installation.delivery(installation.recorder())


def ask(delivery: Delivery, path: str) -> tuple[Outcome, bytes]:
    got = delivery.answer(FetchRequest("http", path, "10.20.0.77", AGENT))
    return got.outcome, got.body


def test_nodes_that_start_at_the_same_time_make_the_tables_once(postgres: Postgres) -> None:
    url = postgres.new_database("start")
    command = [sys.executable, "-c", START, url]
    nodes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [node.communicate(timeout=120)[1] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0, 0], said


@pytest.mark.parametrize("line", LINES)
def test_migrations_make_the_tables_of_the_code_and_go_back(postgres: Postgres, line: str) -> None:
    database = Database(postgres.new_database(f"migrations_{line}"))
    for _ in range(2):
        upgrade(line, database)
        with database.reader.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"version_table": f"alembic_{line}", "compare_type": True}
            )
            differences = compare_metadata(context, LINES[line])
        # the version table is Alembic's own
        assert [d for d in differences if "alembic_" not in str(d)] == []
        downgrade(line, database, "base")
    database.close()


def test_twice_is_the_same_as_once(installation: Installation) -> None:
    wanted, _ = installation.applier.read([SAMPLE])
    assert installation.applier.apply(wanted, who="test").changes == ()


def test_two_web_nodes_see_each_others_changes_at_once(installation: Installation) -> None:
    first, second = node(installation), node(installation)
    try:
        outcome, boot = ask(first, f"/{MAC}.boot")
        assert outcome is Outcome.SENT
        token_path = boot.decode().split("aurora.example:8080", 1)[1].split('"', 1)[0]
        assert ask(second, token_path)[0] is Outcome.SENT  # first use of the token disarms
        assert ask(first, f"/{MAC}.boot") == (Outcome.NOT_FOUND, b"")
        before = ask(first, token_path)[1]
        with installation.database.write() as session:
            session.execute(delete(PhoneRow).where(PhoneRow.mac == "000000000000"))
        assert ask(second, token_path)[1] == before
        changed = SAMPLE.read_text(encoding="utf-8").replace('"*55"', '"*66"')
        file = installation.settings.data / "changed.yaml"
        file.write_text(changed, encoding="utf-8")
        wanted, _ = installation.applier.read([file])
        guest = MacAddress("80:5e:c0:03:03:01")
        installation.applier.apply(wanted, who="test")
        assert installation.press.marked() == 75
        installation.press.render_phone(guest)
        assert installation.press.marked() == 74
    finally:
        first.close()
        second.close()


def test_the_fetch_log_is_written(installation: Installation) -> None:
    recorder = installation.recorder()
    delivery = installation.delivery(recorder)
    ask(delivery, f"/{MAC}.boot")
    recorder.close()
    delivery.close()
    events = fetches_of(installation.events, str(MAC))
    assert [e.reason for e in events] == ["armed"]
