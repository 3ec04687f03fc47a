"""The page of a phone: what it says, what it asks the monitor to do, its keys; who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from monitors.remedies.action import ActionState
from monitors.remedies.treating import Result
from monitors.store import actions
from monitors.store.action_pages import actions_of
from monitors.store.wishes import PATIENCE, WishState, forget_wishes, take_wishes, wish_of
from provisioner.inventory.fetches import Recorder, WaitingPhone
from provisioner.inventory.tables import AuditRow, PhoneRow
from tests.people import NOON, Office, post
from tests.technician import HUNG, ON_SWITCH, SHORTED, SITE, UNJUDGED, WAITED, aurora
from web import mending
from web.mending import Mender

PHONES = f"/ui/sites/{SITE}/phones"
BASE = "805ec00003 00".replace(" ", "")


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with aurora(tmp_path_factory.mktemp("hotel")) as made:
        yield made


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with aurora(tmp_path_factory.mktemp("hotel")) as made:
        yield made


def mender(office: Office) -> Mender:
    return Mender(office.installation, office.clock)


def audit(office: Office, action: str) -> list[tuple[str, str, str]]:
    with office.installation.database.read() as session:
        query = select(AuditRow.who, AuditRow.target, AuditRow.detail)
        rows = session.execute(query.where(AuditRow.action == action))
        return [tuple(row) for row in rows]  # type: ignore[misc]


def test_who_and_where_and_what_is_wrong(hotel: Office) -> None:
    page = hotel.client("lucia").get(f"{PHONES}/{SHORTED}").text
    for text in (
        "<h1>Room 101 bedside</h1>", "Fanvil H5", "0c:38:3e:01:01:01", "2101", "10.20.1.101",
        "There is a short circuit on the cable or socket of room 101", "Check socket and cable",
        "certain (B5)", "power over Ethernet", "snmp sw-2", "sw-floor-3 Gi0/14",
        "Room 101 bathroom", "Down", "30 s",
    ):  # fmt: skip
        assert text in page, text
    rungs = re.findall(r'<li class="(\w+)( cause)?">\s*<svg[^>]*>.*?<b>(\w[^<]*)</b>', page, re.S)
    assert [name for _, _, name in rungs] == [
        "Powered", "Linked", "Address", "Fetched", "Registered", "Reachable",
    ]  # fmt: skip
    assert rungs[0][:2] == ("bad", " cause")


def test_what_happened_is_merged_newest_first(hotel: Office) -> None:
    page = hotel.client("lucia").get(f"{PHONES}/{HUNG}").text
    history = page[page.index('id="history"') :]
    for text in (
        "Fetched 2 files", "Was refused a file", "asked without its token",
        "It reports that it is registered", "It reports that it has started", "Incident 3",
        "Restart: not done", "there is a call on extension 2102",
    ):  # fmt: skip
        assert text in history, text
    times = re.findall(r'<time datetime="([^"]+)"', history)
    assert times == sorted(times, reverse=True)


def test_history_is_turned_page_by_page(hotel: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.phone.timeline.PER_PAGE", 8)
    client, address, seen = hotel.client("lucia"), f"{PHONES}/{HUNG}", []
    for _ in range(20):
        page = client.get(address).text
        history = page[page.index('id="history"') :]
        seen += re.findall(r'<time datetime="([^"]+)"', history)
        older = re.search(r'href="([^"#]+before=[^"#]+)#history', history)
        if not older:
            break
        address = older[1].replace("&amp;", "&")
    # boots, a refusal, reports, an incident, a remedy; a boot may be cut in two
    assert 12 + 1 + 2 + 1 + 1 <= len(seen) <= 20
    assert seen == sorted(seen, reverse=True)
    for wrong in ("x", "9999", "2026-11-22T12:00:00+05:00"):
        answer = client.get(f"{PHONES}/{HUNG}", query_string={"before": wrong})
        assert answer.status_code == 200


@pytest.mark.parametrize(("span", "points"), [("24h", 126), ("7d", 71), ("90d", 3), ("x", 126)])
def test_charts_with_a_table_besides(hotel: Office, span: str, points: int) -> None:
    page = hotel.client("lucia").get(f"{PHONES}/{HUNG}?range={span}").text
    charts = re.findall(r"<figure class=\"chart\">.*?</figure>", page, re.S)
    assert len(charts) == 3
    for name in ("Round trip", "Power", "Call quality"):
        assert any(f"<b>{name}</b>" in chart for chart in charts)
    rows = charts[0].count("<tr><td>")
    assert abs(rows - points) <= 2
    assert "<polyline" in charts[0]
    assert "style=" not in page
    plain = hotel.client("lucia").get(f"{PHONES}/{WAITED}").text
    assert 'class="chart"' not in plain


def test_a_phone_that_nobody_has_judged(hotel: Office) -> None:
    page = hotel.client("maria").get(f"{PHONES}/{UNJUDGED}").text
    assert "The monitor has not judged this phone yet" in page
    assert "No signal has said anything yet." in page
    assert "allowed until" in page


def test_the_phone_fails_with_others(hotel: Office) -> None:
    page = hotel.client("lucia").get(f"{PHONES}/{ON_SWITCH[0]}").text
    assert "Fails with others: 8 phones (100 %) of switch sw-floor-3" in page


def test_any_spelling_of_a_mac_leads_there(hotel: Office) -> None:
    client = hotel.client("lucia")
    answer = client.get(f"{PHONES}/0C-38-3E-01-01-01")
    assert (answer.status_code, answer.location) == (301, f"{PHONES}/{SHORTED}")
    for wrong in ("x", "0c383e", "0c383effffff"):
        assert client.get(f"{PHONES}/{wrong}").status_code == 404


def test_a_tab_that_has_it_already_gets_nothing(fresh: Office) -> None:
    client = fresh.client("lucia")
    page = client.get(f"{PHONES}/{HUNG}").text
    poll = re.search(r'hx-get="([^"]+seen=\w+)"', page)
    assert poll
    with fresh.queries() as asked:
        assert client.get(poll[1], headers={"HX-Request": "true"}).status_code == 204
    assert len([q for q in asked if "BEGIN" not in q]) <= 5
    post(fresh.client("maria"), f"{PHONES}/{HUNG}/mend", {"remedy": "resync"})
    assert client.get(poll[1], headers={"HX-Request": "true"}).status_code == 200


def test_the_number_of_queries_is_fixed(hotel: Office) -> None:
    client, counts = hotel.client("lucia"), set()
    for mac in (HUNG, SHORTED, ON_SWITCH[0]):
        client.get(f"{PHONES}/{mac}")
        with hotel.queries() as asked:
            client.get(f"{PHONES}/{mac}")
        counts.add(len([q for q in asked if "BEGIN" not in q]))
    assert max(counts) <= 36


# remedies


def test_a_remedy_is_looked_at_asked_for_done_and_followed(
    fresh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, monitoring = fresh.client("maria"), fresh.installation.monitoring
    answer = post(client, f"{PHONES}/{HUNG}/mend", {"remedy": "reboot"})
    assert (answer.status_code, answer.location) == (303, f"{PHONES}/{HUNG}/mend/1")
    page = client.get(answer.location).text
    assert "Looking whether it can be done" in page
    assert 'hx-trigger="every 2s, seen"' in page
    assert actions_of(monitoring, mac=HUNG)[0].remedy == "reboot"  # only what was before

    looked = mender(fresh)
    monkeypatch.setattr(mending, "examine", _examined(mending.examine, confirm=True))
    assert looked.fulfil() == 1
    page = client.get(answer.location).text
    assert "It can be done, but look at this first" in page
    assert "Somebody may be in a call." in page
    assert "hx-trigger" not in page[page.index('id="wish"') :]

    assert post(client, answer.location).location == answer.location
    assert "Asked for" in client.get(answer.location).text
    assert "asked for by maria" in client.get(f"{PHONES}/{HUNG}").text
    (done,) = audit(fresh, "mend")
    assert done[:2] == ("web:maria", "phone 0c:38:3e:01:01:02")
    again = post(client, answer.location, follow_redirects=True)
    assert "It was asked for already" in again.text

    plan = actions.Plan(SITE, HUNG, "reboot", "web:maria")

    def treated(shop: object, patient: object, examined: object, asked: mending.Asked) -> object:
        assert (asked.who, asked.confirmed) == ("web:maria", True)
        number = actions.plan(monitoring, plan, "w", NOON)
        assert isinstance(number, int)
        actions.done(monitoring, number, "w", NOON, "pbx")
        return mending.Treated(Result.DONE, "", None, number)

    monkeypatch.setattr(mending, "treat", treated)
    assert looked.fulfil() == 1
    assert looked.fulfil() == 0
    assert "It is done" in client.get(answer.location).text
    (action, *_) = actions_of(monitoring, mac=HUNG)
    actions.settle(monitoring, action, ActionState.VERIFIED, {}, "", NOON)
    assert "It helped" in client.get(answer.location).text
    assert "Restart: it helped" in client.get(f"{PHONES}/{HUNG}").text


def _examined(real: object, *, confirm: bool) -> object:
    from monitors.remedies.case import Case, Guard, Verdict
    from monitors.remedies.treating import Examined

    verdict = Verdict.CONFIRM if confirm else Verdict.REFUSED

    def examine(_shop: object, patient: object, remedy: object, _asked: object) -> Examined:
        case = Case(remedy, patient.phone, NOON)  # type: ignore[arg-type,attr-defined]
        guards = (Guard("call", verdict, "there is a call"), Guard("way", Verdict.OK, "by PBX"))
        return Examined(case, guards, may=False)

    assert real
    return examine


def test_what_is_refused_says_why_and_cannot_be_asked_for(fresh: Office) -> None:
    client = fresh.client("maria")
    answer = post(client, f"{PHONES}/{SHORTED}/mend", {"remedy": "poe-cycle"})
    assert mender(fresh).fulfil() == 1  # no switch of this hotel can be reached: a real refusal
    page = client.get(answer.location).text
    assert "It may not be done now" in page
    assert "It is not proven which port feeds it." in page
    assert 'lang="en"' in page
    assert post(client, answer.location).status_code == 303
    assert wish_of(fresh.installation.monitoring, 1).state is WishState.LOOKED  # type: ignore[union-attr]
    assert audit(fresh, "mend") == []


def test_a_monitor_that_is_not_there_does_nothing_later(fresh: Office) -> None:
    client = fresh.client("maria")
    answer = post(client, f"{PHONES}/{HUNG}/mend", {"remedy": "resync"})
    fresh.clock.at = NOON + PATIENCE + timedelta(seconds=1)
    assert "Nobody has taken this up" in client.get(answer.location).text
    assert mender(fresh).fulfil() == 0
    fresh.clock.at = NOON + timedelta(days=2)
    assert forget_wishes(fresh.installation.monitoring, fresh.clock.at) == 1


def test_only_one_worker_takes_a_wish(fresh: Office) -> None:
    client, monitoring = fresh.client("maria"), fresh.installation.monitoring
    post(client, f"{PHONES}/{HUNG}/mend", {"remedy": "resync"})
    one, other = iter(take_wishes(monitoring, NOON)), iter(take_wishes(monitoring, NOON))
    assert next(one).id == 1
    assert list(other) == []


def test_a_phone_that_is_gone_and_a_fault_are_told(
    fresh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fresh.client("maria")
    answer = post(client, f"{PHONES}/{HUNG}/mend", {"remedy": "resync"})

    def broken(*_: object) -> None:
        raise OSError("the network is down")

    monkeypatch.setattr(mending, "examine", broken)
    assert mender(fresh).fulfil() == 1
    page = client.get(answer.location).text
    assert "It did not help" in page
    assert "the network is down" in page


def test_first_contact_is_allowed_again(fresh: Office) -> None:
    client = fresh.client("maria")
    answer = post(client, f"{PHONES}/{HUNG}/arm", follow_redirects=True)
    assert "First contact is allowed again" in answer.text
    with fresh.installation.database.read() as session:
        assert session.get_one(PhoneRow, HUNG).armed_until is not None
    assert [row[:2] for row in audit(fresh, "arm")] == [("web:maria", "0c:38:3e:01:01:02")]
    assert "First contact allowed" in answer.text  # in its history


@pytest.mark.parametrize("remedy", ["", "explode", "RESYNC"])
def test_what_is_no_remedy(hotel: Office, remedy: str) -> None:
    answer = post(hotel.client("maria"), f"{PHONES}/{HUNG}/mend", {"remedy": remedy})
    assert answer.status_code == 400


def test_roles_and_foreign_sites(hotel: Office) -> None:
    for path in ("mend", "mend/1", "arm"):
        address = f"{PHONES}/{HUNG}/{path}"
        assert post(hotel.client("lucia"), address, {"remedy": "resync"}).status_code == 403
        assert post(hotel.client("ivan"), address, {"remedy": "resync"}).status_code == 404
        elsewhere = address.replace(SITE, "casa")
        assert post(hotel.client("ivan"), elsewhere, {"remedy": "resync"}).status_code == 404
    page = hotel.client("lucia").get(f"{PHONES}/{HUNG}").text
    assert "<form" not in page[page.index("<main") :]
    for path in ("", "/keys", "/mend/1"):
        assert hotel.client("ivan").get(f"{PHONES}/{HUNG}{path}").status_code == 404
        elsewhere = f"/ui/sites/casa/phones/{HUNG}{path}"
        assert hotel.client("ivan").get(elsewhere).status_code == 404
    assert hotel.client("maria").get(f"{PHONES}/{HUNG}/mend/{10**30}").status_code == 404
    assert hotel.client("maria").get(f"{PHONES}/{HUNG}/mend/77").status_code == 404


def test_no_secret_is_on_a_page(hotel: Office) -> None:
    with hotel.installation.database.read() as session:
        kit = hotel.installation.press.kit(session, HUNG)  # type: ignore[arg-type]
    token = kit.urls.directory.text.rstrip("/").rsplit("/", 1)[1]
    secrets = [token, *(line.secret.get_secret_value() for line in kit.lines)]
    for path in (f"{PHONES}/{HUNG}", f"{PHONES}/{HUNG}/keys", f"/ui/sites/{SITE}"):
        page = hotel.client("maria").get(path).text
        assert not [secret for secret in secrets if secret in page]


# keys


def test_keys_are_drawn_and_listed(hotel: Office) -> None:
    page = hotel.client("lucia").get(f"{PHONES}/{HUNG}/keys").text
    assert "Keys of Room 102 bedside" in page
    for text in ("Limpieza / Housekeeping", "Speed dial", "line-4", "107", 'role="img"'):
        assert text in page, text
    link = re.search(r'href="(/labels/[^"]+)"', page)
    assert link
    assert link[1].endswith("?language=en")
    russian = hotel.client("lucia").get(f"{PHONES}/{HUNG}/keys?", headers={"Accept-Language": "ru"})
    assert "Линия" in russian.text
    assert '?language=ru"' in russian.text


def test_pages_and_modules(hotel: Office) -> None:
    page = hotel.client("lucia").get(f"{PHONES}/805ec0000100/keys").text
    captions = re.findall(r"<figcaption[^>]*>(.*?)</figcaption>", page)
    assert [re.sub(r"\s+", " ", c).strip() for c in captions] == [
        "Yealink T46U · page 1 of 3", "Yealink T46U · page 2 of 3", "Yealink T46U · page 3 of 3",
        "Module 1 (Yealink EXP43) · page 1 of 3",
    ]  # fmt: skip


def test_a_device_without_keys_and_one_that_cannot_be_laid_out(fresh: Office) -> None:
    page = fresh.client("lucia").get(f"{PHONES}/{BASE}/keys").text
    assert "This device has no keys that can be laid out." in page
    with fresh.installation.database.write() as session:
        session.get_one(PhoneRow, HUNG).preset = "no-such-preset"
    answer = fresh.client("lucia").get(f"{PHONES}/{HUNG}/keys")
    assert answer.status_code == 200
    assert "no-such-preset" in answer.text
    spelled = fresh.client("lucia").get(f"{PHONES}/0C-38-3E-01-01-02/keys")
    assert spelled.status_code == 301
    assert fresh.client("lucia").get(f"{PHONES}/xyz/keys").status_code == 404


# another device in its place


NEW = "0c383e0c0ffe"


def test_another_device_takes_its_place(fresh: Office) -> None:
    client = fresh.client("maria")
    page = client.get(f"{PHONES}/{HUNG}").text
    assert f"{PHONES}/{HUNG}/change" in page
    answer = post(client, f"{PHONES}/{HUNG}/replace", {"by": "0C-38-3E-0C-0F-FE"})
    assert (answer.status_code, answer.location) == (303, f"{PHONES}/{NEW}")
    page = client.get(answer.location).text
    assert "It is replaced." in page
    assert "Room 102 bedside" in page
    assert "allowed until" in page
    assert client.get(f"{PHONES}/{HUNG}").status_code == 404
    with fresh.installation.database.read() as session:
        whos = set(session.scalars(select(AuditRow.who).order_by(AuditRow.id.desc()).limit(1)))
    assert whos == {"web:maria"}


def test_a_waiting_phone_is_one_press_away(fresh: Office) -> None:
    recorder = Recorder(fresh.installation.events)
    for mac, address in ((NEW, "10.20.0.77"), ("0c383e0c0fff", "192.0.2.1")):
        seen = WaitingPhone(mac, "fanvil", "fanvil/h5", "", "", address, "http", NOON, NOON)
        recorder.record(seen)
    recorder.flush()
    client = fresh.client("maria")
    page = client.get(f"{PHONES}/{HUNG}/change").text
    assert re.findall(r'name="waiting" value="(\w+)"', page) == [NEW]  # the other is elsewhere
    answer = post(client, f"{PHONES}/{HUNG}/replace", {"waiting": NEW, "by": ""})
    assert answer.location == f"{PHONES}/{NEW}"


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("", "This is no MAC"),
        ("0c383e", "This is no MAC"),
        (HUNG, "This is the phone itself."),
        (SHORTED, "0c:38:3e:01:01:01"),  # it stands in another room
    ],
)
def test_what_cannot_take_its_place(hotel: Office, by: str, text: str) -> None:
    answer = post(hotel.client("maria"), f"{PHONES}/{HUNG}/replace", {"by": by})
    assert answer.status_code == 422
    assert text in answer.text
    assert hotel.client("maria").get(f"{PHONES}/{HUNG}").status_code == 200


def test_a_phone_is_retired(fresh: Office) -> None:
    client = fresh.client("maria")
    answer = post(client, f"{PHONES}/{HUNG}/retire")
    assert (answer.status_code, answer.location) == (303, f"/ui/sites/{SITE}")
    assert "It is retired." in client.get(answer.location).text
    assert client.get(f"{PHONES}/{HUNG}").status_code == 404


def test_who_may_replace_and_retire(hotel: Office) -> None:
    for path in ("replace", "retire"):
        address = f"{PHONES}/{HUNG}/{path}"
        assert post(hotel.client("lucia"), address, {"by": NEW}).status_code == 403
        assert post(hotel.client("ivan"), address, {"by": NEW}).status_code == 404
        elsewhere = address.replace(SITE, "casa")
        assert post(hotel.client("ivan"), elsewhere, {"by": NEW}).status_code == 404
    assert hotel.client("lucia").get(f"{PHONES}/{HUNG}/change").status_code == 403
    assert hotel.client("maria").get(f"{PHONES}/xyz/change").status_code == 404
