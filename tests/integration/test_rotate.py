"""New secrets for a hotel at a real Asterisk: who follows, who does not, and who is thrown out."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from provisioner.catalogue.loader import load
from provisioner.config import read_settings
from provisioner.delivery import utc_now
from provisioner.identify import FetchRequest
from provisioner.inventory import store
from provisioner.inventory.tables import AuditRow
from provisioner.mac import MacAddress
from provisioner.pbx.ami import AmiClient
from tests.integration.servers import DataFolder, delivery_on, small_site
from tests.integration.test_pbx_asterisk import SipPhone
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk
from web.installation import opened
from web.rotating import find_subject, make_secrets
from web.simulated.device import Fetched
from web.simulated.fleet import Fleet, FleetPhone

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)

OK, REFUSED = "SIP/2.0 200 OK", "SIP/2.0 401 Unauthorized"
SITE, ROOM, MANAGER = "casa", "2101", "000413000103"


class Hotel:
    """A few rooms with phones of all sorts at a real Asterisk; bellwire answers in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = DataFolder(folder / "data")
        self.data = self._data.path
        self._ends = ExitStack()

    def __enter__(self) -> Hotel:
        try:
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start(self) -> None:
        site = small_site("http://prov.example")
        manager = {"model": "snom/d785", "mac": "000413000103", "accounts": ["102", "100"]}
        base = {"model": "yealink/w70b", "mac": "805ec0000300", "handsets": [
            {"name": "Linen", "extension": "301"}, {"name": "Bar", "extension": "302"},
        ]}  # fmt: skip
        del site["accounts"][0]["secret"]
        site["rooms"] += [
            {
                "id": "manager",
                "template": "office",
                "extension": "102",
                "phones": {"desk": manager},
            },
            {"id": "dect", "template": "dect", "phones": {"base": base}},
        ]
        self._data.apply(site, options=("--no-render",))
        self.bellwire("pbx", "asterisk", SITE, "--out", str(self.folder / "pbx"))
        self.asterisk = self._ends.enter_context(Asterisk(self.folder / "pbx"))
        rig = self.asterisk
        site["sip"] = {"registrar": "127.0.0.1", "port": rig.sip_port, "expires_s": 600}
        ami = {"host": "127.0.0.1", "port": rig.ami_port}
        site["pbx"] = {"ami": {**ami, "username": rig.ami_user, "secret": rig.ami_secret}}
        self._data.apply(site, options=("--no-render",))
        desk = self._ends.enter_context(delivery_on(self._data))
        desk.recorder.start()
        self._ends.callback(desk.recorder.close)

        def fetch(url: str, agent: str) -> Fetched:
            path = urlsplit(url).path or "/"
            answer = desk.delivery.answer(FetchRequest("http", path, "127.0.0.1", agent))
            return Fetched(200 if answer.body else 404, answer.body)

        phones = {
            str(MacAddress(str(phone["mac"]))): phone["model"]
            for room in site["rooms"]
            for phone in room["phones"].values()
        }
        self.fleet = Fleet(phones, fetch, lambda _name: ("127.0.0.1", rig.sip_port))
        self._ends.callback(self.fleet.close)
        for phone in self.fleet.phones.values():
            rule = desk.installation.catalogue.vendors[phone.device.model_id.split("/")[0]].dhcp
            phone.device.boot(dhcp_url=rule.url.replace("{base}", "http://prov.example/"))

    def bellwire(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in this process, which is quicker."""
        done = self._data.run(*words)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert not (check and done.exit_code), (words, done.output)
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="module", autouse=True)
def catalogue_once() -> Iterator[None]:
    """Reading it takes a second, and every command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.installation.load", cache(load))
        yield


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotel]:
    with Hotel(tmp_path_factory.mktemp("rotating")) as made:
        assert {code for codes in made.fleet.register().values() for code in codes} == {200}
        for phone in made.fleet.phones.values():
            obeys(made, phone)
        yield made


def obeys(hotel: Hotel, phone: FleetPhone) -> None:
    """As real phones do: fetch when told, and register with what was read."""
    if phone.user is None:
        return

    def follow(_reboot: bool) -> None:
        hotel.fleet._fetch_again(phone)
        for _ in range(10):  # a phone tries again when it is refused or hears nothing
            phone.user = None
            if set(hotel.fleet._register(phone)) == {200}:
                break
            time.sleep(1)
        obeys(hotel, phone)

    phone.user.on_check_sync = follow


def secrets(hotel: Hotel) -> dict[str, str]:
    with opened(read_settings(data=hotel.data)) as here, here.database.read() as session:
        held = store.stored(session, here.box, [SITE])
    return {a.extension: a.secret.get_secret_value() for a in held.accounts if a.secret}


def rotate(hotel: Hotel, *words: str, code: int = 0) -> dict[str, str]:
    if "--finish" not in words:
        time.sleep(1.1)  # Asterisk keeps whole seconds: within one nothing is told apart
    out = str(hotel.folder / "pbx")
    done = hotel.bellwire("rotate", *words, "--out", out, "--json", check=False)
    assert done.stdout, done.stderr
    rows = {row["mac"].replace(":", ""): row for row in json.loads(done.stdout)}
    late = [r for r in rows.values() if r["result"] != "renewed"]
    assert done.returncode == code, (late, done.stderr)
    return {mac: row["result"] for mac, row in rows.items()}


def answer(hotel: Hotel, extension: str, secret: str) -> str:
    with SipPhone(hotel.asterisk, extension, secret) as tried:
        return tried.register()


def of_extension(hotel: Hotel, extension: str) -> set[str]:
    return {
        mac for mac, phone in hotel.fleet.phones.items()
        if extension in {a.user for a in phone.config.accounts}
    }  # fmt: skip


def contacts(hotel: Hotel, extension: str) -> list[str]:
    rig = hotel.asterisk
    with AmiClient.connect("127.0.0.1", rig.ami_port, rig.ami_user, rig.ami_secret, 10) as ami:
        return [c.uri for c in ami.contacts() if c.aor == extension]


def audited(hotel: Hotel) -> list[str]:
    with opened(read_settings(data=hotel.data)) as here, here.database.read() as session:
        rows = session.query(AuditRow).where(AuditRow.action.like("rotate%")).order_by(AuditRow.id)
        return [row.action for row in rows]


def test_a_leaked_password_is_worth_nothing_and_the_room_does_not_notice(hotel: Hotel) -> None:
    before = secrets(hotel)
    thief = SipPhone(hotel.asterisk, ROOM, before[ROOM])
    with thief:
        assert thief.register() == OK
        assert any(thief.address in uri for uri in contacts(hotel, ROOM))
        result = rotate(hotel, ROOM)
        assert result == dict.fromkeys(of_extension(hotel, ROOM), "renewed")
        assert not any(thief.address in uri for uri in contacts(hotel, ROOM)), "thrown out"
        assert thief.register() == REFUSED
    after = secrets(hotel)
    assert {e for e in after if after[e] != before[e]} == {ROOM}
    assert answer(hotel, ROOM, after[ROOM]) == OK
    for mac in result:
        read = {a.user: a.secret for a in hotel.fleet.phones[mac].config.accounts}
        assert read[ROOM] == after[ROOM]
    assert audited(hotel) == ["rotate", "rotate-done"]


def test_a_site_at_once_and_whoever_does_not_follow_is_named(hotel: Hotel) -> None:
    deaf, (off,) = MANAGER, of_extension(hotel, "109")
    before = secrets(hotel)
    deaf_user, off_user = hotel.fleet.phones[deaf].user, hotel.fleet.phones[off].user
    assert deaf_user
    assert off_user
    deaf_user.on_check_sync = lambda _reboot: None
    off_user.close()
    result = rotate(hotel, SITE, "--wait", "20", code=1)
    with_accounts = {m for m, p in hotel.fleet.phones.items() if p.config.accounts}
    assert set(result) == with_accounts
    assert result.pop(deaf) == "did-not-fetch"
    assert result.pop(off) == "not-notified"
    assert set(result.values()) == {"renewed"}
    after = secrets(hotel)
    assert all(after[extension] != before[extension] for extension in before)
    assert answer(hotel, "100", before["100"]) == REFUSED

    obeys(hotel, hotel.fleet.phones[deaf])
    again = hotel.fleet.phones[off]
    again.user = None
    hotel.fleet._fetch_again(again)
    late = threading.Timer(1.0, lambda: (hotel.fleet._register(again), obeys(hotel, again)))
    late.start()
    assert rotate(hotel, SITE, "--finish", "--wait", "30") == {deaf: "renewed", off: "renewed"}
    late.join()
    assert secrets(hotel) == after, "nobody gets another one"
    assert audited(hotel)[-3:] == ["rotate", "rotate-part", "rotate-done"]


def test_a_crash_after_the_secrets_were_stored_is_finished(hotel: Hotel) -> None:
    before = secrets(hotel)[ROOM]
    with opened(read_settings(data=hotel.data)) as here:
        make_secrets(here, find_subject(here, ROOM, None, utc_now()), "cli:test", utc_now())
    after = secrets(hotel)[ROOM]
    assert answer(hotel, ROOM, before) == OK, "the PBX was not told yet"
    out = str(hotel.folder / "pbx")
    result = rotate(hotel, ROOM, "--finish")
    assert set(result.values()) == {"renewed"}
    assert (answer(hotel, ROOM, before), answer(hotel, ROOM, after)) == (REFUSED, OK)
    done = hotel.bellwire("rotate", ROOM, "--finish", "--out", out, check=False)
    assert (done.returncode, "nothing to finish" in done.stderr) == (1, True)


def test_nothing_changes_where_the_pbx_cannot_be_told(hotel: Hotel) -> None:
    before = secrets(hotel)
    elsewhere = hotel.folder / "elsewhere"
    elsewhere.mkdir()
    done = hotel.bellwire("rotate", ROOM, "--out", str(elsewhere), check=False)
    assert (done.returncode, "holds no pjsip_bellwire.conf" in done.stderr) == (1, True)
    assert hotel.bellwire("rotate", ROOM, check=False).returncode == 2
    assert hotel.bellwire("rotate", "9999", "--no-pbx", check=False).returncode == 1
    assert secrets(hotel) == before


def test_a_folder_that_asterisk_does_not_read_is_found_out(hotel: Hotel) -> None:
    other = hotel.folder / "other"
    hotel.bellwire("pbx", "asterisk", SITE, "--out", str(other))
    done = hotel.bellwire("rotate", ROOM, "--out", str(other), check=False)
    assert done.returncode == 1
    assert f"does it include the files from {other}?" in done.stderr
    assert "--finish" in done.stderr
    assert set(rotate(hotel, ROOM, "--finish").values()) == {"renewed"}
