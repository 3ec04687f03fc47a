"""Finished files in memory: never other than what is stored, read ahead, and within their room."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.bodies import Bodies
from provisioner.inventory.tables import RenderedRow
from provisioner.secrets import Box
from tests.api import hotel
from tests.people import Office

PHONES = range(3)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Office]:
    with hotel(tmp_path) as api:
        yield api.office


def store(made: Office, mac: str, **files: bytes) -> None:
    """Make these the files of a phone."""
    installation = made.installation
    with installation.database.write() as session:
        session.query(RenderedRow).filter(RenderedRow.mac == mac).delete()
        for name, body in files.items():
            digest = sha256(body).hexdigest()
            session.add(
                RenderedRow(
                    mac=mac, name=f"{name}.CFG", role="device", aliases=[f"{name}.alias"],
                    media_type="text/plain", body=installation.box.seal_body(body),
                    digest=digest, content_digest=digest, version=1,
                )
            )  # fmt: skip


def test_a_file_is_found_by_each_of_its_names(made: Office) -> None:
    store(made, made.macs()[0], a=b"one", b=b"two")
    bodies = Bodies(made.installation.database, made.installation.box)
    files = bodies.of(made.macs()[0])
    assert sorted(files) == ["a.alias", "a.cfg", "b.alias", "b.cfg"]
    assert files["a.cfg"] is files["a.alias"]
    assert files["a.cfg"].body == b"one"
    assert bodies.of(made.macs()[1]) == {}


def test_what_is_doubted_and_unchanged_is_not_decrypted_again(made: Office) -> None:
    store(made, made.macs()[0], a=b"one")
    bodies = Bodies(made.installation.database, made.installation.box)
    before = bodies.of(made.macs()[0])
    mac = made.macs()[0]
    with made.queries() as asked:
        assert bodies.of(mac) is before
        assert asked == []
        bodies.doubt(mac)
        assert bodies.of(mac) is before
        assert ["body" in query for query in asked if "BEGIN" not in query] == [False]
        asked.clear()
        assert bodies.of(mac) is before
        assert asked == []


@pytest.mark.parametrize("files", [{"a": b"other"}, {"a": b"one", "b": b"new"}, {}, {"c": b"one"}])
def test_what_is_doubted_and_changed_is_read_again(made: Office, files: dict[str, bytes]) -> None:
    store(made, made.macs()[0], a=b"one")
    bodies = Bodies(made.installation.database, made.installation.box)
    bodies.of(made.macs()[0])
    store(made, made.macs()[0], **files)
    bodies.doubt(made.macs()[0])
    found = {file.name: file.body for file in bodies.of(made.macs()[0]).values()}
    assert found == {f"{name}.CFG": body for name, body in files.items()}


def test_nobody_gets_the_old_file_while_the_new_one_is_read(made: Office) -> None:
    installation, mac = made.installation, made.macs()[0]
    store(made, mac, a=b"one")
    box = Box(installation.settings.data / "secret.key")
    bodies = Bodies(installation.database, box)
    bodies.of(mac)
    store(made, mac, a=b"two")
    bodies.doubt(mac)
    reading, go_on = Event(), Event()
    open_body = box.open_body

    def slowly(sealed: bytes) -> bytes:
        reading.set()
        assert go_on.wait(30)
        return open_body(sealed)

    box.open_body = slowly  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(bodies.of, mac)
        assert reading.wait(30)
        second = pool.submit(bodies.of, mac)
        assert not wait([second], timeout=0.2).done
        store(made, mac, a=b"three")
        bodies.doubt(mac)  # seen while the second is read
        go_on.set()
        assert first.result(30)["a.cfg"].body == b"two"
        assert second.result(30)["a.cfg"].body == b"three"
    assert bodies.of(mac)["a.cfg"].body == b"three"


def test_files_are_read_ahead_in_one_go(made: Office) -> None:
    bodies = Bodies(made.installation.database, made.installation.box)
    for mac in made.macs()[:3]:
        store(made, mac, a=mac.encode())
        bodies.doubt(mac)
    macs = made.macs()[:3]
    with made.queries() as asked:
        assert bodies.read_ahead(2)
        assert not bodies.read_ahead(2)
        assert not bodies.read_ahead(2)
        for mac in macs:
            assert bodies.of(mac)["a.cfg"].body == mac.encode()
    assert len([query for query in asked if "BEGIN" not in query]) == 2


def test_reading_ahead_leaves_room(made: Office) -> None:
    bodies = Bodies(made.installation.database, made.installation.box, max_bytes=100)
    for mac in made.macs()[:3]:
        store(made, mac, a=b"x" * 60)
        bodies.doubt(mac)
    assert not bodies.read_ahead(1)
    macs = made.macs()[:3]
    with made.queries() as asked:
        for mac in macs * 2:
            assert bodies.of(mac)["a.cfg"].body == b"x" * 60
    # there is room for one; only the first was there
    assert len([query for query in asked if "BEGIN" not in query]) == 5


def test_a_phone_that_is_gone_is_forgotten(made: Office) -> None:
    store(made, made.macs()[0], a=b"one")
    bodies = Bodies(made.installation.database, made.installation.box)
    bodies.of(made.macs()[0])
    store(made, made.macs()[0])
    bodies.doubt(made.macs()[0])
    bodies.forget(made.macs()[0])
    assert bodies.of(made.macs()[0]) == {}
    assert not bodies.read_ahead(1)


_STEPS = st.lists(
    st.tuples(st.sampled_from(["store", "read", "ahead", "forget"]), st.sampled_from(PHONES),
              st.dictionaries(st.sampled_from("ab"), st.binary(max_size=40), max_size=2)),
    max_size=20,
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_STEPS, st.integers(1, 200))
def test_whatever_happens_the_files_are_those_stored(
    made: Office, steps: list[tuple[str, int, dict[str, bytes]]], room: int
) -> None:
    bodies = Bodies(made.installation.database, made.installation.box, max_bytes=room)
    stored: dict[str, dict[str, bytes]] = {}
    for mac in made.macs():
        store(made, mac)
    for act, phone, files in steps:
        mac = made.macs()[phone]
        if act == "store":
            store(made, mac, **files)
            stored[mac] = files
            bodies.doubt(mac)
        elif act == "ahead":
            bodies.read_ahead(2)
        elif act == "forget":
            bodies.forget(mac)
        found = {file.name: file.body for file in bodies.of(mac).values()}
        assert found == {f"{n}.CFG": body for n, body in stored.get(mac, {}).items()}
