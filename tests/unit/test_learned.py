"""What phones teach is written in batches, never lost and never older than what others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from provisioner.inventory.learned import Learned, Learner, write_learned
from provisioner.inventory.stamp import read_stamp
from provisioner.inventory.tables import PhoneRow
from tests.api import hotel
from tests.people import Office

SEEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Office]:
    with hotel(tmp_path) as api:
        yield api.office


def told(made: Office, mac: str) -> tuple[str, datetime | None, int]:
    with made.installation.database.read() as session:
        row = session.get_one(PhoneRow, mac)
        return row.firmware, row.token_seen_at, row.generation


def armed(made: Office, mac: str) -> datetime | None:
    with made.installation.database.read() as session:
        return session.get_one(PhoneRow, mac).armed_until


def generation(made: Office) -> int:
    with made.installation.database.read() as session:
        return read_stamp(session)[0]


def test_all_is_written_in_one_generation(made: Office) -> None:
    learner, macs = Learner(made.installation.database), made.macs()
    before = generation(made)
    for mac in macs:
        learner.learn(mac, Learned({"armed_until": None, "token_seen_at": SEEN}))
    learner.learn(macs[0], Learned({"firmware": "1.0"}, {"firmware": ""}))
    learner.flush()
    assert told(made, macs[0]) == ("1.0", SEEN, before + 1)
    assert {told(made, mac) for mac in macs[1:]} == {("", SEEN, before + 1)}
    learner.flush()
    assert generation(made) == before + 1  # there was nothing


def test_a_firmware_that_another_process_learned_meanwhile_stays(made: Office) -> None:
    mac, database = made.macs()[0], made.installation.database
    learner = Learner(database)
    learner.learn(mac, Learned({"firmware": "1.0", "token_seen_at": SEEN}, {"firmware": ""}))
    write_learned(database, {mac: Learned({"firmware": "2.0"})})
    learner.flush()
    assert told(made, mac)[:2] == ("2.0", SEEN)


def test_a_phone_that_was_armed_again_meanwhile_stays_armed(made: Office) -> None:
    mac, database = made.macs()[0], made.installation.database
    learner, again = Learner(database), SEEN + timedelta(hours=1)
    used = {"armed_until": None, "token_seen_at": SEEN}
    write_learned(database, {mac: Learned({"armed_until": SEEN})})
    learner.learn(mac, Learned(used, {"armed_until": SEEN}))
    write_learned(database, {mac: Learned({"armed_until": again})})
    learner.flush()
    assert armed(made, mac) == again
    learner.learn(mac, Learned(used, {"armed_until": again}))
    learner.flush()
    assert armed(made, mac) is None


def test_two_firmwares_one_after_the_other(made: Office) -> None:
    mac = made.macs()[0]
    learner = Learner(made.installation.database)
    learner.learn(mac, Learned({"firmware": "1.0"}, {"firmware": ""}))
    learner.learn(mac, Learned({"firmware": "2.0"}, {"firmware": "1.0"}))
    learner.flush()
    assert told(made, mac)[0] == "2.0"


def test_what_cannot_be_written_is_kept_and_said_once(
    made: Office, caplog: pytest.LogCaptureFixture
) -> None:
    database, (first, second, *_) = made.installation.database, made.macs()
    learner = Learner(database)
    learner.learn(first, Learned({"firmware": "1.0"}, {"firmware": ""}))
    with database.writer.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE phone RENAME TO away")
        connection.commit()
        learner.flush()
        learner.flush()
        learner.learn(first, Learned({"firmware": "2.0"}, {"firmware": "1.0"}))
        learner.learn(second, Learned({"token_seen_at": SEEN}))
        connection.exec_driver_sql("ALTER TABLE away RENAME TO phone")
        connection.commit()
    learner.flush()
    assert told(made, first)[0] == "2.0"
    assert told(made, second)[1] == SEEN
    said = [r for r in caplog.records if "cannot be written" in r.message]
    assert len(said) == 1


def test_the_thread_writes_by_itself_and_the_end_writes_the_rest(made: Office) -> None:
    mac = made.macs()[0]
    learner = Learner(made.installation.database)
    learner.start()
    learner.learn(mac, Learned({"firmware": "1.0"}, {"firmware": ""}))
    learner.close()
    assert told(made, mac)[0] == "1.0"


def test_a_phone_that_is_gone_is_no_trouble(made: Office) -> None:
    gone, *_ = made.macs()
    with made.installation.database.write() as session:
        session.execute(update(PhoneRow).where(PhoneRow.mac == gone).values(mac="0c383effffff"))
    learner = Learner(made.installation.database)
    learner.learn(gone, Learned({"firmware": "1.0"}, {"firmware": ""}))
    learner.flush()
    assert told(made, "0c383effffff")[0] == ""
