"""Edits: documents read and written, what is refused, and what becomes of the rest."""

from __future__ import annotations

import atexit
import copy
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import event, select

from provisioner.config import read_settings
from provisioner.edits.desk import EditDesk
from provisioner.edits.documents import (
    account_document,
    etag_of,
    kept_secrets,
    room_document,
    site_document,
)
from provisioner.edits.edit import Edit, EditError, Problem, StaleError
from provisioner.inventory import store
from provisioner.inventory.records import Inventory
from provisioner.inventory.tables import AuditRow, PhoneRow
from provisioner.mac import MacAddress
from tests.integration.servers import (
    BATHROOM,
    FANVIL,
    SNOM,
    YEALINK,
    many_rooms,
    sample_hotel,
    small_site,
)
from tests.people import blank_folder
from web.installation import Installation, opened

NEW = "0c383e0c0001"
SECRETS = {
    "settings": {
        "locale": {"ntp_servers": ["10.20.0.1"]},
        "access": {"admin_password": "Top-Secret-1"},
        "raw": {"fanvil-config-v2": {"X Password": "Raw-Secret-1", "X Mode": "3"}},
    },
    "switches": [
        {"host": "10.20.0.2", "snmp": {"community": "Snmp-Secret-1"},
         "ssh": {"username": "op", "password": "Ssh-Secret-1"}},
        {"host": "10.20.0.3",
         "snmp": {"version": "3", "user": "op", "auth": "Auth-Secret-1", "priv": "Priv-Secret-1",
                  "write": {"user": "rw", "auth": "Write-Secret-1"}}},
    ],
    "pbx": {"kind": "asterisk",
            "ami": {"host": "10.20.0.5", "username": "bellwire", "secret": "Ami-Secret-1"}},
    "monitoring": {"webhook": {"url": "https://hooks.example/Hook-Secret-1",
                               "secret": "Hook-Secret-22222"},
                   "digest_at": None, "quiet_hours": None, "reminders_h": [2]},
    "calls": {
        "numbering": {"area": "91"},
        "groups": {"nuisance": ["600123123", {"number": "600*", "comment": "sellers"}]},
        "extension_groups": {"desks": ["100"]},
        "incoming": [{"name": "all", "black": ["group:nuisance"], "anonymous": "refuse"}],
        "actions": [{"name": "nights", "callers": ["any"], "called": ["100"],
                     "actions": [{"do": "voicemail", "when": [{"days": ["sat", "sun"],
                                                              "start": "22:00"}]},
                                 {"do": "forward", "to": "2101"}]}],
        "toll_free": {"numbers": ["900123123"], "per_day": 20},
        "limits": {"site": {"spend_day": 200}, "room": {"spend_day": None},
                   "accounts": {"100": {"simultaneous": 9, "spend_month": "12.50"}},
                   "closed": ["premium"], "closed_times": [{"start": "23:00", "end": "06:00"}]},
        "do_not_call": {"extensions": ["100"]},
        "pbx": {"bellwire": {"host": "10.0.0.9"}, "trunk": "operator",
                "without_bellwire": {"national": "refuse"}},
    },
}  # fmt: skip


@dataclass
class House:
    """An installation with sites in it."""

    installation: Installation

    @property
    def desk(self) -> EditDesk:
        return self.installation.edits

    def held(self, site: str = "casa") -> Inventory:
        with self.installation.database.read() as session:
            return store.stored(session, self.installation.box, [site])

    def head(self, site: str = "casa") -> dict[str, Any]:
        with self.installation.database.read() as session:
            return site_document(session, self.installation.box, site)

    def room(self, room: str, site: str = "casa") -> dict[str, Any]:
        with self.installation.database.read() as session:
            return room_document(session, self.installation.box, site, room)

    def account(self, extension: str, site: str = "casa") -> dict[str, Any]:
        with self.installation.database.read() as session:
            return account_document(session, self.installation.box, site, extension)

    def refused(self, edit: Edit) -> tuple[Problem, ...]:
        before = self.held(edit.site)
        with pytest.raises(EditError) as refused:
            self.desk.apply(edit, who="test")
        assert self.held(edit.site) == before
        return refused.value.problems

    def rows(self, column: Any) -> dict[str, Any]:
        with self.installation.database.read() as session:
            return {r[0]: r[1] for r in session.execute(select(PhoneRow.mac, column))}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[House]:
    with opened(read_settings(data=blank_folder(tmp_path))) as installation:
        yield House(installation)


@cache
def _prepared() -> Path:
    """A data folder with the small hotel in it, made once: copying it is quicker."""
    kept = tempfile.TemporaryDirectory(prefix="bellwire-house-")
    atexit.register(kept.cleanup)
    data = blank_folder(Path(kept.name))
    with opened(read_settings(data=data)) as installation:
        site = {**small_site(), **copy.deepcopy(SECRETS)}
        add(House(installation), Path(kept.name), site)
    return data


def house_folder(folder: Path) -> Path:
    """Make a data folder with the small hotel in it."""
    return Path(shutil.copytree(_prepared(), folder / "house"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(read_settings(data=house_folder(tmp_path))) as installation:
        yield House(installation)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests that change nothing."""
    folder = tmp_path_factory.mktemp("still")
    with opened(read_settings(data=house_folder(folder))) as installation:
        yield House(installation)


def add(house: House, folder: Path, site: dict[str, Any]) -> None:
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump({"sites": [site]}))
    applier = house.installation.applier
    applier.apply(applier.read([file])[0], who="test")


# documents


@pytest.mark.parametrize(
    "site",
    [{**small_site(), **SECRETS}, sample_hotel("http://prov.example")],
    ids=["casa", "hotel"],
)
def test_what_is_read_may_be_written_and_changes_nothing(
    empty: House, tmp_path: Path, site: dict[str, Any]
) -> None:
    add(empty, tmp_path, copy.deepcopy(site))
    held = empty.held(site["id"])
    edit = Edit(
        site["id"],
        head=empty.head(site["id"]),
        rooms=tuple(empty.room(room.id, site["id"]) for room in held.rooms),
        accounts=tuple(empty.account(a.extension, site["id"]) for a in held.accounts),
    )
    assert empty.desk.preview(edit).plan.changes == ()
    applied = empty.desk.apply(edit, who="test")
    assert (applied.change, applied.affected) == (0, ())
    assert empty.held(site["id"]) == held


def test_a_document_reads_like_the_site_file(still: House) -> None:
    assert still.room("101") == {
        "id": "101", "template": "guest-room", "extension": "2101",
        "phones": {
            "bathroom": {"model": "fanvil/h2u-v2", "mac": "0c:38:3e:0b:01:01"},
            "bedside": {"model": "fanvil/h5", "mac": "0c:38:3e:01:01:01"},
        },
    }  # fmt: skip
    assert still.account("100") == {"extension": "100", "name": "Reception"}
    head = still.head()
    assert head["numbers"] == {"reception": "100", "emergency": "112"}
    assert head["sip"] == {"registrar": "pbx.casa.example", "expires_s": 600}
    assert "rooms" not in head
    assert "accounts" not in head


def test_no_secret_is_in_a_document(still: House) -> None:
    head = still.head()
    assert "ecret" not in str(head)
    assert head["settings"]["raw"] == {"fanvil-config-v2": {"X Mode": "3"}}
    with still.installation.database.read() as session:
        kept = kept_secrets(session, still.installation.box, "casa")
    assert set(kept) == {
        ("settings", "access", "admin_password"),
        ("settings", "raw", "fanvil-config-v2", "X Password"),
        ("switches", 0, "snmp", "community"), ("switches", 0, "ssh", "password"),
        ("switches", 1, "snmp", "auth"), ("switches", 1, "snmp", "priv"),
        ("switches", 1, "snmp", "write", "auth"),
        ("pbx", "ami", "secret"), ("monitoring", "webhook", "url"),
        ("monitoring", "webhook", "secret"),
    }  # fmt: skip


def test_etags_tell_documents_apart(still: House) -> None:
    room = still.room("101")
    assert etag_of(room) == etag_of(dict(reversed(room.items())))
    assert etag_of(room) != etag_of({**room, "floor": "1"})


# rooms and phones


def test_a_new_room_with_a_new_phone(house: House) -> None:
    room = {"id": "214", "name": "Suite", "floor": "2", "template": "guest-room",
            "extension": "2214", "phones": {"bedside": {"model": "fanvil/h5", "mac": NEW}}}  # fmt: skip
    preview = house.desk.preview(Edit("casa", rooms=(room,)))
    assert set(preview.affected) == {NEW, YEALINK}  # the reception has a key for each room
    assert {mac for mac, _ in preview.diffs()} == {NEW, YEALINK}
    applied = house.desk.apply(Edit("casa", rooms=(room,), if_match={"room/214": ""}), who="ana")
    assert applied.summary == "1 room added, 1 account added, 1 phone added; 2 phones affected"
    assert house.room("214")["phones"]["bedside"]["mac"] == "0c:38:3e:0c:00:01"
    assert house.account("2214") == {"extension": "2214", "name": "Suite"}
    assert house.rows(PhoneRow.dirty)[NEW]
    assert house.rows(PhoneRow.armed_until)[NEW] is not None
    with house.installation.database.read() as session:
        last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
        assert last is not None
        assert (last.who, last.action) == ("ana", "room-edit")
        assert last.target == "casa: room 214, account 2214"


def test_a_phone_that_a_room_no_longer_names_is_retired(house: House) -> None:
    room = house.room("101")
    del room["phones"]["bathroom"]
    applied = house.desk.apply(Edit("casa", rooms=(room,)), who="ana")
    assert applied.affected == (BATHROOM,)
    assert BATHROOM not in house.rows(PhoneRow.mac)
    applied = house.desk.apply(Edit("casa", remove_phones=(MacAddress(FANVIL),)), who="ana")
    assert applied.affected == (FANVIL,)
    assert "phones" not in house.room("101")
    assert house.account("2101")  # the room still has it


def test_a_phone_moves_with_its_token_and_its_settings(house: House) -> None:
    spa = house.room("spa")
    spa["phones"]["desk"]["settings"] = {"access": {"user_password": "Phone-Secret-1"}}
    house.desk.apply(Edit("casa", rooms=(spa,)), who="ana")
    tokens = house.rows(PhoneRow.token_hash)
    spa, reception = house.room("spa"), house.room("reception")
    assert "Phone-Secret-1" not in str(spa)
    reception["phones"]["back-office"] = {"model": "snom/d717", "mac": SNOM, "preset": "office"}
    del spa["phones"]
    applied = house.desk.apply(Edit("casa", rooms=(spa, reception)), who="ana")
    assert list(applied.affected) == [SNOM]
    assert house.rows(PhoneRow.room_id)[SNOM] == "reception"
    assert house.rows(PhoneRow.token_hash) == tokens
    (phone,) = [p for p in house.held().phones if p.mac == SNOM]
    assert phone.settings == {"access": {"user_password": "Phone-Secret-1"}}


def test_phones_swap_their_positions(house: House) -> None:
    room = house.room("101")
    phones = room["phones"]
    phones["bedside"], phones["bathroom"] = phones["bathroom"], phones["bedside"]
    phones["bedside"]["preset"] = phones["bathroom"]["preset"] = "guest-room"
    house.desk.apply(Edit("casa", rooms=(room,)), who="ana")
    assert house.rows(PhoneRow.position)[FANVIL] == "bathroom"
    assert house.rows(PhoneRow.position)[BATHROOM] == "bedside"


def test_a_phone_is_replaced_by_another_one(house: House) -> None:
    before = house.rows(PhoneRow.token_hash)
    edit = house.desk.replacement(MacAddress(FANVIL), MacAddress(NEW))
    applied = house.desk.apply(edit, who="ana", note="fell into the bath")
    assert set(applied.affected) == {FANVIL, NEW}
    rows = house.rows(PhoneRow.position)
    assert FANVIL not in rows
    assert rows[NEW] == "bedside"
    assert house.rows(PhoneRow.token_hash)[NEW] not in before.values()
    assert house.rows(PhoneRow.armed_until)[NEW] is not None
    with house.installation.database.read() as session:
        last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
        assert last is not None
        assert (last.action, last.detail[:18]) == ("phone-replace", "fell into the bath")


def test_a_room_goes_with_its_phones_and_its_account(house: House) -> None:
    applied = house.desk.apply(Edit("casa", remove_rooms=("101",)), who="ana")
    assert set(applied.affected) == {FANVIL, BATHROOM, YEALINK}
    held = house.held()
    assert "101" not in {room.id for room in held.rooms}
    assert "2101" not in {account.extension for account in held.accounts}
    # an account that somebody named stays: it may be that of a soft phone
    house.desk.apply(Edit("casa", remove_rooms=("reception",)), who="ana")
    assert "100" in {account.extension for account in house.held().accounts}


def test_an_account_bears_the_name_of_its_room(house: House) -> None:
    room = {**house.room("101"), "name": "Suite Aurora"}
    house.desk.apply(Edit("casa", rooms=(room,)), who="ana")
    assert house.account("2101")["name"] == "Suite Aurora"
    house.desk.apply(Edit("casa", accounts=({"extension": "2101", "name": "VIP"},)), who="ana")
    house.desk.apply(Edit("casa", rooms=({**room, "name": "Suite"},)), who="ana")
    assert house.account("2101")["name"] == "VIP"


def test_an_account_keeps_its_secret_until_it_gets_a_new_one(house: House) -> None:
    def secret() -> str:
        (account,) = [a for a in house.held().accounts if a.extension == "100"]
        assert account.secret is not None
        return account.secret.get_secret_value()

    first = secret()
    edit = Edit("casa", accounts=({"extension": "100", "name": "Front desk"},))
    assert list(house.desk.apply(edit, who="ana").affected) == [YEALINK]
    assert secret() == first
    edit = Edit("casa", accounts=({**house.account("100"), "secret": None},))
    house.desk.apply(edit, who="ana")
    assert secret() != first


def test_a_shared_account_reaches_the_other_phone_too(house: House) -> None:
    room = {"id": "bar", "extension": "100", "template": "office",
            "phones": {"desk": {"model": "snom/d717", "mac": "000413000199"}}}  # fmt: skip
    preview = house.desk.preview(Edit("casa", rooms=(room,)))
    told = "extension 100 of room bar is also that of room reception"
    assert preview.warnings[told] == 1
    house.desk.apply(Edit("casa", rooms=(room,)), who="ana")
    edit = Edit("casa", accounts=({"extension": "100", "name": "Front desk"},))
    assert set(house.desk.preview(edit).affected) == {YEALINK, "000413000199"}
    assert len(list(house.desk.preview(edit).diffs())) == 2


def test_phones_with_keys_for_rooms_follow_other_rooms(empty: House, tmp_path: Path) -> None:
    add(empty, tmp_path, sample_hotel("http://prov.example"))
    site = "hotel-aurora"
    room = {**empty.room("101", site), "name": "Suite Aurora"}
    preview = empty.desk.preview(Edit(site, rooms=(room,)))
    concierge = "0c383e000101"
    assert concierge in preview.affected
    assert concierge in [mac for mac, diff in preview.diffs(20) if "Suite Aurora" in diff]
    assert empty.desk.apply(Edit(site, rooms=(room,)), who="ana").affected == preview.affected


# the head


def test_the_head_is_merged_part_by_part(house: House) -> None:
    numbers = {"reception": "100", "emergency": "112", "spa": "109"}
    before = house.held().sites[0]
    house.desk.apply(Edit("casa", head={"numbers": numbers, "name": "Casa Nova"}), who="ana")
    after = house.held().sites[0]
    assert (after.name, after.numbers) == ("Casa Nova", numbers)
    assert after.settings == before.settings
    assert after.switches == before.switches
    applied = house.desk.apply(Edit("casa", head={"pbx": None, "switches": None}), who="ana")
    assert applied.affected == ()  # no phone's file depends on them
    after = house.held().sites[0]
    assert after.pbx is None
    assert after.switches == ()


def test_secrets_that_are_left_out_are_kept(house: House) -> None:
    before = house.held().sites[0]
    head = house.head()
    head["switches"].reverse()
    head["switches"][1]["name"] = "sw-1"
    head["monitoring"]["misses"] = 5
    house.desk.apply(Edit("casa", head=head), who="ana")
    after = house.held().sites[0]
    assert [s.name for s in after.switches] == ["", "sw-1"]
    assert after.switches[1].community == before.switches[0].community
    assert after.switches[0].write_auth == before.switches[1].write_auth
    assert after.monitoring.webhook_url == before.monitoring.webhook_url
    assert after.settings == before.settings


def test_a_secret_goes_when_it_is_null(house: House) -> None:
    head = house.head()
    head["settings"]["access"] = {"admin_password": None}
    head["settings"]["raw"]["fanvil-config-v2"]["X Password"] = None
    head["monitoring"]["webhook"]["secret"] = None
    house.desk.apply(Edit("casa", head=head), who="ana")
    after = house.held().sites[0]
    assert after.settings["raw"] == {"fanvil-config-v2": {"X Mode": "3"}}
    assert "access" not in after.settings
    assert after.monitoring.webhook_secret is None
    assert after.monitoring.webhook_url is not None


@pytest.mark.parametrize(
    ("head", "path"),
    [
        ({"pbx": {"kind": "asterisk", "ami": {"host": "evil.example", "username": "bellwire"}}},
         ("head", "pbx", "ami", "secret")),
        ({"switches": [{"host": "evil.example", "ssh": {"username": "op"}}]},
         ("head", "switches", 0, "ssh", "password")),
        ({"switches": [{"host": "10.20.0.2", "ssh": {"username": "other"}}]},
         ("head", "switches", 0, "ssh", "password")),
    ],
)  # fmt: skip
def test_a_secret_never_follows_to_another_host_or_user(
    still: House, head: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    assert still.refused(Edit("casa", head=head)) == (Problem(path, "this is needed"),)


def test_a_switch_may_be_asked_otherwise(house: House) -> None:
    switch = {"host": "10.20.0.2", "snmp": {"version": "3", "user": "op", "auth": "Auth-Secret-2"}}
    house.desk.apply(Edit("casa", head={"switches": [switch]}), who="ana")
    (after,) = house.held().sites[0].switches
    assert after.community is None
    assert after.snmp_auth is not None


def test_a_preset_reaches_the_phones_that_use_it(house: House) -> None:
    presets = {"guest-room": {"settings": {"audio": {"ring_volume_percent": 33}}}}
    preview = house.desk.preview(Edit("casa", head={"presets": presets}))
    assert list(preview.affected) == [FANVIL]
    applied = house.desk.apply(Edit("casa", head={"presets": presets}), who="ana")
    assert list(applied.affected) == [FANVIL]
    assert house.head()["presets"] == presets
    house.desk.apply(Edit("casa", head={"presets": None}), who="ana")
    assert "presets" not in house.head()


def test_phones_follow_their_room_template(house: House) -> None:
    templates = {"guest-room": {"positions": [{"id": "bedside", "preset": "quiet"}]}}
    head = {"room_templates": templates, "presets": {"quiet": {"guests": True}}}
    assert set(house.desk.preview(Edit("casa", head=head)).affected) == {FANVIL, BATHROOM}
    house.desk.apply(Edit("casa", head=head), who="ana")
    assert house.rows(PhoneRow.preset)[FANVIL] == "quiet"
    assert "preset" not in house.room("101")["phones"]["bedside"]
    house.desk.apply(Edit("casa", head={"room_templates": None}), who="ana")
    assert house.rows(PhoneRow.preset)[FANVIL] == "guest-room"


def test_a_site_may_begin_with_an_edit(house: House) -> None:
    edit = Edit(
        "norte", head={"name": "Norte", "url": "http://prov.example"},
        rooms=({"id": "1", "extension": "1", "template": "office",
                "phones": {"desk": {"model": "snom/d717", "mac": NEW}}},),
        if_match={"head": ""},
    )  # fmt: skip
    assert list(house.desk.apply(edit, who="ana").affected) == [NEW]
    assert house.head("norte")["name"] == "Norte"
    with pytest.raises(StaleError):
        house.desk.apply(edit, who="ana")


# refusals


def phone(mac: str = NEW, model: str = "fanvil/h5", **values: Any) -> dict[str, Any]:
    return {"model": model, "mac": mac, **values}


def guest_room(room: str, mac: str = NEW, **values: Any) -> dict[str, Any]:
    return {"id": room, "template": "guest-room", "extension": f"2{room}",
            "phones": {"bedside": phone(mac)}, **values}  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "path", "words"),
    [
        (Edit("casa", rooms=(guest_room("214", FANVIL),)),
         ("rooms", 0, "phones", "bedside", "mac"), "is bedside of room 101 already"),
        (Edit("casa", rooms=(guest_room("214"), guest_room("215"))),
         ("rooms", 1, "phones", "bedside", "mac"), "is also bedside of room 214"),
        (Edit("casa", rooms=(guest_room("214"), guest_room("214", "0c383e0c0002"))),
         ("rooms", 1, "id"), "named twice"),
        (Edit("casa", rooms=(guest_room("214", "nonsense"),)),
         ("rooms", 0, "phones", "bedside", "mac"), "12 hex digits"),
        (Edit("casa", rooms=(guest_room("214", model="x"),)), ("rooms", 0, "model"), "known here"),
        (Edit("casa", rooms=({"template": "guest-room"},)), ("rooms", 0, "id"), "is needed"),
        (Edit("casa", rooms=(guest_room("214", template="palace"),)),
         ("rooms", 0, "template"), "known are"),
        (Edit("casa", rooms=(guest_room("214", phones={"sauna": phone()}),)),
         ("rooms", 0, "phones", "sauna"), "it has: bedside"),
        (Edit("casa", rooms=(guest_room("214", phones={"bedside": phone(model="fanvil/h9")}),)),
         ("rooms", 0, "phones", "bedside", "model"), "fanvil/h9"),
        (Edit("casa", rooms=(guest_room("214", extension=None),)),
         ("rooms", 0, "phones", "bedside"), "no extension"),
        (Edit("casa", rooms=(guest_room("214", settings={"sip": {"port": 0}}),)),
         ("rooms", 0, "settings", "sip", "port"), "greater than"),
        (Edit("casa", rooms=(guest_room("214", settings={"screen": {"logo": "library:no.png"}}),)),
         ("rooms", 0, "settings", "screen", "logo"), "library has no"),
        (Edit("casa", remove_rooms=("999",)), ("remove_rooms", 0), "no room '999'"),
        (Edit("casa", remove_phones=(MacAddress(NEW),)), ("remove_phones", 0), "has no phone"),
        (Edit("casa", remove_accounts=("2101",)), ("remove_accounts", 0), "used by b"),
        (Edit("casa", remove_accounts=("999",)), ("remove_accounts", 0), "no account '999'"),
        (Edit("casa", accounts=({"extension": "5"}, {"extension": "5"})),
         ("accounts", 1, "extension"), "named twice"),
        (Edit("casa", accounts=({"extension": "a b"},)), ("accounts", 0, "extension"), "pattern"),
        (Edit("casa", head={"timezone": "Mars/Base"}), ("head", "timezone"), "Mars"),
        (Edit("casa", head={"name": None}), ("head", "name"), "is needed"),
        (Edit("casa", head={"rooms": []}), ("head", "rooms"), "no part of the head"),
        (Edit("casa", head={"id": "other"}), ("head", "id"), "stays"),
        (Edit("casa", head={"colour": "red"}), ("head", "colour"), "known here"),
        (Edit("casa", head={"settings": {"sip": {"expires_s": "soon"}}}),
         ("head", "settings", "sip", "expires_s"), "integer"),
        (Edit("casa", head={"presets": {"x": {"keys": [{"type": "fly"}]}}}),
         ("head", "presets", "x", "keys", 0, "type"), "line"),
        (Edit("nowhere", rooms=(guest_room("1"),)), ("site",), "no site 'nowhere'"),
        (Edit("casa", if_match={"floor/2": "x"}), ("if_match", "floor/2"), "names nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_where_it_is_written(
    still: House, edit: Edit, path: tuple[str | int, ...], words: str
) -> None:
    (problem,) = still.refused(edit)
    assert problem.path == path
    assert words in problem.sentence


def test_all_problems_are_told_at_once(still: House) -> None:
    rooms = (
        guest_room("214", phones={"sauna": phone()}),
        guest_room("215", "0c383e0c0002"),
        guest_room("216", phones={"bedside": phone("0c383e0c0003", "fanvil/h9"),
                                  "bathroom": phone("0c383e0c0004", "fanvil/h9")}),
    )  # fmt: skip
    assert [p.path[:4] for p in still.refused(Edit("casa", rooms=rooms))] == [
        ("rooms", 0, "phones", "sauna"),
        ("rooms", 2, "phones", "bedside"),
        ("rooms", 2, "phones", "bathroom"),
    ]


def test_another_sites_phone_is_refused_without_saying_where(house: House, tmp_path: Path) -> None:
    add(house, tmp_path, many_rooms(1, "http://prov.example"))
    mac = str(house.held("big").phones[0].mac)
    (problem,) = house.refused(Edit("casa", rooms=(guest_room("214", mac),)))
    assert "another site" in problem.sentence
    assert "big" not in problem.sentence


def test_a_preset_that_is_used_does_not_go(house: House) -> None:
    house.desk.apply(Edit("casa", head={"presets": {"vip": {"settings": {}}}}), who="ana")
    room = house.room("101")
    room["phones"]["bedside"]["preset"] = "vip"
    house.desk.apply(Edit("casa", rooms=(room,)), who="ana")
    (problem,) = house.refused(Edit("casa", head={"presets": None}))
    assert problem == Problem(
        ("head", "presets", "vip"), "vip is still used by bedside of room 101"
    )


def test_a_head_that_phones_cannot_live_with(still: House) -> None:
    presets = {"guest-room": {"needs": ["camera"]}}
    (problem,) = still.refused(Edit("casa", head={"presets": presets}))
    assert problem.path == ("head",)
    assert problem.sentence.startswith("bedside of room 101: ")


# two editors, and what stands still


def test_the_second_of_two_editors_is_told(house: House) -> None:
    room = house.room("101")
    etag = etag_of(room)
    house.desk.apply(
        Edit("casa", rooms=({**room, "name": "Eins"},), if_match={"room/101": etag}), who="ana"
    )
    with pytest.raises(StaleError) as refused:
        house.desk.apply(
            Edit("casa", rooms=({**room, "name": "Zwei"},), if_match={"room/101": etag}), who="bo"
        )
    assert refused.value.keys == ("room/101",)
    assert "changed meanwhile" in str(refused.value)
    assert house.room("101")["name"] == "Eins"
    with pytest.raises(StaleError, match="not there any more"):
        house.desk.apply(Edit("casa", if_match={"account/999": "x"}), who="bo")


def test_one_that_comes_between_check_and_storing_is_seen(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = house.room("101")
    desk = house.desk
    edit = Edit("casa", rooms=({**room, "name": "Zwei"},), if_match={"room/101": etag_of(room)})
    prepare = EditDesk.prepare
    between = [Edit("casa", rooms=({**room, "name": "Eins"},))]

    def slow(self: EditDesk, *args: Any, **options: Any) -> Any:
        made = prepare(self, *args, **options)
        if between:
            desk.apply(between.pop(), who="ana")
        return made

    monkeypatch.setattr(EditDesk, "prepare", slow)
    with pytest.raises(StaleError):
        desk.apply(edit, who="bo")
    assert house.room("101")["name"] == "Eins"


def test_a_crash_leaves_all_or_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = house.held()
    monkeypatch.setattr("provisioner.edits.desk.remember", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        house.desk.apply(Edit("casa", rooms=(guest_room("214"),), remove_rooms=("101",)), who="x")
    assert house.held() == before


def test_one_room_of_a_large_house_is_quick(empty: House, tmp_path: Path) -> None:
    asked: list[int] = []
    rows = 0

    def count(*_: Any) -> None:
        nonlocal rows
        rows += 1

    for count_of in (50, 200):
        add(empty, tmp_path, many_rooms(count_of, "http://prov.example"))
        engines = {empty.installation.database.reader, empty.installation.database.writer}
        rows = 0
        for engine in engines:
            event.listen(engine, "before_cursor_execute", count)
        room = empty.room("r7", "big")
        empty.desk.preview(Edit("big", rooms=({**room, "name": f"Suite {count_of}"},)))
        empty.desk.apply(Edit("big", rooms=({**room, "name": f"Suite {count_of}"},)), who="ana")
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count)
        asked.append(rows)
    assert asked[0] == asked[1] < 50
