"""New secrets: what is decided without a PBX, and what stands in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_network
from pathlib import Path

import pytest

from provisioner.catalogue.loader import load
from provisioner.edits.edit import Edit, EditError
from provisioner.errors import InventoryError, PbxError, UnknownThingError
from provisioner.inventory import store
from provisioner.inventory.records import Site
from provisioner.pbx.ami import AmiClient
from provisioner.pbx.renewal import (
    MODULES,
    HeldContact,
    forget,
    held_contacts,
    read_again,
    renewed,
    strangers,
)
from tests.integration.servers import BATHROOM, FANVIL, DataFolder, small_site
from web.installation import Installation
from web.rotating import check_pbx, find_subject, finish, make_secrets, unfinished

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).replace(tzinfo=None)
SITE = Site("casa", "Casa", networks=(ip_network("10.20.0.0/16"), ip_network("fd00:20::/64")))


def held(name: str, address: str = "10.20.0.9", expires_s: int = 100) -> HeldContact:
    return HeldContact(f"{name};@x", name, f"sip:{name}@{address}", address, "", expires_s)


def test_only_phones_of_the_house_stay_registered() -> None:
    ours, ours6 = held("100"), held("101", "[fd00:20::9]")
    outside, thief, odd = held("102", "203.0.113.9"), held("103"), held("104", "pbx")
    everyone = [ours, ours6, outside, thief, odd]
    assert strangers(everyone, [ours, ours6, outside, odd], SITE) == [outside, thief, odd]


def test_a_registration_is_new_when_it_lasts_longer_or_is_another_one() -> None:
    before = {"100;@x": held("100")}
    assert not renewed(before, held("100"))
    assert renewed(before, held("100", expires_s=101))
    assert renewed(before, held("101"))


class FakeAmi(AmiClient):
    """Answers from a table; what is not in it succeeds."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, object]]] = []

    def action(self, name: str, **headers: object) -> object:  # type: ignore[override]
        self.asked.append((name, headers))
        problem = self.answers.get(str(headers.get("Module") or headers.get("Key") or name))
        if isinstance(problem, str):
            raise PbxError("pbx", problem, permanent=True)
        return None

    def collect(self, name: str, *_: object) -> list[dict[str, str]]:  # type: ignore[override]
        found = self.answers[name]
        if isinstance(found, str):
            raise PbxError("pbx", found, permanent=True)
        assert isinstance(found, list)
        return found


def test_contacts_of_the_wanted_accounts_alone_and_no_static_ones() -> None:
    def event(name: str, **more: str) -> dict[str, str]:
        return {"Event": "ContactList", "ObjectName": name, "Uri": "u", "ViaAddr": "a",
                "UserAgent": "g", "ExpirationTime": "7", **more}  # fmt: skip

    listed = [
        event("100;@a"),
        event("101;@b"),
        event("100@@c"),
        event("100;@d", ExpirationTime="x"),
    ]
    found = held_contacts(FakeAmi(PJSIPShowContacts=listed), {"100"})
    assert [(c.name, c.expires_s) for c in found] == [("100;@a", 7), ("100;@d", 0)]
    assert held_contacts(FakeAmi(PJSIPShowContacts="No Contacts found"), {"100"}) == []
    with pytest.raises(PbxError, match="denied"):
        held_contacts(FakeAmi(PJSIPShowContacts="Permission denied"), {"100"})


def test_everything_is_read_again_and_voice_mail_may_be_missing() -> None:
    missing = FakeAmi(**{"app_voicemail.so": "Reload is refused: No such module"})
    read_again(missing)
    assert [h["Module"] for _, h in missing.asked] == list(MODULES)
    with pytest.raises(PbxError, match="No such module"):
        read_again(FakeAmi(**{"res_pjsip.so": "No such module"}))


def test_a_registration_that_went_by_itself_is_no_trouble() -> None:
    forget(FakeAmi(**{"100;@x": "Database Key not found"}), [held("100")])
    with pytest.raises(PbxError, match="denied"):
        forget(FakeAmi(**{"100;@x": "Permission denied"}), [held("100")])


@pytest.fixture(scope="module", autouse=True)
def catalogue_once() -> Iterator[None]:
    """Reading it takes a second, and every command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.installation.load", cache(load))
        yield


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data = DataFolder(tmp_path_factory.mktemp("data") / "var")
    data.apply(small_site(), {**small_site(site_id="villa"), "rooms": []})
    with data.opened() as installation:
        installation.press.render_marked()
        yield installation


def secrets(here: Installation) -> dict[tuple[str, str], str]:
    with here.database.read() as session:
        held = store.stored(session, here.box)
    return {(a.site, a.extension): a.secret.get_secret_value() for a in held.accounts if a.secret}


def test_an_extension_a_site_and_what_is_neither(here: Installation) -> None:
    room = find_subject(here, "2101", None, NOW)
    assert {str(t.phone.mac) for t in room.targets} == {FANVIL, BATHROOM}
    assert [a.extension for a in room.accounts] == ["2101"]
    assert len(find_subject(here, "casa", None, NOW).accounts) == 4
    assert find_subject(here, "100", "villa", NOW).targets == ()
    with pytest.raises(UnknownThingError, match="say which with --site"):
        find_subject(here, "100", None, NOW)
    with pytest.raises(UnknownThingError, match="no site has an account '7'"):
        find_subject(here, "7", None, NOW)


def test_new_secrets_mark_their_phones_and_no_others(here: Installation) -> None:
    here.press.render_marked()
    before = secrets(here)
    assert here.press.marked() == 0
    make_secrets(here, find_subject(here, "2101", None, NOW), "cli:anna", NOW)
    after = secrets(here)
    assert {key for key in after if after[key] != before[key]} == {("casa", "2101")}
    assert here.press.marked() == 2


def test_what_is_not_finished_is_known(here: Installation) -> None:
    subject = find_subject(here, "109", None, NOW)

    def left() -> tuple[datetime, frozenset[str] | None] | None:
        with here.database.read() as session:
            found = unfinished(session, subject)
        return (found.since, found.waiting) if found else None

    assert left() is None
    make_secrets(here, subject, "cli:anna", NOW)
    assert left() == (NOW, None)
    later = NOW + timedelta(minutes=1)
    finish(here, subject, {FANVIL, BATHROOM}, "cli:anna", later)
    assert left() == (NOW, frozenset({FANVIL, BATHROOM}))
    finish(here, subject, {FANVIL}, "cli:anna", later)
    assert left() == (NOW, frozenset({FANVIL}))
    finish(here, subject, {f"{n:012x}" for n in range(500)}, "cli:anna", later)
    assert left() == (NOW, None), "too many to be named: all are looked at again"
    finish(here, subject, (), "cli:anna", later)
    assert left() is None
    make_secrets(here, subject, "cli:anna", later)
    assert left() == (later, None)


def test_a_pbx_that_cannot_be_told_stops_it_before_anything_changes(
    here: Installation, tmp_path: Path
) -> None:
    subject = find_subject(here, "2101", None, NOW)
    with pytest.raises(InventoryError, match=r"holds no pjsip_bellwire\.conf"):
        check_pbx(subject, tmp_path)
    (tmp_path / "pjsip_bellwire.conf").touch()
    with pytest.raises(UnknownThingError, match="has no Asterisk that can be told"):
        check_pbx(subject, tmp_path)


def test_without_a_pbx_it_says_what_is_to_be_done_by_hand(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "var")
    data.apply(small_site())
    done = data.run("rotate", "2101", "--no-pbx")
    assert done.exit_code == 0, done.output
    assert "1 new secrets are stored, 2 phones marked" in done.output
    assert "bellwire pbx asterisk casa --out DIR" in done.output
    assert data.run("rotate", "2101").exit_code == 2


def test_the_history_has_it_without_a_secret_and_keeps_it(here: Installation) -> None:
    old = secrets(here)["casa", "2101"]
    make_secrets(here, find_subject(here, "2101", None, NOW), "cli:anna", NOW)
    (entry, *_) = here.edits.history("casa", 1)
    assert (entry.action, entry.who, entry.targets) == ("rotate", "cli:anna", ("account/2101",))
    assert (entry.summary, entry.affected) == ("new secrets for 1 account", 2)
    assert entry.is_lasting
    _, kept = here.edits.change(entry.id)
    assert (kept.before, kept.after, kept.phones) == ({}, {}, {})
    with pytest.raises(EditError, match="new secrets are not taken back"):
        here.edits.undo(entry.id, who="cli:anna")
    assert secrets(here)["casa", "2101"] != old
    make_secrets(here, find_subject(here, "casa", None, NOW), "cli:anna", NOW)
    (whole, *_) = here.edits.history("casa", 1)
    assert set(whole.targets) == {
        f"account/{name}" for site, name in secrets(here) if site == "casa"
    }


def test_an_older_change_of_the_account_does_not_bring_the_secret_back(here: Installation) -> None:
    account = {"extension": "2101", "name": "Suite", "secret": "the old one, leaked"}
    done = here.edits.apply(Edit("casa", accounts=(account,)), who="cli:anna")
    make_secrets(here, find_subject(here, "2101", None, NOW), "cli:bo", NOW)
    with pytest.raises(EditError, match="account 2101 was changed again by cli:bo"):
        here.edits.undo(done.change, who="cli:anna")


def test_nothing_is_in_the_history_when_the_secrets_are_not_stored(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, newest = secrets(here), here.edits.history("casa", 1)

    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("web.rotating.note", fails)
    with pytest.raises(RuntimeError):
        make_secrets(here, find_subject(here, "2101", None, NOW), "cli:anna", NOW)
    assert secrets(here) == before
    assert here.edits.history("casa", 1) == newest
